"""Pairs of sentences of which a model should prefer the first: BLiMP (JSON lines) and CrowS-Pairs (CSV)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bert_demo.core.errors import BadDataError
from bert_demo.data.table import read_records
from bert_demo.data.text_files import line_of


@dataclass(frozen=True, slots=True)
class Pair:
    """Two sentences of which the model should prefer the first; group: such as the paradigm of BLiMP."""

    good: str
    bad: str
    group: str


def read_pairs(path: Path, each: int | None = None) -> list[Pair]:
    """Read JSON lines with `sentence_good` and `sentence_bad` (BLiMP), or a CSV/TSV with such columns or CrowS-Pairs'.

    each: at most so many pairs of a group, the first ones. Raises BadDataError, naming the row.
    """
    pairs: list[Pair] = []
    seen: dict[str, int] = {}
    for number, row in read_records(path):
        good = str(row.get("sentence_good") or row.get("sent_more") or "").strip()
        bad = str(row.get("sentence_bad") or row.get("sent_less") or "").strip()
        if not good or not bad:
            raise BadDataError(f"{line_of(path, number)}: sentence_good and sentence_bad are needed, both with text.")
        group = str(row.get("UID") or row.get("paradigm") or row.get("bias_type") or row.get("group") or "pairs")
        seen[group] = seen.get(group, 0) + 1
        if each is None or seen[group] <= each:
            pairs.append(Pair(good, bad, group))
    return pairs
