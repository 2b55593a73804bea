"""Work that waits its turn: lanes with threads of their own, and in each lane one piece of each visitor in turn."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from bert_demo.errors import CancelledError, DemoError

NICE = 10
"""How far the threads of a dear lane stand back for the others (Linux knows this of each thread; 19 is the most)."""
FIRST_GUESS = 1.0
"""Seconds that a kind of work is taken to last before one was measured."""
MEMORY = 0.2
"""Share of the newest measurement in the running mean."""
LOGGED = "It was logged where it happened."
"""A note on an error: whoever it comes to has nothing to add to the log."""
_here = threading.local()
_log = logging.getLogger(__name__)


def was_logged(error: BaseException) -> bool:
    """Whether the log has this error, and the place where it happened, already."""
    return LOGGED in getattr(error, "__notes__", ())


class Ticket:
    """A piece of work in the line. future: what it gives; lane, visitor, name: as it was put."""

    def __init__(self, line: Line, lane: str, visitor: str, name: str, work: Callable[[], Any]) -> None:
        self.future: Future[Any] = Future()
        self.lane, self.visitor, self.name, self.work = lane, visitor, name, work
        self.left = threading.Event()
        self._line = line

    def leave(self) -> None:
        """Whoever asked does not wait any longer: the work leaves its lane and is let go, or ends at its next batch."""
        self.left.set()
        if self.future.cancel():
            self._line.remove(self)


def go_on(*_: int) -> None:
    """To be called between two batches, with or without (done, planned). Raises CancelledError in work whose asker
    has left; does nothing outside a line."""
    ticket = getattr(_here, "ticket", None)
    if ticket is not None and ticket.left.is_set():
        raise CancelledError("The work was stopped.")


class _Lane:
    """Those who wait, by visitor: the first of them comes next, and goes to the end with what else it wants."""

    def __init__(self, threads: int, lock: threading.Lock) -> None:
        self.threads = threads
        self.came = threading.Condition(lock)
        self.waiting: OrderedDict[str, deque[Ticket]] = OrderedDict()
        self.running: list[tuple[Ticket, float]] = []

    def put(self, ticket: Ticket) -> None:
        self.waiting.setdefault(ticket.visitor, deque()).append(ticket)

    def remove(self, ticket: Ticket) -> None:
        """Take out one that waits; nothing happens if it was taken."""
        own = self.waiting.get(ticket.visitor, deque())
        if ticket in own:
            own.remove(ticket)
            if not own:
                del self.waiting[ticket.visitor]

    def take(self) -> Ticket | None:
        while self.waiting:
            visitor, own = self.waiting.popitem(last=False)
            ticket = own.popleft()
            if own:
                self.waiting[visitor] = own
            if ticket.future.set_running_or_notify_cancel():
                return ticket
        return None

    def before(self, ticket: Ticket) -> list[Ticket]:
        """Those that come before a waiting ticket, as it looks now."""
        place = list(self.waiting[ticket.visitor]).index(ticket)
        found, passed = [], False
        for visitor, own in self.waiting.items():
            passed = passed or visitor == ticket.visitor
            turns = place + (0 if passed else 1)
            found += [each for each in list(own)[:turns] if not each.future.cancelled()]
        return found


class Line:
    """Several lanes of so many threads each. nice: the lanes whose threads stand back. Safe in several threads."""

    def __init__(self, lanes: dict[str, int], nice: tuple[str, ...] = ()) -> None:
        self._lock = threading.Lock()
        self._lanes = {name: _Lane(threads, self._lock) for name, threads in lanes.items()}
        self._nice = nice
        self._seconds: dict[str, float] = {}
        self._begun = False
        self.on_begin: Callable[[int], None] = lambda running: None
        """Called in a thread that begins some work, with how many pieces of work run then, this one included."""

    def put(self, lane: str, visitor: str, name: str, work: Callable[[], Any]) -> Ticket:
        """Let work wait for its turn. name: its kind, for how long such work lasts."""
        ticket = Ticket(self, lane, visitor, name, work)
        with self._lock:
            self._begin()
            self._lanes[lane].put(ticket)
            self._lanes[lane].came.notify()
        return ticket

    def remove(self, ticket: Ticket) -> None:
        """Let a cancelled ticket wait no longer."""
        with self._lock:
            self._lanes[ticket.lane].remove(ticket)

    def ahead(self, ticket: Ticket) -> tuple[int, float]:
        """How many come before it, and about how many seconds until its turn; (0, 0.0) once it has begun or ended."""
        with self._lock:
            lane = self._lanes[ticket.lane]
            if ticket.future.running() or ticket.future.done() or ticket not in lane.waiting.get(ticket.visitor, ()):
                return 0, 0.0
            before = lane.before(ticket)
            now = time.monotonic()
            rest = sum(max(0.0, self._lasts(each.name) - (now - begun)) for each, begun in lane.running)
            rest += sum(self._lasts(each.name) for each in before)
            return len(before) + len(lane.running), rest / lane.threads

    def waiting(self) -> dict[str, int]:
        """How many of each kind wait."""
        found: dict[str, int] = {}
        with self._lock:
            for lane in self._lanes.values():
                for own in lane.waiting.values():
                    for ticket in own:
                        found[ticket.name] = found.get(ticket.name, 0) + (not ticket.future.cancelled())
        return found

    def _lasts(self, name: str) -> float:
        return self._seconds.get(name, FIRST_GUESS)

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            for name, lane in self._lanes.items():
                for number in range(lane.threads):
                    threading.Thread(target=self._work, args=(name,), name=f"{name}-{number}", daemon=True).start()

    def _work(self, name: str) -> None:
        if name in self._nice:
            with contextlib.suppress(OSError, AttributeError):  # only Linux lowers a thread
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
        while True:
            self._next(self._lanes[name])

    def _next(self, lane: _Lane) -> None:
        """Wait for a ticket and do its work. A method of its own, so that the thread keeps nothing while it waits."""
        with self._lock:
            while (ticket := lane.take()) is None:
                lane.came.wait()
            entry = (ticket, time.monotonic())
            lane.running.append(entry)
            running = sum(len(each.running) for each in self._lanes.values())
        self.on_begin(running)
        well = self._run(ticket)
        with self._lock:
            lane.running.remove(entry)
            if well:
                lasted = time.monotonic() - entry[1]
                known = self._seconds.get(ticket.name, lasted)
                self._seconds[ticket.name] = known + MEMORY * (lasted - known)

    @staticmethod
    def _run(ticket: Ticket) -> bool:
        """Whether the work ended without an error: how long other work lasts says nothing."""
        _here.ticket = ticket
        work = ticket.work
        del ticket.work  # a future with an error may be held for long, and with it its ticket
        try:
            result = work()
        except BaseException as error:
            if not isinstance(error, DemoError):
                _log.error("unforeseen %s in the line, in %s", type(error).__name__, ticket.name, exc_info=error)
                error.add_note(LOGGED)
            _part(error)
            ticket.future.set_exception(error)
            return False
        else:
            ticket.future.set_result(result)
            return True
        finally:
            _here.ticket = None


def _part(error: BaseException) -> None:
    """Part an error from the frames that it came through, which hold what was at work there, such as a lent model.

    Whoever waits for the error keeps it, often in a reference cycle with a frame of its own.
    """
    error.__traceback__ = error.__cause__ = error.__context__ = None
