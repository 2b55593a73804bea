"""The server process: its port, uvicorn with its limits, how it begins and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

from bert_demo.core.errors import DemoError
from bert_demo.core.settings import Settings
from bert_demo.web.server.connections import Connections

MOST_CONNECTIONS = 4000
"""Connections and requests at once; two hundred pages hold six each. The next one is told to come back (503)."""
OF_ADDRESS = MOST_CONNECTIONS * 3 // 4
"""Of one network address; behind a proxy all come from one."""
KEEP_ALIVE = 75
"""Seconds for which an idle connection is kept. uvicorn's 5 are about as long as people think: then a question meets a
connection that is being closed, and is lost."""
LAST_ANSWERS = 2
"""Seconds for which answers under way are waited for at the end; the streams of open pages never end by themselves."""
OPEN_FILES = 65_536
"""Open files asked for, as far as the system allows; its default of 1,024 is fewer than MOST_CONNECTIONS."""


def open_port(settings: Settings) -> socket.socket:
    """Listen. Port 0 is any that is free. Raises DemoError when the port cannot be opened."""
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = min(found, key=lambda each: each[0] != socket.AF_INET)  # localhost is 127.0.0.1
        listening = socket.create_server(address[:2], family=family, backlog=2048)
        # asyncio switches Nagle's algorithm off for sockets that name their protocol, which those accepted here do not
        # (Python 3.11); with it the body of an answer waits up to 40 ms for the other side's word on its head.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listening
    except (socket.gaierror, UnicodeError):  # the second for a name that no address may have
        raise DemoError(f"BERT_DEMO_HOST is {settings.host!r}, which is no address of this computer.") from None
    except OSError as error:
        raise DemoError(
            f"Port {settings.port} of {settings.host} cannot be opened ({_reason(error)}). Set BERT_DEMO_PORT to "
            f"another one, such as {settings.port % 65_535 + 1}."
        ) from None


def _reason(error: OSError) -> str:
    """What the system says; Python puts the address behind it."""
    return (error.strerror or "no reason given").partition(" (")[0]


def server(app: ASGIApp, settings: Settings) -> uvicorn.Server:
    """uvicorn with our limits, without logs of its own and without sockets beyond HTTP."""
    connections = Connections(settings.slow_seconds, MOST_CONNECTIONS if settings.behind_proxy else OF_ADDRESS)
    config = uvicorn.Config(
        connections.watch(app),
        http=connections.protocol(),
        ws="none",
        lifespan="on",
        log_config=None,
        log_level=logging.WARNING,
        access_log=False,
        proxy_headers=False,  # a visitor on this computer could choose an address
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=LAST_ANSWERS,
    )
    return uvicorn.Server(config)


def serve(app: ASGIApp, settings: Settings, listening: socket.socket, opened: Callable[[str], None]) -> None:
    """Serve at an open port until the process is told to end (Ctrl+C, SIGTERM). opened: called with the address once
    requests are answered."""
    _allow_files()
    running = server(app, settings)
    signal.signal(signal.SIGTERM, _interrupt)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_run(running, listening, lambda: opened(address_of(listening))))


def leave() -> None:
    """End the process at once: threads that compute cannot be ended otherwise, and torch would abort over them."""
    logging.shutdown()
    sys.stdout.flush()
    os._exit(0)


def address_of(listening: socket.socket) -> str:
    """Where a browser on this computer finds the page."""
    host, port = listening.getsockname()[:2]
    if host in ("0.0.0.0", "::"):
        host = "localhost"
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


async def _run(running: uvicorn.Server, listening: socket.socket, opened: Callable[[], None]) -> None:
    serving = asyncio.ensure_future(running.serve(sockets=[listening]))
    while not running.started and not serving.done():
        await asyncio.sleep(0.01)
    if running.started:
        opened()
    await serving


def _interrupt(*_: object) -> None:
    """SIGTERM ends the server as Ctrl+C does; in a container, as process 1, it would do nothing."""
    raise KeyboardInterrupt


def _allow_files() -> None:
    """Raise this process's own limit of open files as far as the system lets it. Windows has none."""
    try:
        import resource
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
