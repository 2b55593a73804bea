"""The attributions of labelled rows as files: a line for each word of each explained row."""

from __future__ import annotations

import csv
import io
import json
from typing import IO

from bert_demo.results.word_effects import WordEffects
from bert_demo.views.tables import harmless

COLUMNS = ("line", "place", "word", "score")


def columns_of(result: WordEffects) -> dict[str, list[object]]:
    """line, place of the word in the row (from 0), word, score: a row for each word."""
    rows = [
        (each.line, place, word, score)
        for each in result.attributions
        for place, (word, score) in enumerate(zip(each.words, each.scores, strict=True))
    ]
    return {name: [row[at] for row in rows] for at, name in enumerate(COLUMNS)}


def write_csv(result: WordEffects, stream: IO[bytes]) -> None:
    """The columns; a word that a spreadsheet would run as a formula has an apostrophe in front."""
    text = io.TextIOWrapper(stream, encoding="utf-8", errors="replace", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for line, place, word, score in zip(*columns_of(result).values(), strict=True):
        writer.writerow([line, place, harmless(word), repr(score)])
    text.detach()


def write_json_lines(result: WordEffects, stream: IO[bytes]) -> None:
    """A row a line: its words and their scores."""
    for each in result.attributions:
        record = {"line": each.line, "target": result.target, "words": each.words, "scores": each.scores}
        stream.write(json.dumps(record, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
