"""`train all` and `train cards`: make the bundled models, measure them, write their cards, put them into the demo."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bert_demo.errors import BadDataError
from bert_demo.training import classifier, mlm
from bert_demo.training.card import CARD, FIGURES, Card, Figures, Table
from bert_demo.training.loop import Report
from bert_demo.training.measure import MEASURES, STEREOTYPES
from bert_demo.training.publish import publish, sha256, weights_of
from bert_demo.training.recipes import BASE, ENCODER, RECIPES, Places, settings


def train_all(places: Places, only: Sequence[str], report: Report) -> None:
    """Make what is missing, measure it, write the cards. Raises BadDataError for an unknown name."""
    names = _chosen(only, tuple(RECIPES))
    for name in names:
        if weights_of(places.model(name)).is_file():
            report(f"{name}: is there already, in {places.model(name)}")
        else:
            report(f"{name}: {settings(RECIPES[name].task(places), RECIPES[name].schedule)}")
            make(name, places, report)
    for name in names:
        if name in MEASURES and not (places.model(name) / CARD).is_file():
            write_card(name, places, report)


def make(name: str, places: Places, report: Report) -> None:
    """Train one step and publish its weights."""
    recipe = RECIPES[name]
    task = recipe.task(places)
    if isinstance(task, mlm.MaskedLMTask):
        publish(*mlm.pretrain(task, recipe.schedule, report), places.model(name))
    else:
        publish(*classifier.finetune(task, recipe.schedule, report), places.model(name), BASE)


def write_cards(places: Places, only: Sequence[str], again: bool, report: Report) -> None:
    """Write README.md beside the weights; measure first where nothing was measured yet, and everywhere with `again`.

    Raises BadDataError for an unknown name or a model that is not there.
    """
    for name in _chosen(only, tuple(MEASURES)):
        if not weights_of(places.model(name)).is_file():
            raise BadDataError(f"There is no model {name} in {places.output / 'models'}. Run train all first.")
        if again or not (places.model(name) / FIGURES).is_file():
            write_card(name, places, report)
        else:
            card(name, places).write(places.model(name), Figures.load(places.model(name)))


def write_card(name: str, places: Places, report: Report) -> None:
    """Measure a finished model and write README.md and figures.json beside its weights."""
    report(f"{name}: measuring")
    figures = MEASURES[name](places.model(name), places.data, report)
    if name != "base":
        figures = replace(figures, tables=(*figures.tables, *_stereotypes(places.model("base"))))
    card(name, places).write(places.model(name), figures)


def card(name: str, places: Places) -> Card:
    """The card of a model without its figures."""
    recipe = RECIPES[name]
    task = recipe.task(places)
    start = places.encoder / "model.safetensors"
    facts = [
        ("Starts from", f"{ENCODER}, Apache-2.0, `model.safetensors` sha256 `{sha256(start)}`. {_SEEN}"),
        ("Learnt from", recipe.data),
    ]
    if isinstance(task, classifier.ClassifierTask):
        learnt, apart = classifier.amounts(task)
        digest = sha256(weights_of(places.model("base")))
        facts[1] = ("Learnt from", f"{recipe.data} {learnt:,} texts an epoch, {apart} more for the temperature.")
        facts.insert(
            1,
            (
                "Shares",
                f"the encoder of `base` (sha256 `{digest}`). Stored here: LoRA adapters (rank {task.rank}), the head.",
            ),
        )
    how = f"`python -m bert_demo train all`, step `{name}`: {settings(task, recipe.schedule)}. {recipe.note}"
    facts += [
        ("Made by", how.strip()),
        ("Weights", f"float16, sha256 `{sha256(weights_of(places.model(name)))}`; computed in float32."),
        ("Figures", "written by the same command (`train cards --again` measures again), never by hand."),
    ]
    return Card(name, "apache-2.0", ENCODER, recipe.about, recipe.limits, tuple(facts), recipe.code)


_SEEN = (
    "What that encoder had read before (its card names a billion sentence pairs, Wikipedia among them) is not known "
    "here text by text: `left out` below means left out of the training in this project."
)


def install(places: Places, target: Path) -> None:
    """Put the finished models in the place of those that the demo has. Raises BadDataError when one is missing."""
    missing = [name for name in MEASURES if not (places.model(name) / CARD).is_file()]
    if missing:
        raise BadDataError(f"These models are not finished: {', '.join(missing)}. Run train all first.")
    for name in MEASURES:
        shutil.rmtree(target / name, ignore_errors=True)
        shutil.copytree(places.model(name), target / name)


def _chosen(only: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    unknown = [name for name in only if name not in known]
    if unknown:
        raise BadDataError(f"There is no step {unknown[0]!r}. Choose among: {', '.join(known)}.")
    return tuple(name for name in known if not only or name in only)


def _stereotypes(base: Path) -> tuple[Table, ...]:
    """What was measured of the encoder that the adapters share."""
    if not (base / FIGURES).is_file():
        raise BadDataError("The card of a classifier needs the figures of base. Run train cards --only base first.")
    found = [table for table in Figures.load(base).tables if table.title == STEREOTYPES]
    shared = "Measured on `base`, whose encoder this model shares; the adapters were not measured so."
    return tuple(replace(table, intro=f"{shared} {table.intro}") for table in found)
