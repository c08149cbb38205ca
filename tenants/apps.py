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

        checks.register(check_settings, checks.Tags.security)
        checks.register(check_tables, checks.Tags.database)
