"""Which migrations a clinic's schema has run, as one short word to compare."""

import hashlib
import inspect
import sys
from functools import cache

from django.apps import apps
from django.conf import settings
from django.db.migrations.loader import MigrationLoader


@cache
def current_version() -> str:
    """Name the state that this code's migrations lead to.

    It changes with each migration's name and text, so it may also change where nothing
    is left to run; then migrating is quick, and ends with the new name written down.
    """
    loader = MigrationLoader(None, ignore_no_migrations=True)
    labels = clinic_app_labels()
    said = hashlib.sha256()
    for key in sorted(key for key in loader.disk_migrations if key[0] in labels):
        module = sys.modules[type(loader.disk_migrations[key]).__module__]
        said.update(f"{key}\0{inspect.getsource(module)}\0".encode())
    return said.hexdigest()[:16]


def clinic_app_labels() -> frozenset[str]:
    """Return the labels of the apps whose tables every clinic has."""
    configs = [
        each for each in apps.get_app_configs() if each.name in settings.TENANT_APPS
    ]
    return frozenset(each.label for each in configs)
