"""How clients reach the web processes: with retries, and a note of every answer."""

import random
import time
from dataclasses import dataclass
from typing import Any

import httpx

from bookings.tests.stress.operations import GAVE_UP, LOST, Answer, Operation

PAUSE = 0.3  # seconds before a blind retry
AGAIN = {"idempotency_in_flight"}  # a twin is under way: the answer is not there yet


@dataclass
class Doors:
    """The web processes, by address. Each request takes one of them by chance.

    Args:
        timeout: after so many seconds a client gives up; a patient one never should.
    """

    addresses: list[str]
    host: str
    timeout: float
    dice: random.Random
    is_patient: bool = True

    def __post_init__(self) -> None:
        headers = {"host": self.host, "accept-language": "en"}
        self.http = httpx.Client(headers=headers, timeout=self.timeout)

    def close(self) -> None:
        self.http.close()

    def ask(
        self,
        operation: Operation,
        method: str,
        path: str,
        *,
        tries: int = 1,
        **request: Any,
    ) -> httpx.Response | None:
        """Send a request, again and blindly while nobody answers; None if none did.

        Only what may safely come twice is asked with more than one try.
        """
        for attempt in range(tries):
            if attempt:
                time.sleep(PAUSE)
            response = self._once(operation, method, path, request)
            if response is not None and not _asks_again(response):
                return response
        return None

    def _once(
        self, operation: Operation, method: str, path: str, request: Any
    ) -> httpx.Response | None:
        door = self.dice.choice(self.addresses)
        answer = Answer(time.monotonic_ns(), door=door)
        operation.answers.append(answer)
        try:
            response = self.http.request(method, f"http://{door}{path}", **request)
        except httpx.HTTPError as error:
            is_ours = isinstance(error, httpx.ReadTimeout) and not self.is_patient
            answer.code = GAVE_UP if is_ours else LOST
            answer.door = f"{door} {type(error).__name__}"
            return None
        answer.at = time.monotonic_ns()
        answer.status = response.status_code
        answer.retry_after = response.headers.get("Retry-After", "")
        answer.code = code_of(response)
        return response


def code_of(response: httpx.Response) -> str:
    """The API's code, with the reason where there is one; nothing for pages."""
    if response.status_code < 400 or "json" not in response.headers["content-type"]:
        return ""
    body = response.json()
    reason = body.get("reason", "")
    return f"{body.get('code', '')}:{reason}" if reason else str(body.get("code", ""))


def _asks_again(response: httpx.Response) -> bool:
    return response.status_code >= 500 or code_of(response) in AGAIN
