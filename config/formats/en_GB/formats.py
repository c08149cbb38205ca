"""How times and days are written in English: 14:20, Thursday 12 March 2026."""

TIME_FORMAT = "H:i"
DATE_FORMAT = "l j F Y"
DATETIME_FORMAT = "l j F Y, H:i"
MONTH_DAY_FORMAT = "l j F"
SHORT_DATE_FORMAT = "j M Y"
SHORT_DATETIME_FORMAT = "j M Y, H:i"
