"""What a tab is, how its answer is computed beside the event loop, and how an error becomes a sentence on the page."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

import gradio as gr

from bert_demo.errors import CancelledError, DemoError
from bert_demo.plots.markup import message

if TYPE_CHECKING:
    from bert_demo.lenses.attribute import OnProgress
    from bert_demo.service import BertService

_log = logging.getLogger(__name__)
_workers = ThreadPoolExecutor(max_workers=8, thread_name_prefix="lens")
PATIENCE = 0.5
"""Seconds before a tab says that it is working, and between two such words."""

ON_PICK = """
element.addEventListener('click', (event) => {
  const target = event.target.closest('[data-pick]');
  if (target && element.contains(target)) trigger('pick', JSON.parse(target.dataset.pick));
});
"""
"""js_on_load of an HTML component whose [data-pick] elements send their JSON to Python as the event 'pick'."""


def html(value: str = "", **settings: Any) -> gr.HTML:
    """An HTML component that looks as our style sheet says, without gradio's prose rules."""
    return gr.HTML(value, apply_default_css=False, **settings)


@dataclass(frozen=True, slots=True)
class Ask:
    """What the visitor asked: the input bar at the last Analyse.

    turn: counts the times, so that asking the same again is a change and is answered again.
    """

    text: str
    pair: str
    model: str
    turn: int = 0

    def again(self, text: str | None = None, pair: str | None = None, model: str | None = None) -> Ask:
        """The next turn, with what is given changed."""
        return Ask(
            self.text if text is None else text,
            self.pair if pair is None else pair,
            self.model if model is None else model,
            self.turn + 1,
        )


Hidden = tuple[tuple[int, int], ...]
"""(start, end) characters of the words that a visitor has hidden in the fill-mask lens."""


@dataclass
class Parts:
    """The components of a built tab.

    body: the column that holds the pictures, hidden while an error stands in their place (controls stay outside it);
    controls: its own inputs; outputs: its pictures, in the order of `answer`; reruns: events of its controls that ask
    for a new answer.
    """

    body: gr.Column
    controls: list[Any] = field(default_factory=list)
    outputs: list[Any] = field(default_factory=list)
    reruns: list[Any] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Page:
    """What a tab may reach beyond its own components: the input bar, and the states that, when an event changes them,
    make every lens (asked) or the fill-mask lens (hidden) answer anew."""

    service: Callable[[], BertService]
    text: gr.Textbox
    bar: list[Any]
    asked: gr.State
    hidden: gr.State


class Tab(Protocol):
    """A lens: a row of TABS."""

    name: str
    title: str
    task: str | None

    def build(self) -> Parts:
        """Create the components inside the current gradio context."""
        ...

    def answer(
        self, service: BertService, ask: Ask, hidden: Hidden, controls: Sequence[Any], on_progress: OnProgress
    ) -> list[Any]:
        """Values of `outputs`. Runs in a worker thread; raises DemoError."""
        ...

    def wire(self, page: Page, parts: Parts) -> None:
        """Connect what the tab does to the input bar."""
        ...

    def working(self, done: int, planned: int) -> str:
        """HTML shown while the answer is computed."""
        ...


def explain(error: BaseException) -> str:
    """The sentence shown for an error: a DemoError's own, a plain one for anything unforeseen (which is logged)."""
    if isinstance(error, DemoError):
        return message(str(error), "error")
    _log.error("unforeseen %s", type(error).__name__, exc_info=error)
    return message("Something went wrong inside the demo. It was logged; please try another text.", "error")


def answer_with_notice(
    tab: Tab, service: BertService, ask: Ask, hidden: Hidden, controls: Sequence[Any], on_progress: OnProgress
) -> tuple[str, list[Any]]:
    """The tab's values, and a line that says when another model had to answer."""
    notice = ""
    if tab.task is not None:
        model = service.choose(tab.task, ask.model)
        if model != ask.model:
            notice = message(f"{ask.model} has no {tab.task} head; this lens is answered by {model}.")
            ask = replace(ask, model=model)
    return notice, tab.answer(service, ask, hidden, controls, on_progress)


def runner(tab: Tab, parts: Parts, service: Callable[[], BertService]) -> Callable[..., AsyncIterator[list[Any]]]:
    """The event handler of a tab: inputs (asked, hidden, *controls), outputs (notice, body, *parts.outputs).

    It yields a word of progress twice a second and, at last, the answer. Closing it (Stop, or a visitor who leaves),
    or asking anew in the same lens, raises CancelledError inside the computation at its next batch.
    """
    nothing = [gr.skip()] * (len(parts.outputs) + 2)
    current: dict[str, threading.Event] = {}

    async def run(request: gr.Request, ask: Ask, hidden: Hidden, *controls: Any) -> AsyncIterator[list[Any]]:
        visitor = str(request.session_hash)
        stopped = threading.Event()
        current.pop(visitor, stopped).set()
        stopped.clear()
        current[visitor] = stopped
        passes = [0, 0]

        def on_progress(done: int, planned: int) -> None:
            if stopped.is_set():
                raise CancelledError("The work was stopped.")
            passes[:] = [done, planned]

        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(
            _workers, lambda: answer_with_notice(tab, service(), ask, hidden, controls, on_progress)
        )
        work.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            while not (await asyncio.wait({work}, timeout=PATIENCE))[0] and not stopped.is_set():
                yield [tab.working(*passes), *nothing[1:]]
            if stopped.is_set():
                yield nothing
                return
            notice, values = work.result()
            yield [notice, gr.Column(visible=True), *values]
        except Exception as error:
            yield [explain(error), gr.Column(visible=False), *nothing[2:]]
        finally:
            stopped.set()
            if current.get(visitor) is stopped:
                del current[visitor]

    return run
