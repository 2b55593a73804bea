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
from test_line import Gate

from bert_demo.api import ENDPOINTS
from bert_demo.errors import CancelledError, ModelComingError, TextError
from bert_demo.line import go_on
from bert_demo.ui import endpoints, running
from bert_demo.ui.base import Ask, Parts, away, panels_runner, question_of, runner
from bert_demo.ui.endpoints import _spoken
from bert_demo.ui.running import LANES, Latest, Visitor, Watch, said, visitor_of

REQUEST: Any = SimpleNamespace(session_hash="someone", headers={})
SKIP = gr.skip()


class Lens:
    """A tab whose answer waits for a gate."""

    name, title, task = "classify", "Classify", None

    def __init__(self) -> None:
        self.gate = Gate()

    def answer(self, service: Any, ask: Ask, hidden: Any, controls: Any, watch: Watch) -> list[Any]:
        self.gate.begun.set()
        while not self.gate.open.wait(0.01):
            watch(1, 2)
        return [f"{ask.text} {controls[0]}"]

    def working(self, done: int, planned: int) -> str:
        return f"working {done} of {planned}"


def parts() -> Parts:
    return Parts(body=None, outputs=["one"], asked_for="Press Look.")  # type: ignore[arg-type]


async def every(run: Any) -> list[Any]:
    return [each async for each in run]


def test_a_late_word_of_the_same_choice_takes_no_answer_away() -> None:
    """The browser tells of a typed choice when its field is left, that is with the click on the button."""
    lens, latest, wanted = Lens(), Latest("classify"), parts()
    run, renounce = runner(lens, wanted, lambda: None, latest), away(wanted, latest)  # type: ignore[arg-type, return-value]

    async def play() -> list[Any]:
        task = asyncio.create_task(every(run(REQUEST, Ask("a", "", "base"), (), "nonsense")))
        while not lens.gate.begun.is_set():
            await asyncio.sleep(0.01)
        assert renounce(REQUEST, Ask("a", "", "base"), "nonsense") == [SKIP, SKIP]
        lens.gate.open.set()
        return await task

    assert asyncio.run(play())[-1][2] == "a nonsense"
    assert renounce(REQUEST, Ask("a", "", "base"), "nonsense") == [SKIP, SKIP]
    told, column = renounce(REQUEST, Ask("a", "", "base"), "other")
    assert "Press Look." in told and column.visible is False
    assert "Press Look." in renounce(REQUEST, Ask("a", "", "base"), "nonsense")[0]


def test_another_choice_ends_the_work() -> None:
    lens, latest, wanted = Lens(), Latest("classify"), parts()
    run, renounce = runner(lens, wanted, lambda: None, latest), away(wanted, latest)  # type: ignore[arg-type, return-value]

    async def play() -> list[Any]:
        task = asyncio.create_task(every(run(REQUEST, Ask("a", "", "base"), (), 1)))
        while not lens.gate.begun.is_set():
            await asyncio.sleep(0.01)
        assert "Press Look." in renounce(REQUEST, Ask("a", "", "base", 1), 1)[0]
        return await task

    assert asyncio.run(play())[-1] == [SKIP, SKIP, SKIP]  # and so what was told last stays: Press Look


def test_a_newer_question_of_the_same_visitor_ends_the_older() -> None:
    latest, seen = Latest("classify"), []

    def work(name: str) -> Callable[[Watch], str]:
        def run(watch: Watch) -> str:
            for number in range(500):
                try:
                    watch(number, 500)
                except CancelledError:
                    seen.append(name)
                    raise
                if name == "new":
                    return name
                time.sleep(0.01)
            return name

        return run

    async def follow(name: str) -> list[Any]:
        return [done async for done in latest.follow(Visitor("someone"), Watch(), work(name)) if done is not None]

    async def play() -> list[Any]:
        old = asyncio.create_task(follow("old"))
        await asyncio.sleep(0.2)
        return [await follow("new"), await old]

    assert asyncio.run(play()) == [["new"], []] and seen == ["old"]


def asking(turn: int) -> Any:
    return SimpleNamespace(session_hash="someone", headers={"x-turn": str(turn)})


def test_an_older_question_that_arrives_after_a_newer_is_not_heard() -> None:
    lens, latest, wanted = Lens(), Latest("classify"), parts()
    run, renounce = runner(lens, wanted, lambda: None, latest), away(wanted, latest)  # type: ignore[arg-type, return-value]
    lens.gate.open.set()

    async def play() -> list[list[Any]]:
        return [
            await every(run(asking(turn), Ask("a", "", "base"), (), choice))
            for turn, choice in ((8, "newer"), (7, "older"), (9, "newest"), (8, "newer"))
        ]

    answers = asyncio.run(play())
    assert [each[-1][2] for each in answers] == ["a newer", SKIP, "a newest", SKIP]
    assert answers[1] == answers[3] == [[SKIP, SKIP, SKIP]]
    assert renounce(asking(6), Ask("b", "", "base"), "older") == [SKIP, SKIP]
    assert "Press Look." in renounce(asking(10), Ask("b", "", "base"), "older")[0]
    assert asyncio.run(every(run(asking(9), Ask("a", "", "base"), (), "x"))) == [[SKIP, SKIP, SKIP]]


