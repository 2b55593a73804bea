"""`python -m bert_demo heads MODEL FILE...`: which head finds which relation, as a table, JSON or assets/heads.json."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from bert_demo.core.errors import BadDataError
from bert_demo.data.conllu import Sentence, read_conllu
from bert_demo.models.transformers_model import load_model
from bert_demo.registry.known_heads.tables import describe
from bert_demo.registry.models import find, unlisted
from bert_demo.training.evaluation.dependencies import Evidence, gather
from bert_demo.training.evaluation.known_heads import BestHead, best_heads
from bert_demo.training.publishing.card import Table
from bert_demo.training.publishing.tables import plain
from bert_demo.training.publishing.weights import sha256, weights_of

say = partial(print, flush=True)


def run(options: argparse.Namespace) -> None:
    """Measure, print, and write the file when one is named. Raises BadDataError, ModelLoadError."""
    if options.sentences < 1 or options.least < 1:
        raise BadDataError("--sentences and --least must be at least 1.")
    parts = [(Path(file).name.removesuffix(".xz"), read_conllu(Path(file))) for file in options.files]
    choose, report, names = _split(parts, options.sentences)
    card = find(options.model) or unlisted(options.model)
    _, tokenizer, model, revision = load_model(card)
    chosen_on, reported_on = (gather(model, tokenizer, each, _print_progress) for each in (choose, report))
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
        store(Path(options.output), options.model, record)
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


def _print_progress(done: int, planned: int) -> None:
    if done == planned or done // 512 > (done - 32) // 512:
        print(f"{done} of {planned} sentences read", file=sys.stderr, flush=True)


def _table(model: str, found: Sequence[BestHead], how: str, evidence: Evidence) -> Table:
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


def store(path: Path, model: str, record: dict[str, Any]) -> None:
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
