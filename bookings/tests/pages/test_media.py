"""Files of the clinic: a logo that everybody sees, and nothing else that anybody does."""

from pathlib import Path

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import FileField
from django.test import Client

from bookings.models import Practice
from bookings.pages import media
from bookings.tests import make
from bookings.tests.setup.pictures import kept, name_kept, picture, upload
from tenants.context import clinic_context


@pytest.fixture(autouse=True)
def _own_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def owner(clinic):
    client = Client(headers={"host": f"{clinic.slug}.localhost"})
    client.force_login(make.user(role="owner", password=None))
    return client


# --- Who sees it -----------------------------------------------------------------------


def test_everybody_sees_the_logo_on_every_page(owner, clinic_client):
    upload(owner, picture())
    url = Practice.load().logo.url
    page = clinic_client.get("/").content.decode()
    answer = clinic_client.get(url)

    assert f'<img src="{url}"' in page
    assert answer.content == kept().read_bytes()
    assert answer["Content-Type"] == "image/webp"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"] == "inline"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "immutable" in answer["Cache-Control"]
    assert not answer.cookies
    assert clinic_client.head(url).status_code == 200
    assert clinic_client.post(url).status_code == 405


def test_another_clinic_has_no_such_file(owner, other_client, other_clinic, clinic):
    upload(owner, picture())
    url = Practice.load().logo.url
    with clinic_context(other_clinic):
        # Even one with the very same name in its folder, which no row of it names.
        default_storage.save(url.removeprefix("/media/"), ContentFile(b"stray"))

    assert other_client.get(url).status_code == 404
    assert other_client.get(f"/media/{clinic.pk}{url[6:]}").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "",
        "logo",
        "logo/",
        "logo/{other}.webp",
        "logo/{name}.webp/",
        "logo/{name}.webp%00",
        "logo/{name}.webp%0a",
        "logo/{name}.png",
        "logo//{name}.webp",
        "logo/./{name}.webp",
        "logo/../logo/{name}.webp",
        "../{pk}/logo/{name}.webp",
        "%2e%2e/{pk}/logo/{name}.webp",
        "logo/%2e%2e%2f%2e%2e%2fsecret.webp",
        "..%2f..%2fsettings.py",
        "{pk}/logo/{name}.webp",
        "private/{name}.webp",
        "stray.webp",
        "logo/secret.webp",
    ],
)
def test_nothing_else_is_served(owner, clinic_client, clinic, path):
    upload(owner, picture())
    name = Path(name_kept()).stem
    for stray in ("logo/secret.webp", "stray.webp", "private/secret.webp"):
        default_storage.save(stray, ContentFile(b"secret"))
    place = path.format(name=name, pk=clinic.pk, other="0" * 32)
    answer = clinic_client.get(f"/media/{place}")

    assert answer.status_code in {400, 404}
    assert b"secret" not in answer.content


def test_a_logo_whose_file_is_lost_is_not_found(owner, clinic_client):
    upload(owner, picture())
    kept().unlink()

    assert clinic_client.get(Practice.load().logo.url).status_code == 404


def test_every_field_for_files_has_a_kind_that_says_who_may_see(clinic):
    folders = {
        str(field.upload_to).strip("/")
        for model in apps.get_app_config("bookings").get_models()
        for field in model._meta.get_fields()
        if isinstance(field, FileField)
    }
    assert folders == set(media.KINDS)


def test_a_private_kind_asks_and_is_not_kept_by_caches(clinic_client, monkeypatch):
    default_storage.save("letter/one.webp", ContentFile(b"private"))

    def answer(*, may):
        kind = media.Kind(names="letter/one.webp".__eq__, may_see=lambda request: may)
        monkeypatch.setattr(media, "KINDS", {"letter": kind})
        return clinic_client.get("/media/letter/one.webp")

    seen = answer(may=True)
    assert (seen.status_code, seen.content) == (200, b"private")
    assert "no-store" in seen["Cache-Control"]
    assert "public" not in seen["Cache-Control"]
    assert answer(may=False).status_code == 404
