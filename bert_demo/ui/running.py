"""The computations of the page: beside the event loop, in a fair order, at most one of a kind for each visitor."""

from __future__ import annotations

import asyncio
import math
import re
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Hashable
from typing import Any, NamedTuple

import gradio as gr

from bert_demo.errors import CancelledError, ModelComingError
from bert_demo.line import Line, Ticket
from bert_demo.plots.markup import working
from bert_demo.ui import metrics

LINE = Line({"light": 32, "dear": 2, "long": 1, "longest": 1}, nice=("dear", "long", "longest"))
"""What answers within tenths of a second; what takes seconds; tens of seconds; minutes. None waits for another's.
Light work of many visitors on one model is answered in one batch, hence its many threads."""
LANES = {"prune": "longest", "methods": "long", "compare": "long"}
LANES |= dict.fromkeys(
    {"attributions", "attribute", "attribute_mask", "what_if", "layers", "attribute_layers", "inside", "laboratory"}
    | {"fill_jointly", "score_candidates", "compare_blanks", "prefer", "surprises", "layer_guesses", "head_worth"}
    | {"ablate", "contexts", "similarity", "features", "next_sentence_baseline", "attention_file"},
    "dear",
)
"""Of lenses, panels and endpoints by name; all others are light."""
PATIENCE = 0.5
"""Seconds before a tab says that it is working, and between two such words."""
LONGEST_PATIENCE = 4.0
"""The same for the last of a long line."""
AGAIN = 2.0
"""Seconds after which work is tried again whose model was still being downloaded; meanwhile it holds no thread."""
AGAIN_IN_A_MOMENT = " Ask again in a moment."
REMEMBERED = 1000
"""Visitors whose last question to a lens is known."""
TURN = re.compile("[0-9]{1,12}")


_NOTHING = object()


class Visitor(NamedTuple):
    """Who asks, and how many things their page had asked before, this one counted; 0 where nobody counts.

    Two questions that leave a page one after the other may arrive the other way round.
    """

    name: str
    turn: int = 0


def visitor_of(request: gr.Request) -> Visitor:
    """The visitor of an event of the page; assets/queue.js counts."""
    turn = (request.headers or {}).get("x-turn", "")
    return Visitor(str(request.session_hash), int(turn) if TURN.fullmatch(turn) else 0)


class Watch:
    """What a computation tells while it runs, and how it is told to stop: OnProgress and OnEstimate in one."""

    def __init__(self) -> None:
        self.stopped = threading.Event()
        self.replaced = False
        self.passes = (0, 0)
        self.before = (0, 0.0)
        self.coming = ""
        self.latest: Any = None

    def __call__(self, done: int, planned: int) -> None:
        """Keep the progress. Raises CancelledError when the work is to stop."""
        if self.stopped.is_set():
            raise CancelledError("The work was stopped.")
        self.passes = (done, planned)

    def estimate(self, result: Any) -> None:
        """Keep an answer that is not the last."""
        self.latest = result

    def take(self) -> Any:
        """The latest estimate that was not taken yet, or None."""
        latest, self.latest = self.latest, None
        return latest


def said(watch: Watch, told: Callable[[int, int], str]) -> str:
    """HTML while a visitor waits: how far a download is, how many come before, or `told` (done, planned)."""
    count, seconds = watch.before
    if watch.coming:
        return working(watch.coming)
    if not count:
        return told(*watch.passes)
    return working(f"Waiting for its turn: {count} before it, about {math.ceil(seconds)} s \N{HORIZONTAL ELLIPSIS}")


def put(visitor: str, name: str, work: Callable[[], Any], counted: str = "") -> Ticket:
    """Let the work of a lens, panel or endpoint wait for its turn. counted: its name in the metrics, if another."""

    def observed() -> Any:
        with metrics.observed(counted or name):
            return work()

    return LINE.put(LANES.get(name, "light"), visitor, name, observed)


class Latest:
    """Computations of one kind in LINE, at most one for each visitor: a newer one ends the older.

    name: of the lens or panel.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._current: dict[str, Watch] = {}
        self._asked: OrderedDict[str, tuple[Hashable, int, Watch]] = OrderedDict()

    async def follow(
        self, visitor: Visitor, watch: Watch, work: Callable[[Watch], Any], question: Hashable = None
    ) -> AsyncIterator[Any]:
        """Yield None every PATIENCE seconds and at last what `work` returned; nothing if stopped, or overtaken.

        watch: of this computation, which `work` is called with. Closed (by Stop, or a visitor who leaves), the work
        does not begin or ends at its next batch.
        """
        name, turn = visitor
        if self._overtaken(name, turn):
            watch.replaced = True
            return
        self.end(name)
        self._current[name] = watch
        self._remember(name, question, turn, watch)
        try:
            while not watch.stopped.is_set():
                ticket = put(name, self._name, lambda: work(watch))
                task = asyncio.wrap_future(ticket.future)
                task.add_done_callback(lambda done: done.cancelled() or done.exception())
                try:
                    while not await _ended(task, watch):
                        watch.before = LINE.ahead(ticket)
                        yield None
                    if not watch.stopped.is_set():
                        yield task.result()
                    return
                except ModelComingError as error:
                    watch.coming = str(error).removesuffix(AGAIN_IN_A_MOMENT)
                    yield None
                    await asyncio.sleep(AGAIN)
                finally:
                    ticket.leave()
        finally:
            watch.stopped.set()
            if self._current.get(name) is watch:
                del self._current[name]

    def end(self, visitor: str) -> None:
        """End what a visitor's lens is working on."""
        self._current.pop(visitor, Watch()).stopped.set()

    def renounce(self, visitor: Visitor, question: Hashable) -> bool:
        """End the work on any other question than this one. False if this is what the lens was asked last: then its
        answer stands, or is on its way; and if something newer was asked already."""
        name, turn = visitor
        if (name in self._asked and self._asked[name][0] == question) or self._overtaken(name, turn):
            return False
        self._remember(name, _NOTHING, turn, Watch())
        self.end(name)
        return True

    def _remember(self, name: str, question: Hashable, turn: int, watch: Watch) -> None:
        if name in self._asked:
            self._asked[name][2].replaced = True
        self._asked[name] = (question, turn, watch)
        self._asked.move_to_end(name)
        while len(self._asked) > REMEMBERED:
            self._asked.popitem(last=False)

    def _overtaken(self, name: str, turn: int) -> bool:
        """Whether what was asked before, but arrived after, is not to be heard any more."""
        return name in self._asked and 0 < turn < self._asked[name][1]


async def _ended(task: asyncio.Future[Any], watch: Watch) -> bool:
    """Wait a while. Whether the work has ended, or is to end."""
    patience = min(LONGEST_PATIENCE, PATIENCE * (1 + watch.before[0] / 4))
    return bool((await asyncio.wait({task}, timeout=patience))[0]) or watch.stopped.is_set()
