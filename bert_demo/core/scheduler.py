"""Work that waits its turn: lanes with threads of their own, and in each lane one piece of each visitor in turn."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future
from enum import StrEnum
from typing import Any

from bert_demo.core.errors import CancelledError, DemoError


class Cost(StrEnum):
    """What a piece of work costs, and so which lane it waits in."""

    INTERACTIVE = "interactive"
    """Tenths of a second: one pass of one text."""
    BATCH = "batch"
    """Up to a second or two: some passes, of which the last visitor should not wait behind dear work."""
    SLOW = "slow"
    """Seconds to tens of seconds."""
    EXCLUSIVE = "exclusive"
    """Tens of seconds to minutes; one of each kind at a time."""


LANES: Mapping[str, int] = {Cost.INTERACTIVE: 32, Cost.BATCH: 2, Cost.SLOW: 2, Cost.EXCLUSIVE: 2}
"""Threads for each cost. Interactive work of many visitors on one model is answered in one batch, hence so many."""
NICE_LANES: Collection[str] = (Cost.SLOW, Cost.EXCLUSIVE)
"""Lanes whose threads stand back for the others."""
ONE_OF_A_KIND: Collection[str] = (Cost.EXCLUSIVE,)
"""Lanes in which no two pieces of work of one name run at once."""

NICE = 10
"""How far the threads of such a lane stand behind the process (Linux knows this of each thread)."""
NICEST = 19
"""The lowest priority that Linux knows."""
FIRST_ESTIMATE = 1.0
"""Seconds that a kind of work is taken to last before one was measured."""
NEWEST = 0.2
"""Share of the newest measurement in the running mean."""
LOGGED = "It was logged where it happened."
"""A note on an error: whoever it comes to has nothing to add to the log."""
_current = threading.local()
_log = logging.getLogger(__name__)


def was_logged(error: BaseException) -> bool:
    """Whether the log has this error, and the place where it happened, already."""
    return LOGGED in getattr(error, "__notes__", ())


class Job:
    """A piece of work that waits or runs. future: what it gives; lane, visitor, name: as it was put."""

    def __init__(self, scheduler: Scheduler, lane: str, visitor: str, name: str, work: Callable[[], Any]) -> None:
        self.future: Future[Any] = Future()
        self.lane, self.visitor, self.name, self.work = lane, visitor, name, work
        self.cancelled = threading.Event()
        self._scheduler = scheduler

    def cancel(self) -> None:
        """Whoever asked does not wait any longer: the work leaves its lane and is let go, or ends at its next batch."""
        self.cancelled.set()
        if self.future.cancel():
            self._scheduler.remove(self)


def check_cancelled(*_: int) -> None:
    """To be called between two batches, with or without (done, planned). Raises CancelledError in work whose asker
    has left; does nothing outside a scheduler."""
    job = getattr(_current, "job", None)
    if job is not None and job.cancelled.is_set():
        raise CancelledError("The work was stopped.")


class _Lane:
    """Those who wait, by visitor: the first of them comes next, and goes to the end with what else it wants."""

    def __init__(self, threads: int, lock: threading.Lock, one_of_a_kind: bool) -> None:
        self.threads, self.one_of_a_kind = threads, one_of_a_kind
        self.came = threading.Condition(lock)
        self.waiting: OrderedDict[str, deque[Job]] = OrderedDict()
        self.running: list[tuple[Job, float]] = []

    def put(self, job: Job) -> None:
        self.waiting.setdefault(job.visitor, deque()).append(job)

    def remove(self, job: Job) -> None:
        """Take out one that waits; nothing happens if it was taken."""
        own = self.waiting.get(job.visitor, deque())
        if job in own:
            own.remove(job)
            if not own:
                del self.waiting[job.visitor]

    def take(self) -> Job | None:
        """The next that may begin, its visitor then the last of those who wait."""
        running = {each.name for each, _ in self.running} if self.one_of_a_kind else set()
        for visitor, own in list(self.waiting.items()):
            for job in [each for each in own if each.name not in running]:
                self.remove(job)
                if visitor in self.waiting:
                    self.waiting.move_to_end(visitor)
                if job.future.set_running_or_notify_cancel():
                    return job
        return None

    def before(self, job: Job) -> list[Job]:
        """Those that come before a waiting job, as it looks now."""
        place = list(self.waiting[job.visitor]).index(job)
        found, passed = [], False
        for visitor, own in self.waiting.items():
            passed = passed or visitor == job.visitor
            turns = place + (0 if passed else 1)
            found += [each for each in list(own)[:turns] if not each.future.cancelled()]
        return found


class Scheduler:
    """Several lanes of so many threads each. nice: the lanes whose threads stand back; one_of_a_kind: those in which
    no two pieces of work of one name run at once. Safe in several threads."""

    def __init__(
        self,
        lanes: Mapping[str, int] = LANES,
        nice: Collection[str] = NICE_LANES,
        one_of_a_kind: Collection[str] = ONE_OF_A_KIND,
    ) -> None:
        self._lock = threading.Lock()
        self._lanes = {name: _Lane(threads, self._lock, name in one_of_a_kind) for name, threads in lanes.items()}
        self._nice = nice
        self._seconds: dict[str, float] = {}
        self._begun = False
        self.on_begin: Callable[[int], None] = lambda running: None
        """Called in a thread that begins some work, with how many pieces of work run then, this one included."""

    def put(self, lane: str, visitor: str, name: str, work: Callable[[], Any]) -> Job:
        """Let work wait for its turn. name: its kind, for how long such work lasts."""
        job = Job(self, lane, visitor, name, work)
        with self._lock:
            self._begin()
            self._lanes[lane].put(job)
            self._lanes[lane].came.notify()
        return job

    def remove(self, job: Job) -> None:
        """Let a cancelled job wait no longer."""
        with self._lock:
            self._lanes[job.lane].remove(job)

    def ahead(self, job: Job) -> tuple[int, float]:
        """How many come before it, and about how many seconds until its turn; (0, 0.0) once it has begun or ended."""
        with self._lock:
            lane = self._lanes[job.lane]
            if job.future.running() or job.future.done() or job not in lane.waiting.get(job.visitor, ()):
                return 0, 0.0
            before, running, threads = lane.before(job), lane.running, lane.threads
            if lane.one_of_a_kind:
                before = [each for each in before if each.name == job.name]
                running, threads = [entry for entry in running if entry[0].name == job.name], 1
            now = time.monotonic()
            rest = sum(max(0.0, self._expected(each.name) - (now - begun)) for each, begun in running)
            rest += sum(self._expected(each.name) for each in before)
            return len(before) + len(running), rest / threads

    def waiting(self) -> dict[str, int]:
        """How many of each kind wait."""
        found: dict[str, int] = {}
        with self._lock:
            for lane in self._lanes.values():
                for own in lane.waiting.values():
                    for job in own:
                        found[job.name] = found.get(job.name, 0) + (not job.future.cancelled())
        return found

    def _expected(self, name: str) -> float:
        return self._seconds.get(name, FIRST_ESTIMATE)

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            for name, lane in self._lanes.items():
                for number in range(lane.threads):
                    threading.Thread(target=self._work, args=(name,), name=f"{name}-{number}", daemon=True).start()

    def _work(self, name: str) -> None:
        if name in self._nice:
            with contextlib.suppress(OSError, AttributeError):  # only Linux lowers a thread
                thread = threading.get_native_id()
                base = os.getpriority(os.PRIO_PROCESS, thread)
                os.setpriority(os.PRIO_PROCESS, thread, min(NICEST, base + NICE))
        while True:
            self._next(self._lanes[name])

    def _next(self, lane: _Lane) -> None:
        """Wait for a job and do its work. A method of its own, so that the thread keeps nothing while it waits."""
        with self._lock:
            while (job := lane.take()) is None:
                lane.came.wait()
            entry = (job, time.monotonic())
            lane.running.append(entry)
            running = sum(len(each.running) for each in self._lanes.values())
        self.on_begin(running)
        ended_well = self._run(job)
        with self._lock:
            lane.running.remove(entry)
            if ended_well:
                lasted = time.monotonic() - entry[1]
                known = self._seconds.get(job.name, lasted)
                self._seconds[job.name] = known + NEWEST * (lasted - known)

    @staticmethod
    def _run(job: Job) -> bool:
        """Whether the work ended without an error: how long other work lasts says nothing."""
        _current.job = job
        work = job.work
        del job.work  # a future with an error may be held for long, and with it its job
        try:
            result = work()
        except BaseException as error:
            if not isinstance(error, DemoError):
                _log.error("unforeseen %s in the line, in %s", type(error).__name__, job.name, exc_info=error)
                error.add_note(LOGGED)
            _detach(error)
            job.future.set_exception(error)
            return False
        else:
            job.future.set_result(result)
            return True
        finally:
            _current.job = None


def _detach(error: BaseException) -> None:
    """Take an error from the frames that it came through, which hold what was at work there, such as a lent model.

    Whoever waits for the error keeps it, often in a reference cycle with a frame of its own.
    """
    error.__traceback__ = error.__cause__ = error.__context__ = None
