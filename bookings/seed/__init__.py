"""Demo data: two believable clinics, for looking around and for trying things."""
