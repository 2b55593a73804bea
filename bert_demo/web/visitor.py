"""Who asks: the session of a page, and which of its requests this is."""

from __future__ import annotations

import re
from typing import NamedTuple

import gradio as gr

TURN = re.compile("[0-9]{1,12}")


class Visitor(NamedTuple):
    """Who asks, and how many things their page had asked before, this one counted; 0 where nobody counts.

    Two questions that leave a page one after the other may arrive the other way round.
    """

    name: str
    turn: int = 0


def visitor_of(request: gr.Request) -> Visitor:
    """The visitor of an event of the page; web/assets/queue.js counts."""
    turn = (request.headers or {}).get("x-turn", "")
    return Visitor(str(request.session_hash), int(turn) if TURN.fullmatch(turn) else 0)
