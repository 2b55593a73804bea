"""`train mlm` and `train classifier`: train, publish, measure what was published, write the card."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from transformers import (
    AutoModelForMaskedLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
)

from bert_demo.errors import BadDataError
from bert_demo.training import classifier, mlm
from bert_demo.training.labelled import Labelled, read_labelled
from bert_demo.training.loop import Schedule
from bert_demo.training.publish import Provenance, publish, sha256

say = partial(print, flush=True)


def run(options: argparse.Namespace) -> None:
    """Run what the command line asked for. Raises BadDataError."""
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


def _mlm(options: argparse.Namespace, schedule: Schedule) -> None:
    if schedule.steps < 1:
        raise BadDataError("--steps must be at least 1.")
    output = Path(options.output)
    task = mlm.MaskedLMTask(
        options.start,
        tuple(map(Path, options.text)),
        output,
        length=options.length,
        single_probability=options.single_probability,
        content=options.content,
        things=options.things,
    )
    model, tokenizer = mlm.pretrain(task, schedule, say)
    _, held_out = mlm.prepare(task, tokenizer, say)
    names = ", ".join(path.name for path in task.texts)
    about = (
        "A masked-language model: it guesses the word behind [MASK]. Its guesses reflect the texts that it read, with "
        "their errors and prejudices; they are no statements of fact."
    )

    def facts(loaded: Any) -> dict[str, str]:
        found = mlm.score(loaded, tokenizer, held_out)
        name = task.texts[0].name
        return {
            f"perplexity, 15 % masks, up to 128 tokens, held-out documents of {name}": f"{found.perplexity:.1f}",
            "masked tokens guessed exactly": f"{found.accuracy:.1%} of {found.masked_tokens:,}",
            "steps, tokens a batch": f"{schedule.steps:,}, at most {task.batch_tokens:,}",
        }

    data = f"{names}; every {mlm.HOLD_OUT_EVERY}th document of each was left out."
    _finish(options, model, tokenizer, AutoModelForMaskedLM, facts, about, data)


def _classifier(options: argparse.Namespace, schedule: Schedule) -> None:
    labels = tuple(options.labels)
    if len(set(labels)) < 2 or len(set(labels)) < len(labels):
        raise BadDataError("--labels needs at least two names, all different.")
    output = Path(options.output)
    files, tests = tuple(map(Path, options.data)), tuple(map(Path, options.test))
    parted = tuple(map(Path, options.parted))
    task = classifier.ClassifierTask(options.start, files, labels, output, parted, options.length, options.epochs)
    test_sets = {_place(path): read_labelled(path, labels) for path in tests}
    for path in parted:
        name = f"every {classifier.HOLD_OUT_EVERY}th row of {_place(path)}, left out of training"
        test_sets[name] = classifier.split(read_labelled(path, labels))[1]
    model, tokenizer = classifier.finetune(task, schedule, say)
    about = (
        f"A classifier with the labels {', '.join(labels)}. It judges every text by these labels, also one that fits "
        "none."
    )

    def facts(loaded: Any) -> dict[str, str]:
        return {f"accuracy, {name}": _accuracy(loaded, tokenizer, data) for name, data in test_sets.items()}

    data = f"{', '.join(path.name for path in (*files, *parted))}."
    _finish(options, model, tokenizer, AutoModelForSequenceClassification, facts, about, data)


def _accuracy(model: Any, tokenizer: Any, data: Labelled) -> str:
    found = classifier.score(model, tokenizer, data)
    return f"{found.accuracy:.1%} of {found.rows:,}"


def _finish(
    options: argparse.Namespace,
    model: Any,
    tokenizer: Any,
    loader: Any,
    facts: Callable[[Any], dict[str, str]],
    about: str,
    data: str,
) -> None:
    """Publish, then measure the published (half-precision) weights and write their figures into the card."""
    target = Path(options.output) / "model"
    origin = options.origin or _name(options.start)
    provenance = Provenance(
        title=options.title or Path(options.output).name,
        task="fill-mask" if options.task == "mlm" else "text-classification",
        example="Water freezes into [MASK]." if options.task == "mlm" else "A warm and funny film.",
        about=about,
        origin=origin,
        origin_sha256=sha256(Path(options.start) / "model.safetensors"),
        data=data,
        command=_command(options),
        facts={},
        note=options.note,
    )
    publish(model, tokenizer, target, provenance)
    loaded = loader.from_pretrained(target).eval()
    figures = facts(loaded)
    publish(loaded, AutoTokenizer.from_pretrained(target), target, replace(provenance, facts=figures))
    for name, value in figures.items():
        say(f"{name}: {value}")
    say(f"written to {target}")


def _command(options: argparse.Namespace) -> str:
    """The command as a reader would type it: of files and directories of this machine only their names are kept."""
    words = [f"train {options.task}"]
    for name, value in sorted(vars(options).items()):
        if (
            name in ("command", "task", "title", "note", "origin")
            or value is None
            or value is False
            or value in ("", [])
        ):
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
