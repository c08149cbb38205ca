"""The clinic's data as a file: asked for, and fetched by its owner."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

from asgiref.sync import sync_to_async
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from tenants import archives
from tenants.http import MemberRequest
from tenants.models import Archive
from tenants.owner.doors import for_owner, say


@for_owner("POST")
def ask(request: MemberRequest) -> HttpResponse:
    archives.ask(request.clinic, by=request.user.email)
    said = _("Your export is being prepared. Look at this page again in a minute.")
    return say(request, "data", said)


@for_owner("GET", "HEAD")
def download(request: MemberRequest, archive_id: UUID) -> HttpResponseBase:
    archive = _mine(request, archive_id)
    day = archive.created_at.astimezone(request.clinic.zone).date()
    try:
        return Download(archives.path_of(archive), f"{request.clinic.slug}-{day}.zip")
    except FileNotFoundError:  # it was too old, or is fetched from another machine
        said = _("This export is gone. Ask for a new one.")
        return say(request, "data", said, is_bad=True)


class Download(FileResponse):
    """A file as an attachment, in pieces: Django under ASGI would read it whole."""

    block_size = 256 * 1024  # bytes

    def __init__(self, path: Path, filename: str) -> None:
        self._file = path.open("rb")
        super().__init__(
            self._file,
            as_attachment=True,
            filename=filename,
            content_type="application/zip",
        )

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while piece := await sync_to_async(self._read)():
            yield piece

    def _read(self) -> bytes:
        return self._file.read(self.block_size)


def _mine(request: MemberRequest, archive_id: UUID) -> Archive:
    """Return the clinic's finished export of this id.

    Raises:
        Http404: it is another clinic's, gone, or not ready.
    """
    for archive in archives.of(request.clinic):
        if archive.pk == archive_id and archive.status == Archive.Status.READY:
            return archive
    raise Http404
