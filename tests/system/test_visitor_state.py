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
from typing import IO, Any, cast

import gradio as gr
import pytest

from bert_demo import BertService
from bert_demo.api.endpoints import BY_NAME
from bert_demo.core.errors import CancelledError, TextError
from bert_demo.registry.names import card_of
from bert_demo.web.components import download_files
from bert_demo.web.components.download_files import made_folders, make_file
from bert_demo.web.components.word_change import clicked_word
from bert_demo.web.endpoints import function
from bert_demo.web.examples import from_address
from bert_demo.web.gradio_patches.message_queues import IDLE, LOOK, UNREAD, MessageQueues
from bert_demo.web.gradio_patches.queue import bound_unread_answers
from bert_demo.web.gradio_patches.sessions import LeanSessions
from bert_demo.web.question_state import AskedState, HiddenState, again
from bert_demo.web.server.logging import UNSAID, JsonFormatter
from bert_demo.web.tab import MOST_HIDDEN, Ask, answer_with_notice, question_of
from bert_demo.web.tabs.fill_mask import hidden_spans


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now

    def after(self, seconds: float, queues: MessageQueues) -> None:
        """Time passes; the server looks now and then."""
        end = self.now + seconds
        while self.now < end:
            self.now += LOOK
            assert "nobody" not in queues


def queues_of(given_up: list[str]) -> tuple[MessageQueues, Clock]:
    clock = Clock()
    queues = MessageQueues({name: {"1"} for name in ("reads", "leaves")}, given_up.append, clock=clock)
    for name in ("reads", "leaves"):
        queues[name] = asyncio.Queue()
    return queues, clock


def test_answers_that_nobody_fetches_go() -> None:
    given_up: list[str] = []
    queues, clock = queues_of(given_up)
    queues["leaves"].put_nowait("an answer")
    for number in range(3):
        queues["reads"].put_nowait(f"progress {number}")
        clock.after(UNREAD / 2, queues)
        queues["reads"].get_nowait()
    assert given_up == ["leaves"] and list(queues) == ["reads"]


def test_page_that_was_quiet_for_long_keeps_its_answer() -> None:
    given_up: list[str] = []
    queues, clock = queues_of(given_up)
    clock.after(10 * UNREAD, queues)
    queues["reads"].put_nowait("an answer, just now")
    assert "reads" in queues
    clock.now += LOOK
    assert "reads" in queues and not given_up


def test_finished_calls_leave_nothing_behind() -> None:
    clock, events = Clock(), dict[str, set[str]]()
    queues = MessageQueues(events, lambda session: None, clock=clock)
    for number in range(5000):
        name = f"call {number}"
        assert name not in queues
        queues[name], events[name] = asyncio.Queue(), {"1"}
        queues[name].put_nowait("an answer")
        assert queues[name].get_nowait()
        events[name].clear()
        clock.now += LOOK / 10
    assert len(queues) < 3 * IDLE / (LOOK / 10) and len(events) == len(queues) == queues.touched
    clock.after(2 * IDLE, queues)
    assert not queues and not events


def test_who_waits_at_an_empty_queue_keeps_it() -> None:
    """A page may have a stream open while nothing is under way; without its queue the stream would break."""
    clock = Clock()
    queues = MessageQueues({}, lambda session: None, clock=clock)
    queues["reads"], queues["leaves"] = asyncio.Queue(), asyncio.Queue()
    for _ in range(30):
        queues["reads"]
        clock.after(10, queues)
    assert list(queues) == ["reads"]
    queues["reads"] = asyncio.Queue()
    del queues["reads"], queues["reads"]  # as gradio does when a reader leaves


def test_who_is_given_up_hears_nothing_more_and_its_work_ends() -> None:
    events = {name: SimpleNamespace(session_hash=name, alive=True) for name in ("gone", "there")}
    queue: Any = SimpleNamespace(event_ids_to_events=events, pending_event_ids_session={"gone": {"1"}, "there": {"2"}})
    blocks: Any = SimpleNamespace(_queue=queue)
    clock = Clock()
    bound_unread_answers(blocks, 0, clock)
    queue.pending_messages_per_session["gone"] = asyncio.Queue()
    queue.pending_messages_per_session["gone"].put_nowait("an answer")
    clock.after(UNREAD + LOOK, queue.pending_messages_per_session)
    assert [each.alive for each in events.values()] == [False, True]
    assert queue.pending_event_ids_session == {"there": {"2"}}


