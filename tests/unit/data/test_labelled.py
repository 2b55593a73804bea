"""The reader of labelled texts: columns, labels, numbers, and the line of whatever is wrong; one for page and files."""

from __future__ import annotations

import csv
import lzma
import re
from pathlib import Path

import pytest
from conftest import ROOT

from bert_demo.core.errors import BadDataError
from bert_demo.data.columns import Columns
from bert_demo.data.labelled import (
    MOST_BYTES,
    MOST_ROWS,
    Labelled,
    read_labelled,
    read_labelled_file,
    read_labelled_rows,
    read_upload,
)
from bert_demo.data.labels import LabelMapping, find_mapping, split_labels
from bert_demo.data.reading import Reading
from bert_demo.data.table import CSV

SIDES = ("negative", "positive")
AREAS = ("World", "Sports", "Business")
FEELINGS = ("joy", "love", "fear; dread")


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("fine\tpositive\ndull\tnegative", [("fine", "positive"), ("dull", "negative")]),
        (
            '\ufeffsentence\tlabel\r\nit\'s "fine"\t1\r\n\r\ndull\t0\r\n',
            [('it\'s "fine"', "positive"), ("dull", "negative")],
        ),
        ("negative,A film, with commas\nPOSITIVE,fine", [("A film, with commas", "negative"), ("fine", "positive")]),
        ("A film, not bad, positive\nfine,negative", [("A film, not bad", "positive"), ("fine", "negative")]),
        ('label,text\npositive,"fine, ""really""\nso"', [('fine, "really"\nso', "positive")]),
        ("7\tfine\tpositive\n8\tdull\tnegative", [("fine", "positive"), ("dull", "negative")]),
        ("7,positive,fine\n8,negative,dull", [("fine", "positive"), ("dull", "negative")]),
        ("fine, 1\ndull, 0", [("fine", "positive"), ("dull", "negative")]),
        ("fine, 1\ndull, 2", [("fine", "negative"), ("dull", "positive")]),
        ("positive\tpositive\ndull\tnegative", [("positive", "positive"), ("dull", "negative")]),
        ("negative, fine, positive\ndull,positive", [("negative, fine", "positive"), ("dull", "positive")]),
        ("id,text,category\n7,fine,positive", [("fine", "positive")]),
        ("Class Index,Title,Description\n2,A,b\n1,C,d", [("A b", "positive"), ("C d", "negative")]),
    ],
)
def test_pasted_rows_and_a_file_are_read_alike(tmp_path: Path, content: str, expected: list[tuple[str, str]]) -> None:
    pasted = read_labelled_rows(content, SIDES)
    assert pasted.rows == tuple(expected)
    path = write(tmp_path / "rows.txt", content)
    assert read_labelled_file(path, SIDES) == pasted
    assert read_labelled(path, SIDES) == Labelled(
        tuple(text for text, _ in expected), tuple(SIDES.index(label) for _, label in expected)
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "There are no rows"),
        ("text,label\n", "has a header and no rows below"),
        ("just a sentence", "Line 1: a text and a label are needed"),
        ("\n\none,two\n", "Line 3: none of 'one', 'two' is a label of this model: negative, positive"),
        ("negative,positive\n", "Line 1: 'negative' and 'positive' are both labels"),
        ("1\tfine\tpositive\n", "Line 1: '1' and 'positive' are both labels"),
        ("fine,positive\n\ndull,grey", "Line 3: the label 'grey' is none of negative, positive."),
        ("fine,positive\n\ndull,Grey", "Line 3: the label 'Grey' is none of negative, positive."),
        ("fine,positive\nalone", "Line 2: 1 columns where the first row has 2"),
        ("x1\tb\tpositive\nx2\tpositive", "Line 2: 2 columns where the first row has 3"),
        ('fine,positive\n"a","b",positive', "Line 2: 3 columns where the first row has 2"),
        ("text,label\n,positive", "Line 2: there is no text"),
        ("fine,positive\n, ,positive", "Line 2: there is no text"),
        ('fine,positive\n"open,negative', "Line 2: "),
        ("a,1\nb,1", "numbers its labels 1, which may count from 0 or from 1. Write their names: negative, positive."),
        ("text,x,label\nfine,positive", "Line 2: 2 columns where the header has 3"),
        ("text,label\nfine,positive,more", "Line 2: 3 columns where the header has 2"),
        ("text,label\na,positive\nb,negative\nc,0", "Line 4: the label '0'"),
        ("text,label\na,1\nb,negative\nc,0", "Line 3: the label 'negative'"),
        (f"text,label\na,1\nb,0\nc,{'7' * 5000}", "Line 4: the label '777"),
        ("fine,positive\n" * (MOST_ROWS + 1), "There are 501 rows; the limit is 500"),
        ("x" * (MOST_BYTES + 1), "more than 1,000,000 bytes"),
        ("fine,positive\n" + "y" * 300 + ",negative,grey" * 2, "Line 2: the label 'grey'"),
    ],
)
def test_pasted_rows_that_are_wrong_are_named_by_their_line(content: str, message: str) -> None:
    with pytest.raises(BadDataError, match=re.escape(message)):
        read_labelled_rows(content, SIDES)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "", "a.csv is empty"),
        ("a.csv", None, "There is no file"),
        ("a.csv", "text,label\n", "has a header and no rows"),
        ("a.csv", "text,wrong\nx,low\n", "there is no label or class among: text, wrong"),
        ("a.csv", "7,label\n8,Sports\n", "there is no text or sentence among: 7, label. Name other columns"),
        ("a.csv", "text,label\na,Sports\nb,maybe\n", "line 3: the label 'maybe' is none of World, Sports, Business"),
        ("a.csv", "text,label\na,Sports\nb\n", "line 3: 1 columns where the header has 2"),
        ("a.csv", "text,label\na,Sports\n ,World\n", "line 3: there is no text"),
        ("a.csv", "text,label\na,7\nb,1\n", "line 2: the label '7' is none"),
        ("a.csv", "text,label\na,1\nb,2\n", "which may count from 0 or from 1"),
        ("a.csv", 'text,label\n\n\na,World\n"b,Sports\n', "line 5: unexpected end of data"),
        ("a.csv", 'text,label\n"a\nb",World\nc,maybe\n', "line 4: the label 'maybe'"),
        ("a.csv", 'text,label\n"one, two",sports\nthree,0\n', "line 3: the label '0' is none of World"),
    ],
)
def test_files_that_are_wrong_are_named_with_their_line(
    tmp_path: Path, name: str, content: str | bytes | None, message: str
) -> None:
    path = tmp_path / name
    if content is not None:
        write(path, content)
    with pytest.raises(BadDataError, match=re.escape(message)):
        read_labelled(path, AREAS)


