"""The owner's page, `/clinic/` at the clinic's host: what the clinic is, and its end."""
