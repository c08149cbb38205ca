"""`manage.py work`: one background worker; several may run side by side."""

import logging
import signal
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from bookings.outbox.worker import Worker

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    """Send mail, end lapsed holds and publish slots, until SIGINT or SIGTERM."""

    help = __doc__
    requires_system_checks: list[str] = []  # the web's; they would load every page

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--once", action="store_true", help="Do what is due now, then end."
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        worker = Worker()
        if options["once"]:
            worker.run_once()
            return
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: worker.stop())
        # The worker says itself, once, that the database is away; the pool each second.
        logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
        logger.info("worker is ready")
        worker.run()
