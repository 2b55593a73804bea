"""`train mlm`, `classifier`, `all`, `cards`: train, publish, measure what was published, write the card."""

from __future__ import annotations

import argparse
import shlex
from functools import partial
from pathlib import Path

from bert_demo.core.errors import BadDataError
from bert_demo.core.settings import ASSETS
from bert_demo.data import holdout
from bert_demo.data.corpus import HOLD_OUT_EVERY
from bert_demo.data.labelled import Labelled, read_to_learn
from bert_demo.models.transformers_model import load_model
from bert_demo.registry.models import unlisted
from bert_demo.training import recipes
from bert_demo.training.bundle import make as bundle
from bert_demo.training.commands.pretrain import run_plan
from bert_demo.training.evaluation import classification, pretraining
from bert_demo.training.finetuning import classifier
from bert_demo.training.loop import Schedule
from bert_demo.training.pretraining import masked_lm
from bert_demo.training.pretraining.plans import PLANS
from bert_demo.training.publishing import tables
from bert_demo.training.publishing.card import ADAPTED, WHOLE, Card, Figures
from bert_demo.training.publishing.weights import publish, sha256, weights_of

say = partial(print, flush=True)
_SILENT = ("command", "task", "title", "note", "origin")


def run(options: argparse.Namespace) -> None:
    """Run what the command line asked for. Raises BadDataError."""
    if options.task in ("all", "cards"):
        _bundle(options)
        return
    if options.task in PLANS:
        run_plan(options)
        return
    if options.length < 8:
        raise BadDataError("--length must be at least 8 tokens.")
    schedule = Schedule(
        options.steps,
        options.learning_rate,
        head_factor=options.head_factor,
        layer_decay=options.layer_decay,
        seed=options.seed,
    )
    {"mlm": _mlm, "classifier": _classifier}[options.task](options, schedule)


def _bundle(options: argparse.Namespace) -> None:
    places = recipes.Places(Path(options.encoder), Path(options.data), Path(options.output), Path(options.e5))
    for path in (places.encoder, places.data):
        if not path.is_dir():
            raise BadDataError(f"There is no directory {path}.")
    if options.task == "all":
        bundle.train_all(places, options.only, say)
    else:
        bundle.write_cards(places, options.only, options.again, say)
    if options.install:
        bundle.install(places, ASSETS / "models")
        say(f"copied to {ASSETS / 'models'}")


def _mlm(options: argparse.Namespace, schedule: Schedule) -> None:
    if schedule.steps < 1:
        raise BadDataError("--steps must be at least 1.")
    task = masked_lm.MaskedLMTask(
        options.start,
        tuple(map(Path, options.text)),
        Path(options.output),
        length=options.length,
        single_probability=options.single_probability,
        pair_probability=options.pair_probability,
        content=options.content,
        things=options.things,
        blend=(options.blend, options.blend_share) if options.blend else None,
    )
    model, tokenizer = masked_lm.pretrain(task, schedule, say)
    target = Path(options.output) / "model"
    publish(model, tokenizer, target)
    _, held_out = masked_lm.prepare(task, tokenizer, say)
    _, tokenizer, loaded, _ = load_model(unlisted(str(target)))
    where = f"{task.texts[0].name}, documents left out of training"
    rows = tables.masked_rows(pretraining.evaluate_masked(loaded, tokenizer, held_out), where)
    if task.pair_probability:
        rows += tables.next_sentence_rows(pretraining.evaluate_next_sentence(loaded, tokenizer, held_out), where)
    names = ", ".join(path.name for path in task.texts)
    about = "A masked-language model: it guesses the word behind [MASK]."
    limits = "facts. Its guesses reflect the texts that it read, with their errors and prejudices."
    data = f"{names}; every {HOLD_OUT_EVERY}th document of each was left out."
    code = WHOLE.format(task="fill-mask", place=target.name, example="Water freezes into [MASK].")
    _finish(options, target, about, limits, data, code, rows)


