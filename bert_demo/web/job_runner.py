"""The computations of the page: beside the event loop, in a fair order, at most one of a kind for each visitor."""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Hashable
from typing import Any, NamedTuple

import gradio as gr

from bert_demo.core.errors import CancelledError, ModelComingError
from bert_demo.core.scheduler import Cost, Job, Scheduler
from bert_demo.views.markup import remaining
from bert_demo.views.markup import working as working_notice
from bert_demo.web import metrics
from bert_demo.web.job_outputs import JobOutputs
from bert_demo.web.visitor import Visitor, visitor_of

SCHEDULER = Scheduler()
PATIENCE = 0.5
"""Seconds between two words of a tab on how far its work is."""
FIRST_WORD = 0.3
"""Seconds before a tab says that it is working."""
MEASURED = 1.0
"""Seconds of passes after which it is said how many seconds are left."""
LONGEST_PATIENCE = 4.0
"""The same for the last of a long line."""
AGAIN = 2.0
"""Seconds after which work is tried again whose model was still being downloaded; meanwhile it holds no thread."""
AGAIN_IN_A_MOMENT = " Ask again in a moment."
REMEMBERED = 1000
"""Visitors whose last question to a lens is known."""

_NOTHING = object()


class _Cleared(NamedTuple):
    """Stands for what is asked after a choice took an answer away: nothing, unless somebody asks `question`, to which
    that choice leads."""

    question: Hashable


def submit(visitor: str, name: str, cost: Cost, work: Callable[[], Any], metric: str = "") -> Job:
    """Let the work of a lens, panel or endpoint wait for its turn. name: its kind; metric: its name in the metrics, if
    another."""

    def observed() -> Any:
        with metrics.observed(metric or name):
            return work()

    return SCHEDULER.put(cost, visitor, name, observed)


class JobProgress:
    """What a computation tells while it runs, and how it is told to stop: OnProgress and OnEstimate in one.

    notice: HTML that stands above the answer.
    """

    def __init__(self) -> None:
        self.stopped = threading.Event()
        self.replaced = False
        self.passes = (0, 0)
        self.before = (0, 0.0)
        self.coming = ""
        self.notice = ""
        self.latest: Any = None
        self._first = self._last = (0.0, 0)

    def __call__(self, done: int, planned: int) -> None:
        """Keep the progress. Raises CancelledError when the work is to stop."""
        if self.stopped.is_set():
            raise CancelledError("The work was stopped.")
        self.passes = (done, planned)
        before, self._last = self._last, (time.monotonic(), done)
        if not self._first[0] or done < before[1]:  # another part of the work counts anew
            self._first = self._last

    @property
    def rate(self) -> float:
        """Passes a second, as measured so far; 0 before MEASURED seconds of them."""
        seconds, passes = (last - first for last, first in zip(self._last, self._first, strict=True))
        return passes / seconds if seconds >= MEASURED else 0.0

    @property
    def left(self) -> float:
        """Seconds that the passes still planned will take at that rate; 0 where none was measured."""
        done, planned = self.passes
        return max(0.0, planned - done) / self.rate if self.rate else 0.0

    def estimate(self, result: Any) -> None:
        """Keep an answer that is not the last."""
        self.latest = result

    def take(self) -> Any:
        """The latest estimate that was not taken yet, or None."""
        latest, self.latest = self.latest, None
        return latest


def waiting_notice(progress: JobProgress, working: Callable[[int, int], str]) -> str:
    """HTML while a visitor waits: how far a download is, how many come before, or `working` (done, planned) and, where
    passes were timed, the seconds that are left."""
    count, seconds = progress.before
    if progress.coming:
        return working_notice(progress.coming)
    if not count:
        return working(*progress.passes) + (remaining(progress.left, progress.rate) if progress.left >= 1 else "")
    return working_notice(
        f"Waiting for its turn: {count} before it, about {math.ceil(seconds)} s \N{HORIZONTAL ELLIPSIS}"
    )


class Question(NamedTuple):
    """What a lens is asked, to be compared. turn: of the bar's question that it belongs to; digest: of all of it, since
    it is kept for each visitor."""

    turn: int
    digest: bytes


