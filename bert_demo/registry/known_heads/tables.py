"""The shipped tables of known heads, and those that Clark et al. published."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from bert_demo.core.settings import ASSETS
from bert_demo.results import FROM_HEAD, TO_HEAD, HeadTable, KnownHead

KEPT = ASSETS / "heads.json"
"""Written by `python -m bert_demo heads MODEL FILE... --output assets/heads.json`, never by hand."""

NAMES: Mapping[str, tuple[str, str]] = {
    "all": ("word", "syntactic head (all relations together)"),
    "acl": ("clause at a noun", "noun"),
    "acl:relcl": ("relative clause", "noun"),
    "advcl": ("adverbial clause", "verb"),
    "advmod": ("adverb", "modified word"),
    "amod": ("adjective", "noun"),
    "appos": ("noun in apposition", "first noun"),
    "aux": ("auxiliary", "verb"),
    "aux:pass": ("passive auxiliary", "verb"),
    "case": ("preposition or 's", "noun"),
    "cc": ("conjunction (and, or)", "joined word"),
    "ccomp": ("clause as an object", "verb"),
    "compound": ("first part of a compound", "main noun"),
    "compound:prt": ("verb particle", "verb"),
    "conj": ("word joined by and, or", "first word of the series"),
    "cop": ("form of be before a predicate", "predicate"),
    "csubj": ("clause as a subject", "predicate"),
    "det": ("determiner", "noun"),
    "discourse": ("interjection", "predicate"),
    "expl": ("empty it or there", "verb"),
    "fixed": ("later word of a fixed phrase", "first word"),
    "flat": ("later part of a name", "first part"),
    "iobj": ("indirect object", "verb"),
    "list": ("item of a list", "first item"),
    "mark": ("marker (to, that, if)", "verb of the clause"),
    "nmod": ("noun that modifies a noun", "modified noun"),
    "nmod:desc": ("descriptive noun", "modified noun"),
    "nmod:poss": ("possessor", "thing possessed"),
    "nmod:unmarked": ("bare noun that modifies a noun", "modified noun"),
    "nsubj": ("subject", "predicate"),
    "nsubj:outer": ("subject of a whole clause", "predicate"),
    "nsubj:pass": ("subject of a passive", "verb"),
    "nummod": ("number", "noun"),
    "obj": ("direct object", "verb"),
    "obl": ("noun that modifies a verb", "verb"),
    "obl:agent": ("agent of a passive", "verb"),
    "obl:unmarked": ("bare noun that modifies a verb", "verb"),
    "parataxis": ("remark set beside", "main word"),
    "vocative": ("person addressed", "predicate"),
    "xcomp": ("clause without a subject of its own", "verb"),
    "dobj": ("direct object", "verb"),
    "auxpass": ("passive auxiliary", "verb"),
    "poss": ("possessor", "thing possessed"),
    "pobj": ("object of a preposition", "preposition"),
    "prt": ("verb particle", "verb"),
}
"""Plain names of both words of a relation: Universal Dependencies, and the older Stanford Dependencies of the paper."""

BERT_BASE = ("google-bert/bert-base-uncased", "bert-base-uncased")
PUBLISHED_SOURCE = "published (Clark et al. 2019, on the Penn Treebank with Stanford Dependencies)"
_PUBLISHED = (
    ("det", (8, 11), TO_HEAD, 94.3, 1, 51.7),
    ("dobj", (8, 10), TO_HEAD, 86.8, -2, 40.0),
    ("auxpass", (4, 10), TO_HEAD, 82.5, 1, 40.5),
    ("poss", (7, 6), TO_HEAD, 80.5, 1, 47.7),
    ("pobj", (9, 6), FROM_HEAD, 76.3, -2, 34.6),
    ("prt", (6, 7), TO_HEAD, 99.1, -1, 91.4),
)
"""Table 1 of the paper: relation, layer and head from 1, direction, accuracy and baseline in per cent."""

UNIVERSAL = {"dobj": "obj", "auxpass": "aux:pass", "poss": "nmod:poss", "pobj": "case", "prt": "compound:prt"}
"""Stanford relations in Universal Dependencies; of pobj the two words have changed places."""
REVERSED = ("pobj",)


def describe(relation: str) -> tuple[str, str]:
    """What the two words of a relation are: the dependent and its head; the code itself where it has no plain name."""
    return NAMES.get(relation) or NAMES.get(relation.partition(":")[0]) or (f"word ({relation})", "head")


def table_of(model: str, path: Path = KEPT) -> HeadTable | None:
    """The known heads of a model: measured, with the published ones beside them if it is the paper's; else published;
    else None."""
    paper = published(model) if model.partition("@")[0] in BERT_BASE else None
    kept = _read(path).get(model)
    if kept is None or not kept["rows"]:
        return paper
    return HeadTable(model, kept["source"], False, tuple(_row(row) for row in kept["rows"]), paper)


def published(model: str = BERT_BASE[0]) -> HeadTable:
    """The paper's figures for BERT-base-uncased, layers and heads counted from 0 here."""
    rows = tuple(
        KnownHead(
            relation,
            *describe(relation),
            layer - 1,
            head - 1,
            way,
            share / 100,
            None,
            None,
            offset,
            base / 100,
            None,
            UNIVERSAL.get(relation, relation),
            relation in REVERSED,
        )
        for relation, (layer, head), way, share, offset, base in _PUBLISHED
    )
    return HeadTable(model, PUBLISHED_SOURCE, True, rows)


def _row(row: Mapping[str, Any]) -> KnownHead:
    return KnownHead(
        row["relation"],
        *describe(row["relation"]),
        *(row[name] for name in ("layer", "head", "direction", "accuracy", "low", "high")),
        *(row[name] for name in ("offset", "baseline", "occurrences")),
    )


@cache
def _read(path: Path) -> Mapping[str, Any]:
    """The file as it is when first asked for: a server reads it once."""
    kept: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return kept
