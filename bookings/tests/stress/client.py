"""What all clients have in common: a name, dice of their own, and a table of paths."""

import random
import time as clock
from collections.abc import Callable
from itertools import count
from typing import NamedTuple

from bookings.tests.stress.operations import Notebook
from bookings.tests.stress.world import Kind, Time, World

RUSH = 2_000_000_000  # nanoseconds at the end in which all book, and nobody cancels
FASHION = 250_000_000  # nanoseconds for which the same time is the one to have


class Path(NamedTuple):
    """One way to act: how often, what, and whether it takes part in the last rush."""

    weight: int
    go: Callable[[], None]
    books: bool = False


class Client:
    """Somebody who does one thing after the other, as the dice say."""

    def __init__(
        self, name: str, world: World, dice: random.Random, notes: Notebook
    ) -> None:
        self.name, self.world, self.dice, self.notes = name, world, dice, notes
        self.paths: list[Path] = []
        self.is_rush = False
        self._numbers = count(1)

    def act_until(self, until: int) -> None:
        """Act until it is time; the last seconds are a rush for what is left.

        The rush leaves the calendar full, so that what is there at the end says most.
        """
        while (now := clock.monotonic_ns()) < until:
            self.is_rush = now > until - RUSH
            self.act()

    def act(self) -> None:
        paths = [path for path in self.paths if path.books or not self.is_rush]
        (path,) = self.dice.choices(paths, [path.weight for path in paths])
        path.go()

    def any_time(self) -> tuple[Time, Kind]:
        """A time to want: often, and in the rush always, what all want at this moment."""
        hot = self.world.hot
        kind = self.dice.choice([self.world.short, self.world.short, self.world.long])
        if self.is_rush or self.dice.random() < 0.5:
            return hot[clock.monotonic_ns() // FASHION % len(hot)], kind
        return self.dice.choice(hot), kind

    def new_mark(self) -> str:
        return f"{self.name}-{next(self._numbers)}"
