"""python -m benchmarks: print every figure, and with --readme write them between the marks of README.md."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from benchmarks import attributions, guessing, heads, lenses, memory, page, start
from benchmarks.running import put_into_readme

BEGIN, END = "<!-- figures: made by `make bench`, never typed -->", "<!-- end of figures -->"
BEGIN_ATTRIBUTIONS = "<!-- attributions: made by `make bench`, never typed -->"
END_ATTRIBUTIONS = "<!-- end of attributions -->"
BEGIN_HEADS, END_HEADS = "<!-- heads: made by `make bench`, never typed -->", "<!-- end of heads -->"
BEGIN_GUESSING, END_GUESSING = "<!-- guessing: made by `make bench`, never typed -->", "<!-- end of guessing -->"
Row = tuple[str, str, str, str]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--readme", action="store_true", help="write the tables into README.md")
    parser.add_argument("--data", type=Path, help="GLUE's SST-2 dev.tsv, for the sentences of the attributions")
    parser.add_argument("--only", choices=("attributions", "heads", "guessing", "others"), help="one of the tables")
    options = parser.parse_args()
    if options.only in (None, "others"):
        rows = printed(row for part in (start, lenses, page, memory) for row in part.measure())
        write(rows, BEGIN, END, options.readme)
    if options.only in (None, "attributions"):
        write(printed(attributions.measure(options.data)), BEGIN_ATTRIBUTIONS, END_ATTRIBUTIONS, options.readme)
    if options.only in (None, "heads"):
        write(printed(heads.measure()), BEGIN_HEADS, END_HEADS, options.readme)
    if options.only in (None, "guessing"):
        write(printed(guessing.measure()), BEGIN_GUESSING, END_GUESSING, options.readme)


def printed(rows: Iterable[Row]) -> Iterator[Row]:
    """Say each row as it comes."""
    for row in rows:
        print(" | ".join(row), flush=True)
        yield row


def write(rows: Iterable[Row], begin: str, end: str, keep: bool) -> None:
    """Put a table between two marks of README.md, if it is to be kept."""
    lines: Sequence[str] = ["| what | ours | peer in the same run | ratio |", "| --- | --- | --- | --- |"]
    lines = [*lines, *(f"| {' | '.join(row)} |" for row in rows)]
    if keep:
        put_into_readme("\n".join(lines), begin, end)


if __name__ == "__main__":
    main()
