"""What the server keeps of each visitor: the states and changed components of the page, and no more.

Read against gradio 6.31.0 (state_holder.StateHolder, SessionState; routes.App.state_holder). Gradio also keeps, for
links that carry a whole page, the configuration of every component as each visitor sees it: computed anew for each
visitor and for each plain call over HTTP, and with every answer in it. This page has links of its own (the address), so
none of that is made here.
"""

from __future__ import annotations

from copy import copy
from typing import Any

import gradio as gr
from fastapi import FastAPI
from gradio.routes import App
from gradio.state_holder import SessionState, StateHolder
from starlette.routing import Mount

KEPT = 2000
"""Visitors whose states are kept; one who comes back later begins with the page as it opens."""


class LeanSession(SessionState):  # type: ignore[misc]
    """The state of one visitor."""

    def __init__(self, blocks: Any) -> None:
        self.blocks_config = copy(blocks.default_config)
        self.config_values: dict[int, Any] = {}
        self.state_data: dict[int, Any] = {}
        self._state_ttl: dict[int, Any] = {}
        self.is_closed = False
        self.STATE_TTL_WHEN_CLOSED = 3600

    def __setitem__(self, key: int, value: Any) -> None:
        super().__setitem__(key, value)
        self.config_values.clear()

    def _update_config(self, key: int) -> None:
        """Nothing is kept."""

    def _update_value_in_config(self, key: int, value: Any) -> None:
        """Nothing is kept."""


class LeanSessions(StateHolder):  # type: ignore[misc]
    """The states of all visitors, the latest KEPT of them; plain calls, which have a session each and no state, do not
    count among them."""

    def update(self, session_id: str) -> None:
        """The session was used last; beyond KEPT one without a state goes, else the one that was not used longest."""
        with self.lock:
            if session_id in self.session_data:
                self.session_data.move_to_end(session_id)
            if len(self.session_data) > self.capacity:
                others = (name for name, session in self.session_data.items() if name != session_id)
                bare = (name for name in others if not self.session_data[name].state_data)
                going = next(bare, next(iter(self.session_data)))
                del self.session_data[going]
                self.time_last_used.pop(going, None)

    def __getitem__(self, session_id: str) -> SessionState:
        if session_id not in self.session_data:
            self.session_data[session_id] = LeanSession(self.blocks)
        return super().__getitem__(session_id)


def keep_little(blocks: gr.Blocks, app: FastAPI) -> None:
    """From now on keep of each visitor of a page that is mounted in `app` no more than this."""
    mounted = next(route.app for route in app.routes if isinstance(route, Mount) and isinstance(route.app, App))
    sessions = LeanSessions()
    mounted.state_holder = sessions
    sessions.set_blocks(blocks)
    sessions.capacity = KEPT
