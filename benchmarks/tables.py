"""The generated tables of README.md and docs/: where each stands, and the version of the code that it was measured on.

A table that names no version, or an older one than the code's, is out of date: tests/unit/test_benchmarks.py says so
until its command is run again.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bert_demo import __version__

ROOT = Path(__file__).resolve().parent.parent
_MEASURED = re.compile(r"Measured with version (\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Block:
    """A place in a document that a command writes."""

    name: str
    command: str

    @property
    def begin(self) -> str:
        """The mark before it."""
        return f"<!-- {self.name}: made by `{self.command}`, never typed -->"

    @property
    def end(self) -> str:
        """The mark behind it."""
        return f"<!-- end of {self.name} -->"


APP = Block("figures", "make bench")
ATTRIBUTIONS = Block("attributions", "make bench")
HEADS = Block("heads", "make bench")
MASKED_LM = Block("guessing", "make bench")
BERTVIZ = Block("bertviz", "python -m benchmarks.peers.attention")
LOAD = Block("load", "make load")
QUESTION = Block("question", "python -m benchmarks.question --base CHECKOUT --readme")
CALL = Block("call", "python -m benchmarks.call --base CHECKOUT --readme")
TRIAL = Block("trial", "python -m benchmarks.loading --readme")
BESIDE = Block("beside", "python -m benchmarks.beside_training --readme")
TIMED = (APP, QUESTION, CALL, TRIAL, ATTRIBUTIONS, HEADS, MASKED_LM, BERTVIZ, LOAD, BESIDE)
"""Tables of times and sizes, which change with the code."""
AWAITING = {
    "bertviz": "version 0.2.0",
}
"""Tables whose commands were not run on the code of today, and what each is of; docs/figures.md says it, too."""
HEADER = ("what", "ours", "peer in the same run", "ratio")
CORPUS = Block("corpus", "python -m benchmarks.corpus")
STS = Block("sts", "python -m benchmarks.sts")


def documents(root: Path = ROOT) -> list[Path]:
    """Where tables may stand."""
    return [root / "README.md", *sorted((root / "docs").rglob("*.md"))]


def document_of(block: Block, root: Path = ROOT) -> Path:
    """The document with a block's marks. Raises LookupError where none, or more than one, has them."""
    found = [path for path in documents(root) if block.begin in path.read_text(encoding="utf-8")]
    if len(found) != 1:
        raise LookupError(f"{len(found)} documents have the mark {block.begin}; one should.")
    return found[0]


def written(block: Block, root: Path = ROOT) -> str:
    """What stands between a block's marks."""
    text = document_of(block, root).read_text(encoding="utf-8")
    return text.partition(block.begin)[2].partition(block.end)[0].strip()


def put(block: Block, content: str, root: Path = ROOT) -> None:
    """Put text between a block's marks."""
    path = document_of(block, root)
    before, _, rest = path.read_text(encoding="utf-8").partition(block.begin)
    path.write_text(f"{before}{block.begin}\n{content}\n{block.end}{rest.partition(block.end)[2]}", encoding="utf-8")


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, and below it what it was measured on."""
    lines = [header, ["---"] * len(header), *rows]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"{table}\n\n{measured_with()}"


def measured_with() -> str:
    """The sentence that names the version of the code and of torch, and the processors."""
    import torch

    return f"Measured with version {__version__}, torch {torch.__version__.partition('+')[0]}, {os.cpu_count()} CPUs."


def version_of(table: str) -> tuple[int, int] | None:
    """(major, minor) of the version that a table was measured with; None where it does not say."""
    found = _MEASURED.search(table)
    return (int(found[1]), int(found[2])) if found else None


def outdated(blocks: Sequence[Block] = TIMED, version: str = __version__, root: Path = ROOT) -> Iterator[str]:
    """A sentence for each table that was measured on an older minor version of the code, or does not say on which."""
    now = tuple(int(part) for part in version.split(".")[:2])
    for block in blocks:
        then = version_of(written(block, root))
        if then is None or then < now:
            said = f"with version {then[0]}.{then[1]}" if then else "with no version that it names"
            yield f"The table {block.name!r} was measured {said}; the code has {version}. Run: {block.command}"


def printed(rows: Iterable[Sequence[str]]) -> Iterator[Sequence[str]]:
    """Print each row as it comes."""
    for row in rows:
        print(" | ".join(row), flush=True)
        yield row
