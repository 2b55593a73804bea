"""What is used of gradio's private parts: in one folder, read against one version, and still there."""

from __future__ import annotations

import ast
import inspect
import re
from importlib.metadata import version
from pathlib import Path

import gradio as gr
import pytest
from conftest import ROOT
from gradio.blocks import Block
from gradio.context import LocalContext
from gradio.queueing import Event, Queue
from gradio.state_holder import SessionState, StateHolder

from bert_demo.web.gradio_patches import READ_AGAINST

FOLDER = ROOT / "bert_demo" / "web" / "gradio_patches"
FILES = sorted(each for each in FOLDER.glob("*.py") if each.name != "__init__.py")
PRIVATE_MODULES = ("gradio.context", "gradio.queueing", "gradio.routes", "gradio.state_holder", "gradio.blocks")
PRIVATE_NAMES = {"_queue", "_constructor_args", "_data", "state_holder", "max_threads"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_patch_was_read_against_this_gradio(path: Path) -> None:
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    read = re.search(r"Read against gradio (\S+) \((.+?)\)", text, re.S)
    assert read, f"{path.name} does not say which version of gradio it was read against"
    assert read[1] == READ_AGAINST == version("gradio"), (
        f"gradio is {version('gradio')} now, and {path.name} knows {read[1]}. Look in gradio at "
        f"{' '.join(read[2].split())}; then set READ_AGAINST and the first lines of the file."
    )


def test_private_parts_are_used_in_one_folder() -> None:
    found = []
    for path in sorted((ROOT / "bert_demo").rglob("*.py")):
        if path.parent == FOLDER:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module in PRIVATE_MODULES:
                found.append(f"{path.relative_to(ROOT)}:{node.lineno} imports {node.module}")
            if isinstance(node, ast.Attribute) and node.attr in PRIVATE_NAMES and path.is_relative_to(FOLDER.parent):
                found.append(f"{path.relative_to(ROOT)}:{node.lineno} uses {node.attr}")
    assert not found, "\n".join(found)


def test_the_folder_has_four_kinds() -> None:
    assert {path.stem for path in FILES} == {"caller", "components", "message_queues", "queue", "sessions"}


def test_queue_has_what_is_used() -> None:
    source = inspect.getsource(Queue)
    for used in (
        "self.pending_messages_per_session[body.session_hash] = AsyncQueue()",
        "self.pending_messages_per_session[event.session_hash]",
        "self.event_ids_to_events: dict[str, Event] = {}",
        "self.pending_event_ids_session: dict[str, set[str]] = {}",
        "GRADIO_ANALYTICS_CACHE_FREQUENCY",
        "GRADIO_ANALYTICS_MAX_EVENTS",
    ):
        assert used in source
    assert {"session_hash", "request", "alive"} <= set(re.findall(r"self\.(\w+)", inspect.getsource(Event.__init__)))
    blocks = inspect.getsource(gr.Blocks)
    assert "concurrency_count=self.max_threads" in blocks and "self._queue" in blocks


def test_sessions_have_what_is_used() -> None:
    assert {"update", "set_blocks", "__getitem__"} <= set(vars(StateHolder))
    assert {"__setitem__", "_update_config", "_update_value_in_config"} <= set(vars(SessionState))
    made = set(re.findall(r"self\.(\w+)\s*[:=]", inspect.getsource(SessionState.__init__)))
    assert made == {
        "blocks_config", "config_values", "state_data", "_state_ttl", "is_closed", "STATE_TTL_WHEN_CLOSED",
    }  # fmt: skip


def test_context_and_components_have_what_is_used() -> None:
    assert all(hasattr(LocalContext, name) for name in ("request", "blocks", "event_id"))
    box = gr.Dropdown(["a"], label="a label")
    assert isinstance(box, Block) and box._constructor_args[0]["label"] == "a label"


def test_components_of_our_own_leave_no_stub_files() -> None:
    import bert_demo.web.question_state

    assert bert_demo.web.question_state.AskedState.EVENTS
    assert list((ROOT / "bert_demo").rglob("*.pyi")) == []
