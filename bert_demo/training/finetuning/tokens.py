"""Fine-tuning a token classifier that finds named entities, as in Devlin et al. 2019, section 5.3, with adapters.

Each piece of a word learns the word's tag, those behind the first one the tag that goes on. Since few sentences have
entities marked, parts of speech are learnt beside them for the first half of the steps, by a head that is then thrown
away: an encoder that reads small letters only learns there what a name is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from transformers import AutoModelForTokenClassification, PreTrainedTokenizerBase

from bert_demo.data.tagged import OUTSIDE, Tagged, hold_out_documents, read_parts_of_speech, read_tagged, renamed
from bert_demo.training.batches import BATCH, EpochOrder, padded
from bert_demo.training.finetuning.lora import with_adapters
from bert_demo.training.loop import Report, Schedule, load_start, train

HOLD_OUT_EVERY = 5
IGNORED = -100


@dataclass(frozen=True, slots=True)
class TokenTask:
    """What to learn: files of tagged words, the types of entities, tokens a sentence.

    files are learnt from, of `parted` each HOLD_OUT_EVERYth document is left out, to measure on; names: what the files
    call a type and what it is here, as "person=PER"; others are outside; beside: treebanks whose parts of speech are
    learnt in the first half; rank: of the adapters.
    """

    start: str
    files: tuple[Path, ...]
    types: tuple[str, ...]
    output: Path
    parted: tuple[Path, ...] = ()
    names: tuple[str, ...] = ()
    beside: tuple[Path, ...] = ()
    length: int = 96
    epochs: float = 8.0
    rank: int = 32
    smoothing: float = 0.0

    @property
    def labels(self) -> tuple[str, ...]:
        """In the order of the logits: outside, then B- and I- of each type."""
        return (OUTSIDE, *(f"{prefix}-{each}" for each in self.types for prefix in "BI"))


def finetune(task: TokenTask, schedule: Schedule, report: Report) -> tuple[Any, PreTrainedTokenizerBase]:
    """Train and return (model, tokenizer). `schedule.steps` of 0: as many as `task.epochs` asks for."""
    torch.manual_seed(schedule.seed)
    model, tokenizer = load_start(
        AutoModelForTokenClassification,
        task.start,
        id2label=dict(enumerate(task.labels)),
        label2id={label: index for index, label in enumerate(task.labels)},
        hidden_dropout_prob=0.1,
        attention_probs_dropout_prob=0.1,
    )
    model = with_adapters(model, task.rank, task="TOKEN_CLS")
    entities = learnt(task)
    speech = [each for path in task.beside for each in read_parts_of_speech(path)]
    kinds = sorted({tag for each in speech for tag in each.tags})
    if speech:
        model.beside = nn.Linear(model.config.hidden_size, len(kinds))
    report(f"{len(entities):,} sentences with entities, {len(speech):,} with {len(kinds)} parts of speech")
    steps = schedule.steps or max(1, round(task.epochs * len(entities) / BATCH))
    plan = replace(schedule, steps=steps)
    rows = [
        _Rows(tokenizer, sentences, {label: place for place, label in enumerate(labels)}, task.length, plan.seed)
        for sentences, labels in ((entities, task.labels), (speech, kinds))
        if sentences
    ]

    def batch_at(step: int) -> tuple[bool, dict[str, torch.Tensor], torch.Tensor]:
        beside = len(rows) > 1 and step % 2 == 1 and step < steps // 2
        return beside, *rows[beside].batch(step)

    def loss_of(model: Any, batch: Any) -> tuple[torch.Tensor, int]:
        beside, inputs, truth = batch
        output = model(**inputs, output_hidden_states=beside)
        logits = model.beside(output.hidden_states[-1]) if beside else output.logits
        loss = nn.functional.cross_entropy(
            logits.flatten(0, 1), truth.flatten(), ignore_index=IGNORED, label_smoothing=task.smoothing
        )
        return loss, int(inputs["attention_mask"].sum())

    train(model, batch_at, loss_of, plan, task.output / "checkpoints" / "tokens.pt", report)
    if speech:
        del model.beside
    return model, tokenizer


def learnt(task: TokenTask) -> list[Tagged]:
    """The sentences that are learnt from."""
    names = dict(each.split("=") for each in task.names) or {each: each for each in task.types}
    found = [each for path in task.files for each in renamed(read_tagged(path), names)]
    for path in task.parted:
        found += hold_out_documents(renamed(read_tagged(path), names), HOLD_OUT_EVERY)[0]
    return found


class _Rows:
    """Sentences as pieces and what each of them is to be."""

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        sentences: Sequence[Tagged],
        places: Mapping[str, int],
        length: int,
        seed: int,
    ) -> None:
        self._tokenizer = tokenizer
        self._frame = int(tokenizer.cls_token_id), int(tokenizer.sep_token_id)
        texts = [each.text for each in sentences]
        batch = tokenizer(texts, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        self._rows = [
            np.stack([ids, targets(each, offsets, places)], axis=1)
            for each, ids, offsets in zip(sentences, batch["input_ids"], batch["offset_mapping"], strict=True)
            if ids
        ]
        self._order = EpochOrder(self._rows, length - 2, seed)

    def batch(self, step: int) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        """Padded inputs and (rows, longest) targets."""
        _, pieces = self._order.batch(step)
        inputs = padded(self._tokenizer, [[self._frame[0], *row[:, 0].tolist(), self._frame[1]] for row in pieces])
        truth = torch.full(inputs["input_ids"].shape, IGNORED)
        for number, row in enumerate(pieces):
            truth[number, 1 : len(row) + 1] = torch.from_numpy(row[:, 1])
        return inputs, truth


def targets(sentence: Tagged, offsets: Sequence[tuple[int, int]], places: Mapping[str, int]) -> np.ndarray:
    """(pieces,) the place of each piece's label; IGNORED where a piece stands in no word.

    A piece behind the first of its word goes on with the word's type.
    """
    found, word, begun = [], 0, -1
    for start, end in offsets:
        while word < len(sentence.words) and sentence.words[word][1] <= start:
            word += 1
        inside = word < len(sentence.words) and sentence.words[word][0] < end
        tag = sentence.tags[word] if inside else ""
        if inside and begun == word and tag.startswith("B-") and f"I-{tag[2:]}" in places:
            tag = f"I-{tag[2:]}"
        begun = word
        found.append(places.get(tag, IGNORED))
    return np.asarray(found, dtype=np.int64)
