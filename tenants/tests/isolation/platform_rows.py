"""What the platform keeps of a clinic: rows of one table for all, so only their keys
and the views' care keep them apart. Their texts are marked too.
"""

from datetime import timedelta

from django.utils import timezone

from tenants import archives
from tenants.context import platform_context
from tenants.models import Archive, Clinic, ClinicEvent, Domain, SupportVisit, Usage
from tenants.tests.isolation.names import Names
from tenants.tests.isolation.rows import noted_of


def build(clinic: Clinic, names: Names) -> None:
    """Write a row of everything that the owner's page shows, and a finished export."""
    now, noted = timezone.now(), noted_of(clinic)
    soon = now + timedelta(hours=1)
    with platform_context():
        Domain.objects.create(
            pk=names.number,
            tenant=clinic,
            domain=f"{noted.lower()}.example",
            token=noted,
        )
        SupportVisit.objects.create(
            pk=names.id("support-visit"),
            clinic=clinic,
            operator=f"{noted.lower()}@platform.example",
            reason=noted,
            ends_at=soon,
        )
        ClinicEvent.objects.create(
            clinic_id=clinic.pk,
            clinic_name=clinic.name,
            slug=clinic.slug,
            kind="created",
            by=noted,
            note=noted,
        )
        Usage.objects.update_or_create(
            clinic=clinic, defaults={"doctors": 1, "counted_at": now}
        )
        archive = Archive.objects.create(
            pk=names.id("archive"),
            clinic=clinic,
            asked_by=noted,
            status="ready",
            finished_at=now,
            size_bytes=len(noted),
        )
    path = archives.path_of(archive)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(noted)
