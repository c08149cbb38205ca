"""Exports and support visits on the owner's page."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils.timezone import now as current_time

from tenants import archives, lifecycle
from tenants.context import clinic_context, platform_context
from tenants.models import Archive, SupportVisit
from tenants.owner.data import Download

PAGE = "/clinic/"


@pytest.fixture(autouse=True)
def _own_files(settings, tmp_path):
    settings.ARCHIVE_ROOT = tmp_path


def test_she_asks_for_an_export_once(owner, clinic):
    for _time in range(2):
        page = owner.post("/clinic/exports/", follow=True)
    [archive] = archives.of(clinic)
    assert archive.asked_by == "olga@riverside.example"
    assert "Your export is being prepared" in page.text
    assert "Being prepared" in page.text
    assert owner.get(f"/clinic/exports/{archive.pk}/").status_code == 404


def test_she_fetches_it_as_a_file(owner, clinic):
    content = b"PK" + bytes(700_000)
    archive = _ready(clinic, content)
    page = owner.get(PAGE).text
    assert f'href="/clinic/exports/{archive.pk}/" download' in page
    assert "683.6\xa0KB" in page
    answer = owner.get(f"/clinic/exports/{archive.pk}/")
    day = archive.created_at.astimezone(clinic.zone).date()
    assert answer["Content-Disposition"] == (
        f'attachment; filename="riverside-{day}.zip"'
    )
    assert answer["Content-Type"] == "application/zip"
    assert answer["Content-Length"] == str(len(content))
    assert "no-store" in answer["Cache-Control"]
    assert b"".join(answer) == content


def test_a_web_process_sends_it_in_pieces(clinic):
    path = archives.path_of(_ready(clinic, bytes(700_000)))

    async def sizes():
        download = Download(path, "x.zip")
        found = [len(piece) async for piece in download]
        download._file.close()
        return found

    assert asyncio.run(sizes()) == [262_144, 262_144, 175_712]


def test_one_whose_file_is_gone_is_said(owner, clinic):
    archive = _ready(clinic, b"PK")
    archives.path_of(archive).unlink()
    page = owner.get(f"/clinic/exports/{archive.pk}/", follow=True)
    assert "This export is gone. Ask for a new one." in page.text


@pytest.mark.parametrize("status", ["waiting", "failed"])
def test_only_what_is_ready_can_be_fetched(owner, clinic, status):
    archive = _ready(clinic, b"PK")
    with platform_context():
        Archive.objects.update(status=status)
    assert owner.get(f"/clinic/exports/{archive.pk}/").status_code == 404
    assert f"/clinic/exports/{archive.pk}/" not in owner.get(PAGE).text


def test_exports_of_another_clinic_are_nowhere(owner, other_clinic):
    theirs = _ready(other_clinic, b"PK canary")
    for pk in (theirs.pk, uuid4()):
        assert owner.get(f"/clinic/exports/{pk}/").status_code == 404
    assert str(theirs.pk) not in owner.get(PAGE).text


def test_it_is_fetched_from_a_closed_clinic_too(owner, clinic):
    archive = _ready(clinic, b"PK")
    lifecycle.close(clinic, by="olga@riverside.example")
    answer = owner.get(f"/clinic/exports/{archive.pk}/")
    assert b"".join(answer) == b"PK"
    assert owner.post("/clinic/exports/").status_code == 302


# Support visits --------------------------------------------------------------------------


def test_she_ends_a_visit_before_its_time(owner, clinic):
    visit = _visit(clinic)
    assert "End it now" in owner.get(PAGE).text
    page = owner.post(f"/clinic/visits/{visit.pk}/end/", follow=True).text
    assert "That visit is over." in page
    assert "End it now" not in page
    with platform_context():
        visit.refresh_from_db()
    assert visit.ends_at <= current_time()


def test_visits_to_another_clinic_are_nowhere(owner, other_clinic):
    theirs = _visit(other_clinic)
    assert owner.post(f"/clinic/visits/{theirs.pk}/end/").status_code == 404
    with platform_context():
        theirs.refresh_from_db()
    assert theirs.ends_at > current_time()


def _ready(clinic, content: bytes) -> Archive:
    with platform_context():
        archive = Archive.objects.create(clinic=clinic, asked_by="olga@x.example")
    path = archives.path_of(archive)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    with clinic_context(clinic):
        archives.done(archive, current_time())
    return archive


def _visit(clinic) -> SupportVisit:
    with platform_context():
        return SupportVisit.objects.create(
            clinic=clinic,
            operator="olive@slotwell.example",
            reason="Times vanished",
            ends_at=current_time() + timedelta(hours=1),
        )
