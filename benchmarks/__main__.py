"""python -m benchmarks: print every figure, and with --readme write them between the marks of README.md."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from benchmarks import attributions, lenses, memory, page, start

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- figures: made by `make bench`, never typed -->", "<!-- end of figures -->"
BEGIN_ATTRIBUTIONS = "<!-- attributions: made by `make bench`, never typed -->"
END_ATTRIBUTIONS = "<!-- end of attributions -->"
Row = tuple[str, str, str, str]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--readme", action="store_true", help="write the tables into README.md")
    parser.add_argument("--data", type=Path, help="GLUE's SST-2 dev.tsv, for the sentences of the attributions")
    parser.add_argument("--only", choices=("attributions", "others"), help="one of the two tables")
    options = parser.parse_args()
    if options.only != "attributions":
        rows = _printed(row for part in (start, lenses, page, memory) for row in part.measure())
        _write(rows, BEGIN, END, options.readme)
    if options.only != "others":
        _write(_printed(attributions.measure(options.data)), BEGIN_ATTRIBUTIONS, END_ATTRIBUTIONS, options.readme)


def _printed(rows: Iterable[Row]) -> Iterator[Row]:
    for row in rows:
        print(" | ".join(row), flush=True)
        yield row


def _write(rows: Iterable[Row], begin: str, end: str, keep: bool) -> None:
    lines: Sequence[str] = ["| what | ours | peer in the same run | ratio |", "| --- | --- | --- | --- |"]
    lines = [*lines, *(f"| {' | '.join(row)} |" for row in rows)]
    if keep:
        readme = ROOT / "README.md"
        before, _, rest = readme.read_text(encoding="utf-8").partition(begin)
        readme.write_text(
            f"{before}{begin}\n" + "\n".join(lines) + f"\n{end}{rest.partition(end)[2]}", encoding="utf-8"
        )


if __name__ == "__main__":
    main()
