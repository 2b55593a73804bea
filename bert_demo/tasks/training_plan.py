"""What is known of a training before it starts: its parts, what it cuts, a constant answer, how long it will take."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

import numpy as np
import torch

from bert_demo.core.errors import BadDataError, ChoiceError, ModelSizeError, TextError
from bert_demo.core.progress import OnProgress
from bert_demo.core.settings import Settings
from bert_demo.core.validation import refuse_control_tokens
from bert_demo.data.parts import Parts, constant_answer, score
from bert_demo.data.to_learn import RowsToLearn
from bert_demo.models.base import Model
from bert_demo.registry.families import FAMILIES
from bert_demo.registry.training_ways import TEXT
from bert_demo.results.training import LabelRows, Recipe, TrainingPlan

PASSES = {"frozen": 1.0, "head": 1.1, "lora": 2.8, "full": 3.3, "pretrain": 4.0}
"""What a row that is learnt from costs by each way, in passes forward."""
MEASURED = {"pretrain": 8.0}
"""The same of a row that is measured, where that is not one."""
COPIES = {"frozen": 2.0, "head": 1.5, "lora": 2.0, "full": 5.0, "pretrain": 6.0}
"""Memory of the weights with what belongs to them by each way, over that of the weights."""
PROCESS_MB = 900
"""Memory of a process with torch and transformers in it, and of one batch."""
START_SECONDS = 10.0
"""Until such a process has read the model."""
MEASURED_ROWS = 8
_MEASURES = {"single": "accuracy", "several": "subset accuracy", "number": "R2", TEXT: "masked-token accuracy"}


def plan(
    model: Model, rows: RowsToLearn, parts: Parts, recipe: Recipe, settings: Settings, watch: OnProgress
) -> TrainingPlan:
    """Everything that a visitor should know before the start. `watch` is called after each text.

    Raises BadDataError for a text that the model cannot read, or too many tokens for this server, and ModelSizeError.
    """
    _check_start(model, recipe)
    _check_memory(model, recipe, settings)
    lengths = _lengths(model, rows.texts, watch)
    read = np.minimum(lengths, recipe.length)
    train, held_out, test = (np.asarray(each, int) for each in (parts.train, parts.held_out, parts.test))
    tokens = int(read[train].sum())
    if recipe.epochs * (tokens + int(read[held_out].sum())) > settings.train_tokens:
        raise BadDataError(
            f"{recipe.epochs} epochs of these rows are {recipe.epochs * tokens:,} tokens; this server reads "
            f"{settings.train_tokens:,} for one training. Send fewer rows, or ask for fewer epochs or a smaller length."
        )
    cut = int((lengths > recipe.length).sum())
    answer, constant, constant_test = _constant(model, rows, parts, recipe)
    measured = MEASURED.get(recipe.way, 1.0) * (int(read[held_out].sum()) * recipe.epochs + int(read[test].sum()))
    passes = PASSES[recipe.way] * tokens * recipe.epochs + measured
    return TrainingPlan(
        recipe=recipe,
        rows=len(rows.texts),
        train=len(train),
        held_out=len(held_out),
        test=len(test),
        labels=_label_rows(rows, parts),
        duplicates=rows.duplicates,
        conflicts=rows.conflicts,
        cut=cut,
        longest=int(lengths.max()),
        tokens=tokens,
        steps=0 if recipe.way == "frozen" else recipe.epochs * -(-len(train) // recipe.batch_size),
        measure=_MEASURES[recipe.kind],
        constant=constant,
        constant_test=constant_test,
        answer=answer,
        seconds=START_SECONDS + passes * _seconds_of_a_token(model, rows.texts, read),
        notes=(*rows.notes, *_cut_note(cut, len(rows.texts), recipe.length)),
    )


def _constant(model: Model, rows: RowsToLearn, parts: Parts, recipe: Recipe) -> tuple[str, float, float]:
    """The constant answer, and what it reaches on the held-out and on the test rows."""
    train, *others = (list(each) for each in (parts.train, parts.held_out, parts.test))
    if recipe.kind == TEXT:
        counts = [_token_counts(model, [rows.texts[row] for row in part], recipe.length) for part in (train, *others)]
        if not all(counts):
            raise BadDataError("The passages hold no word that this model reads. Send others.")
        often = counts[0].most_common(1)[0][0]
        return often, counts[1][often] / counts[1].total(), counts[2][often] / counts[2].total()
    constant = constant_answer(rows.truth[train], recipe.kind)
    held_out, test = (score(np.tile(constant, (len(each), 1)), rows.truth[each], recipe.kind) for each in others)
    return _written(constant, rows.labels), held_out, test


def _token_counts(model: Model, texts: Sequence[str], length: int) -> Counter[str]:
    """How often each token that may be hidden is read."""
    left_out = {model.tokenizer.unknown_id, *(model.tokenizer.token_ids(model.mask_token) if model.mask_token else ())}
    read = (model.encode(text).tokens[: length - 1] for text in texts)
    return Counter(token.text for tokens in read for token in tokens if not token.special and token.id not in left_out)


def _cut_note(cut: int, rows: int, length: int) -> tuple[str, ...]:
    if not cut:
        return ()
    which = "1 text is" if cut == 1 else f"{cut:,} of {rows:,} texts are"
    return (f"{which} longer than {length} tokens, of which the first {length} are read, here and in the figures.",)


def _check_start(model: Model, recipe: Recipe) -> None:
    limit, layers = model.info.limit or 0, model.info.layers or 0
    if model.tokenizer.pad_id is None:
        raise ChoiceError(
            f"The model {recipe.start} has no padding token, so that it reads no batches. Choose another."
        )
    if recipe.length > limit:
        raise ChoiceError(f"The model {recipe.start} reads {limit} tokens at once. Set length to {limit} at most.")
    if recipe.kind == TEXT:
        _ = model.heads["fill-mask"]  # raises MissingHeadError
        if model.mask_token is None:
            raise ChoiceError(f"The model {recipe.start} has no mask token. Choose another, such as base.")
    if recipe.way != "frozen":
        return
    if recipe.layer >= layers:
        raise ChoiceError(
            f"layer must be from 0 to {layers - 1}: the model {recipe.start} has {layers}. -1 is the last."
        )
    family = FAMILIES[model.encoder.module.config.model_type]
    if recipe.pooling == "mean" and not family.plain_layers:
        raise ChoiceError(
            f"The layers of {family.prefix} are not of BERT's shape, and only those can carry the mean over all tokens "
            "into a plain model. Set pooling to cls, or choose another way."
        )


def _check_memory(model: Model, recipe: Recipe, settings: Settings) -> None:
    needed = PROCESS_MB + COPIES[recipe.way] * model.encoder.memory() / 1e6
    if needed > settings.train_mb:
        raise ModelSizeError(
            f"To train {recipe.start} this way takes about {needed:,.0f} MB of memory; this server gives "
            f"{settings.train_mb:,} MB. Choose frozen features, LoRA, or a smaller model."
        )


def _lengths(model: Model, texts: Sequence[str], watch: OnProgress) -> np.ndarray:
    found = []
    for number, text in enumerate(texts, start=1):
        try:
            refuse_control_tokens(text, model.control_tokens)
            found.append(len(model.encode(text).tokens))
        except TextError as error:
            raise BadDataError(f"Row {number}: {error}") from None
        watch(0, len(texts))
    return np.asarray(found)


def _label_rows(rows: RowsToLearn, parts: Parts) -> tuple[LabelRows, ...]:
    """None where rows have numbers, or no labels."""
    counts = [rows.truth[list(each)].sum(0).astype(int) for each in (parts.train, parts.held_out, parts.test)]
    return tuple(
        LabelRows(label, int(sum(each[place] for each in counts)), *(int(each[place]) for each in counts))
        for place, label in enumerate(rows.labels)
    )


def _written(answer: np.ndarray, labels: Sequence[str]) -> str:
    if not labels:
        return f"{answer[0]:g}"
    return "; ".join(label for label, there in zip(labels, answer, strict=True) if there) or "none"


def _seconds_of_a_token(model: Model, texts: Sequence[str], read: np.ndarray) -> float:
    """Measured on a batch of texts as long as the one in the middle; the second pass counts."""
    middle = int(np.argsort(read, kind="stable")[len(read) // 2])
    ids = [token.id for token in model.encode(texts[middle]).tokens][: int(read[middle])]
    inputs = torch.tensor([ids] * MEASURED_ROWS, device=model.encoder.device)
    encoder = model.encoder.plain().base_model
    with torch.inference_mode():
        for _ in range(2):
            began = time.perf_counter()
            encoder(input_ids=inputs, attention_mask=torch.ones_like(inputs))
    return (time.perf_counter() - began) / inputs.numel()