def test_what_was_understood_is_a_value(tmp_path: Path) -> None:
    two = write(tmp_path / "b.csv", '"3","Title","and text"\n"1","Other","words"\n')
    bare = read_labelled(two, AREAS, Reading(join=True))
    assert bare.texts == ("Title and text", "Other words") and bare.labels == (2, 0) and bare.lines == (1, 2)
    assert bare.understood is not None
    assert bare.understood.dialect == CSV and bare.understood.columns == Columns((), (1, 2), 0, 3)
    assert bare.understood.labels == LabelMapping(AREAS, 1)
    assert str(bare.understood) == (
        "No header: column 1 is the label, the rest is the text. "
        "Labels are numbers from 1: 1 World, 2 Sports, 3 Business."
    )
    titled = write(tmp_path / "t.csv", "Class Index,Title,Description\n3,A,b\n1,C,d\n2,E,f\n")
    found = read_labelled(titled, AREAS, rows=2)
    assert found == Labelled(("A b", "C d"), (2, 0)) and found.lines == (2, 3)
    assert str(found.understood) == (
        "Columns Title + Description and Class Index. The first 2 of its 3 rows were read. "
        "Labels are numbers from 1: 1 World, 2 Sports, 3 Business."
    )
    packed = tmp_path / "d.tsv.xz"
    packed.write_bytes(lzma.compress(b"ham\tone\nspam\ttwo\n"))
    found = read_labelled(packed, ("ham", "spam"))
    assert found == Labelled(("one", "two"), (0, 1))
    assert str(found.understood) == "No header: column 1 is the label, the rest is the text."
    assert str(read_labelled_rows("a\tspam\nb\tham", ("ham", "spam")).understood).startswith("No header: column 2 is")


