"""`python -m bert_demo heads MODEL FILE...`: which head finds which relation, as a table, JSON or assets/heads.json."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bert_demo.backends.hub import load_model
from bert_demo.catalogue import find, unlisted
from bert_demo.errors import BadDataError
from bert_demo.known_heads.tables import describe
from bert_demo.results import FROM_HEAD, TO_HEAD
from bert_demo.training.card import Table
from bert_demo.training.dependencies import ALL, OFFSETS, Evidence, Sentence, gather, read_conllu
from bert_demo.training.evaluation.interval import RESAMPLES
from bert_demo.training.publish import sha256, weights_of
from bert_demo.training.tables import plain

say = partial(print, flush=True)
LEAST = 50
"""A relation is reported when it occurs so often."""


@dataclass(frozen=True, slots=True)
class Found:
    """The best head of a relation and the best offset, chosen on other sentences than those of the figures.

    low, high: 95 % bootstrap interval of the accuracy over sentences; gain_low, gain_high: of accuracy - baseline.
    """

    relation: str
    layer: int
    head: int
    direction: str
    accuracy: float
    low: float
    high: float
    offset: int
    baseline: float
    gain_low: float
    gain_high: float
    occurrences: int


def best_heads(chosen_on: Evidence, reported_on: Evidence, least: int = LEAST) -> list[Found]:
    """For each relation that occurs `least` times in what is reported on, all together first, then by frequency.

    Head, direction and offset are the best in `chosen_on`, so that the figures do not gain by the choice among them.
    """
    names, counts = np.unique(reported_on.relations, return_counts=True)
    ranked = sorted(zip(counts.tolist(), names.tolist(), strict=True), key=lambda each: (-each[0], each[1]))
    relations = [ALL, *(name for count, name in ranked if count >= least and chosen_on.of(name).any())]
    return [_found(relation, chosen_on, reported_on) for relation in relations]


def _found(relation: str, chosen_on: Evidence, reported_on: Evidence) -> Found:
    rows = chosen_on.of(relation)
    shares = chosen_on.heads[rows].mean(0)
    way, layer, head = (int(place) for place in np.unravel_index(int(shares.argmax()), shares.shape))
    offset = int(chosen_on.offsets[rows].mean(0).argmax())
    rows = reported_on.of(relation)
    by_head = reported_on.heads[rows, way, layer, head].astype(float)
    by_offset = reported_on.offsets[rows, offset].astype(float)
    drawn = _resampled(reported_on.sentence[rows], np.stack([by_head, by_head - by_offset], 1))
    (low, gain_low), (high, gain_high) = np.percentile(drawn, [2.5, 97.5], axis=0).round(4).tolist()
    return Found(
        relation,
        layer,
        head,
        (TO_HEAD, FROM_HEAD)[way],
        round(float(by_head.mean()), 4),
        low,
        high,
        OFFSETS[offset],
        round(float(by_offset.mean()), 4),
        gain_low,
        gain_high,
        len(by_head),
    )


def _resampled(sentence: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(RESAMPLES, k) means of (arcs, k) values when the sentences that hold them are drawn anew."""
    _, place = np.unique(sentence, return_inverse=True)
    sums = np.stack([np.bincount(place, column) for column in values.T], 1)
    sizes = np.bincount(place)
    drawn = np.random.default_rng(0).multinomial(len(sizes), np.full(len(sizes), 1 / len(sizes)), RESAMPLES)
    means: np.ndarray = drawn @ sums / (drawn @ sizes)[:, None]
    return means


