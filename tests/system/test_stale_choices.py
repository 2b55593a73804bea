"""Choices that follow the model or the text: one of the model before may still come with the next question."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from bert_demo import BertService
from bert_demo.core.errors import BadDataError, ChoiceError
from bert_demo.data.labelled import read_labelled_rows
from bert_demo.web.components.attention_files import made
from bert_demo.web.components.attention_views import Wanted, panels
from bert_demo.web.components.target_choice import check_of
from bert_demo.web.components.window_choice import window_of
from bert_demo.web.job_runner import JobProgress
from bert_demo.web.tab import Ask
from bert_demo.web.tabs.heads import toured

CONSTANT = {"Of the pair", "Of each text", "A second tokenizer (a model here or of the hub)"}
"""Dropdowns that events show and hide, with the choices that they were built with."""


@pytest.fixture(scope="module")
def config(server: str) -> dict[str, Any]:
    """The page as it is sent to a browser."""
    with urllib.request.urlopen(f"{server}/config", timeout=60) as answer:
        return json.load(answer)


def test_gradio_refuses_no_choice_of_the_model_before(config: dict[str, Any]) -> None:
    """It would before the lens is asked, which then waits for ever."""
    written = {output for event in config["dependencies"] for output in event["outputs"]}
    found = [each["props"] for each in config["components"] if each["type"] == "dropdown" and each["id"] in written]
    found = [each for each in found if each["label"] not in CONSTANT]
    assert {each["label"] for each in found} == {"Window", "Relation that a head finds", "Target", "Model"}
    assert [each["label"] for each in found if not each["allow_custom_value"]] == []


def test_progress_of_every_event_is_shown_in_one_place(config: dict[str, Any]) -> None:
    """By default gradio's client tells it to every component that an event ever wrote into, and reads their values."""
    places = {(event["show_progress"], *event["show_progress_on"]) for event in config["dependencies"]}
    assert len(places) == 1
    quiet, place = places.pop()
    told = next(each["props"] for each in config["components"] if each["id"] == place)
    assert quiet == "hidden" and told["elem_id"] == "progress" and not told["value"]


@pytest.mark.parametrize(("value", "window"), [(0, 0), (2, 2), (7, 2), ("1", 1), (None, 0), ("12345678901", 2)])
def test_window_that_is_no_longer_there_is_the_last(value: object, window: int) -> None:
    assert window_of(value, 3) == window


@pytest.mark.parametrize("value", ["x", "-1", "", 1.5, "\N{SUPERSCRIPT TWO}"])
def test_what_is_no_window_is_refused(value: object, service: BertService) -> None:
    with pytest.raises(ChoiceError, match="the windows of this text are 0 to 2"):
        window_of(value, 3)
    controls = [0, 0, value, "heatmap", "head", "keep", "tokens", "all", 1, False, 0, 1, "", "", None]
    with pytest.raises(ChoiceError, match="the windows of this text are 0 to 0"):
        panels(service, Ask("A film.", "", "base"), Wanted.of(controls))


def test_relation_that_is_not_on_the_list_is_refused_in_words(service: BertService) -> None:
    found = service.attention("The dog sat.", model="base")
    ask = Ask("The dog sat.", "", "base")
    shown = toured(found, ask, "<b>nothing</b>: known", "")
    assert "No head is known for a relation" in shown and "<b>nothing" not in shown
    assert "No head is known" not in toured(found, ask, "det: determiner, its noun", "")
    assert "No head is known" not in toured(found, ask, None, "")


def test_label_that_is_not_on_the_list_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(gr, "Warning", said.append)
    check = check_of(["the predicted label"])
    for chosen in ("the predicted label", "negative"):
        assert check(("negative", "positive"), chosen) == gr.skip()
    assert said == []
    assert check(("negative", "positive"), "nonsense") == "the predicted label"
    assert said == ["There is no label 'nonsense' here: choose one of the list."]


@pytest.mark.parametrize("junk", [None, 3, ["csv"], {"a": 1}, "nonsense"])
def test_what_no_browser_sends_is_refused_in_words(junk: Any, service: BertService, tmp_path: Path) -> None:
    """Whoever writes the page's own requests by hand may put anything in the place of a choice."""
    found = service.attention("The dog sat.", model="base")
    with pytest.raises(ChoiceError, match=r"There is no such file\. Choose one of: npz"):
        made(found, junk, tmp_path, JobProgress())
    assert list(tmp_path.iterdir()) == []
    shown = toured(found, Ask("The dog sat.", "", "base"), junk, "")
    assert ("No head is known for a relation" in shown) == bool(junk)
    if not isinstance(junk, str):
        with pytest.raises(BadDataError, match="The rows must be text"):
            read_labelled_rows(junk, ["a", "b"])
