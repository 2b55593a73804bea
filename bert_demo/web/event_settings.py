"""How gradio is to run an event of the page; none of them is an endpoint."""

from __future__ import annotations

from typing import Any

PRIVATE: dict[str, Any] = {"api_visibility": "private"}
QUIET: dict[str, Any] = {**PRIVATE, "concurrency_limit": None}
"""For events that only change states: without the queue's limits, but in it, where alone gradio tells of changes."""
LAST: dict[str, Any] = {**QUIET, "trigger_mode": "always_last"}
"""The same for those that a visitor may repeat before they are answered: gradio would drop the second ("once")."""
AT_ONCE: dict[str, Any] = {**PRIVATE, "trigger_mode": "multiple"}
"""For what is answered at every click, though the one before is not: its order is kept, however busy the server is."""
TAKEN_AWAY = "() => ['', {__type__: 'update', visible: false}]"
"""In the browser alone: an empty notice, and pictures that are not shown."""