def run(options: argparse.Namespace) -> None:
    """Measure, print, and write the file when one is named. Raises BadDataError, ModelLoadError."""
    if options.sentences < 1 or options.least < 1:
        raise BadDataError("--sentences and --least must be at least 1.")
    parts = [(Path(file).name.removesuffix(".xz"), read_conllu(Path(file))) for file in options.files]
    choose, report, names = _split(parts, options.sentences)
    card = find(options.model) or unlisted(options.model)
    _, tokenizer, model, revision = load_model(card)
    chosen_on, reported_on = (gather(model, tokenizer, each, _progress) for each in (choose, report))
    found = best_heads(chosen_on, reported_on, options.least)
    how = (
        f"measured on {names[1]} ({reported_on.sentences:,} sentences with relations), head and offset chosen on "
        f"{names[0]} ({chosen_on.sentences:,})"
    )
    where = Path(card.source)
    record = {
        "model": options.model,
        "revision": revision,
        "weights": sha256(weights_of(where)) if where.is_dir() else "unknown",
        "source": how,
        "sentences": reported_on.sentences,
        "skipped": reported_on.skipped,
        "rows": [asdict(each) for each in found],
    }
    if options.output:
        keep(Path(options.output), options.model, record)
    if options.json:
        say(json.dumps(record, ensure_ascii=False))
        return
    table = _table(f"{options.model} ({revision})", found, how, reported_on)
    say(f"{plain(table)}\n\n{table.intro}")


def _split(
    parts: Sequence[tuple[str, list[Sentence]]], most: int
) -> tuple[list[Sentence], list[Sentence], tuple[str, str]]:
    """What is chosen on, what is reported on, and the names of both."""
    name, report = parts[-1]
    if len(parts) > 1:
        others = [sentence for _, sentences in parts[:-1] for sentence in sentences]
        choose = others[:: max(1, len(others) // most)][:most]
        return choose, report, (" and ".join(name for name, _ in parts[:-1]), name)
    if len(report) < 2:
        raise BadDataError(f"{name} holds one sentence; two are needed, one to choose heads on and one to report on.")
    return report[1::2][:most], report[::2], (f"every other sentence of {name}", f"the rest of {name}")


def _progress(done: int, planned: int) -> None:
    if done == planned or done // 512 > (done - 32) // 512:
        print(f"{done} of {planned} sentences read", file=sys.stderr, flush=True)


def _table(model: str, found: Sequence[Found], how: str, evidence: Evidence) -> Table:
    rows = []
    for each in found:
        dependent, governor = describe(each.relation)
        rows.append(
            (
                each.relation,
                f"{dependent}, its {governor}",
                f"{each.layer}-{each.head}",
                f"{each.layer + 1}-{each.head + 1}",
                each.direction,
                f"{each.accuracy:.1%} ({each.low:.1%} to {each.high:.1%})",
                f"{each.baseline:.1%} ({each.offset:+d})",
                str(each.occurrences),
            )
        )
    head = ("relation", "words", "head (from 0)", "from 1", "read", "accuracy", "fixed offset", "occurrences")
    skipped = f" {evidence.skipped} sentences could not be read." if evidence.skipped else ""
    return Table(f"Known heads of {model}", f"{how}. Intervals: 95 %, over sentences.{skipped}", head, tuple(rows))


def keep(path: Path, model: str, record: dict[str, Any]) -> None:
    """Put one model's table into a file of tables; those of other models stay. Raises BadDataError."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        if not isinstance(kept, dict):
            raise ValueError("not an object")
        kept[model] = record
        path.write_text(_text(kept), encoding="utf-8")
    except (OSError, ValueError) as error:
        raise BadDataError(f"{path} cannot hold the table ({error}). Name a file that the command wrote.") from error


def _text(kept: dict[str, Any]) -> str:
    """JSON with a line for each row."""
    models = []
    for name, record in sorted(kept.items()):
        rows = ",\n".join(f"   {json.dumps(row)}" for row in record["rows"])
        facts = json.dumps({key: value for key, value in record.items() if key != "rows"}, ensure_ascii=False)
        models.append(f' {json.dumps(name)}: {facts[:-1]},\n  "rows": [\n{rows}\n  ]}}')
    return "{\n" + ",\n".join(models) + "\n}\n"
