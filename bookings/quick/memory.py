"""Answers that were made and may be told again, as many as fit."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, Protocol, TypeVar


class Kept(Protocol):
    """Something that takes room."""

    @property
    def size(self) -> int:
        """In bytes."""
        ...


Key = TypeVar("Key", bound=Hashable)
Some = TypeVar("Some", bound=Kept)


class Memory(Generic[Key, Some]):
    """The least used is forgotten first.

    Args:
        most: bytes that all together may take.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = 0
        self._kept: OrderedDict[Key, Some] = OrderedDict()

    def get(self, key: Key) -> Some | None:
        """Return what is kept, which counts as a use of it."""
        found = self._kept.get(key)
        if found:
            self._kept.move_to_end(key)
        return found

    def keep(self, key: Key, made: Some) -> None:
        """Keep it in the place of what was kept before."""
        self.forget(key)
        self._kept[key] = made
        self._size += made.size
        while self._size > self._most:
            _, forgotten = self._kept.popitem(last=False)
            self._size -= forgotten.size

    def forget(self, key: Key) -> None:
        if before := self._kept.pop(key, None):
            self._size -= before.size
