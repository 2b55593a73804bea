"""What the page keeps of its visitors: no more than it must, and never one visitor's instead of another's."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

import gradio as gr
import pytest

from bert_demo.errors import CancelledError, TextError
from bert_demo.naming import card_of
from bert_demo.ui import endpoints, made_files
from bert_demo.ui.attributions import _word
from bert_demo.ui.bar import _analysed, _take, again
from bert_demo.ui.base import MOST_HIDDEN, Ask, answer_with_notice, question_of
from bert_demo.ui.endpoints import _answer
from bert_demo.ui.examples import from_address, load_examples
from bert_demo.ui.fill_mask import _hide
from bert_demo.ui.made_files import make_file
from bert_demo.ui.serving.logs import UNSAID, Line
from bert_demo.ui.serving.mailboxes import IDLE, LOOK, UNREAD, Mailboxes
from bert_demo.ui.serving.server import Serving
from bert_demo.ui.sessions import keep_little


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now

    def after(self, seconds: float, boxes: Mailboxes) -> None:
        """Time passes; the server looks now and then."""
        end = self.now + seconds
        while self.now < end:
            self.now += LOOK
            assert "nobody" not in boxes


def boxes_of(given_up: list[str]) -> tuple[Mailboxes, Clock]:
    clock = Clock()
    boxes = Mailboxes({name: {"1"} for name in ("reads", "leaves")}, given_up.append, clock=clock)
    for name in ("reads", "leaves"):
        boxes[name] = asyncio.Queue()
    return boxes, clock


def test_answers_that_nobody_fetches_go() -> None:
    given_up: list[str] = []
    boxes, clock = boxes_of(given_up)
    boxes["leaves"].put_nowait("an answer")
    for number in range(3):
        boxes["reads"].put_nowait(f"progress {number}")
        clock.after(UNREAD / 2, boxes)
        boxes["reads"].get_nowait()
    assert given_up == ["leaves"] and list(boxes) == ["reads"]


def test_a_page_that_was_quiet_for_long_keeps_its_answer() -> None:
    given_up: list[str] = []
    boxes, clock = boxes_of(given_up)
    clock.after(10 * UNREAD, boxes)
    boxes["reads"].put_nowait("an answer, just now")
    assert "reads" in boxes
    clock.now += LOOK
    assert "reads" in boxes and not given_up


def test_finished_calls_leave_nothing_behind() -> None:
    clock, events = Clock(), dict[str, set[str]]()
    boxes = Mailboxes(events, lambda session: None, clock=clock)
    for number in range(5000):
        name = f"call {number}"
        assert name not in boxes
        boxes[name], events[name] = asyncio.Queue(), {"1"}
        boxes[name].put_nowait("an answer")
        assert boxes[name].get_nowait()
        events[name].clear()
        clock.now += LOOK / 10
    assert len(boxes) < 3 * IDLE / (LOOK / 10) and len(events) == len(boxes) == len(boxes._touched)
    clock.after(2 * IDLE, boxes)
    assert not boxes and not events


def test_who_waits_at_an_empty_queue_keeps_it() -> None:
    """A page may have a stream open while nothing is under way; without its queue the stream would break."""
    boxes, clock = boxes_of([])
    boxes._events.clear()
    for _ in range(30):
        boxes["reads"]
        clock.after(10, boxes)
    assert list(boxes) == ["reads"]
    boxes["reads"] = asyncio.Queue()
    del boxes["reads"], boxes["reads"]  # as gradio does when a reader leaves


def test_who_is_given_up_is_told_nothing_more_and_its_work_ends() -> None:
    events = {name: SimpleNamespace(session_hash=name, alive=True) for name in ("gone", "there")}
    queue = SimpleNamespace(event_ids_to_events=events, pending_event_ids_session={"gone": {"1"}, "there": {"2"}})
    blocks: Any = SimpleNamespace(_queue=queue)
    Serving(blocks, SimpleNamespace(), SimpleNamespace(), 8)._give_up("gone")  # type: ignore[arg-type]
    assert [each.alive for each in events.values()] == [False, True]
    assert queue.pending_event_ids_session == {"there": {"2"}}


def test_plain_calls_do_not_take_a_page_its_state() -> None:
    state = gr.State("as it opens")
    config = SimpleNamespace(blocks={state._id: state}, config_for_block=lambda *_: {})
    blocks: Any = SimpleNamespace(app=SimpleNamespace(), default_config=config, state_session_capacity=0)
    keep_little(blocks)
    sessions = blocks.app.state_holder
    sessions.capacity = 10
    sessions["page"][state._id] = "the visitor's"
    for number in range(100):
        sessions[f"call {number}"]
    assert sessions["page"][state._id] == "the visitor's" and len(sessions.session_data) == 10
    for number in range(10):
        sessions[f"page {number}"][state._id] = "another's"
    assert "page" not in sessions and sessions["page 0"][state._id] == "another's"


@pytest.mark.parametrize(
    ("text", "pair", "model", "sentence"),
    [
        ("a" * 101, "", "base", "The text has 101 characters; the limit is 100. Shorten it."),
        ("a", "b" * 101, "base", "The second text has 101 characters; the limit is 100. Shorten it."),
        ("a" * 60, "b" * 60, "base", "Both texts have 120 characters; the limit is 100. Shorten one."),
        ("a", "", "m" * 5000, "The model's name has 5,000 characters; choose one of the list."),
    ],
)
def test_a_question_that_is_too_long_is_not_kept(text: str, pair: str, model: str, sentence: str) -> None:
    ask = again(Ask("before", "", "base", 4), 100, text, pair, model)
    assert (ask.text, ask.pair, ask.refused, ask.turn) == ("", "", sentence, 5) and len(ask.model) < 100
    with pytest.raises(TextError, match=sentence.replace(".", r"\.")):
        answer_with_notice(SimpleNamespace(task=None), None, ask, (), (), None)  # type: ignore[arg-type]
    assert ask.again("short").refused == ""


def test_of_two_questions_that_overtake_each_other_the_newer_stays() -> None:
    examples = load_examples()
    analysed, taken = _analysed(100, ["wait"]), _take(examples[1], ["wait"])

    def page(turn: int) -> Any:
        return SimpleNamespace(session_hash="s", headers={"x-turn": str(turn)})

    newer = taken(page(8), Ask("before", "", "base"))[3]
    assert (newer.text, newer.sent) == (examples[1].ask.text, 8)
    assert analysed(page(7), newer, "older", "", "base") == [gr.skip()] * 3
    assert taken(page(7), newer) == [gr.skip()] * 7
    newest = analysed(page(9), newer, "newest", "", "base")[0]
    assert (newest.text, newest.turn, newest.sent) == ("newest", 2, 9)
    assert analysed(page(0), newest, "by another client", "", "base")[0].text == "by another client"


def test_what_is_picked_is_kept_only_as_far_as_it_can_be_meant() -> None:
    assert again(Ask("", "", ""), 100, "a", "", ["m" * 5000]).model == ""
    picked: Any = SimpleNamespace(_data={"word": 1, "is": "a" * 5000, "more": "b" * 5000, "hide": [[1, 2]] * 99_999})
    request: Any = SimpleNamespace(session_hash="a", headers={"x-turn": "7"})
    word = {"word": 1, "is": "a" * 5000, "turn": 7}
    assert _word(picked, None, request) == word  # it is compared with the word of the text: cut, it would be none
    endless: Any = SimpleNamespace(_data={"word": 1, "is": "a" * 500_000})
    assert _word(endless, None, request) is None
    assert len(_hide(picked)) == MOST_HIDDEN
    assert len(from_address({"hide": "1-2," * 99_999}, Ask("", "", ""), ())[1]) == MOST_HIDDEN


def test_a_word_clicked_before_another_does_not_take_its_place() -> None:
    def clicked(word: int, turn: int, before: dict[str, Any] | None) -> dict[str, Any] | None:
        event: Any = SimpleNamespace(_data={"word": word, "is": "film"})
        request: Any = SimpleNamespace(session_hash="a", headers={"x-turn": str(turn)} if turn else {})
        return _word(event, before, request)

    second = clicked(2, 9, None)
    assert second == {"word": 2, "is": "film", "turn": 9}
    assert clicked(1, 8, second) == second and clicked(3, 10, second) == {"word": 3, "is": "film", "turn": 10}
    assert clicked(1, 0, second) == {"word": 1, "is": "film", "turn": 0}  # nobody counts there


@pytest.mark.parametrize("text", ["", "a short one", "\ud83d", 7])
def test_every_other_question_is_kept_as_it_is(text: Any) -> None:
    assert again(Ask("before", "", "base"), 100, text, "", "base") == Ask(text, "", "base", 1)


def test_what_a_lens_was_asked_is_kept_as_a_hash() -> None:
    one, other = (question_of(Ask(text, "", "base"), (1,)) for text in ("a \ud83d" * 9999, "b"))
    assert one != other and len(one) == len(other) == 32
    assert one == question_of(Ask("a \ud83d" * 9999, "", "base"), (1,))


@pytest.mark.parametrize("revision", ["local", "bundled"])
def test_a_branch_may_have_any_name_and_is_no_directory(revision: str) -> None:
    """Else a visitor of a server that allows hub ids could name a directory below the one it runs in."""
    card = card_of(f"tests/data@{revision}", "hub")
    assert card.of_hub and card.source == "tests/data" and card.revision == revision


def test_a_directory_is_not_of_the_hub(tmp_path: Path) -> None:
    assert not card_of(str(tmp_path), "any").of_hub and not card_of("base", "any").of_hub


def logged(name: str, words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Line().format(logging.LogRecord(name, 30, "f", 1, words, (), None)))
    return found


def test_what_libraries_say_is_not_logged() -> None:
    """mcp repeats whole requests, asyncio the words of errors."""
    for name in ("root", "asyncio", "mcp.shared.session", "bert_demon"):
        assert logged(name, "my secret")["message"] == UNSAID
    for name in ("bert_demo.ui.base", "uvicorn.error", "uvicorn", "py.warnings"):
        assert logged(name, "as planned")["message"] == "as planned"


def test_the_error_of_a_client_that_left_is_nobodys(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    begun, go = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go.wait(5)
        raise TextError("a visitor's words")

    async def leave() -> None:
        asked = asyncio.create_task(_answer("classify", work))
        await asyncio.to_thread(begun.wait, 5)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        go.set()
        await asyncio.sleep(0.2)
        gc.collect()

    monkeypatch.setattr(endpoints, "_is_there", lambda: True)
    asyncio.run(leave())
    assert "never retrieved" not in caplog.text


def write(size: int) -> Any:
    return lambda stream: stream.write(b"x" * size)


def test_made_files_have_a_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(made_files, "_made", {})
    monkeypatch.setattr(made_files, "BUDGET", 1000)
    first = make_file(tmp_path, "a.npz", write(600))
    second = make_file(tmp_path, "a.npz", write(600))
    assert first.parent != second.parent and first.read_bytes() == second.read_bytes() == b"x" * 600
    third = make_file(tmp_path, "a.npz", write(1))
    assert sorted(tmp_path.iterdir()) == sorted([second.parent, third.parent])  # the oldest went
    later = time.monotonic() + made_files.KEPT + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    fourth = make_file(tmp_path, "b.npz", write(1))
    assert list(tmp_path.iterdir()) == [fourth.parent]


def test_a_file_that_is_stopped_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(made_files, "_made", {})

    def stopped(stream: IO[bytes]) -> None:
        stream.write(b"half")
        raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        make_file(tmp_path, "a.npz", stopped)
    assert not list(tmp_path.iterdir()) and not made_files._made
