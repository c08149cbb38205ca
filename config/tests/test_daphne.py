"""What daphne keeps of requests: nothing of those that are answered."""

import asyncio

import pytest

from config.daphne_answers import AnswerServer


async def _answered(scope, receive, send):
    del scope, receive, send


async def _failing(scope, receive, send):
    raise LookupError


class _Request:
    """Stands where daphne has its request."""


async def _kept(application, *, is_over=True):
    """Return whether a request is known once its application is done."""
    server, request = AnswerServer(application, ["tcp:0"]), _Request()
    server.connections = {}  # as it begins to run
    server.protocol_connected(request)
    server.create_application(request, {"type": "http"})
    if is_over:
        server.protocol_disconnected(request)
    task = server.connections[request]["application_instance"]
    await asyncio.wait([task])
    await asyncio.sleep(0)
    return request in server.connections


async def test_a_request_that_was_answered_is_forgotten_at_once():
    assert not await _kept(_answered)


@pytest.mark.parametrize(
    ("application", "is_over"), [(_failing, True), (_answered, False)]
)
async def test_what_is_out_of_the_ordinary_is_left_to_daphne(application, is_over):
    assert await _kept(application, is_over=is_over)
