"""Work waits its turn: visitors in turn, lanes apart, those who leave at no cost; equal questions made once."""

from __future__ import annotations

import gc
import logging
import sys
import threading
import time
import traceback
import weakref
from collections.abc import Callable, Iterator

import pytest
import torch

from bert_demo import BertService
from bert_demo.core.errors import CancelledError, TextError
from bert_demo.core.result_cache import ResultCache
from bert_demo.core.scheduler import Scheduler, check_cancelled


class Gate:
    """Work that waits until it is let through, and writes down its name."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.begun = threading.Event()
        self.done: list[str] = []

    def work(self, name: str) -> Callable[[], str]:
        def run() -> str:
            self.begun.set()
            assert self.open.wait(10)
            self.done.append(name)
            return name

        return run


def test_one_piece_of_each_visitor_in_turn() -> None:
    scheduler, gate = Scheduler({"only": 1}), Gate()
    first = scheduler.put("only", "flood", "x", gate.work("flood 0"))
    assert gate.begun.wait(5)
    flood = [scheduler.put("only", "flood", "x", gate.work(f"flood {number}")) for number in range(1, 4)]
    late = [scheduler.put("only", "other", "x", gate.work(f"other {number}")) for number in range(2)]
    assert [scheduler.ahead(each)[0] for each in (first, *flood, *late)] == [0, 1, 3, 5, 2, 4]
    gate.open.set()
    assert [each.future.result(5) for each in (first, *flood, *late)][-1] == "other 1"
    assert gate.done == ["flood 0", "flood 1", "other 0", "flood 2", "other 1", "flood 3"]
    assert scheduler.waiting() == {}


def test_lane_does_not_wait_for_another() -> None:
    scheduler, gate = Scheduler({"light": 1, "dear": 1}), Gate()
    dear = scheduler.put("dear", "a", "x", gate.work("dear"))
    light = scheduler.put("light", "a", "x", lambda: "light")
    assert light.future.result(5) == "light" and not dear.future.done()
    gate.open.set()
    assert dear.future.result(5) == "dear"


def test_exclusive_lane_runs_one_job_of_each_kind() -> None:
    scheduler, gate = Scheduler({"exclusive": 2}), Gate()
    prune = scheduler.put("exclusive", "a", "prune", gate.work("prune"))
    assert gate.begun.wait(5)
    second = scheduler.put("exclusive", "b", "prune", gate.work("second"))
    compare = scheduler.put("exclusive", "c", "compare", lambda: "compare")
    assert compare.future.result(5) == "compare" and not second.future.running() and not prune.future.done()
    assert scheduler.ahead(second)[0] == 1
    gate.open.set()
    assert second.future.result(5) == "second" and gate.done == ["prune", "second"]


def test_how_long_the_wait_is() -> None:
    scheduler, gate = Scheduler({"only": 1}), Gate()
    begun = time.monotonic()
    scheduler.put("only", "a", "slow", lambda: time.sleep(0.3)).future.result(5)
    took = time.monotonic() - begun  # on a machine at work a thread sleeps longer
    scheduler.put("only", "a", "slow", gate.work("a"))
    assert gate.begun.wait(5)
    scheduler.put("only", "b", "slow", gate.work("b"))
    last = scheduler.put("only", "c", "slow", gate.work("c"))
    count, seconds = scheduler.ahead(last)
    assert count == 2 and 0.3 <= seconds <= 2 * took + 0.1
    assert scheduler.waiting() == {"slow": 2}
    gate.open.set()
    last.future.result(5)
    assert scheduler.ahead(last) == (0, 0.0)


def test_who_leaves_costs_nothing() -> None:
    scheduler, gate = Scheduler({"only": 1}), Gate()
    steps: list[int] = []

    def batches() -> None:
        gate.begun.set()
        for number in range(1000):
            check_cancelled(number, 1000)
            steps.append(number)
            time.sleep(0.01)

    running = scheduler.put("only", "a", "x", batches)
    waiting = scheduler.put("only", "b", "x", lambda: steps.append(-1))
    assert gate.begun.wait(5)
    waiting.cancel()
    running.cancel()
    with pytest.raises(CancelledError):
        running.future.result(5)
    scheduler.put("only", "c", "x", lambda: None).future.result(5)
    assert len(steps) < 100 and -1 not in steps
    check_cancelled()  # outside a scheduler


def test_who_leaves_takes_the_work_along() -> None:
    """A visitor who asks and leaves again and again behind a long piece of work fills no lane."""
    scheduler, gate = Scheduler({"only": 1}), Gate()
    first = scheduler.put("only", "a", "x", gate.work("first"))
    assert gate.begun.wait(5)
    stays = scheduler.put("only", "b", "x", gate.work("stays"))
    rows = []
    for _ in range(50):
        held = Thing()
        rows.append(weakref.ref(held))
        job = scheduler.put("only", "b", "x", lambda held=held: held)
        job.cancel()
        job.cancel()
        del held, job
    assert [each() for each in rows] == [None] * 50
    assert scheduler.waiting() == {"x": 1} and scheduler.ahead(stays)[0] == 1
    stays.cancel()
    assert scheduler.waiting() == {}
    gate.open.set()
    assert first.future.result(5) == "first"
    assert scheduler.put("only", "b", "x", gate.work("last")).future.result(5) == "last" and gate.done == [
        "first",
        "last",
    ]


class Thing:
    """What a computation holds, such as a lent model."""


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Only what is in no cycle goes."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def failing(kind: type[Exception], held: list[weakref.ref[Thing]]) -> Callable[[], object]:
    """Work that fails with a Thing in its frames, behind another error with one in its own."""

    def inner(thing: Thing) -> None:
        held.append(weakref.ref(thing))
        raise KeyError("cause")

    def work() -> object:
        thing = Thing()
        held.append(weakref.ref(thing))
        try:
            inner(Thing())
        except KeyError as cause:
            raise kind("wrong") from cause
        return thing

    return work


@pytest.mark.parametrize("kind", [TextError, CancelledError, RuntimeError])
@pytest.mark.usefixtures("no_collector")
def test_error_lets_go_what_was_at_work(kind: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    """Though the job and its error are held, as a stream of the page does."""
    monkeypatch.setattr(logging.getLogger("bert_demo.core.scheduler"), "disabled", True)  # pytest holds what is logged
    scheduler, held = Scheduler({"only": 1}), list[weakref.ref[Thing]]()
    job = scheduler.put("only", "a", "x", failing(kind, held))
    assert isinstance(job.future.exception(5), kind)
    assert [each() for each in held] == [None, None]


def test_where_an_error_that_nobody_foresaw_came_from_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    scheduler = Scheduler({"only": 1})
    for kind in (TextError, CancelledError, RuntimeError):
        assert isinstance(scheduler.put("only", "a", "lens", failing(kind, [])).future.exception(5), kind)
    [record] = caplog.records
    assert record.getMessage() == "unforeseen RuntimeError in the line, in lens" and record.exc_info is not None
    assert [each.name for each in traceback.extract_tb(record.exc_info[2])] == ["_run", "work"]


@pytest.mark.usefixtures("no_collector")
def test_thread_that_waits_keeps_nothing() -> None:
    scheduler = Scheduler({"only": 1})
    job = scheduler.put("only", "a", "x", Thing)
    held = weakref.ref(job.future.result(5))
    del job
    end = time.monotonic() + 5
    while held() is not None and time.monotonic() < end:
        time.sleep(0.01)
    assert held() is None


@pytest.mark.parametrize("kind", [TextError, CancelledError, RuntimeError])
@pytest.mark.usefixtures("no_collector")
def test_error_of_what_is_asked_again_lets_go_what_was_at_work(kind: type[Exception]) -> None:
    cache, held = ResultCache(1000), list[weakref.ref[Thing]]()
    try:
        cache.get("key", failing(kind, held))
    except kind:  # pytest.raises would hold it
        raised = True
    assert raised
    assert [each() for each in held] == [None, None]


def test_only_work_that_ended_well_says_how_long_such_work_lasts() -> None:
    scheduler, gate = Scheduler({"only": 1}), Gate()

    def fails() -> None:
        raise TextError("The text is empty.")

    scheduler.put("only", "a", "x", lambda: time.sleep(0.3)).future.result(5)
    for _ in range(20):
        with pytest.raises(TextError):
            scheduler.put("only", "a", "x", fails).future.result(5)
    scheduler.put("only", "a", "x", gate.work("a"))
    assert gate.begun.wait(5)
    count, seconds = scheduler.ahead(scheduler.put("only", "b", "x", gate.work("b")))
    assert count == 1 and 0.2 <= seconds <= 0.7
    gate.open.set()


def test_scheduler_passes_how_much_runs_beside() -> None:
    scheduler, gate = Scheduler({"light": 1, "dear": 1}), Gate()
    told: list[int] = []
    scheduler.on_begin = told.append
    dear = scheduler.put("dear", "a", "x", gate.work("dear"))
    assert gate.begun.wait(5)
    scheduler.put("light", "a", "x", lambda: None).future.result(5)
    gate.open.set()
    dear.future.result(5)
    assert told == [1, 2]


def test_who_computes_beside_another_takes_a_share_of_the_threads(service: BertService) -> None:
    """Of its own thread alone: others keep what they have."""

    def share(running: int) -> int:
        service.share_processor(running)
        return torch.get_num_threads()

    whole = torch.get_num_threads()
    assert at_once(1, lambda _: share(1)) == [whole]
    assert at_once(1, lambda _: share(8)) == [max(1, whole // 8)]
    assert torch.get_num_threads() == whole


def at_once(count: int, work: Callable[[int], object]) -> list[object]:
    """The results or errors of so many threads."""
    found: list[object] = [None] * count

    def run(number: int) -> None:
        try:
            found[number] = work(number)
        except Exception as error:
            found[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    return found


def test_what_is_asked_twice_at_once_is_made_once() -> None:
    cache, made = ResultCache(10_000), []

    def make() -> str:
        made.append(1)
        time.sleep(0.3)
        return "answer"

    assert at_once(20, lambda _: cache.get("key", make)) == ["answer"] * 20
    assert len(made) == 1
    assert cache.bytes_held() == sys.getsizeof("answer")


def test_budget_of_nothing_shares_all_the_same() -> None:
    cache, made = ResultCache(0), []
    assert at_once(5, lambda _: cache.get("key", lambda: (made.append(1), time.sleep(0.3)))) == [(None, None)] * 5
    assert len(made) == 1 and cache.bytes_held() == 0


def test_single_flight_error_goes_to_all_and_is_not_kept() -> None:
    cache = ResultCache(1000)

    def fail() -> str:
        time.sleep(0.3)
        raise TextError("The text is empty.")

    found = at_once(5, lambda _: cache.get("key", fail))
    assert [(type(each), str(each)) for each in found] == [(TextError, "The text is empty.")] * 5
    assert len({id(each) for each in found}) == 5, "an error belongs to one thread"
    assert cache.get("key", lambda: "well") == "well"


def test_single_flight_keeps_an_unforeseen_error_from_others() -> None:
    cache, made = ResultCache(1000), []

    def make() -> str:
        made.append(1)
        time.sleep(0.3)
        if len(made) == 1:
            raise RuntimeError("broken")
        return "well"

    assert sorted(str(each) for each in at_once(4, lambda _: cache.get("key", make))) == ["broken", *["well"] * 3]
    assert len(made) == 2


def test_if_one_who_makes_it_is_stopped_another_does() -> None:
    cache, made = ResultCache(1000), []

    def make(number: int) -> int:
        made.append(number)
        time.sleep(0.3)
        if len(made) == 1:
            raise CancelledError("The work was stopped.")
        return number

    found = at_once(4, lambda number: cache.get("key", lambda: make(number)))
    assert len(made) == 2
    assert sorted(str(each) for each in found) == sorted(["The work was stopped.", *[str(made[1])] * 3])


def test_one_who_waits_for_another_may_leave() -> None:
    cache, scheduler, gate = ResultCache(1000), Scheduler({"only": 2}), Gate()
    first = scheduler.put("only", "a", "x", lambda: cache.get("key", gate.work("first")))
    assert gate.begun.wait(5)
    second = scheduler.put("only", "b", "x", lambda: cache.get("key", gate.work("second")))
    while not second.future.running():
        time.sleep(0.01)
    second.cancel()
    with pytest.raises(CancelledError):
        second.future.result(5)
    gate.open.set()
    assert first.future.result(5) == "first" and gate.done == ["first"]
