"""Tables: the rows of CSV, TSV and JSON lines, the line of each, and what is wrong with a file."""

from __future__ import annotations

import csv
import io
import json
import lzma
import random
import re
from pathlib import Path

import pytest

from bert_demo.core.errors import BadDataError
from bert_demo.data.reading import Reading
from bert_demo.data.table import CSV, TSV, Row, parse_table, read_records, read_table
from bert_demo.data.text_files import read_lines


def rows(content: str) -> list[tuple[int, tuple[str, ...]]]:
    return [(row.line, row.cells) for row in parse_table(content).rows]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", []),
        ("\n \n", []),
        ("a,b\n\n c ,d", [(1, ("a", "b")), (3, ("c ", "d"))]),
        ('\n"two\nlines",x\ny,"a ""b"""', [(2, ("two\nlines", "x")), (4, ("y", 'a "b"'))]),
        ('"a\r\nb",c\r\nd,e', [(1, ("a\nb", "c")), (3, ("d", "e"))]),
        ("a,b\rc,d", [(1, ("a", "b")), (2, ("c", "d"))]),
        ('a, "b, c"', [(1, ("a", "b, c"))]),
        ('a\t"b\nc\td, e', [(1, ("a", '"b')), (2, ("c", "d, e"))]),
        ("\n\na\tb", [(3, ("a", "b"))]),
        ("\ufeffa,b", [(1, ("a", "b"))]),
        ("a\u2028b,c", [(1, ("a\u2028b", "c"))]),
    ],
)
def test_parse_table_gives_rows_and_their_lines(content: str, expected: list[tuple[int, tuple[str, ...]]]) -> None:
    assert rows(content) == expected


def test_parse_table_knows_which_rows_are_quoted() -> None:
    table = parse_table('a,b\n"c",d\ne, "f"\ng "h",i\n"two\nlines",j')
    assert [row.quoted for row in table.rows] == [False, True, True, False, True]
    assert table.dialect == CSV and str(table.dialect) == "Comma-separated."
    packed = parse_table('"a\tb')
    assert packed.rows == (Row(1, ('"a', "b"), False),) and packed.dialect == TSV
    assert str(packed.dialect) == "Tab-separated, without quotes."


def test_parse_table_reads_what_csv_writes() -> None:
    draw = random.Random(3)
    for _ in range(200):
        expected = [
            tuple("".join(draw.choices("ab ,\"\n;'é", k=draw.randrange(1, 8))).strip() or "x" for _ in range(3))
            for _ in range(draw.randrange(1, 6))
        ]
        stream = io.StringIO()
        csv.writer(stream, lineterminator=draw.choice(["\n", "\r\n"])).writerows(expected)
        table = parse_table(stream.getvalue(), "", Reading(delimiter="comma"))
        assert [row.cells for row in table.rows] == expected
        lines = stream.getvalue().split("\n")
        assert all(row.cells[0].split("\n")[0].replace('"', '""') in lines[row.line - 1] for row in table.rows)


def test_read_table_goes_by_the_rows_and_by_the_name_where_two_ways_are_as_good(tmp_path: Path) -> None:
    for name, content, cells in (
        ("a.csv", "a\tb,c", ("a\tb", "c")),
        ("a.tsv", "a,b", ("a", "b")),
        ("a.csv", "a\tb\nc\td", ("a", "b")),
        ("a.txt", "\na\tb,c", ("a", "b,c")),
        ("a", "a,b", ("a", "b")),
    ):
        (tmp_path / name).write_text(content, encoding="utf-8")
        assert read_table(tmp_path / name).rows[0].cells == cells, name
    (tmp_path / "b.csv.xz").write_bytes(lzma.compress(b"\xef\xbb\xbfa,b\r\n"))
    assert [row.cells for row in read_table(tmp_path / "b.csv.xz").rows] == [("a", "b")]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", None, "There is no file"),
        ("a.csv.xz", b"\xfd7zXZ\x00 broken", "cannot be unpacked"),
        ("a.csv", b'a,b\n\n"c\n,d', "a.csv, line 3: unexpected end of data. Check the quotes"),
        ("a.csv", b'a,b\n"c"d,e', "a.csv, line 2: ',' expected after '\"'"),
    ],
)
def test_read_table_says_what_is_wrong(tmp_path: Path, name: str, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(BadDataError, match=re.escape(message)):
        read_table(tmp_path / name)


def test_read_records_of_json_lines_and_tables(tmp_path: Path) -> None:
    fields = [{"a": "x", "b": 'y "z"'}, {"a": "1", "b": ""}]
    lined, table = tmp_path / "a.jsonl", tmp_path / "a.csv"
    lined.write_text("\n".join([json.dumps(fields[0]), "", json.dumps(fields[1])]), encoding="utf-8")
    table.write_text('a,b\nx,"y ""z"""\n\n1,\n', encoding="utf-8")
    assert read_records(lined) == [(1, fields[0]), (3, fields[1])]
    assert read_records(table) == [(2, fields[0]), (4, fields[1])]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", "{}\n[1]", "line 2: a JSON object is needed"),
        ("a.jsonl", "{}\n{", "line 2: not JSON"),
        ("a.jsonl", "\n", "is empty"),
        ("a.csv", "", "is empty"),
        ("a.csv", "a,b\n", "is empty"),
        ("a.tsv", "a\tb\nc\n", "line 2: 1 columns where the header has 2"),
    ],
)
def test_read_records_names_the_line(tmp_path: Path, name: str, content: str, message: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(BadDataError, match=message):
        read_records(tmp_path / name)


def test_lines_keep_their_ends_and_lose_the_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfone\r\ntwo")
    assert list(read_lines(path)) == ["one\r\n", "two"]
