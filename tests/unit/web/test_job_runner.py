"""How the page runs its work: a visitor's latest question counts, and a choice that comes late takes nothing away."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from test_scheduler import Gate

from bert_demo.core.errors import CancelledError, ModelComingError, TextError
from bert_demo.core.scheduler import Cost
from bert_demo.web import job_runner
from bert_demo.web.job_runner import JobProgress, LatestJob, waiting_notice
from bert_demo.web.tab import Ask, Parts, clear_handler, lens_handler, question_of
from bert_demo.web.visitor import Visitor, visitor_of

REQUEST: Any = SimpleNamespace(session_hash="someone", headers={})
SKIP = gr.skip()


class Lens:
    """A tab whose answer waits for a gate."""

    name, title, task = "classify", "Classify", None

    def __init__(self) -> None:
        self.gate = Gate()

    def answer(self, service: Any, ask: Ask, hidden: Any, controls: Any, progress: JobProgress) -> list[Any]:
        self.gate.begun.set()
        while not self.gate.open.wait(0.01):
            progress(1, 2)
        return [f"{ask.text} {controls[0]}"]

    def working(self, done: int, planned: int) -> str:
        return f"working {done} of {planned}"


def parts() -> Parts:
    return Parts(body=None, outputs=["one"], asked_for="Press Look.")  # type: ignore[arg-type]


def without_notices() -> Any:
    """A service for a lens that asks it nothing: there is nothing to say above the answer."""

    def refuse(*asked: Any) -> None:
        raise TextError("There is no text to read here.")

    return SimpleNamespace(readability=refuse)


async def every(run: Any) -> list[Any]:
    return [each async for each in run]


def test_late_word_of_the_same_choice_takes_no_answer_away() -> None:
    """The browser tells of a typed choice when its field is left, that is with the click on the button."""
    lens, latest, wanted = Lens(), LatestJob("classify", Cost.INTERACTIVE), parts()
    run, clear = lens_handler(lens, wanted, without_notices, latest), clear_handler(wanted, latest)  # type: ignore[arg-type]

    async def play() -> list[Any]:
        task = asyncio.create_task(every(run(REQUEST, Ask("a", "", "base"), (), "nonsense")))
        while not lens.gate.begun.is_set():
            await asyncio.sleep(0.01)
        assert (await clear(REQUEST, Ask("a", "", "base"), "nonsense")) == [SKIP, SKIP]
        lens.gate.open.set()
        return await task

    assert asyncio.run(play())[-1][2] == "a nonsense"
    assert asyncio.run(clear(REQUEST, Ask("a", "", "base"), "nonsense")) == [SKIP, SKIP]
    told, column = asyncio.run(clear(REQUEST, Ask("a", "", "base"), "other"))
    assert "Press Look." in told and column.visible is False
    assert "Press Look." in asyncio.run(clear(REQUEST, Ask("a", "", "base"), "nonsense"))[0]


def test_another_choice_ends_the_work() -> None:
    lens, latest, wanted = Lens(), LatestJob("classify", Cost.INTERACTIVE), parts()
    run, clear = lens_handler(lens, wanted, without_notices, latest), clear_handler(wanted, latest)  # type: ignore[arg-type]

    async def play() -> list[Any]:
        task = asyncio.create_task(every(run(REQUEST, Ask("a", "", "base"), (), 1)))
        while not lens.gate.begun.is_set():
            await asyncio.sleep(0.01)
        assert "Press Look." in (await clear(REQUEST, Ask("a", "", "base", 1), 1))[0]
        return await task

    assert asyncio.run(play())[-1] == [SKIP, SKIP, SKIP]  # and so what was told last stays: Press Look


def test_word_of_a_choice_that_left_with_the_question_before_ends_nothing() -> None:
    """gradio's client takes an event's values before it sends it: the bar may have asked in between."""
    lens, latest, wanted = Lens(), LatestJob("classify", Cost.INTERACTIVE), parts()
    run, clear = lens_handler(lens, wanted, without_notices, latest), clear_handler(wanted, latest)  # type: ignore[arg-type]
    lens.gate.open.set()
    asyncio.run(every(run(asking(7), Ask("b", "", "base", 2), (), 1)))
    assert asyncio.run(clear(asking(8), Ask("a", "", "base", 1), 1)) == [SKIP, SKIP]
    assert "Press Look." in asyncio.run(clear(asking(9), Ask("b", "", "base", 2), 2))[0]


def test_newer_question_of_the_same_visitor_ends_the_older() -> None:
    latest, seen = LatestJob("classify", Cost.INTERACTIVE), []

    def work(name: str) -> Callable[[JobProgress], str]:
        def run(progress: JobProgress) -> str:
            for number in range(500):
                try:
                    progress(number, 500)
                except CancelledError:
                    seen.append(name)
                    raise
                if name == "new":
                    return name
                time.sleep(0.01)
            return name

        return run

    async def follow(name: str) -> list[Any]:
        return [done async for done in latest.follow(Visitor("someone"), JobProgress(), work(name)) if done is not None]

    async def play() -> list[Any]:
        old = asyncio.create_task(follow("old"))
        await asyncio.sleep(0.2)
        return [await follow("new"), await old]

    assert asyncio.run(play()) == [["new"], []] and seen == ["old"]


def asking(turn: int) -> Any:
    return SimpleNamespace(session_hash="someone", headers={"x-turn": str(turn)})


def test_older_question_that_arrives_after_a_newer_is_not_heard() -> None:
    lens, latest, wanted = Lens(), LatestJob("classify", Cost.INTERACTIVE), parts()
    run, clear = lens_handler(lens, wanted, without_notices, latest), clear_handler(wanted, latest)  # type: ignore[arg-type]
    lens.gate.open.set()

    async def play() -> list[list[Any]]:
        return [
            await every(run(asking(turn), Ask("a", "", "base"), (), choice))
            for turn, choice in ((8, "newer"), (7, "older"), (9, "newest"), (8, "newer"))
        ]

    answers = asyncio.run(play())
    assert [each[-1][2] for each in answers] == ["a newer", SKIP, "a newest", SKIP]
    assert answers[1] == answers[3] == [[SKIP, SKIP, SKIP]]
    assert asyncio.run(clear(asking(6), Ask("b", "", "base"), "older")) == [SKIP, SKIP]
    assert "Press Look." in asyncio.run(clear(asking(10), Ask("b", "", "base"), "older"))[0]
    assert asyncio.run(every(run(asking(9), Ask("a", "", "base"), (), "x"))) == [[SKIP, SKIP, SKIP]]


def test_button_is_heard_behind_the_later_word_of_the_choice_before_it() -> None:
    """gradio 6.31.0 tells of a list again when it is left, and two events that leave together may arrive in either
    order."""
    lens, latest, wanted = Lens(), LatestJob("classify", Cost.INTERACTIVE), parts()
    run, clear = lens_handler(lens, wanted, without_notices, latest), clear_handler(wanted, latest)  # type: ignore[arg-type]
    lens.gate.open.set()
    ask = Ask("a", "", "base", 1)
    assert "Press Look." in asyncio.run(clear(asking(4), ask, "this"))[0]
    assert "Press Look." in asyncio.run(clear(asking(6), ask, "this"))[0]
    assert asyncio.run(every(run(asking(5), ask, (), "that"))) == [[SKIP, SKIP, SKIP]]
    assert asyncio.run(every(run(asking(5), ask, (), "this")))[-1][2] == "a this"
    assert asyncio.run(clear(asking(5), ask, "that")) == [SKIP, SKIP], "it counts as the newer of both"


@pytest.mark.parametrize(("said", "turn"), [("12", 12), ("", 0), ("-1", 0), ("١", 0), ("9" * 13, 0)])
def test_what_a_page_counts_is_a_small_number_or_nothing(said: str, turn: int) -> None:
    assert visitor_of(SimpleNamespace(session_hash="a", headers={"x-turn": said})) == Visitor("a", turn)  # type: ignore[arg-type]


def test_error_of_a_question_that_was_replaced_ends_with_nothing() -> None:
    """gradio sends the last word once more at the end, when the newer answer may be there."""
    lens, latest, wanted = Lens(), LatestJob("classify", Cost.INTERACTIVE), parts()
    run = lens_handler(lens, wanted, without_notices, latest)  # type: ignore[arg-type]
    lens.gate.open.set()

    async def play() -> list[Any]:
        lens.answer = lambda *_: 1 / 0  # type: ignore[method-assign]
        old = run(REQUEST, Ask("a", "", "base"), (), 1)
        told = await anext(old)
        del lens.answer
        newer = await every(run(REQUEST, Ask("a", "", "base"), (), 2))
        return [told[0], newer[-1][2], await every(old)]

    told, newer, last = asyncio.run(play())
    assert "Something went wrong" in told and newer == "a 2" and last == [[SKIP, SKIP, SKIP]]


def test_visitor_who_leaves_ends_the_work() -> None:
    ended = threading.Event()

    def make(progress: JobProgress) -> list[Any]:
        try:
            for number in range(1000):
                progress(number, 1000)
                time.sleep(0.01)
        except CancelledError:
            ended.set()
            raise
        return ["done"]

    async def play() -> None:
        run = LatestJob("worth", Cost.SLOW).handler(make, lambda done, planned: f"{done} of {planned}", 1)(REQUEST)
        told = await anext(run)
        assert "of 1000" in told[0]
        await run.aclose()

    asyncio.run(play())
    assert ended.wait(2)


def test_how_long_the_wait_is_stands_on_the_page() -> None:
    progress = JobProgress()
    progress.passes = (3, 9)
    assert waiting_notice(progress, lambda done, planned: f"{done}/{planned}") == "3/9"
    progress.before = (4, 7.2)
    assert "Waiting for its turn: 4 before it, about 8 s" in waiting_notice(progress, lambda done, planned: "never")


def test_seconds_left_are_those_of_the_measured_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    """20 passes in the first second and 30 in the second are 25 a second: 150 more take 6 seconds."""
    clock = iter([10.0, 10.5, 11.0, 12.0, 12.5, 14.5])
    monkeypatch.setattr(job_runner.time, "monotonic", lambda: next(clock))
    progress = JobProgress()

    def shown() -> str:
        return waiting_notice(progress, lambda done, planned: f"{done} of {planned} ")

    progress(0, 200)
    progress(10, 200)
    assert progress.left == 0 and shown() == "10 of 200 "  # nothing is said before it is measured
    progress(20, 200)
    assert (progress.rate, progress.left) == (20.0, 9.0)
    assert shown() == '20 of 200 <p class="remaining">About 9 s left, at 20 passes a second so far.</p>'
    progress(50, 200)
    assert (progress.rate, progress.left) == (25.0, 6.0)
    progress(4, 8)  # another part of the work, counted anew
    assert progress.left == 0
    progress(5, 8)
    assert (progress.rate, progress.left) == (0.5, 6.0) and "at 0.5 passes a second" in shown()
    progress.before = (4, 7.2)
    assert "left" not in shown()


class Coming:
    """Work whose model is downloaded at the third try."""

    def __init__(self) -> None:
        self.tries = 0

    def __call__(self, *_: Any) -> str:
        self.tries += 1
        if self.tries < 3:
            raise ModelComingError("The model 'a/b' is being downloaded: 45 of 420 MB are here. Ask again in a moment.")
        return "answer"


def test_lens_waits_for_a_download_without_a_thread_and_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_runner, "AGAIN", 0.05)
    coming = Coming()

    async def play() -> list[Any]:
        progress = JobProgress()
        following = LatestJob("classify", Cost.INTERACTIVE).follow(Visitor("someone"), progress, coming)
        told = [(waiting_notice(progress, lambda *_: ""), done) async for done in following]
        return [each for each in told if each[0] or each[1]]

    *waiting, last = asyncio.run(play())
    assert last[1] == "answer" and coming.tries == 3 and waiting
    assert all("is being downloaded: 45 of 420 MB are here.</div>" in html for html, _ in waiting)


def test_question_of_differs_between_questions() -> None:
    assert question_of(Ask("a", "", "b"), [1]) != question_of(Ask("a", "", "b", 1), [1])


def test_cost_of_a_lens_may_depend_on_its_controls(monkeypatch: pytest.MonkeyPatch) -> None:
    lens, wanted, seen = Lens(), parts(), []
    wanted.cost = lambda controls: Cost.SLOW if controls[0] else Cost.BATCH
    lens.gate.open.set()
    submit = job_runner.submit
    monkeypatch.setattr(job_runner, "submit", lambda *given: seen.append(given[1:3]) or submit(*given))
    run = lens_handler(lens, wanted, without_notices, LatestJob("kind", Cost.INTERACTIVE, "classify"))  # type: ignore[arg-type]
    for control in (0, 1):
        assert asyncio.run(every(run(REQUEST, Ask("a", "", "base"), (), control)))[-1][2] == f"a {control}"
    assert seen == [("kind", Cost.BATCH), ("kind", Cost.SLOW)]
