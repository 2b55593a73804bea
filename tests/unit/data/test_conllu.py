"""CoNLL-U: multiword tokens, empty nodes, packed files, and the line of whatever is wrong."""

from __future__ import annotations

import lzma
import re
from pathlib import Path

import pytest

from bert_demo.core.errors import BadDataError
from bert_demo.data.conllu import Sentence, read_conllu


def line(number: str, form: str, head: str, relation: str) -> str:
    return "\t".join((number, form, "_", "_", "_", "_", head, relation, "_", "_"))


GOOD = "\n".join(
    (
        "# text = The dog can't run.",
        line("1", "The", "2", "det"),
        line("2", "dog", "5", "nsubj"),
        line("3-4", "can't", "_", "_"),
        line("3", "ca", "5", "aux"),
        line("4", "n't", "5", "advmod"),
        line("5", "run", "0", "root"),
        line("5.1", "fast", "_", "_"),
        line("6", ".", "5", "punct"),
        "",
        line("1", "Ice", "0", "root"),
        "",
    )
)
DOG = Sentence(
    ("The", "dog", "ca", "n't", "run", "."), (1, 4, 4, 4, -1, 4), ("det", "nsubj", "aux", "advmod", "root", "punct")
)


def test_read_conllu_takes_syntactic_words_alone(tmp_path: Path) -> None:
    plain, packed = tmp_path / "a.conllu", tmp_path / "a.conllu.xz"
    plain.write_text(GOOD, encoding="utf-8")
    packed.write_bytes(lzma.compress(GOOD.replace("\n", "\r\n").encode()))
    assert read_conllu(plain) == read_conllu(packed) == [DOG, Sentence(("Ice",), (-1,), ("root",))]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1\tThe\n", "line 1: 2 columns"),
        (f"# x\n{line('2', 'The', '0', 'root')}\n", "line 2: the word is numbered '2', expected 1"),
        (f"{line('1', 'a', '0', 'root')}\n{line('x', 'b', '1', 'det')}\n", "line 2: the word is numbered 'x'"),
        (line("1", "The", "3", "det"), "line 1: the head is '3', expected another word, 0 to 1"),
        (line("1", "The", "1", "det"), "line 1: the head is '1'"),
        (line("1", "The", "9" * 5000, "det"), "line 1: the head is '999"),
        (line("1", "The", "_", "det"), "line 1: the head is '_'"),
        (line("1", "The", "0", "_"), "line 1: a word needs"),
        (line("1", " ", "0", "root"), "line 1: a word needs"),
        ("# only a comment\n", "holds no sentence"),
    ],
)
def test_read_conllu_names_the_wrong_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "bad.conllu"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadDataError, match=re.escape(message)):
        read_conllu(path)
