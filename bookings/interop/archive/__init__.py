"""A whole clinic as one file: written by the worker, read by `import_clinic`.

docs/archive.md describes the file. `written.py` writes it, `opened.py` opens and checks
it, `loaded.py` puts it into an empty schema; `manifest.py` and `tables.py` say what both
sides agree on.
"""
