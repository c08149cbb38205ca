"""`manage.py migrate` means all schemas here, not the platform's only."""

from tenants.management.commands.migrate_schemas import Command

__all__ = ["Command"]
