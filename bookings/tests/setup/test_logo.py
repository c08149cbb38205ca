"""What is kept of an uploaded logo, what is refused, and how one is replaced."""

from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, PngImagePlugin

from bookings.models import Practice
from bookings.tests import make
from bookings.tests.setup.pictures import (
    STEP,
    UNREADABLE,
    bomb,
    kept,
    name_kept,
    picture,
    upload,
)

SETTINGS = "/admin/bookings/practice/1/change/"

# --- What is kept ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_becomes_a_small_webp_with_a_name_nobody_guesses(owner, kind):
    answer = upload(owner, picture(kind), name="../../My logo é.svg.PNG")
    name = name_kept()

    assert answer.status_code == 302
    assert kept().parent.name == "logo"
    assert len(Path(name).stem) == 32
    assert "My" not in name
    with Image.open(kept()) as saved:
        assert (saved.format, saved.size) == ("WEBP", (512, 341))


def test_transparency_stays_and_a_photo_is_turned_upright(owner):
    clear = BytesIO()
    Image.new("RGBA", (64, 64), (10, 20, 30, 0)).save(clear, "PNG")
    upload(owner, clear.getvalue())
    with Image.open(kept()) as saved:
        assert saved.getchannel("A").getextrema() == (0, 0)

    turned = Image.Exif()
    turned[0x0112] = 6  # orientation: lies on its side
    upload(owner, picture("JPEG", size=(80, 40), exif=turned))
    with Image.open(kept()) as saved:
        assert saved.size == (40, 80)


def test_nothing_but_pixels_is_kept(owner):
    secret = "taken at 51.5 N 0.1 W by Amara"
    exif = Image.Exif()
    exif[0x010E] = secret
    for kind, more in (
        ("JPEG", {"comment": secret}),
        ("WEBP", {"xmp": secret.encode()}),
    ):
        profile = b"by Amara"  # of colours; WebP would take it over
        upload(owner, picture(kind, exif=exif, icc_profile=profile, **more))
        assert b"Amara" not in kept().read_bytes()
        with Image.open(kept()) as saved:
            assert not saved.getexif()
    words = PngImagePlugin.PngInfo()
    words.add_text("Comment", secret)
    sent = picture("PNG", pnginfo=words)
    upload(owner, sent + b"<script>alert(1)</script> Amara")

    assert b"Amara" in sent
    assert b"Amara" not in kept().read_bytes()
    assert b"script" not in kept().read_bytes()


# --- What is refused -------------------------------------------------------------------


@pytest.mark.parametrize("what", UNREADABLE)
def test_what_is_no_picture_is_refused_in_plain_words(owner, what):
    answer = upload(owner, UNREADABLE[what])

    assert answer.status_code == 422
    assert "We cannot read this file as a picture" in answer.content.decode()
    assert not Practice.load().logo
    assert not list(Path(default_storage.path("")).rglob("*.*"))


@pytest.mark.parametrize("size", [(30_000, 30_000), (100_000, 10), (3_000, 3_000)])
def test_a_small_file_with_a_huge_picture_is_never_unpacked(owner, size, monkeypatch):
    def load(image):
        raise AssertionError(image.size)

    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", load)
    answer = upload(owner, bomb(*size))

    assert answer.status_code == 422
    assert "too many pixels" in answer.content.decode()


def test_a_file_of_more_than_a_megabyte_is_refused_and_not_read_whole(owner):
    answer = upload(owner, picture() + b"\0" * 5_000_000)

    assert answer.status_code == 422
    assert "larger than 1 MB" in answer.content.decode()
    assert answer.wsgi_request.FILES["logo"].size == 1024 * 1024 + 1
    assert answer.context["form"]["hue"].value() == "165"


def test_names_that_no_file_has_do_not_matter(owner):
    for name in ("a" * 190 + ".png", "🩺.png", "x\u202egnp.exe", "con.png", "..png"):
        assert upload(owner, picture(size=(9, 9)), name=name).status_code == 302


# --- Changed and removed ---------------------------------------------------------------


def test_a_new_logo_takes_the_old_one_s_place_after_the_commit(
    owner, django_capture_on_commit_callbacks
):
    upload(owner, picture())
    old = kept()
    with django_capture_on_commit_callbacks(execute=True):
        upload(owner, picture(colour=(0, 0, 200)))
        assert old.exists()

    assert kept().exists()
    assert not old.exists()
    assert len(list(kept().parent.iterdir())) == 1


def test_the_logo_can_be_removed(owner, django_capture_on_commit_callbacks):
    upload(owner, picture())
    old = kept()
    with django_capture_on_commit_callbacks(execute=True):
        owner.post(STEP, {"hue": "165", "remove_logo": "on"})

    assert not Practice.load().logo
    assert not old.exists()
    assert "/logo.svg" in owner.get("/").content.decode()


def test_a_logo_that_cannot_be_saved_leaves_no_file(owner, monkeypatch):
    upload(owner, picture())
    before = kept()

    def fail(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr(Practice, "save", fail)
    with pytest.raises(RuntimeError):
        upload(owner, picture())
    assert list(before.parent.iterdir()) == [before]


def settings_form(client, **changed):
    page = client.get(SETTINGS)
    form = page.context["adminform"].form
    sent = {
        name: value
        for name, field in form.fields.items()
        if name != "logo_file"
        and (value := form.get_initial_for_field(field, name)) is not None
    }
    return client.post(SETTINGS, sent | {"_save": "1"} | changed)


def test_staff_change_the_logo_in_the_clinic_s_settings(
    owner, django_capture_on_commit_callbacks
):
    make.practice()
    file = SimpleUploadedFile("logo.png", picture(), content_type="image/png")
    with django_capture_on_commit_callbacks(execute=True):
        answer = settings_form(owner, logo_file=file)
    name = name_kept()
    with django_capture_on_commit_callbacks(execute=True):
        settings_form(owner)
    unchanged = name_kept()
    with django_capture_on_commit_callbacks(execute=True):
        settings_form(owner, **{"logo_file-clear": "on"})

    assert answer.status_code == 302
    assert name.startswith("logo/")
    assert unchanged == name
    assert not Practice.load().logo


def test_the_settings_refuse_what_the_set_up_refuses(owner):
    make.practice()
    file = SimpleUploadedFile("logo.png", b"<svg/>", content_type="image/png")
    answer = settings_form(owner, logo_file=file)

    assert answer.status_code == 200
    assert "We cannot read this file as a picture" in answer.content.decode()


def test_those_who_may_only_look_see_the_logo(owner, as_):
    upload(owner, picture())
    page = as_("reception").get(SETTINGS)

    assert page.status_code == 200
    assert Practice.load().logo.url in page.content.decode()
