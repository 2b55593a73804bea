"""Sentences whose words carry a tag: IOB2 and CoNLL files of entities, and the parts of speech of a treebank."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bert_demo.core.errors import BadDataError
from bert_demo.data.text_files import line_of, read_lines

OUTSIDE = "O"
_TEXT, _DOCUMENT, _NUMBER = "# text = ", "# newdoc", re.compile(r"\d+")
_RANGE_OR_EMPTY = re.compile(r"\d+[-.]\d+")
_PART_OF_SPEECH = 3


@dataclass(frozen=True, slots=True)
class Tagged:
    """A sentence, the (start, end) characters of its words, the tag of each, and the number of its document, from 0."""

    text: str
    words: tuple[tuple[int, int], ...]
    tags: tuple[str, ...]
    document: int = 0


def read_tagged(path: Path) -> list[Tagged]:
    """Read a word and its tag a line, plain or .xz: "word TAG" or, as IOB2 of UNER has it, "number word TAG".

    Columns are parted by tabs or blanks, a line without a word ends a sentence; the text is that of "# text = " where
    the file gives it. Raises BadDataError.
    """
    return _read(path, _of_entities)


def read_parts_of_speech(path: Path) -> list[Tagged]:
    """The universal part of speech of each word of a CoNLL-U file. Raises BadDataError."""
    return _read(path, _of_speech)


def renamed(sentences: Sequence[Tagged], types: Mapping[str, str]) -> list[Tagged]:
    """The same with other types: of B-person what `types` has for "person"; one that it lacks is outside."""

    def tag_of(tag: str) -> str:
        prefix, _, name = tag.partition("-")
        return f"{prefix}-{types[name]}" if name in types else OUTSIDE

    return [replace(each, tags=tuple(map(tag_of, each.tags))) for each in sentences]


def hold_out_documents(sentences: Sequence[Tagged], every: int) -> tuple[list[Tagged], list[Tagged]]:
    """(training, held out): each `every`-th document whole; a sentence that stands in both is in the second alone."""
    held = [each for each in sentences if (each.document + 1) % every == 0]
    texts = {each.text for each in held}
    return [each for each in sentences if (each.document + 1) % every and each.text not in texts], held


def _of_entities(cells: list[str]) -> tuple[str, str] | None:
    if len(cells) < 2:
        return None
    numbered = len(cells) > 2 and bool(_NUMBER.fullmatch(cells[0]))
    return (cells[1], cells[2]) if numbered else (cells[0], cells[-1])


def _of_speech(cells: list[str]) -> tuple[str, str] | None:
    return (cells[1], cells[_PART_OF_SPEECH]) if len(cells) > _PART_OF_SPEECH else None


def _read(path: Path, word_of: Callable[[list[str]], tuple[str, str] | None]) -> list[Tagged]:
    sentences: list[Tagged] = []
    rows: list[tuple[str, str]] = []
    text, document = "", -1
    for number, line in enumerate([*read_lines(path), ""], start=1):
        line = line.rstrip("\r\n")
        if not line.strip():
            sentences += [_sentence(rows, text, max(document, 0))] if rows else []
            rows, text = [], ""
        elif line.startswith("# ") or line == "#":
            text = line.removeprefix(_TEXT) if line.startswith(_TEXT) else text
            document += line.startswith(_DOCUMENT)
        else:
            cells = line.split("\t") if "\t" in line else line.split()
            if _RANGE_OR_EMPTY.fullmatch(cells[0]) and word_of is _of_speech:
                continue
            found = word_of(cells)
            if found is None or not all(found):
                raise BadDataError(f"{line_of(path, number)}: expected a word and its tag, parted by a tab or a blank.")
            rows.append(found)
    if not sentences:
        raise BadDataError(f"{path} holds no sentence.")
    return sentences


def _sentence(rows: Sequence[tuple[str, str]], text: str, document: int) -> Tagged:
    """Words where they stand in the text; parted by blanks where the file gives no text, or another one."""
    words, tags = zip(*rows, strict=True)
    spans = _found(words, text)
    if spans is None:
        text = " ".join(words)
        spans = _found(words, text)
    return Tagged(text, tuple(spans or ()), tags, document)


def _found(words: Sequence[str], text: str) -> list[tuple[int, int]] | None:
    spans, last = [], 0
    for word in words:
        start = text.find(word, last)
        if start < 0 or text[last:start].strip():
            return None
        last = start + len(word)
        spans.append((start, last))
    return spans
