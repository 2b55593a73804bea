"""Which lens a question is asked of: the open one alone. The browser decides (assets/questions.js), so that nothing is
sent for a lens that nobody sees."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from bert_demo.views.markup import message, working
from bert_demo.web.event_settings import PRIVATE
from bert_demo.web.tab import Parts, Tab, html

EVENTS = ("run", "wait", "clear", "renew", "end", "leave")
"""Of each lens; see Lens.event."""
WAITING = working("Waiting \N{HORIZONTAL ELLIPSIS}")


@dataclass(frozen=True, slots=True)
class Lens:
    """A built tab: its row, the place of its notice, its components."""

    tab: Tab
    notice: gr.HTML
    parts: Parts

    def event(self, what: str) -> str:
        """The name of one of its EVENTS.

        run: it answers; wait: it says that it waits; clear: the browser takes away what stands beside its answer to an
        older question; renew: what stands there follows the new one, before it answers; end: its other work ends, since
        there is a new question; leave: all its work does, since it is not open.
        """
        return f"{what}_{self.tab.name.replace('-', '_')}"


class Questions:
    """The place whose events start the lenses, in their order; built behind them all, outside the tabs."""

    def __init__(self, lenses: Sequence[Lens]) -> None:
        self._lenses = list(lenses)
        settings = json.dumps({"lenses": [_row(lens) for lens in lenses], "waiting": WAITING})
        connect = f"window.bertDemo.questions.connect({settings}, (name) => trigger(name, {{}}), 'labels');"
        self._place = html(elem_id="questions", elem_classes="out-of-sight", js_on_load=connect)

    def on(self, what: str, lens: Lens) -> Any:
        """The listener of one of a lens's events."""
        return getattr(self._place, lens.event(what))

    @property
    def labels(self) -> Any:
        """The listener of the event on which the labels on offer follow another model."""
        return self._place.labels

    def end_with(self, lens: Lens, run: Any, beside: Sequence[Any]) -> None:
        """A new question ends a lens's work: of the open lens what does not begin anew with it, of another one all.

        What begins anew replaces the older on the server (job_runner.LatestJob): gradio's client forgets an event that
        begins while it still ends the one before, and Stop could not end it. run: the event of its answer; beside:
        those of its other work.
        """
        pressed = {button._id for button in lens.parts.buttons}
        left = [event for event in beside if not pressed & {target for target, _ in event["targets"]}]
        if left:
            self.on("end", lens)(None, cancels=left, **PRIVATE)
        self.on("leave", lens)(None, cancels=[run, *beside], **PRIVATE)

    def wire(self, asked: gr.JSON, hidden: gr.JSON) -> None:
        """A new question, words that are hidden, a lens that waits, a control that asks again."""
        asked.change(None, asked, None, js="(ask) => window.bertDemo.questions.asked(ask)", **PRIVATE)
        hidden.change(None, None, None, js="() => window.bertDemo.questions.hidden()", **PRIVATE)
        for lens in self._lenses:
            name, places = lens.tab.name, [lens.notice, lens.parts.body]
            self.on("wait", lens)(None, None, places, js=f"() => window.bertDemo.questions.wait('{name}')", **PRIVATE)
            if lens.parts.reruns:
                js = f"() => window.bertDemo.questions.again('{name}')"
                gr.on(lens.parts.reruns, None, js=js, trigger_mode="multiple", **PRIVATE)


def _row(lens: Lens) -> dict[str, Any]:
    parts = lens.parts
    return {
        "name": lens.tab.name,
        "events": {what: lens.event(what) for what in EVENTS},
        "hides": parts.hides,
        "own": parts.own_texts,
        "targets": parts.targets is not None,
        "dear": message(parts.asked_for) if parts.asked_for else "",
        "rows": bool(parts.asked_for and parts.preview),
        "buttons": [button.elem_id for button in parts.buttons],
    }
