"""How times and days are written in American English: 2:20 PM, Thursday, March 12."""

TIME_FORMAT = "g:i A"
DATE_FORMAT = "l, F j, Y"
DATETIME_FORMAT = "l, F j, Y, g:i A"
MONTH_DAY_FORMAT = "l, F j"
SHORT_DATE_FORMAT = "M j, Y"
SHORT_DATETIME_FORMAT = "M j, Y, g:i A"
