"""How a clinic comes to be by itself: `/signup/` on the public site."""
