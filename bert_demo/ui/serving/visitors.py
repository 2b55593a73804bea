"""Who asks: the network address of a visitor, and how many requests it may still make."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any

ADDRESSES = 10_000
"""Addresses that are remembered; who was forgotten begins anew."""


def address_of(scope: Any, behind_proxy: bool) -> str:
    """The address of whoever made a request (an ASGI scope); of IPv6 the network of 64 bits that one household has.

    behind_proxy: whether the last entry of X-Forwarded-For is written by a proxy of ours. Entries before it are the
    visitor's own words and never count.
    """
    if behind_proxy:
        for name, value in reversed(scope["headers"]):
            if name == b"x-forwarded-for":
                return _network(value.decode("latin-1").rpartition(",")[2].strip())
    client = scope.get("client")
    return _network(client[0]) if client else "unknown"


def _network(text: str) -> str:
    if text.count(":") == 1:  # an IPv4 address with its port
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address.packed[:8] + bytes(8), 64)))
    return str(address)


class Allowance:
    """A bucket of tokens for each address: full at first, filled again at so many a minute."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._full, self._clock = float(per_minute), clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, address: str, cost: float = 1) -> float:
        """Take `cost` tokens. Gives 0.0, or the seconds until there are as many (then none are taken)."""
        now = self._clock()
        left, then = self._left.pop(address, (self._full, now))
        left = min(self._full, left + (now - then) * self._full / 60)
        enough = left >= cost
        self._left[address] = (left - cost if enough else left, now)
        while len(self._left) > ADDRESSES:
            self._left.popitem(last=False)
        return 0.0 if enough else (cost - left) * 60 / self._full


class Crowd:
    """How many questions may be under way at once: of one page, and of one address three quarters of all places.

    under_way: gives (session, address) of each question under way. most: how many the server holds.
    """

    def __init__(self, under_way: Callable[[], Iterable[tuple[str, str]]], of_session: int, most: int) -> None:
        self._under_way, self._of_session, self._most = under_way, of_session, most

    def refuse(self, session: str, address: str) -> str:
        """The sentence for who asks too much at once, or nothing."""
        there = list(self._under_way())
        if session and sum(each == session for each, _ in there) >= self._of_session:
            return "You have many questions under way. Wait for some of the answers, then ask again."
        if sum(each == address for _, each in there) >= self._most * 3 // 4:
            return "Many questions from your network are under way. Please ask again in a few seconds."
        return ""
