"""The port that is held."""

from __future__ import annotations

import socket

import pytest

from bert_demo.core.settings import Settings
from bert_demo.web.server.serve import address_of, open_port


def test_localhost_is_the_address_that_programs_try(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system may name ::1 first, where whoever asks 127.0.0.1 finds nobody."""
    stream = (socket.SOCK_STREAM, 6, "")
    found = [(socket.AF_INET6, *stream, ("::1", 0, 0, 0)), (socket.AF_INET, *stream, ("127.0.0.1", 0))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with open_port(Settings(host="localhost", port=0)) as listening:
        assert listening.getsockname()[0] == "127.0.0.1"
        assert address_of(listening) == f"http://127.0.0.1:{listening.getsockname()[1]}/"


def test_accepted_connections_send_small_parts_at_once() -> None:
    """Nagle's algorithm would keep an answer's body back for 40 ms: two of them for each question of the page."""
    listening = open_port(Settings(host="localhost", port=0))
    with listening, socket.create_connection(listening.getsockname()), listening.accept()[0] as accepted:
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
