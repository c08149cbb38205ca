"""The few routes that most requests ask for, answered on the event loop.

Django's way of a request (thread, middleware, signals) costs more than these answers do.
Each route takes only what is plain; whatever is not is left to Django, which is the one
place for errors, for the unusual, and for what the rules of an answer are.
"""
