"""`python -m bert_demo evaluate MODEL FILE`: any model on any file, as tables or, with --json, as figures."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, is_dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bert_demo.core.errors import BadDataError, MissingHeadError
from bert_demo.data.checklist import read_checklist
from bert_demo.data.cloze import read_relations
from bert_demo.data.labelled import read_labelled
from bert_demo.data.minimal_pairs import read_pairs
from bert_demo.data.questions import read_questions
from bert_demo.models.base import Model
from bert_demo.models.transformers_model import load, load_model
from bert_demo.registry.models import find, unlisted
from bert_demo.training.commands import other_rows, row_studies
from bert_demo.training.commands.reading import READING_OPTIONS, reading_of
from bert_demo.training.evaluation import answers, checklist, classification, cloze, pretraining, pseudo_likelihood
from bert_demo.training.publishing import tables
from bert_demo.training.publishing.card import Table

say = partial(print, flush=True)


def run(options: argparse.Namespace) -> None:
    """Measure and print. Raises BadDataError, ModelLoadError, MissingHeadError."""
    for name, least in (("rows", 1), ("sample", 2), ("every", 2), ("worst", 0)):
        value = getattr(options, name)
        if value is not None and value < least:
            raise BadDataError(f"--{name} must be at least {least}.")
    kind = "against" if options.against else options.kind or "labelled"
    for name, kinds in _OPTIONS.items():
        if getattr(options, name) and kind not in kinds:
            raise BadDataError(f"--{name.replace('_', '-')} means nothing for this kind of question; leave it out.")
    path = Path(options.file)
    if not path.is_file():
        raise BadDataError(f"There is no file {path}.")
    if kind in _BY_SERVICE or options.save:
        _on_rows(kind, options, path)
        return
    card = find(options.model) or unlisted(options.model)
    if kind == "answers":
        answerer = load(card)
        revision = answerer.info.revision
        result, shown = _answers(answerer, path, options)
    else:
        _, tokenizer, model, revision = load_model(card)
        _check_head(model, options.model, kind)
        result, shown = _KINDS[kind](model, tokenizer, path, options)
    if options.json:
        record = {"model": options.model, "revision": revision, "file": path.name, "kind": kind, **_plain(result)}
        say(json.dumps(record, ensure_ascii=False))
        return
    say(f"{options.model} ({revision}) on {path.name}\n")
    say("\n\n".join(each if isinstance(each, str) else tables.plain(each) for each in shown))


def _on_rows(kind: str, options: argparse.Namespace, path: Path) -> None:
    """What the page says of rows, by the same calls."""
    if options.save:
        say(_SAVED[kind](options, path))
        return
    record, shown = _BY_SERVICE[kind](options, path)
    if options.json:
        say(json.dumps({"file": path.name, "kind": kind, **record}, ensure_ascii=False))
        return
    say("\n\n".join(each if isinstance(each, str) else tables.plain(each) for each in shown))


def _check_head(model: Any, name: str, kind: str) -> None:
    architecture = type(model).__name__
    classifier = architecture.endswith("ForSequenceClassification")
    masked = architecture.endswith(("ForMaskedLM", "ForPreTraining"))
    if kind in ("labelled", "checklist"):
        if not classifier:
            raise MissingHeadError(f"The model {name} is no classifier. Measure it with --mlm, --pairs or --facts.")
    elif not masked and kind != "next_sentence":
        raise MissingHeadError(f"The model {name} has no masked-language-model head. Choose one such as base.")
    elif classifier:
        raise MissingHeadError(f"The model {name} has no next-sentence head. Choose a model saved with that head.")


def _labelled(model: Any, tokenizer: Any, path: Path, options: argparse.Namespace) -> tuple[Any, list[Table | str]]:
    if model.config.problem_type == "multi_label_classification":
        return row_studies.several(options, path)
    labels = [str(model.config.id2label[index]) for index in range(model.config.num_labels)]
    data = read_labelled(path, labels, reading_of(options), options.rows)
    if len(set(data.labels)) < 2:
        part = f"The first {options.rows} rows of {path} hold" if options.rows else f"{path} holds"
        raise BadDataError(f"{part} one class only ({labels[data.labels[0]]}); precision and recall need at least two.")
    scores = classification.probabilities(model, tokenizer, data.texts, data.lines, data.pairs)
    found = classification.report(
        scores, data.labels, labels, data.texts, worst=10 if options.worst is None else options.worst
    )
    return found, [
        str(data.understood),
        tables.figures_table(tables.classifier_rows(found, path.name), "Figures"),
        tables.label_table(found, path.name),
        tables.confusion_table(found, path.name),
        tables.calibration_table(found, path.name),
        tables.mistake_table(found, path.name),
        tables.INTERVALS,
    ]


def _masked(model: Any, tokenizer: Any, path: Path, options: argparse.Namespace) -> tuple[Any, list[Table | str]]:
    text = pretraining.held_out(path, tokenizer, options.every)
    found = pretraining.evaluate_masked(model, tokenizer, text, options.rows or pretraining.MOST_PIECES)
    return found, [tables.figures_table(tables.masked_rows(found, path.name), "Figures"), tables.INTERVALS]


def _next_sentence(
    model: Any, tokenizer: Any, path: Path, options: argparse.Namespace
) -> tuple[Any, list[Table | str]]:
    text = pretraining.held_out(path, tokenizer, options.every)
    found = pretraining.evaluate_next_sentence(model, tokenizer, text, options.rows or pretraining.MOST_PAIRS)
    return found, [tables.figures_table(tables.next_sentence_rows(found, path.name), "Figures"), tables.INTERVALS]


def _pairs(model: Any, tokenizer: Any, path: Path, options: argparse.Namespace) -> tuple[Any, list[Table | str]]:
    found = pseudo_likelihood.evaluate_pairs(model, tokenizer, read_pairs(path, options.rows))
    row = tables.pairs_row(found, "first sentence preferred, pseudo-log-likelihood", path.name)
    return found, [tables.figures_table([row], "Figures"), tables.group_table(found, "Groups", ""), tables.INTERVALS]


def _stereotypes(model: Any, tokenizer: Any, path: Path, options: argparse.Namespace) -> tuple[Any, list[Table | str]]:
    found = pseudo_likelihood.evaluate_stereotypes(model, tokenizer, read_pairs(path, options.rows))
    row = tables.pairs_row(found, "stereotype preferred (50 %: no preference)", path.name)
    return found, [tables.figures_table([row], "Figures"), tables.group_table(found, "Groups", ""), tables.INTERVALS]


def _facts(model: Any, tokenizer: Any, path: Path, options: argparse.Namespace) -> tuple[Any, list[Table | str]]:
    found = cloze.evaluate_facts(model, tokenizer, read_relations(path))
    skipped = (
        f"{found.skipped} facts were left out: their answer is not one token of this model." if found.skipped else ""
    )
    shown = [tables.figures_table(tables.facts_rows(found, path.name), "Figures"), tables.facts_table(found)]
    return found, [*shown, f"{tables.INTERVALS} {skipped}".strip()]


def _checklist(model: Any, tokenizer: Any, path: Path, options: argparse.Namespace) -> tuple[Any, list[Table | str]]:
    found = checklist.evaluate_checklist(model, tokenizer, read_checklist(path))
    table = tables.checklist_table(found)
    return {"tests": found}, [table, table.intro]


def _answers(model: Model, path: Path, options: argparse.Namespace) -> tuple[Any, list[Table | str]]:
    found = answers.evaluate(model, read_questions(path, options.rows))
    worst = 10 if options.worst is None else options.worst
    mistakes = tables.answer_mistake_table(found, path.name, worst)
    shown = [tables.figures_table(tables.answer_rows(found, path.name), "Figures"), mistakes]
    return replace(found, mistakes=found.mistakes[:worst]), [*shown, tables.INTERVALS]


_BY_SERVICE = {**row_studies.KINDS, **other_rows.KINDS}
"""Kinds that are calls of the service, as on the page."""
_SAVED = {
    "labelled": row_studies.save,
    "regression": other_rows.save_regression,
    "entities": other_rows.save_entities,
    "answers": other_rows.save_answers,
}
_ON_ROWS = ("labelled", *row_studies.KINDS)
_ON_TABLES = (*_ON_ROWS, "regression")
_OPTIONS = {
    "text_column": _ON_TABLES,
    "label_column": _ON_TABLES,
    **dict.fromkeys(READING_OPTIONS, _ON_TABLES),
    "map": _ON_ROWS,
    "worst": ("labelled", "answers", "regression", "entities"),
    "every": ("mlm", "next_sentence"),
    "save": tuple(_SAVED),
    "target": ("words",),
    "sample": ("words",),
    "states": ("label_issues",),
    "second_file": ("label_issues",),
    "rows": (*_ON_TABLES, "entities", "mlm", "next_sentence", "pairs", "stereotypes", "answers"),
}
"""The options that only some kinds of questions know."""
_Kind = Callable[[Any, Any, Path, argparse.Namespace], tuple[Any, list[Table | str]]]
_KINDS: dict[str, _Kind] = {
    "labelled": _labelled,
    "mlm": _masked,
    "next_sentence": _next_sentence,
    "pairs": _pairs,
    "stereotypes": _stereotypes,
    "facts": _facts,
    "checklist": _checklist,
}


def _plain(value: Any) -> Any:
    """Results as JSON holds them."""
    if is_dataclass(value) and not isinstance(value, type):
        return {name: _plain(each) for name, each in asdict(value).items()}
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, np.ndarray):
        return value.tolist()
    return value
