"""Who asks: the network address of a visitor, which nobody can choose."""

from __future__ import annotations

import ipaddress

from starlette.types import ASGIApp, Receive, Scope, Send

ADDRESS = "bert_demo.address"
"""Where the scope of a request keeps its visitor's address."""


class ClientAddress:
    """ASGI middleware that writes down who asks: a proxy of ours says so in the last entry of X-Forwarded-For."""

    def __init__(self, app: ASGIApp, behind_proxy: bool) -> None:
        self.app, self.behind_proxy = app, behind_proxy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request. Behind a proxy the client of the scope becomes the visitor."""
        if scope["type"] == "http":
            scope[ADDRESS] = address = address_of(scope, self.behind_proxy)
            if self.behind_proxy:
                scope["client"] = (address, 0)
        await self.app(scope, receive, send)


def visitor_address(scope: Scope) -> str:
    """The address that was written down for a request; without the middleware the one that it came from."""
    return str(scope.get(ADDRESS) or address_of(scope, behind_proxy=False))


def address_of(scope: Scope, behind_proxy: bool) -> str:
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
