"""Failures that people reported of other booking programs, tried on this one.

Each docstring says which scenario it is and in which public tracker it was reported.
Numbers left out belong to other tests: messages, people, waiting list, tenancy.
"""
