"""What one thread hands to another: each thing once, first come first served."""

import threading
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Handover(Generic[Item]):
    def __init__(self) -> None:
        self._items: dict[Item, None] = {}
        self._lock = threading.Lock()

    def give(self, item: Item) -> None:
        """Add it, unless it waits already."""
        with self._lock:
            self._items.setdefault(item)

    def take(self) -> Item | None:
        with self._lock:
            first = next(iter(self._items), None)
            if first is not None:
                del self._items[first]
            return first
