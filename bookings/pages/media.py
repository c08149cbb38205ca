"""Files of the clinic. Only one that a row of this clinic names is ever served."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.contrib.auth.decorators import login_not_required
from django.core.files.storage import default_storage
from django.http import Http404, HttpResponse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from bookings.models import Practice
from tenants.http import ClinicRequest

_YEAR = 365 * 24 * 3600  # seconds; a file never changes, another one has another name
_MIME = {"webp": "image/webp"}


@dataclass(frozen=True)
class Kind:
    """What the files of a folder are, and who may see them.

    Args:
        names: whether a row of the current clinic names the file.
        may_see: asked with each request. Everything else than `anybody` is private,
            and never kept by caches.
    """

    names: Callable[[str], bool]
    may_see: Callable[[ClinicRequest], bool]


def anybody(request: ClinicRequest) -> bool:
    """Whoever reads the clinic's pages."""
    del request
    return True


def _is_logo(name: str) -> bool:
    return Practice.load().logo.name == name


# Each folder of the clinic's files. What has no line here is served to nobody.
KINDS: Mapping[str, Kind] = {
    "logo": Kind(names=_is_logo, may_see=anybody),
}


@login_not_required
@require_safe
def media(request: ClinicRequest, folder: str, name: str) -> HttpResponse:
    """One file; whoever may not see it learns no more than that there is none."""
    kind, path = KINDS.get(folder), f"{folder}/{name}"
    if kind is None or not kind.names(path) or not kind.may_see(request):
        raise Http404
    response = HttpResponse(_read(path), content_type=_MIME[name.rpartition(".")[2]])
    response["Content-Disposition"] = "inline"
    # Opened by itself, a file must be able to do nothing.
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    if kind.may_see is anybody:
        patch_cache_control(response, public=True, max_age=_YEAR, immutable=True)
    else:
        patch_cache_control(response, private=True, no_store=True)
    return response


def _read(path: str) -> bytes:
    """Return what is in a file of the current clinic.

    Raises:
        Http404: its row is there, but it is not.
    """
    try:
        with default_storage.open(path) as file:
            return bytes(file.read())
    except FileNotFoundError as error:
        raise Http404 from error
