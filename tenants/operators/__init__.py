"""The operators' admin of the platform, under `/admin/` at BASE_DOMAIN.

It shows which clinics there are, how they stand and what was done to them, and does what
`tenants.lifecycle` allows; of what is in them it shows nothing but sums.
"""
