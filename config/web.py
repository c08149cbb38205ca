"""One web process: `python -m config.web daphne 127.0.0.1 8000 [--share]`.

`manage.py up` and `manage.py web` start it. Which server it is, is the operator's choice
(SERVER); the application knows nothing of it. With `--share` several processes listen on
one port, and the kernel deals the connections out.
"""

import gc
import socket
import sys
from typing import Any

_BACKLOG = 2048  # connections that wait to be accepted: all pages come back at once
_KEEP_ALIVE = 75  # seconds; longer than a proxy's, so that it is the one to hang up


def command(server: str, host: str, port: int, *, is_shared: bool = False) -> list[str]:
    """What starts a web process, after Python's own name."""
    share = ["--share"] if is_shared else []
    return ["-m", "config.web", server, host, str(port), *share]


def main(server: str, host: str, port: str, share: str = "") -> None:
    """Serve until SIGTERM or SIGINT. Raises OSError if the port cannot be had."""
    listening = _bind(host, int(port), is_shared=share == "--share")
    from config.asgi import application  # noqa: PLC0415 (takes a second)

    # What is loaded stays for good: no collection need look at it again.
    gc.collect()
    gc.freeze()
    listening.listen(_BACKLOG)  # from now on, so that nobody waits for our start
    SERVERS[server](application, listening)


def _bind(host: str, port: int, *, is_shared: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio turns Nagle's algorithm off for what is accepted:
    # an answer's second packet would wait 40 ms for the first one's acknowledgement.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if is_shared:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listening.bind((host, port))
    return listening


# Neither writes a log of requests: it would show what ours leaves out, such as signed
# links.


def _daphne(application: Any, listening: socket.socket) -> None:
    # It installs Twisted's reactor, which the other server does without.
    from config.daphne_answers import AnswerServer  # noqa: PLC0415

    endpoint = f"fd:fileno={listening.fileno()}"  # fit for IPv6, too
    server = AnswerServer(application, [endpoint], verbosity=0)
    server.run()
    sys.exit(1 if server.abort_start else 0)


def _uvicorn(application: Any, listening: socket.socket) -> None:
    import uvicorn  # noqa: PLC0415 (the other server does without)

    config = uvicorn.Config(
        application,
        http="config.uvicorn_answers:AnswerWriter",
        ws="config.uvicorn_frames:FrameWriter",
        ws_per_message_deflate=False,  # frames are small and many, memory is not
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,  # TRUSTED_PROXIES says who is believed
        server_header=False,
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=5,
    )
    uvicorn.Server(config).run(sockets=[listening])


SERVERS = {"daphne": _daphne, "uvicorn": _uvicorn}

if __name__ == "__main__":
    main(*sys.argv[1:])
