"""Facts as cloze questions: relations with patterns, as LAMA and ParaRel have them (JSON lines)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bert_demo.core.errors import BadDataError
from bert_demo.data.table import read_records
from bert_demo.data.text_files import line_of


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation: patterns with [X] and [Y], and facts (subject, object) whose object is one word."""

    name: str
    patterns: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]


def read_relations(path: Path) -> list[Relation]:
    """Read JSON lines with `relation`, `patterns` and `facts`. Raises BadDataError, naming the row."""
    found: list[Relation] = []
    for number, row in read_records(path):
        patterns, facts = row.get("patterns"), row.get("facts")
        if not isinstance(patterns, list) or not isinstance(facts, list) or not patterns or not facts:
            raise BadDataError(f"{line_of(path, number)}: relation, patterns and facts are needed.")
        for pattern in patterns:
            if "[X]" not in str(pattern) or str(pattern).count("[Y]") != 1:
                raise BadDataError(f"{line_of(path, number)}: each pattern needs [X] and one [Y].")
        for fact in facts:
            if not isinstance(fact, list) or len(fact) != 2 or not all(isinstance(each, str) and each for each in fact):
                raise BadDataError(f"{line_of(path, number)}: each fact is a list of two texts, subject and object.")
        pairs = tuple((fact[0], fact[1]) for fact in facts)
        found.append(Relation(str(row.get("relation", number)), tuple(map(str, patterns)), pairs))
    return found
