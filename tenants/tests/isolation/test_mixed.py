"""40 threads and 40 sockets mix two clinics, while connections are killed under them.

    make isolation SECONDS=60

A shorter form runs with the suite.
"""

import asyncio
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from bookings.tests.processes import database_url
from tenants.tests.isolation.mixing import (
    PAGES,
    Mixer,
    Tally,
    ask,
    kill_until,
    set_versions,
)
from tenants.tests.isolation.visitors import visitors_of
from tenants.tests.isolation.watchers import Watcher

SECONDS = float(os.environ.get("ISOLATION_SECONDS", "4"))
THREADS = SOCKETS = 40


def test_nobody_sees_a_foreign_row_whatever_is_mixed_and_killed(settled, daphnes):
    set_versions(settled)
    visitors = {clinic.slug: visitors_of(clinic) for clinic in settled}
    address, for_sockets = daphnes(2)  # so that pages do not keep frames waiting
    for page in PAGES:  # the first of each kind is slow
        ask(address, page, {"Host": "riverside.localhost"})
    connection.close()
    tally, until = Tally(), time.monotonic() + SECONDS
    known = (settled, visitors)
    with ThreadPoolExecutor(THREADS + 2) as pool:
        jobs = [
            pool.submit(Mixer(*known, address, tally, seed).run_until, until)
            for seed in range(THREADS)
        ]
        jobs.append(pool.submit(kill_until, until, database_url(), tally))
        port = int(for_sockets.rpartition(":")[2])
        watchers = [Watcher(*known, port, tally, seed) for seed in range(SOCKETS)]
        jobs.append(pool.submit(_watch_all, watchers, until))
        for job in jobs:
            job.result()
    connection.close()
    sys.stdout.write(f"\n{SECONDS:.0f} s: {dict(sorted(tally.done.items()))}\n")
    assert tally.foreign == []
    assert tally.done["sockets opened"] >= SOCKETS
    for happened in ("read", "savepoint", "nest", "keep", "answered 200", "killed"):
        assert tally.done[happened] > 0, happened
    assert tally.done["slots in frames"] > 0


def _watch_all(watchers: list[Watcher], until: float) -> None:
    async def all_of_them() -> None:
        await asyncio.gather(*(each.run_until(until) for each in watchers))

    asyncio.run(all_of_them())
