"""python -m benchmarks: print every figure, and with --readme write them between the marks of README.md."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks import attributions, lenses, memory, page, start

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- figures: made by `make bench`, never typed -->", "<!-- end of figures -->"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--readme", action="store_true", help="write the table into README.md")
    options = parser.parse_args()
    rows: list[tuple[str, str, str, str]] = []
    for part in (start, lenses, attributions, page, memory):
        for row in part.measure():
            rows.append(row)
            print(" | ".join(row), flush=True)
    lines = ["| what | ours | peer in the same run | ratio |", "| --- | --- | --- | --- |"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    if options.readme:
        readme = ROOT / "README.md"
        before, _, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
        after = rest.partition(END)[2]
        readme.write_text(f"{before}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
