"""`python -m bert_demo shrink MODEL --way ... --output DIR`: a smaller model, and what it loses and gains."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from bert_demo.api.serialise import serialise
from bert_demo.core.errors import BadDataError
from bert_demo.core.settings import Settings
from bert_demo.data.labelled import read_labelled_file
from bert_demo.registry.names import card_of
from bert_demo.results.smaller import SmallerModel
from bert_demo.training.commands.reading import reading_of
from bert_demo.training.publishing.tables import plain
from bert_demo.training.smaller.card import figures_table, flips_table
from bert_demo.training.smaller.draft import Draft, draft_of
from bert_demo.training.smaller.make import make
from bert_demo.training.smaller.ways import Rows, parsed

LISTED = 10
"""Rows whose answer changed that are printed; --json gives all."""


def run(options: argparse.Namespace) -> None:
    """Make it, and print the figures. Raises BadDataError, ChoiceError, ModelError."""
    output = Path(options.output)
    if output.exists():
        raise BadDataError(f"There is a {str(output)[:80]} already. Name another directory with --output.")
    ways = parsed(options.way, bool(options.rows), bool(options.learn))
    settings = Settings.from_environment()
    card = card_of(options.model, settings.models)
    draft = draft_of(card)
    rows, learn = (
        _rows(options, draft, settings.max_characters, file) if file else None for file in (options.rows, options.learn)
    )
    found = make(card, draft, ways, rows, output, _print_progress, learn)
    print(json.dumps(serialise(found), ensure_ascii=False) if options.json else report(found, output))


def report(found: SmallerModel, output: Path) -> str:
    """The figures, and the rows whose answer changed, as a terminal shows them."""
    said = [f"{way}: {text}" for way, text in zip(found.ways, found.done, strict=True)]
    table = figures_table(found)
    parts = ["\n".join(said), plain(table), table.intro]
    if found.flipped:
        changed = flips_table(found, LISTED)
        parts += [plain(changed), *filter(None, [changed.intro])]
    return "\n\n".join([*parts, f"written to {output}"])


def _rows(options: argparse.Namespace, draft: Draft, characters: int, file: str) -> Rows:
    read = read_labelled_file(Path(file), draft.labels, reading_of(options), None, draft.several)
    print(read.understood, file=sys.stderr, flush=True)
    return Rows(read.rows, read.lines, characters)


def _print_progress(done: int, planned: int) -> None:
    if done:
        print(f"{done} of {planned} texts read", file=sys.stderr, flush=True)
