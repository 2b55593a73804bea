"""python -m benchmarks.own_model --data DIR: what a visitor's own training costs and reaches.

DIR has SST-2's train and dev files. Frozen features against the bare forward pass over the same batches; LoRA and the
whole encoder against transformers' Trainer with the same model, rows, batch and steps; and what 2,000 rows of the
training part reach on the whole dev part, which nothing is chosen by.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.tables import HEADER, markdown, printed
from benchmarks.timing import interleaved
from bert_demo import Settings
from bert_demo.core.training_place import training_root
from bert_demo.data.labelled import read_labelled
from bert_demo.models.loading.load import find_model, read_model
from bert_demo.models.transformers_model import load_model
from bert_demo.registry.models import directory_card, find
from bert_demo.results.training import TrainingJob
from bert_demo.service.context import Context
from bert_demo.service.training_files import JobFiles, Request
from bert_demo.service.training_recipe import checked_recipe
from bert_demo.service.training_request import prepared
from bert_demo.training.evaluation.classification import probabilities
from bert_demo.training.own import frozen, loop
from bert_demo.training.own.adapters import with_lora
from bert_demo.training.own.job import run
from bert_demo.training.own.reading import Reader, by_length
from bert_demo.training.own.starting import classifier_of, head_modules
from bert_demo.training.own.task import as_targets

Row = tuple[str, str, str, str]
LABELS = ("negative", "positive")
ROWS, SENTENCES, WORDS, STEPS = 2_000, 1_000, 20, 40
DEFAULTS: dict[str, Any] = {
    "epochs": 0, "learning_rate": 0.0, "batch_size": 32, "length": 128, "seed": 0, "rank": 8, "layer": -1,
    "pooling": "mean", "class_weights": False, "early_stopping": 0, "layer_decay": 1.0,
}  # fmt: skip


def rows_of(data: Path, part: str, count: int | None = None) -> list[tuple[str, str]]:
    """Texts and labels of a part of SST-2; of the training part some, drawn by a fixed seed."""
    (path,) = sorted(data.glob(f"{part}.tsv*"))
    read = read_labelled(path, LABELS)
    places = range(len(read.texts))
    if count is not None:
        places = np.random.default_rng(0).permutation(len(read.texts))[:count].tolist()
    return [(read.texts[place], LABELS[read.labels[place]]) for place in places]


def request_of(settings: Settings, way: str, rows: Sequence[tuple[str, str]], **choices: Any) -> Request:
    recipe = checked_recipe(settings.train_threads, way, "base", "single", **(DEFAULTS | choices))
    return prepared(Context(settings), rows, recipe)


def reached(data: Path, way: str, root: Path, threads: int, **choices: Any) -> tuple[TrainingJob, float, float]:
    """(the job, seconds from its request to its model, accuracy on the dev part)."""
    settings = Settings(cache_dir=str(root), train_threads=threads)
    rows = rows_of(data, "train", ROWS)
    files = JobFiles(training_root(settings), (way * 32)[:32])
    began = time.perf_counter()
    files.create(request_of(settings, way, rows, **choices))
    job = run(files)
    seconds = time.perf_counter() - began
    assert job.model, job.sentence
    _, tokenizer, model, _ = load_model(directory_card(str(files.model)))
    dev = rows_of(data, "dev")
    answers = probabilities(model, tokenizer, [text for text, _ in dev]).argmax(1)
    names = [model.config.id2label[int(answer)] for answer in answers]
    return job, seconds, float(np.mean([name == label for name, (_, label) in zip(names, dev, strict=True)]))


def sentences(data: Path) -> list[tuple[str, str]]:
    """Sentences of so many words, put together of those of the training part."""
    words = " ".join(text for text, _ in rows_of(data, "train", ROWS)).split()
    return [(" ".join(words[place * WORDS : (place + 1) * WORDS]), LABELS[place % 2]) for place in range(SENTENCES)]


def frozen_features(data: Path) -> Row:
    """Reading, features and fit, against the bare passes over the same batches and the same fit."""
    start = find("base")
    assert start is not None
    read = read_model(find_model(directory_card(start.source)))
    recipe = checked_recipe(1, "frozen", "base", "single", **DEFAULTS)
    texts, truth = [text for text, _ in sentences(data)], np.eye(2)[np.arange(SENTENCES) % 2]
    reader = Reader(read.tokenizer, recipe.length)
    model = frozen.encoder_for(read, LABELS, recipe)
    bare = classifier_of(read, LABELS, "single", 0).base_model
    rows = reader.rows(texts)
    batches = [reader.batch([rows[place] for place in places]) for places in by_length(rows)]

    def ours() -> None:
        features = frozen.features_of(model, reader, reader.rows(texts), "mean", lambda count: None)
        frozen.fit(features, truth, recipe, 1)

    kept = frozen.features_of(model, reader, rows, "mean", lambda count: None)

    def peer() -> None:
        with torch.inference_mode():
            for batch in batches:
                bare(**batch)
        frozen.fit(kept, truth, recipe, 1)

    one, other = interleaved(ours, peer, 3)
    what = f"frozen features of {SENTENCES:,} sentences of {WORDS} words, and the fit"
    return what, f"{one:.2f} s", f"{other:.2f} s: the bare passes, and the fit", f"{one / other:.2f}"


def steps(data: Path, way: str) -> Row:
    """So many steps of ours and of Trainer on the same rows; Trainer pads to its batch as well, of rows at random."""
    from transformers import DataCollatorWithPadding, Trainer, TrainingArguments

    start = find("base")
    assert start is not None
    rows = rows_of(data, "train", 32 * STEPS)
    read = read_model(find_model(directory_card(start.source)))
    recipe = checked_recipe(1, way, "base", "single", **DEFAULTS | {"epochs": 1})
    reader = Reader(read.tokenizer, recipe.length)
    truth = np.array([[label == name for name in LABELS] for _, label in rows], float)

    def model() -> Any:
        made = classifier_of(read, LABELS, "single", 0)
        return with_lora(made, 8, 0) if way == "lora" else made.requires_grad_(True)

    def ours() -> None:
        own = model()
        lesson = loop.Lesson(reader, reader.rows([text for text, _ in rows]), as_targets(truth), recipe)
        loop.set_training(own, way, head_modules(own.get_base_model() if way == "lora" else own))
        optimizer = loop.optimizer_of(own, recipe, lesson.steps)
        loop.learn(own, lesson, optimizer, 0, None, lambda step: None, lambda step, loss: None)

    def peer() -> None:
        read_rows = reader.rows([text for text, _ in rows])
        given = [{**row, "labels": int(own[1])} for row, own in zip(read_rows, truth, strict=True)]
        with tempfile.TemporaryDirectory() as place:
            options = TrainingArguments(
                output_dir=place, max_steps=STEPS, per_device_train_batch_size=32, use_cpu=True, save_strategy="no",
                learning_rate=recipe.learning_rate, warmup_steps=STEPS // 10, weight_decay=0.01, disable_tqdm=True,
                dataloader_pin_memory=False,
            )  # fmt: skip
            Trainer(
                model=model(), args=options, train_dataset=given, data_collator=DataCollatorWithPadding(read.tokenizer)
            ).train()

    one, other = interleaved(ours, peer, 2)
    what = f"{STEPS} steps of 32 sentences, {'LoRA' if way == 'lora' else 'the whole encoder'}"
    return what, f"{one:.1f} s", f"{other:.1f} s: transformers' Trainer", f"{one / other:.2f}"


def measure(data: Path, threads: int) -> Iterator[Row]:
    """Every row."""
    torch.set_num_threads(threads)
    for way in ("frozen", "lora"):
        with tempfile.TemporaryDirectory() as root:
            job, seconds, accuracy = reached(data, way, Path(root), threads)
        assert job.plan is not None
        what = f"{ROWS:,} rows of SST-2 by {way}: accuracy on the dev part"
        yield (
            what,
            f"{accuracy:.1%}",
            f"{seconds:.0f} s, {job.megabytes:,} MB, expected {job.plan.seconds or 0:.0f} s",
            "",
        )
    yield frozen_features(data)
    for way in ("lora", "full"):
        yield steps(data, way)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.own_model", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the directory of SST-2's train and dev files")
    parser.add_argument("--threads", type=int, default=1, help="of torch")
    options = parser.parse_args()
    print(markdown(HEADER, list(printed(measure(options.data, options.threads)))))


if __name__ == "__main__":
    main()
