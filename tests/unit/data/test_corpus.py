"""Raw text: documents, sentences, what is held out; spelling and articles by rules of thumb."""

from __future__ import annotations

import lzma
from pathlib import Path

import pytest

from bert_demo.core.errors import BadDataError
from bert_demo.data import corpus
from bert_demo.data.treebank import untokenised


def test_documents_are_read_and_held_out_whole(tmp_path: Path) -> None:
    path = tmp_path / "text.txt.xz"
    path.write_bytes(lzma.compress(b"one\ntwo\n\nthree\n\n\nfour\n"))
    documents = list(corpus.read_documents(path))
    assert documents == [["one", "two"], ["three"], ["four"]]
    assert corpus.hold_out(documents, 2) == ([["one", "two"], ["four"]], [["three"]])


@pytest.mark.parametrize(
    ("content", "message"), [("", "holds no text"), ("\n\n", "holds no text"), (None, "There is no file")]
)
def test_read_documents_refuses_files_without_text(tmp_path: Path, content: str | None, message: str) -> None:
    path = tmp_path / "text.txt"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(BadDataError, match=message):
        list(corpus.read_documents(path))


def test_split_sentences() -> None:
    assert corpus.split_sentences('He left. "Why?" she asked. 3 cats!') == ["He left.", '"Why?" she asked.', "3 cats!"]


@pytest.mark.parametrize(
    ("text", "thing"),
    [
        ("Ice is water frozen into a solid state.", True),
        ("The harp is a stringed musical instrument.", True),
        ("Abraham Lincoln was the 16th President.", False),
        ("New York is a state.", False),
        ("Alien is a 1979 film.", False),
        ("Then they left.", False),
    ],
)
def test_is_about_a_thing(text: str, thing: bool) -> None:
    assert corpus.is_about_a_thing([text, "More."]) is thing


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "it is n't bad , they say -lrb- he 's right -rrb- .",
            "it isn't bad, they say (he's right).",
        ),
        ("`` fun '' ; ca n't wait !", '"fun"; can\'t wait!'),
    ],
)
def test_untokenised(text: str, expected: str) -> None:
    assert untokenised(text) == expected
