"""Tables that were written by other programs at random come back equal, or are asked about; random bytes are read, or
refused in a sentence."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable

import pandas as pd
import pytest
from openpyxl import Workbook

from bert_demo.core.errors import BadDataError, DataChoiceError
from bert_demo.data.labelled import LabelledTexts, labelled_texts
from bert_demo.data.reading import FOUND
from bert_demo.data.table import table_of

LABELS = ("negative", "positive")
WORDS = (
    "a film", "warm", "NA", "None", "null", "nan", "0012", "1,5", "a; b", "x|y", "it's", 'he said "bravo"',
    "\u00e9t\u00e9", "\u7535\u5f71", "2024-01-02", "true", "-", "19.99", "#1", "\U0001f600", "two\nlines", "a\tb",
    "sep=", "=1+1", "@x",
)  # fmt: skip
HEADERS = (("text", "label"), ("Text", "Label"), ("review", "sentiment"), ("sentence", "category"))
SPELLINGS = (
    ("negative", "positive"),
    ("0", "1"),
    ("NEGATIVE", "POSITIVE"),
    ("neg", "pos"),
    ("0.0", "1.0"),
    ("-1", "1"),
)
PUT_IN = (b'"', b",", b"\n", b"\r", b";", b"\x00", b"\xff", b"\\", b"[", b"{", b"\t")
Table = list[tuple[str, str]]


def drawn(rng: random.Random, breaks: bool = True) -> Table:
    """From 4 to 9 texts that differ and their labels, both of which occur."""
    words = [each for each in WORDS if breaks or not set(each) & set("\n\t")]
    texts: dict[str, None] = {}
    many = rng.randint(4, 9)
    while len(texts) < many:
        texts[" ".join(rng.choices(words, k=rng.randint(2, 6))) + rng.choice(".!?")] = None
    return [(text, LABELS[at % 2]) for at, text in enumerate(texts)]


def read(content: bytes, name: str = "") -> LabelledTexts | None:
    """None where the reader asks which of two readings is meant, or lists rows that stop it until they are left out."""
    try:
        found = labelled_texts(table_of(content, name, FOUND), LABELS, FOUND, False)
        return None if found.understood.bad else found
    except DataChoiceError as error:
        assert error.choices and str(error).endswith((".", "?")), error
        return None


def same(found: LabelledTexts, expected: Table) -> bool:
    return list(zip(found.texts, (LABELS[each[0]] for each in found.labels), strict=True)) == expected


def spelt(rng: random.Random, rows: Table) -> tuple[tuple[str, str], Table]:
    header, spelling = rng.choice(HEADERS), dict(zip(LABELS, rng.choice(SPELLINGS), strict=True))
    return header, [(text, spelling[label]) for text, label in rows]


def by_csv(rng: random.Random, rows: Table) -> bytes:
    """Delimiters, quotes, ends of lines and encodings of `csv`, with each of which it can be read back without loss."""
    header, written = spelt(rng, rows)
    end = rng.choice(["\n", "\r\n", "\r"])
    stream = io.StringIO()
    writer = csv.writer(
        stream,
        delimiter=rng.choice(",;\t|"),
        quoting=rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
        lineterminator=end,
    )
    writer.writerows([header, *written])
    return stream.getvalue().encode(rng.choice(["utf-8", "utf-8-sig", "utf-16"]))


def by_pandas(rng: random.Random, rows: Table) -> bytes:
    header, written = spelt(rng, rows)
    frame = pd.DataFrame(written, columns=list(header))
    if rng.random() < 0.5:
        return frame.to_csv(index=rng.random() < 0.5, sep=rng.choice(",;\t|")).encode()
    return frame.to_json(orient="records", lines=rng.random() < 0.5, force_ascii=rng.random() < 0.5).encode()


def by_json(rng: random.Random, rows: Table) -> bytes:
    header, written = spelt(rng, rows)
    records = [dict(zip(header, row, strict=True)) for row in written]
    lines = "\n".join(json.dumps(each, ensure_ascii=rng.random() < 0.5) for each in records)
    return (lines if rng.random() < 0.5 else json.dumps(records, indent=rng.choice([None, 1]))).encode()


def by_workbook(rng: random.Random, rows: Table) -> bytes:
    """What Excel and LibreOffice write: a text in a cell, a label as a text or a number."""
    header, written = spelt(rng, rows)
    book = Workbook()
    sheet = book.active
    sheet.append(header)
    for text, label in written:
        number = float(label) if label.lstrip("-").replace(".", "").isdigit() else label
        sheet.append([text, number])
        sheet.cell(sheet.max_row, 1).data_type = "s"  # else openpyxl makes a formula of what begins with "="
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize(("write", "many"), [(by_csv, 400), (by_pandas, 200), (by_json, 200), (by_workbook, 60)])
def test_tables_come_back_equal_or_are_asked_about(write: Callable[[random.Random, Table], bytes], many: int) -> None:
    rng, asked = random.Random(0), 0
    for at in range(many):
        rows = drawn(rng)
        content = write(rng, rows)
        found = read(content, "rows.xlsx" if write is by_workbook else "")
        asked += found is None
        assert found is None or same(found, rows), (at, content, rows, found)
    assert asked < many / 4, asked


def test_random_files_are_read_or_refused_in_a_sentence() -> None:
    """3,000 files: tables with bytes that were changed, cut or put in, and bytes alone."""
    rng = random.Random(1)
    writers = (by_csv, by_pandas, by_json)
    for at in range(3000):
        content = bytearray(rng.choice(writers)(rng, drawn(rng)) if at % 4 else rng.randbytes(rng.randint(1, 300)))
        for _ in range(rng.randint(1, 6)):
            place = rng.randrange(len(content) + 1)
            way = rng.randrange(3)
            if way == 0:
                content[place:place] = rng.choice(
                    [b'"', b",", b"\n", b"\r", b";", b"\x00", b"\xff", b"\\", b"[", b"{", b"\t"]
                )
            elif way == 1:
                del content[place : place + rng.randint(1, 5)]
            elif place < len(content):
                content[place] = rng.randrange(256)
        try:
            found = read(bytes(content), rng.choice(["", "a.csv", "a.tsv", "a.jsonl", "a.xlsx", "a.gz", "a.parquet"]))
        except BadDataError as error:
            assert len(str(error)) > 20, (at, bytes(content))
            continue
        assert found is None or len(found.texts) == len(found.labels) == len(found.lines), at