def test_plain_calls_do_not_take_a_page_its_state() -> None:
    state = gr.State("as it opens")
    config = SimpleNamespace(blocks={state._id: state}, config_for_block=lambda *_: {})
    blocks: Any = SimpleNamespace(app=SimpleNamespace(), default_config=config, state_session_capacity=0)
    sessions = LeanSessions()
    sessions.set_blocks(blocks)
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
def test_question_that_is_too_long_is_not_kept(text: str, pair: str, model: str, sentence: str) -> None:
    ask = again(Ask("before", "", "base", 4), 100, text, pair, model)
    assert (ask.text, ask.pair, ask.refused, ask.turn) == ("", "", sentence, 5) and len(ask.model) < 100
    with pytest.raises(TextError, match=sentence.replace(".", r"\.")):
        answer_with_notice(SimpleNamespace(task=None), None, ask, (), (), None)  # type: ignore[arg-type]
    assert ask.again("short").refused == ""


@pytest.mark.parametrize(
    ("sent", "asked"),
    [
        ({"text": "a", "pair": "b", "model": "base", "turn": 3}, Ask("a", "b", "base", 3)),
        ({"text": "a"}, Ask("a", "", "", 1)),
        ({"text": 7, "model": ["m"], "turn": "9" * 99}, Ask(7, "", "", 1)),  # type: ignore[arg-type]
        ({"text": "a", "model": "base", "turn": 10**400}, Ask("a", "", "base", 1)),
        (None, Ask("", "", "", 1)),
        ([[]], Ask("", "", "", 1)),
    ],
)
def test_question_is_what_the_page_sends_or_none(sent: Any, asked: Ask) -> None:
    assert AskedState(most=100).preprocess(sent) == asked


def test_question_is_never_seen() -> None:
    for kept in (AskedState(Ask("a", "", "base"), 100), HiddenState()):
        assert kept.get_config()["visible"] is False and kept.get_block_name() == "json"


def test_question_and_hidden_words_come_back_as_they_were_sent() -> None:
    asked, ask = AskedState(most=100), Ask("a \N{FIRE} text", "and another", "base", 5)
    assert asked.preprocess(asked.postprocess(ask).model_dump()) == ask
    hidden = HiddenState()
    assert hidden.preprocess(hidden.postprocess(((1, 2), (5, 9))).model_dump()) == ((1, 2), (5, 9))
    assert hidden.preprocess([[1, 2], [1], ["a", 3], None, [True, 2], [7, 8]]) == ((1, 2), (7, 8))
    assert hidden.preprocess({"a": 1}) == hidden.preprocess(None) == ()
    assert len(hidden.preprocess([[1, 2]] * 99_999)) == MOST_HIDDEN


def test_what_is_picked_is_kept_only_as_far_as_it_can_be_meant() -> None:
    assert again(Ask("", "", ""), 100, "a", "", ["m" * 5000]).model == ""
    picked: Any = gr.EventData(None, {"word": 1, "is": "a" * 5000, "more": "b" * 5000, "hide": [[1, 2]] * 99_999})
    request: Any = SimpleNamespace(session_hash="a", headers={"x-turn": "7"})
    word = {"word": 1, "is": "a" * 5000, "turn": 7}
    # it is compared with the word of the text: cut, it would be none
    assert clicked_word(picked, None, request) == word
    endless: Any = gr.EventData(None, {"word": 1, "is": "a" * 500_000})
    assert clicked_word(endless, None, request) is None
    assert len(hidden_spans(picked)) == MOST_HIDDEN
    assert len(from_address({"hide": "1-2," * 99_999}, Ask("", "", ""), ())[1]) == MOST_HIDDEN


