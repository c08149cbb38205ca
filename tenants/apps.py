from django.apps import AppConfig
from django.core import checks
from django.utils.translation import gettext_lazy as _


class TenantsConfig(AppConfig):
    name = "tenants"
    verbose_name = _("Clinics")

    def ready(self) -> None:
        from tenants.checks import (  # noqa: PLC0415 (it imports models)
            check_settings,
            check_tables,
        )
        from tenants.contenttypes import keep_apart  # noqa: PLC0415 (the same)

        keep_apart()
        checks.register(check_settings, checks.Tags.security)
        checks.register(check_tables, checks.Tags.database)
