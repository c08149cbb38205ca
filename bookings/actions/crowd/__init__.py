"""Booking for many who ask at the same time: one transaction for all of them.

The same three layers, the same calculator and the same statement as `appointments.book`;
what differs is that one look and one write serve a crowd, on a coroutine's connection.
Only the plainest wish is judged here: of a guest, or of a patient with an account for
themselves, without a hold. For every other, and whenever anything is out of the ordinary, the outcome is
`None`: nothing was done, and `appointments.book` is to be asked.
"""
