"""The database wrapper of a multi-clinic process: never `public` on a clinic's path.

django-tenants puts `public` behind the clinic's schema on the search path, so that a
missing clinic table silently reads and writes the platform's rows. Here it is an error.
"""

from typing import Any

from django_tenants.postgresql_backend.base import DatabaseWrapper as TenantsWrapper


class DatabaseWrapper(TenantsWrapper):
    def set_tenant(self, tenant: Any, include_public: bool = False) -> None:  # noqa: FBT001, FBT002
        # Whatever the caller asks for: `set_schema` of django-tenants passes True.
        del include_public
        super().set_tenant(tenant, include_public=False)

    @property
    def queries_logged(self) -> bool:
        """Keep queries only when a test asks: DEBUG alone would hoard all of them."""
        return bool(self.force_debug_cursor)