def test_word_clicked_before_another_does_not_take_its_place() -> None:
    def clicked(word: int, turn: int, before: dict[str, Any] | None) -> dict[str, Any] | None:
        event: Any = gr.EventData(None, {"word": word, "is": "film"})
        request: Any = SimpleNamespace(session_hash="a", headers={"x-turn": str(turn)} if turn else {})
        return clicked_word(event, before, request)

    second = clicked(2, 9, None)
    assert second == {"word": 2, "is": "film", "turn": 9}
    assert clicked(1, 8, second) == second and clicked(3, 10, second) == {"word": 3, "is": "film", "turn": 10}
    assert clicked(1, 0, second) == {"word": 1, "is": "film", "turn": 0}  # nobody counts there


@pytest.mark.parametrize("text", ["", "a short one", "\ud83d", 7])
def test_every_other_question_is_kept_as_it_is(text: Any) -> None:
    assert again(Ask("before", "", "base"), 100, text, "", "base") == Ask(text, "", "base", 1)


def test_what_a_lens_was_asked_is_kept_as_a_hash() -> None:
    one, other = (question_of(Ask(text, "", "base"), (1,)) for text in ("a \ud83d" * 9999, "b"))
    assert one != other and len(one.digest) == len(other.digest) == 32  # bytes, however long the text
    assert one == question_of(Ask("a \ud83d" * 9999, "", "base"), (1,))


@pytest.mark.parametrize("revision", ["local", "bundled"])
def test_branch_may_have_any_name_and_is_no_directory(revision: str) -> None:
    """Else a visitor of a server that allows hub ids could name a directory below the one it runs in."""
    card = card_of(f"tests/data@{revision}", "hub")
    assert card.of_hub and card.source == "tests/data" and card.revision == revision


def test_directory_is_not_of_the_hub(tmp_path: Path) -> None:
    assert not card_of(str(tmp_path), "any").of_hub and not card_of("base", "any").of_hub


def logged(name: str, words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(JsonFormatter().format(logging.LogRecord(name, 30, "f", 1, words, (), None)))
    return found


def test_what_libraries_say_is_not_logged() -> None:
    """mcp repeats whole requests, asyncio the words of errors."""
    for name in ("root", "asyncio", "mcp.shared.session", "bert_demon"):
        assert logged(name, "my secret")["message"] == UNSAID
    for name in ("bert_demo.web.tab", "uvicorn.error", "uvicorn", "py.warnings"):
        assert logged(name, "as planned")["message"] == "as planned"


def test_error_of_a_client_that_left_is_nobodys(caplog: pytest.LogCaptureFixture) -> None:
    begun, go, ended = threading.Event(), threading.Event(), threading.Event()

    def work(*_: Any, **__: Any) -> None:
        begun.set()
        go.wait(5)
        ended.set()
        raise TextError("a visitor's words")

    call = function(BY_NAME["classify"], lambda: cast(BertService, SimpleNamespace(classify=work)))

    async def leave() -> None:
        asked = asyncio.create_task(call("a text"))
        assert await asyncio.to_thread(begun.wait, 5)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        go.set()
        assert await asyncio.to_thread(ended.wait, 5)
        await asyncio.sleep(0.2)
        gc.collect()

    asyncio.run(leave())
    assert "never retrieved" not in caplog.text and "a visitor's words" not in caplog.text


def write(size: int) -> Any:
    return lambda stream: stream.write(b"x" * size)


def test_made_files_have_a_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download_files, "BUDGET", 1000)
    first = make_file(tmp_path, "a.npz", write(600))
    second = make_file(tmp_path, "a.npz", write(600))
    assert first.parent != second.parent and first.read_bytes() == second.read_bytes() == b"x" * 600
    third = make_file(tmp_path, "a.npz", write(1))
    assert sorted(tmp_path.iterdir()) == sorted([second.parent, third.parent])  # the oldest went
    later = time.monotonic() + download_files.KEPT + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    fourth = make_file(tmp_path, "b.npz", write(1))
    assert list(tmp_path.iterdir()) == [fourth.parent]


def test_file_that_is_stopped_leaves_nothing_behind(tmp_path: Path) -> None:
    def stopped(stream: IO[bytes]) -> None:
        stream.write(b"half")
        raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        make_file(tmp_path, "a.npz", stopped)
    assert not list(tmp_path.iterdir())
    assert not [folder for folder in made_folders() if folder.is_relative_to(tmp_path)]
