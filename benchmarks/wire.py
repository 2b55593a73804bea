"""What comes over the wire to a page in Chromium, as its network log has it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page

JOIN = "/gradio_api/queue/join"
"""Where a page sends its events."""


class Wire:
    """What a page asks for, and the bytes that come; from now on, or from the last `clear`."""

    def __init__(self, page: Page) -> None:
        self.urls: list[str] = []
        self._sizes: dict[str, float] = {}
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.requestWillBeSent", self._sent)
        session.on("Network.dataReceived", self._received)
        session.on("Network.loadingFinished", self._finished)

    def clear(self) -> None:
        """Forget what came."""
        self.urls.clear()
        self._sizes.clear()

    def size(self) -> float:
        """Bytes that came."""
        return sum(self._sizes.values())

    def paths(self) -> list[str]:
        """The paths that were asked for."""
        return [urlsplit(url).path for url in self.urls]

    def asked(self) -> int:
        """How many events were sent."""
        return self.paths().count(JOIN)

    def _sent(self, event: dict[str, Any]) -> None:
        if event["request"]["url"].startswith("http"):
            self.urls.append(event["request"]["url"])

    def _received(self, event: dict[str, Any]) -> None:
        """Of a stream, whose end the browser does not wait for, its parts are all that is told."""
        self._sizes[event["requestId"]] = self._sizes.get(event["requestId"], 0) + event["encodedDataLength"]

    def _finished(self, event: dict[str, Any]) -> None:
        """The whole of an answer, its headers counted."""
        self._sizes[event["requestId"]] = event["encodedDataLength"]
