"""Cases of CheckList (Ribeiro et al. 2020) for sentiment, as JSON lines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bert_demo.core.errors import BadDataError
from bert_demo.data.table import read_records
from bert_demo.data.text_files import line_of

NEGATIVE, NEUTRAL, POSITIVE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Case:
    """A case: its texts (the original first) and the expected label, or None."""

    test: str
    kind: str
    capability: str
    texts: tuple[str, ...]
    label: int | None


def read_checklist(path: Path) -> list[Case]:
    """Read JSON lines with test, type, capability, case (a text or several) and label. Raises BadDataError."""
    cases: list[Case] = []
    for number, row in read_records(path):
        texts = row.get("case")
        texts = [texts] if isinstance(texts, str) else texts
        named = isinstance(row.get("test"), str) and row.get("type") in ("MFT", "INV", "DIR")
        if not named or not isinstance(texts, list) or not texts or not all(isinstance(each, str) for each in texts):
            raise BadDataError(f"{line_of(path, number)}: test, type (MFT, INV or DIR) and case are needed.")
        label = row.get("label")
        if label not in (None, NEGATIVE, NEUTRAL, POSITIVE):
            raise BadDataError(f"{line_of(path, number)}: label must be 0, 1, 2 or null.")
        cases.append(Case(str(row["test"]), str(row["type"]), str(row.get("capability", "")), tuple(texts), label))
    return cases
