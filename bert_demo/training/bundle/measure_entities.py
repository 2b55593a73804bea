"""The measurements behind the card of `entities`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bert_demo.data.tagged import hold_out_documents, read_tagged, renamed
from bert_demo.models.transformers_model import load
from bert_demo.registry.models import unlisted
from bert_demo.training.bundle.measure import LONGEST_SHOWN
from bert_demo.training.evaluation import entities
from bert_demo.training.finetuning.tokens import HOLD_OUT_EVERY
from bert_demo.training.loop import Report
from bert_demo.training.publishing import tables
from bert_demo.training.publishing.card import Figures, Table
from bert_demo.training.recipes.entities import NAMES

MISTAKES = 5


def measure_entities(directory: Path, data: Path, report: Report) -> Figures:
    """The documents of UNER that were left out, and WNUT's dev part, which is of another kind of text."""
    model = load(unlisted(str(directory)))
    names = dict(each.split("=") for each in NAMES)
    left_out = hold_out_documents(renamed(read_tagged(data / "ner" / "uner_ewt_dev.iob2.xz"), names), HOLD_OUT_EVERY)[1]
    others = renamed(read_tagged(data / "ner" / "wnut17_dev.conll.xz"), names)
    rows: list[tables.Row] = []
    values: dict[str, float] = {}
    details: list[Table] = []
    for where, sentences in ((f"UNER EWT, every {HOLD_OUT_EVERY}th document", left_out), ("WNUT17 dev", others)):
        found = entities.evaluate(model, sentences)
        report(f"{where}: F1 {found.together.f1.number()}")
        rows += tables.entity_rows(found, where)
        values[f"f1, {where}"] = tables.interval_value(found.together.f1)
        short = replace(found, mistakes=tuple(each for each in found.mistakes if len(each.text) <= LONGEST_SHOWN))
        details += [
            tables.entity_mistake_table(short, where, MISTAKES),
            tables.entity_type_table(found, where),
            tables.outcome_table(found, where),
        ]
    return Figures((tables.figures_table(rows), *details), values)
