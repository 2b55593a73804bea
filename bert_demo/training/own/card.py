"""The card of a model that a visitor made: counts of its rows, its figures, its recipe, and code that loads it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from bert_demo.core.training_place import OWN
from bert_demo.registry.models import find
from bert_demo.registry.training_ways import BY_NAME, KINDS, TEXT
from bert_demo.results.training import TrainingJob, TrainingPlan
from bert_demo.training.own.task import Task
from bert_demo.training.publishing.card import Card, Figures, Table

EXAMPLE = "A text of yours."
_WHOLE = """
# in the folder of this card
from transformers import pipeline

print(pipeline("text-classification", model=".")("{example}"))
"""
_MASKED = """
# in the folder of this card
from transformers import pipeline

fill = pipeline("fill-mask", model=".")
print(fill(f"A text with a {{fill.tokenizer.mask_token}} in it."))
"""
_ADAPTER = """
# the adapter alone, on the model that it was trained on
from peft import PeftModel
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

START = "{start}"  # where that model lies
config = AutoConfig.from_pretrained(".")  # it has the labels, which the adapter has not
start = AutoModelForSequenceClassification.from_pretrained(START, config=config, ignore_mismatched_sizes=True)
model = PeftModel.from_pretrained(start, "adapter").merge_and_unload()
classify = pipeline("text-classification", model=model, tokenizer=AutoTokenizer.from_pretrained("."))
print(classify("{example}"))
"""
_STEPS = ("epochs", "learning_rate", "batch_size", "length", "class_weights", "early_stopping")
_ABOUT_TEXT = "It writes the word behind a mask; its owner let it read on, and it is a start for other trainings."
USED = {
    "frozen": ("layer", "pooling", "length", "class_weights", "share", "seed", "threads"),
    "lora": (*_STEPS, "rank", "layer_decay", "share", "seed", "threads"),
    "full": (*_STEPS, "layer_decay", "share", "seed", "threads"),
    "head": (*_STEPS, "share", "seed", "threads"),
    "pretrain": (*(each for each in _STEPS if each != "class_weights"), "layer_decay", "share", "seed", "threads"),
}
"""The choices of each way that say something."""


def place_of(start: str) -> str:
    """Where a reader of the card finds the model that it began with."""
    if start.startswith(OWN):
        return "a model trained on the page"
    card = find(start)
    return f"assets/models/{start}" if card is not None and card.bundled else start


def write(directory: Path, task: Task, weights: int, added: int) -> None:
    """Write README.md and figures.json beside the weights."""
    recipe, plan = task.recipe, task.status.plan
    assert plan is not None
    way, start = BY_NAME[recipe.way], find(recipe.start)
    labels = f"the labels {', '.join(task.rows.labels)}" if task.rows.labels else "a number"
    code = _MASKED if task.text else _WHOLE + (_ADAPTER if recipe.way == "lora" else "")
    chosen = asdict(recipe)
    facts = [
        ("Begins with", f"`{place_of(recipe.start)}`."),
        ("Way", f"{way.title}. {way.sentence}"),
        ("Recipe", ", ".join(f"{name} {chosen[name]}" for name in USED[recipe.way]) + "."),
        ("Kept", _kept(task.status)),
        ("Weights", f"{weights:,} bytes in float32, of which {added:,} were learnt."),
    ]
    if recipe.pooling == "mean" and recipe.way == "frozen":
        facts.append(
            ("Layers", "The last one was put behind the others: its heads look at every token alike (the mean).")
        )
    Card(
        "A model of one's own, pre-trained further" if task.text else "A classifier of one's own",
        start.licence.lower() if start is not None else "other",
        place_of(recipe.start),
        _ABOUT_TEXT if task.text else f"It gives each text {labels} ({KINDS[recipe.kind]}).",
        "texts unlike those that it learnt from."
        + ("" if task.text else " It judges every text, also one that fits no label."),
        tuple(facts),
        code.format(example=EXAMPLE, start=place_of(recipe.start)),
    ).write(directory, Figures((_figures(task.status, plan), _rows(plan))))


def _kept(job: TrainingJob) -> str:
    point = job.epochs[job.best - 1]
    what = point.tried or f"epoch {point.epoch}"
    assert job.plan is not None
    if job.plan.recipe.kind == TEXT:
        return f"{what}, the best of {len(job.epochs)} by the loss on the held-out passages ({point.loss:.3f})."
    return f"{what}, the best of {len(job.epochs)} by {job.plan.measure} on the held-out rows ({point.score:.3f})."


def _figures(job: TrainingJob, plan: TrainingPlan) -> Table:
    test = job.test
    assert test is not None
    rows = [
        (f"{plan.measure}, {test.rows} test rows", test.score.number()),
        (f"the constant answer {plan.answer!r} on the same rows", f"{plan.constant_test:.3f}"),
    ]
    if (masked := job.masked) is not None:
        rows.append(("the same of the model that it began with", masked.accuracy_before.number()))
        rows.append((f"perplexity of {masked.tokens:,} hidden tokens", masked.perplexity.number()))
        rows.append(("perplexity before", masked.perplexity_before.number()))
        rows.append(("perplexity over that before", masked.ratio.number()))
    if test.macro_f1 is not None:
        rows.append(("macro F1", test.macro_f1.number()))
    if test.error is not None:
        rows.append(("root of the mean squared error", f"{test.error:.4g}"))
    if test.calibration is not None:
        rows.append(("calibration error", test.calibration.error.number()))
    intro = "Nothing was chosen by the test rows. In brackets: 95 % intervals."
    return Table("Measured on these weights", intro, ("what", "figure"), tuple(rows))


def _rows(plan: TrainingPlan) -> Table:
    counts = [(each.label, each.rows, each.train, each.held_out, each.test) for each in plan.labels]
    counts.append(("all rows", plan.rows, plan.train, plan.held_out, plan.test))
    intro = (
        f"No text stands in two parts; {plan.duplicates:,} rows have a text that stands elsewhere, {plan.conflicts:,} "
        f"texts have different labels, {plan.cut:,} were cut at {plan.recipe.length} tokens."
    )
    header = ("label", "rows", "to learn from", "held out", "to test on")
    return Table("Rows", intro, header, tuple((name, *(f"{each:,}" for each in rest)) for name, *rest in counts))
