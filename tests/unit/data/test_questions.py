"""Questions with their answers, from SQuAD's JSON and from records."""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import Any

import pytest

from bert_demo.core.errors import BadDataError
from bert_demo.data.questions import AskedQuestion, read_questions

PASSAGE = "The cat sat on the mat."
WHERE = AskedQuestion("Where?", PASSAGE, ("on the mat", "the mat"))
WHO = AskedQuestion("Who?", PASSAGE, ())


def squad(**question: Any) -> dict[str, Any]:
    return {"version": "2.0", "data": [{"title": "x", "paragraphs": [{"context": PASSAGE, "qas": [question]}]}]}


def written(path: Path, *records: Any) -> Path:
    path.write_text("\n".join(json.dumps(each) for each in records), encoding="utf-8")
    return path


def test_squad_and_records_are_read_alike(tmp_path: Path) -> None:
    texts = [{"text": "on the mat", "answer_start": 12}, {"text": "the mat"}, {"text": "the mat"}]
    whole = json.dumps(squad(question="Where?", answers=texts), indent=1)
    (tmp_path / "squad.json.xz").write_bytes(lzma.compress(whole.encode()))
    assert read_questions(tmp_path / "squad.json.xz") == [WHERE]
    assert read_questions(written(tmp_path / "v2", squad(question="Who?", answers=[], is_impossible=True))) == [WHO]
    hidden = squad(question="Who?", answers=texts, is_impossible=True)
    assert read_questions(written(tmp_path / "plausible", hidden)) == [WHO]
    names = ["on the mat", "the mat"]
    records = [
        {"question": "Where?", "context": PASSAGE, "answers": {"text": names, "answer_start": [12, 15]}},
        {"question": "Where?", "passage": PASSAGE, "answers": names},
        {"question": "Who?", "context": PASSAGE, "answers": []},
    ]
    assert read_questions(written(tmp_path / "lines", *records)) == [WHERE, WHERE, WHO]
    assert read_questions(written(tmp_path / "array", records), 2) == [WHERE, WHERE]
    one = {"question": "Where?", "context": PASSAGE, "answers": "the mat"}
    assert read_questions(written(tmp_path / "one", one)) == [AskedQuestion("Where?", PASSAGE, ("the mat",))]


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ([{"data": [{"paragraphs": [{"qas": []}]}]}], "holds no question"),
        ([squad(question="Who?")], "article 1: question, context and answers are needed"),
        ([{"data": ["x"]}], "article 1: question, context"),
        ([{"question": "Who?", "context": PASSAGE}], "line 1: question, context and answers are needed"),
        ([{"question": "Who?", "context": " ", "answers": []}], "line 1: question, context"),
        ([{"question": "Who?", "context": PASSAGE, "answers": [3]}], "line 1: question, context"),
        ([["Who?", PASSAGE, ""]], "line 1: question, context"),
        ([], "holds no question"),
    ],
)
def test_what_is_no_question_is_refused(tmp_path: Path, records: list[Any], message: str) -> None:
    with pytest.raises(BadDataError, match=message):
        read_questions(written(tmp_path / "file", *records))


def test_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadDataError, match="There is no file"):
        read_questions(tmp_path / "none")
    (tmp_path / "latin").write_bytes("{\u00e9".encode("latin-1"))
    with pytest.raises(BadDataError, match="not UTF-8"):
        read_questions(tmp_path / "latin")
    (tmp_path / "text").write_text("no JSON")
    with pytest.raises(BadDataError, match="line 1: not JSON"):
        read_questions(tmp_path / "text")
