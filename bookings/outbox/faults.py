"""Names errors for logs and rows without their texts.

A text may quote an address, a whole message, or the values of a database row.
"""

import smtplib
import traceback


def name_of(error: Exception) -> str:
    """Return the kind of an error and its numbers: `SMTPDataError 451`."""
    codes = [getattr(error, "smtp_code", None), getattr(error, "errno", None)]
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes += [code for code, _text in error.recipients.values()]
    numbers = dict.fromkeys(str(code) for code in codes if isinstance(code, int))
    return " ".join([type(error).__name__, *numbers])


def trace_of(error: Exception) -> str:
    """Return the lines of code that led to an error."""
    return "".join(traceback.format_tb(error.__traceback__))
