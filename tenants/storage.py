"""Files of clinics: a folder each, named by the clinic's UUID. Outside of one: an error."""

from pathlib import Path

from django.conf import settings
from django.core.files.storage import FileSystemStorage

from tenants.context import current_clinic


class ClinicStorage(FileSystemStorage):
    """Reads and writes below the current clinic's own folder only.

    The address it gives (`/media/…`) is a view's, which asks who may see the file.

    Raises:
        NoClinicError: nobody said for whom this thread works.
    """

    @property
    def base_location(self) -> str:
        return str(Path(settings.MEDIA_ROOT) / str(current_clinic().pk))

    @property
    def location(self) -> str:
        return self.base_location