def test_columns_can_be_named(tmp_path: Path) -> None:
    path = write(tmp_path / "c.tsv", 'id\tbody\tkind\thead\n1\tsome "text\tWORLD\tA\n2\tmore\tSports\tB\n')
    assert read_labelled(path, AREAS, Reading(text=("body",), label=("kind",))).texts == ('some "text', "more")
    assert read_labelled(path, AREAS, Reading(text=("head", "Body"), label=("KIND",))) == Labelled(
        ('A some "text', "B more"), (0, 1)
    )
    with pytest.raises(BadDataError, match=re.escape("there is no nose + body among: id, body, kind, head")):
        read_labelled(path, AREAS, Reading(text=("nose", "body"), label=("kind",)))


def test_rows_never_change_what_a_number_means(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.csv", "text,label\na,2\nb,1\nc,3\n")
    assert read_labelled(path, AREAS).labels == (1, 0, 2)
    assert read_labelled(path, AREAS, rows=2).labels == (1, 0)


def test_too_many_rows_of_a_file_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bert_demo.data.labelled.MOST_ROWS_OF_FILE", 2)
    path = write(tmp_path / "rows.csv", "text,label\na,x\nb,y\nc,x\n")
    with pytest.raises(BadDataError, match="has 3 rows, more than 2: say how many"):
        read_labelled(path, ("x", "y"))
    assert len(read_labelled(path, ("x", "y"), rows=2).texts) == 2
    assert str(read_labelled(path, ("x", "y"), rows=2).understood).endswith("The first 2 of its 3 rows were read.")


def test_several_labels_of_a_text(tmp_path: Path) -> None:
    content = "text\tlabel\n\na\tJOY;fear; dread\nb\t\nc\tlove\n"
    found = read_labelled_rows(content, FEELINGS, several=True)
    assert found.rows == (("a", "joy;fear; dread"), ("b", ""), ("c", "love"))
    assert found.labels == ((0, 2), (), (1,)) and found.lines == (3, 4, 5)
    assert read_labelled_file(write(tmp_path / "a.tsv", content), FEELINGS, several=True) == found
    assert read_labelled_rows("a cat,\nb,joy", FEELINGS, several=True).rows == (("a cat", ""), ("b", "joy"))
    with pytest.raises(BadDataError, match="Line 2: the label 'grim' is none of"):
        read_labelled_rows("text,label\nx,joy;grim", FEELINGS, several=True)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("joy", ["joy"]),
        ("joy; LOVE", ["joy", "LOVE"]),
        ("fear; dread;joy", ["fear; dread", "joy"]),
        ("fear;dread", ["fear", "dread"]),
        (" ; ", []),
        ("", []),
    ],
)
def test_split_labels(cell: str, expected: list[str]) -> None:
    assert split_labels(cell, FEELINGS) == expected


def test_case_counts_only_where_it_tells_two_labels_apart() -> None:
    mapping = LabelMapping(("A", "a", "B"))
    assert [mapping.place(name) for name in ("A", "a", "B", "b", "c")] == [0, 1, 2, 2, None]


@pytest.mark.parametrize(
    ("found", "labels", "first"),
    [
        (["0", "1", "2"], AREAS, 0),
        (["1", "2", "3"], AREAS, 1),
        (["0", "0"], SIDES, 0),
        (["2"], SIDES, 1),
        (["World", "Sports"], AREAS, None),
        (["1", "2", "1"], ("1", "2"), None),
        ([], AREAS, None),
    ],
)
def test_find_mapping(found: list[str], labels: tuple[str, ...], first: int | None) -> None:
    assert find_mapping(found, labels).first == first


def test_read_upload() -> None:
    assert read_upload("\ufeffä,positive".encode()) == "ä,positive"
    with pytest.raises(BadDataError, match="The file has 1,000,001 bytes; the limit is 1,000,000"):
        read_upload(bytes(MOST_BYTES + 1))


def test_the_example_of_the_page_is_balanced() -> None:
    path = ROOT / "assets" / "labelled_example.csv"
    found = read_labelled_rows(path.read_text(encoding="utf-8"), SIDES)
    with path.open(encoding="utf-8", newline="") as stream:
        assert found.rows == tuple((row["text"], row["label"]) for row in csv.DictReader(stream))
    assert len(found.rows) == 24 and sum(label == "positive" for _, label in found.rows) == 12