def _classifier(options: argparse.Namespace, schedule: Schedule) -> None:
    labels = tuple(options.labels)
    if len(set(labels)) < 2 or len(set(labels)) < len(labels):
        raise BadDataError("--labels needs at least two names, all different.")
    files, tests = tuple(map(Path, options.data)), tuple(map(Path, options.test))
    parted = tuple(map(Path, options.parted))
    task = classifier.ClassifierTask(
        options.start,
        files,
        labels,
        Path(options.output),
        parted,
        tuple(map(Path, options.natural)),
        options.length,
        options.epochs,
        options.rank,
        options.towards,
        options.smoothing,
        options.steady,
    )
    if task.rank and not Path(task.start).is_dir():
        raise BadDataError("--rank needs a --start that is a directory: the adapter names the place of its base.")
    if not 0 <= task.steady <= 1:
        raise BadDataError("--steady is a share of the rows, from 0 to 1.")
    if task.origin and not task.rank:
        raise BadDataError("--towards is for adapters: give their --rank as well.")
    sets: dict[str, Labelled] = {_place(path): read_to_learn(path, labels) for path in tests}
    for path in parted:
        name = f"every {holdout.HOLD_OUT_EVERY}th row of {_place(path)}, left out of training"
        sets[name] = holdout.hold_out(read_to_learn(path, labels))[1]
    model, tokenizer = classifier.finetune(task, schedule, say)
    target = Path(options.output) / "model"
    publish(model, tokenizer, target, task.start if task.rank else None)
    _, tokenizer, loaded, _ = load_model(unlisted(str(target)))
    rows: list[tables.Row] = []
    for name, data in sets.items():
        scores = classification.probabilities(loaded, tokenizer, data.texts)
        rows += tables.classifier_rows(classification.report(scores, data.labels, labels), name)
    about = f"A classifier with the labels {', '.join(labels)}."
    limits = "texts unlike those it learnt from. It judges every text by its labels, also one that fits none."
    example = "A warm and funny film."
    code = WHOLE.format(task="text-classification", place=target.name, example=example)
    if task.rank:
        code = ADAPTED.format(place=target.name, base=Path(task.start).name, example=example)
    _finish(options, target, about, limits, f"{', '.join(path.name for path in (*files, *parted))}.", code, rows)


def _finish(
    options: argparse.Namespace, target: Path, about: str, limits: str, data: str, code: str, rows: list[tables.Row]
) -> None:
    """Write the card of the published (half-precision) weights, and say what it says."""
    origin = options.origin or _name(options.start)
    facts = (
        ("Starts from", f"{origin}, weights sha256 `{sha256(weights_of(Path(options.start)))}`."),
        ("Learnt from", data),
        ("Made by", f"`{_command(options)}`. {options.note}".strip()),
        ("Weights", f"float16, sha256 `{sha256(weights_of(target))}`; computed in float32."),
    )
    card = Card(options.title or Path(options.output).name, "apache-2.0", origin, about, limits, facts, code)
    card.write(target, Figures((tables.figures_table(rows),) if rows else ()))
    for name, value, where in rows:
        say(f"{name}: {value} ({where})")
    say(f"written to {target}")


def _command(options: argparse.Namespace) -> str:
    """The command as a reader would type it: of files and directories of this machine only their names are kept."""
    words = [f"train {options.task}"]
    for name, value in sorted(vars(options).items()):
        if name in _SILENT or value is None or value is False or value in ("", []):
            continue
        if name == "blend_share" and not options.blend:
            continue
        shown = [_name(each) for each in (value if isinstance(value, list) else [value])]
        words.append(" ".join([f"--{name.replace('_', '-')}", *([] if value is True else shown)]))
    return f"python -m bert_demo {' '.join(words)}"


def _name(value: object) -> str:
    text = str(value)
    return shlex.quote(Path(text).name if Path(text).exists() else text)


def _place(path: Path) -> str:
    """A file with the folder that says what it is, such as sst2/dev.tsv."""
    return f"{path.parent.name}/{path.name}"