class LatestJob:
    """Computations of one kind, at most one for each visitor: a newer one ends the older.

    name: of the lens or panel, or of the endpoint that does the same work; metric: in the metrics, if another.
    """

    def __init__(self, name: str, cost: Cost, metric: str = "") -> None:
        self._name, self._cost, self._metric = name, cost, metric
        self._current: dict[str, JobProgress] = {}
        self._asked: OrderedDict[str, tuple[Hashable, int, JobProgress]] = OrderedDict()

    def handler(
        self,
        work: Callable[..., Any],
        working: Callable[[int, int], str],
        pictures: int | None = None,
        *,
        preview: Callable[..., list[Any]] | None = None,
        question: Callable[..., Hashable] = lambda *inputs: None,
        cost: Callable[..., Cost | None] = lambda *inputs: None,
    ) -> Callable[..., AsyncIterator[Any]]:
        """The event handler of a lens, a panel or a file; its outputs are those of JobOutputs(pictures).

        work(progress, *inputs) gives the answer; working(done, planned) stands on the page meanwhile, and
        preview(estimate, *inputs) where there is an estimate. question: what is asked, to be compared; cost: of these
        inputs, if another than the job's. Closed (Stop, or a visitor who leaves), or asked anew, it raises
        CancelledError inside the work at its next batch.
        """
        outputs = JobOutputs(pictures)

        def waiting(progress: JobProgress, inputs: tuple[Any, ...]) -> Any:
            estimate = progress.take()
            drawn = None if estimate is None or preview is None else preview(estimate, *inputs)
            return outputs.progress(waiting_notice(progress, working), drawn)

        async def run(request: gr.Request, *inputs: Any) -> AsyncIterator[Any]:
            progress, done = JobProgress(), None
            steps = self.follow(
                visitor_of(request), progress, lambda it: work(it, *inputs), question(*inputs), cost(*inputs)
            )
            try:
                async with contextlib.aclosing(steps):
                    async for done in steps:
                        yield waiting(progress, inputs) if done is None else outputs.answer(progress.notice, done)
            except Exception as error:
                done = error
                yield outputs.error(error)
            # gradio sends the last once more. An answer needs it: a picture in a column that was not shown takes the
            # first one before it is there (6.31.0), and loses it to whatever follows at once.
            if done is None or progress.replaced:
                yield outputs.unchanged

        return run

    async def follow(
        self,
        visitor: Visitor,
        progress: JobProgress,
        work: Callable[[JobProgress], Any],
        question: Hashable = None,
        cost: Cost | None = None,
    ) -> AsyncGenerator[Any, None]:
        """Yield None every PATIENCE seconds and at last what `work` returned; nothing if stopped, or overtaken.

        progress: of this computation, which `work` is called with. Closed, the work does not begin or ends at its next
        batch. gradio tells of a list once more when it is left, so that the word of the choice before a button may
        overtake that of the button: what asks for just this choice is not out of date.
        """
        name, turn = visitor
        if self._overtaken(name, turn):
            if self._asked[name][0] != _Cleared(question):
                progress.replaced = True
                return
            turn = self._asked[name][1]
        self.cancel(name)
        self._current[name] = progress
        self._remember(name, question, turn, progress)
        try:
            while not progress.stopped.is_set():
                job = submit(name, self._name, cost or self._cost, lambda: work(progress), self._metric)
                task = asyncio.wrap_future(job.future)
                task.add_done_callback(lambda done: done.cancelled() or done.exception())
                try:
                    patience = FIRST_WORD
                    while not await _ended(task, progress, patience):
                        patience = PATIENCE
                        progress.before = SCHEDULER.ahead(job)
                        yield None
                    if not progress.stopped.is_set():
                        yield task.result()
                    return
                except ModelComingError as error:
                    progress.coming = str(error).removesuffix(AGAIN_IN_A_MOMENT)
                    yield None
                    await asyncio.sleep(AGAIN)
                finally:
                    job.cancel()
        finally:
            progress.stopped.set()
            if self._current.get(name) is progress:
                del self._current[name]

    def cancel(self, visitor: str) -> None:
        """End what is computed for a visitor."""
        self._current.pop(visitor, JobProgress()).stopped.set()

    def replace(self, visitor: Visitor, question: Hashable) -> bool:
        """End the work on any other question than this one. False if this is what was asked last: then its answer
        stands, or is on its way; and if something newer was asked already, be it by an event that left the page
        earlier: gradio's client takes the values of an event before it sends it."""
        name, turn = visitor
        last = self._asked[name][0] if name in self._asked else _NOTHING
        older = isinstance(question, Question) and isinstance(last, Question) and question.turn < last.turn
        if last == question or older or self._overtaken(name, turn):
            return False
        self._remember(name, _Cleared(question), turn, JobProgress())
        self.cancel(name)
        return True

    def _remember(self, name: str, question: Hashable, turn: int, progress: JobProgress) -> None:
        if name in self._asked:
            self._asked[name][2].replaced = True
        self._asked[name] = (question, turn, progress)
        self._asked.move_to_end(name)
        while len(self._asked) > REMEMBERED:
            self._asked.popitem(last=False)

    def _overtaken(self, name: str, turn: int) -> bool:
        """Whether what was asked before, but arrived after, is not to be heard any more."""
        return name in self._asked and 0 < turn < self._asked[name][1]


async def _ended(task: asyncio.Future[Any], progress: JobProgress, patience: float) -> bool:
    """Wait a while. Whether the work has ended, or is to end."""
    patience = min(LONGEST_PATIENCE, patience * (1 + progress.before[0] / 4))
    return bool((await asyncio.wait({task}, timeout=patience))[0]) or progress.stopped.is_set()
