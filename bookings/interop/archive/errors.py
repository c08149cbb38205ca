"""What can be wrong with an archive, in words for whoever has it."""


class ArchiveError(Exception):
    """The archive cannot be written or read; `str()` says why, in plain words."""
