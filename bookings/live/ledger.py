"""What the sockets of one clinic were sent, and what is new since: the synchronous part.

Only one thread works on a ledger at a time: its feed waits for each look.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from time import thread_time
from typing import TYPE_CHECKING
from uuid import UUID

from bookings import locking
from bookings.live import admission
from bookings.live.frames import Renderer
from bookings.live.ready import Ready
from bookings.live.socket import Socket
from bookings.live.state import State, read, revisions, version_of
from bookings.live.viewers import DayKey, Group, Window
from bookings.models import Slot
from tenants.context import as_it_is_now, clinic_context

if TYPE_CHECKING:
    from tenants.models import Clinic


@dataclass
class News:
    """What a look has found.

    Args:
        cost: seconds of the processor's time that it took.
    """

    dismissed: set[Socket] = field(default_factory=set)
    texts: list[tuple[list[Socket], Ready]] = field(default_factory=list)
    cost: float = 0.0


class Ledger:
    def __init__(self, clinic: "Clinic") -> None:
        self._clinic = clinic
        self.is_live = True  # do events reach us? Viewers are told
        self._sent: dict[UUID, int] = {}  # slot → version
        self._revisions: dict[DayKey, int] = {}
        self._lapses: dict[DayKey, datetime] = {}  # when the day's next hold runs out
        # Days that a check found changed; of a change that has just been made, the event
        # may still be on its way.
        self._untold: set[DayKey] = set()

    def version_of(self, window: Window) -> int:
        """The newest version that viewers of a window should have."""
        return version_of(self._revisions, window)

    def look(
        self,
        sockets: list[Socket],
        newcomers: set[Socket],
        touched: set[DayKey],
        *,
        check: bool,
    ) -> News:
        """Read what was touched and what newcomers want, and say what to send to whom.

        Args:
            check: also look for changes that no event told of, and whether each
                socket may still be here.
        """
        began = thread_time()
        if (check or newcomers) and not self._is_open():
            return News(dismissed={*sockets})
        news = News()
        self._untold -= touched
        with clinic_context(self._clinic):
            if check:
                news.dismissed = admission.ended(sockets)
                sockets = [each for each in sockets if each not in news.dismissed]
                # No event has come since the last check: partners are told of a gap by a
                # snapshot (CONTRACT 4), though they have had what differed.
                newcomers = newcomers | _json_viewers(sockets, self._untold)
                self._untold = self._missed(sockets) - touched
                touched = touched | self._untold | self._lapsed()
            windows = {each.window for each in {socket.group for socket in newcomers}}
            if touched or windows:
                state = read(touched, windows, self._sent)
                news.texts = self._texts(state, sockets, newcomers)
        news.cost = thread_time() - began
        return news

    def _is_open(self) -> bool:
        """Look at the clinic itself: newcomers were let in by what is remembered of it."""
        if fresh := as_it_is_now(self._clinic):
            self._clinic = fresh
        return fresh is not None

    def _missed(self, sockets: Iterable[Socket]) -> set[DayKey]:
        """Days whose revision is not the one we know: nobody told us of a change."""
        found = revisions({socket.group.window for socket in sockets})
        return {key for key in found if found[key] != self._revisions.get(key, 0)}

    def _lapsed(self) -> set[DayKey]:
        """Days on which a hold has run out, which nobody may have written down yet."""
        now = locking.clock()
        return {key for key, at in self._lapses.items() if at <= now}

    def _texts(
        self, state: State, sockets: list[Socket], newcomers: set[Socket]
    ) -> list[tuple[list[Socket], Ready]]:
        changed = self._newer(state)
        renderer = Renderer(state, is_live=self.is_live)
        texts: list[tuple[list[Socket], Ready]] = []
        for group, sockets_of in _grouped(newcomers).items():
            snapshot = renderer.snapshot(group.window, group.variant)
            texts.append((sockets_of, Ready(snapshot)))
        others = [each for each in sockets if each not in newcomers] if changed else []
        for group, sockets_of in _grouped(others).items():
            seen = [slot for slot in changed if group.window.covers(slot)]
            if updates := renderer.updates(seen, group.variant):
                texts.append((sockets_of, Ready(updates)))
        self._note(state, changed)  # last: what failed is found again
        return texts

    def _newer(self, state: State) -> list[Slot]:
        return [
            slot
            for slot in state.slots
            if slot.version_at(state.now) > self._sent.get(slot.pk, 0)
        ]

    def _note(self, state: State, changed: list[Slot]) -> None:
        """Remember a state as sent."""
        self._sent |= {slot.pk: slot.version_at(state.now) for slot in changed}
        self._revisions |= state.revisions
        for key, ends in state.holds.items():
            self._lapses.pop(key, None)
            if coming := [end for end in ends if end > state.now]:
                self._lapses[key] = min(coming)


def _grouped(sockets: Iterable[Socket]) -> dict[Group, list[Socket]]:
    """Those who get the same text."""
    groups: dict[Group, list[Socket]] = defaultdict(list)
    for socket in sockets:
        groups[socket.group].append(socket)
    return groups


def _json_viewers(sockets: Iterable[Socket], days: set[DayKey]) -> set[Socket]:
    return {
        socket
        for socket in sockets
        if socket.variant.is_json and any(map(socket.window.has_day, days))
    }
