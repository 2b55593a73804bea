"""python -m benchmarks: print every figure, and with --readme write them between the marks of README.md or docs/."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import attributions, head_ablations, lenses, masked_lm, memory, page, start
from benchmarks.tables import APP, ATTRIBUTIONS, HEADER, HEADS, MASKED_LM, Block, markdown, printed, put

Row = tuple[str, str, str, str]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--readme", action="store_true", help="write the tables between their marks")
    parser.add_argument("--data", type=Path, help="GLUE's SST-2 dev.tsv, for the sentences of the attributions")
    parser.add_argument("--only", choices=("app", "attributions", "heads", "masked-lm"), help="one of the tables")
    options = parser.parse_args()
    parts: dict[str, tuple[Block, Callable[[], Iterator[Row]]]] = {
        "app": (APP, app),
        "attributions": (ATTRIBUTIONS, lambda: attributions.measure(options.data)),
        "heads": (HEADS, head_ablations.measure),
        "masked-lm": (MASKED_LM, masked_lm.measure),
    }
    for name, (block, measure) in parts.items():
        if options.only in (None, name):
            table = markdown(HEADER, list(printed(measure())))
            if options.readme:
                put(block, table)


def app() -> Iterator[Row]:
    """The rows of the app as a whole: start, lenses, page, memory."""
    for part in (start, lenses, page, memory):
        yield from part.measure()


if __name__ == "__main__":
    main()
