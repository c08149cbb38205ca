"""How long viewers are not told anything, so that those who book get on.

Telling hundreds of viewers takes the processor from those who book. A change after a quiet
while is told at once; of many that follow each other, those of a rest go out together. So do
those who come at the same time, who all are shown the same: but what that costs is not held
against the changes that follow.
"""

# Seconds of the processor's time that telling takes before it has to rest: some changes to
# thousands of viewers.
AT_ONCE = 0.25
SHARE = 0.1  # of the time is what it may take then
SHORTEST = 0.025  # seconds: what comes this soon after a turn goes out with the next
LONGEST = 0.4


class Rest:
    """The rests of one clinic's viewers.

    Args:
        now: as the loop's clock has it.
    """

    def __init__(self, now: float) -> None:
        self._at = now
        self._owed = 0.0  # seconds that telling took, less what it was due since

    def after(self, cost: float, now: float) -> float:
        """Return for how many seconds to rest after changes were told.

        Args:
            cost: seconds of the processor's time that the turn took.
            now: when it ended.
        """
        due = (now - self._at) * SHARE
        owed = max(self._owed - due, 0.0) + cost
        self._at = now
        self._owed = min(owed, AT_ONCE + LONGEST * SHARE)
        return max((self._owed - AT_ONCE) / SHARE, SHORTEST)

    @staticmethod
    def after_greeting(cost: float) -> float:
        """The same after newcomers were shown everything."""
        return min(max(cost / SHARE, SHORTEST), LONGEST)
