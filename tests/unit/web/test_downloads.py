"""Files that a lens offers: what a button may ask for, and how the file is called."""

from __future__ import annotations

import errno
import io
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest
from conftest import OPENING

from bert_demo import BertService
from bert_demo.core.errors import ChoiceError, DemoError
from bert_demo.web.components.attention_downloads import attention_file, texts_of
from bert_demo.web.components.attention_views import Wanted
from bert_demo.web.components.download_files import make_file
from bert_demo.web.components.downloads import MOST_WORDS, FileRequest
from bert_demo.web.components.masked_lm_downloads import strips_file
from bert_demo.web.job_runner import JobProgress
from bert_demo.web.tab import Ask

ASK = Ask(OPENING, "", "sentiment")


def wanted(display: str = "heatmap") -> Wanted:
    return Wanted.of([2, 4, 0, display, "head", "keep", "tokens", "all", 1, False, 0, 1, "", "", None])


@pytest.mark.parametrize("sent", [None, 3, "csv", [], {"what": 3, "words": "all"}, {"kind": ["csv"], "words": [True]}])
def test_request_from_junk_asks_for_nothing_that_there_is(sent: Any, service: BertService) -> None:
    request = FileRequest.of(sent)
    assert request.words == () and not request.dark
    with pytest.raises(ChoiceError, match="There is no such file"):
        attention_file(service, ASK, wanted(), request)


def test_request_keeps_words_that_can_be_meant() -> None:
    request = FileRequest.of({"what": "picture", "kind": "svg", "dark": True, "words": [3, "4", *range(9999)]})
    assert request.words[:2] == (3, 0) and len(request.words) == MOST_WORDS and request.dark


@pytest.mark.parametrize(
    ("what", "kind", "display", "name"),
    [
        ("overview", "svg", "heatmap", "attention-overview.svg"),
        ("picture", "png", "heatmap", "attention-heatmap-2-4.png"),
        ("picture", "svg", "arcs", "attention-arcs-2-4.svg"),
        ("picture", "svg", "steps", "attention-steps-2-4.svg"),
        ("weights", "csv", "heatmap", "attention-head-2-4.csv"),
        ("steps", "json", "steps", "steps-2-4-1.json"),
    ],
)
def test_attention_file_is_named_after_what_is_open(
    what: str, kind: str, display: str, name: str, service: BertService
) -> None:
    made = attention_file(service, ASK, wanted(display), FileRequest(what, kind, False, (3,)))
    stream = io.BytesIO()
    made.write(stream)
    assert made.name == name and len(stream.getvalue()) > 100


def test_attention_file_of_weights_holds_the_models_own(service: BertService) -> None:
    stream = io.BytesIO()
    attention_file(service, ASK, wanted(), FileRequest("weights", "npz", False, ())).write(stream)
    stream.seek(0)
    with np.load(stream) as held:
        assert np.array_equal(held["weights"], service.attention(OPENING, None, "sentiment").head(2, 4))
        assert held["about"][0].startswith("Head 2-4") and "sentiment" in held["about"][1]


@pytest.mark.parametrize(
    ("what", "kind"), [("overview", "csv"), ("picture", "npz"), ("weights", "svg"), ("steps", "csv")]
)
def test_attention_file_of_another_kind_is_refused(what: str, kind: str, service: BertService) -> None:
    with pytest.raises(ChoiceError, match="There is no such file"):
        attention_file(service, ASK, wanted(), FileRequest(what, kind, False, ()))


def test_strips_file_is_of_the_last_answer(service: BertService) -> None:
    request, progress = FileRequest("surprises", "png", False, ()), JobProgress()
    controls = ("words", 5, "", "", "", "original")
    stream = io.BytesIO()
    made = strips_file(service, (Ask("A film.", "", "base"), (), controls), request, progress)
    made.write(stream)
    assert made.name == "every-word.png" and stream.getvalue().startswith(b"\x89PNG")
    with pytest.raises(ChoiceError, match="There is no such file"):
        strips_file(service, None, request, progress)
    with pytest.raises(ChoiceError, match="There is no strip of words here"):
        strips_file(service, (Ask("A film.", "", "base"), (), ("layers", *controls[1:])), request, progress)


def test_texts_of_a_panel_are_its_title_and_sentences() -> None:
    assert texts_of("<div><h2>Head <small>1 &amp; 2</small></h2><i>x</i><p class='note'>It <b>is</b>.</p></div>") == [
        "Head 1 & 2",
        "It is.",
    ]


def test_file_that_the_disk_does_not_take_is_a_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    def write(stream: IO[bytes]) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(DemoError, match="has no room for the file just now"):
        make_file(tmp_path, "a.csv", write)
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(DemoError, match="has no room for the file just now"):
        make_file(tmp_path / "file", "a.csv", lambda stream: None)
