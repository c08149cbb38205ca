"""The platform's own rows, in schema `public`: clinics, and what concerns them."""

from tenants.models.clinics import (
    Blueprint,
    Clinic,
    ClinicQuerySet,
    Domain,
    Provisioning,
)
from tenants.models.due import DueWork
from tenants.models.life import Archive, ClinicEvent, SupportVisit
from tenants.models.plans import Plan, Usage

__all__ = [
    "Archive",
    "Blueprint",
    "Clinic",
    "ClinicEvent",
    "ClinicQuerySet",
    "Domain",
    "DueWork",
    "Plan",
    "Provisioning",
    "SupportVisit",
    "Usage",
]
