"""Requests are served by a few threads, and refused early beyond what these can bear."""

import asyncio
import threading
import time
from typing import Any

import pytest
from django.http import FileResponse, HttpResponse, StreamingHttpResponse

from config.threads import ThreadsHandler


class Sent(list[dict[str, Any]]):
    async def __call__(self, message):
        self.append(message)

    @property
    def status(self):
        return self[0]["status"]

    @property
    def body(self):
        return b"".join(each.get("body", b"") for each in self[1:])


async def _receive():
    return {"type": "http.request", "body": b""}


def _scope(path="/"):
    return {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
    }


@pytest.fixture
def handler(settings, monkeypatch):
    """Answers by `view`, in two threads; two more may wait."""
    settings.WEB_THREADS = settings.WEB_QUEUE = 2

    def made(view):
        one = ThreadsHandler()
        monkeypatch.setattr(one, "get_response", view)
        return one

    return made


async def _all(handler, number, path="/"):
    sent = [Sent() for _ in range(number)]
    await asyncio.gather(*(handler(_scope(path), _receive, each) for each in sent))
    return sent


def test_no_more_threads_than_agreed(handler):
    at_work, names = [0, 0], set()

    def view(request):
        at_work[0] += 1
        at_work[1] = max(at_work)
        names.add(threading.current_thread().name)
        time.sleep(0.02)
        at_work[0] -= 1
        return HttpResponse("done")

    sent = asyncio.run(_all(handler(view), 4))

    assert [each.status for each in sent] == [200] * 4
    assert at_work[1] == len(names) == 2


@pytest.mark.parametrize("path", ["/", "/api/v1/slots/"])
def test_one_too_many_is_told_at_once_to_come_back(handler, path):
    def view(request):
        time.sleep(0.02)
        return HttpResponse("done")

    sent = asyncio.run(_all(handler(view), 7, path))

    assert sorted(each.status for each in sent) == [200] * 4 + [503] * 3
    refused = next(each for each in sent if each.status == 503)
    assert (b"Retry-After", b"1") in refused[0]["headers"]
    assert b"Many people are here" in refused.body


def test_there_is_room_again_afterwards(handler):
    one = handler(lambda request: HttpResponse("done"))

    async def twice():
        return await _all(one, 4) + await _all(one, 4)

    assert {each.status for each in asyncio.run(twice())} == {200}


def test_a_stream_is_sent_piece_by_piece_from_its_thread(handler):
    names = []

    def pieces():
        for piece in (b"one, ", b"two"):
            names.append(threading.current_thread().name)
            yield piece

    one = handler(lambda request: StreamingHttpResponse(pieces()))
    [sent] = asyncio.run(_all(one, 1))

    assert sent.body == b"one, two"
    assert [each["more_body"] for each in sent[1:-1]] == [True, True]
    assert len(set(names)) == 1
    assert names[0].startswith("web")


def test_a_small_file_is_sent_in_one_piece(handler, tmp_path):
    file = tmp_path / "small.txt"
    file.write_bytes(b"x" * 10_000)

    one = handler(lambda request: FileResponse(file.open("rb")))
    [sent] = asyncio.run(_all(one, 1))

    assert (len(sent), sent.body) == (2, file.read_bytes())


def test_cookies_and_headers_are_sent(handler):
    def view(request):
        answer = HttpResponse("done", headers={"X-One": "1"})
        answer.set_cookie("taste", "salt")
        return answer

    [sent] = asyncio.run(_all(handler(view), 1))

    assert (b"X-One", b"1") in sent[0]["headers"]
    assert (b"Set-Cookie", b"taste=salt; Path=/") in sent[0]["headers"]