@pytest.mark.parametrize(("said", "turn"), [("12", 12), ("", 0), ("-1", 0), ("١", 0), ("9" * 13, 0)])
def test_what_a_page_counts_is_a_small_number_or_nothing(said: str, turn: int) -> None:
    assert visitor_of(SimpleNamespace(session_hash="a", headers={"x-turn": said})) == Visitor("a", turn)  # type: ignore[arg-type]


def test_an_error_of_a_question_that_was_replaced_ends_with_nothing() -> None:
    """gradio sends the last word once more at the end, when the newer answer may be there."""
    lens, latest, wanted = Lens(), Latest("classify"), parts()
    run = runner(lens, wanted, lambda: None, latest)  # type: ignore[arg-type, return-value]
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


def test_a_visitor_who_leaves_ends_the_work() -> None:
    ended = threading.Event()

    def make(watch: Watch) -> list[Any]:
        try:
            for number in range(1000):
                watch(number, 1000)
                time.sleep(0.01)
        except CancelledError:
            ended.set()
            raise
        return ["done"]

    async def play() -> None:
        run = panels_runner("worth", make, lambda done, planned: f"{done} of {planned}", 1)(REQUEST)
        told = await anext(run)
        assert "of 1000" in told[0]
        await run.aclose()

    asyncio.run(play())
    assert ended.wait(2)


def test_how_long_the_wait_is_stands_on_the_page() -> None:
    watch = Watch()
    watch.passes = (3, 9)
    assert said(watch, lambda done, planned: f"{done}/{planned}") == "3/9"
    watch.before = (4, 7.2)
    assert "Waiting for its turn: 4 before it, about 8 s" in said(watch, lambda done, planned: "never")


class Coming:
    """Work whose model is downloaded at the third try."""

    def __init__(self) -> None:
        self.tries = 0

    def __call__(self, *_: Any) -> str:
        self.tries += 1
        if self.tries < 3:
            raise ModelComingError("The model 'a/b' is being downloaded: 45 of 420 MB are here. Ask again in a moment.")
        return "answer"


def test_a_lens_waits_for_a_download_without_a_thread_and_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "AGAIN", 0.05)
    coming = Coming()

    async def play() -> list[Any]:
        watch = Watch()
        following = Latest("classify").follow(Visitor("someone"), watch, coming)
        told = [(said(watch, lambda *_: ""), done) async for done in following]
        return [each for each in told if each[0] or each[1]]

    *waiting, last = asyncio.run(play())
    assert last[1] == "answer" and coming.tries == 3 and waiting
    assert all("is being downloaded: 45 of 420 MB are here.</div>" in html for html, _ in waiting)


def test_an_endpoint_waits_for_a_download(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "AGAIN", 0.05)
    coming = Coming()

    def classify(text: str) -> str:
        return coming(text)

    assert asyncio.run(_spoken("classify", classify)("a")) == "answer" and coming.tries == 3


def test_an_endpoint_says_its_errors_in_words_and_logs_no_text(caplog: pytest.LogCaptureFixture) -> None:
    def classify(text: str) -> str:
        if text == "typed":
            raise TextError("The text is empty.")
        raise RuntimeError("broken")

    with pytest.raises(gr.Error, match=r"TextError: The text is empty\."):
        asyncio.run(_spoken("classify", classify)("typed"))
    with pytest.raises(gr.Error, match="Something went wrong inside the demo"):
        asyncio.run(_spoken("classify", classify)("secret text"))
    (line,) = (each.getMessage() for each in caplog.records)
    assert line == "unforeseen RuntimeError in the line, in classify" and "secret text" not in caplog.text


def test_a_client_that_leaves_an_endpoint_ends_its_work(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, ended = threading.Event(), threading.Event()

    def attribute(text: str) -> str:
        begun.set()
        try:
            for _ in range(1000):
                go_on()
                time.sleep(0.01)
        except CancelledError:
            ended.set()
            raise
        return text

    monkeypatch.setattr(endpoints, "PATIENCE", 0.05)
    monkeypatch.setattr(endpoints, "_is_there", lambda: not begun.is_set())
    assert asyncio.run(_spoken("attribute", attribute)("a")) is None
    assert ended.wait(2)


def test_every_name_of_a_lane_is_one_that_is_used() -> None:
    panels = {"attributions", "layers", "inside", "laboratory", "methods", "attention_file"}
    assert set(ENDPOINTS) | panels >= set(LANES)
    assert question_of(Ask("a", "", "b"), [1]) != question_of(Ask("a", "", "b", 1), [1])
