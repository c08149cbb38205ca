"""A web server with the smallest application: `python -m config.tests.answering NAME PORT`.

What it says is chosen by the path, so that a test sees how it comes over the wire.
"""

import asyncio
import sys
from typing import Any

from config import web

LARGE = 3_000_000  # bytes: more than a socket takes at once


async def application(scope: Any, receive: Any, send: Any) -> None:
    del receive
    parts, pause = {
        "/whole": ([b"all of it"], 0.0),
        "/large": ([b"x" * LARGE], 0.0),
        "/parts": ([b"one ", b"two ", b"three"], 0.1),
        "/empty": ([b""], 0.0),
        "/readyz": ([b"ready"], 0.0),
    }[scope["path"]]
    length = str(sum(map(len, parts))).encode()
    head = {"type": "http.response.start", "status": 200}
    await send({**head, "headers": [(b"content-length", length)]})
    for number, part in enumerate(parts, start=1):
        if pause:
            await asyncio.sleep(pause)
        more = number < len(parts)
        await send({"type": "http.response.body", "body": part, "more_body": more})


def main(server: str, port: str) -> None:
    listening = web._bind("127.0.0.1", int(port), is_shared=False)
    listening.listen(16)
    web.SERVERS[server](application, listening)


if __name__ == "__main__":
    main(*sys.argv[1:])
