"""Continued pre-training: words of passages are hidden, and the model learns to guess them (Devlin et al. 2019, 3.1).

What is measured hides each token once, by the mask, every seventh at a time, so that no chance is in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from bert_demo.models.surgery.at_positions import head_at, masked_logits
from bert_demo.results.training import EpochPoint, MaskedFigures, MaskedGuess, MaskedText, Recipe
from bert_demo.tasks import intervals
from bert_demo.training.own.figures import SHOWN, watched_places
from bert_demo.training.own.loop import places_at
from bert_demo.training.own.reading import Reader, Row, by_length
from bert_demo.training.pretraining.masking import MaskingRule, mask_tokens, masking_rule
from bert_demo.training.publishing.tables import shortened

SHARE = 0.15
"""Of the tokens of a batch that are hidden from what learns."""
TURNS = 7
"""Passes over a text that is measured, each with another seventh of its tokens hidden."""
GUESSES = 5


@dataclass(frozen=True, slots=True)
class MaskedLesson:
    """Passages to learn from, as `loop.Lesson` has labelled rows: a batch and its masks are a function of the step."""

    reader: Reader
    rows: Sequence[Row]
    rule: MaskingRule
    recipe: Recipe

    @property
    def steps_of_epoch(self) -> int:
        """Batches of all passages."""
        return -(-len(self.rows) // self.recipe.batch_size)

    @property
    def steps(self) -> int:
        """Of all epochs."""
        return self.recipe.epochs * self.steps_of_epoch

    def batch(self, step: int) -> tuple[dict[str, torch.Tensor], torch.Tensor, torch.Tensor]:
        """Inputs of a step with tokens hidden, where they are (batch, length), and the ids as they were."""
        places = places_at(step, self.rows, self.recipe)
        inputs = self.reader.batch([self.rows[each] for each in places])
        generator = torch.Generator().manual_seed(self.recipe.seed * 7_919 + step)
        corrupted, chosen = mask_tokens(inputs["input_ids"], self.rule, generator)
        return {**inputs, "input_ids": corrupted}, chosen, inputs["input_ids"]

    def loss(self, model: Any, step: int, weights: torch.Tensor | None = None) -> torch.Tensor:
        """Mean cross entropy of the hidden tokens; the head is computed at their places alone."""
        inputs, chosen, ids = self.batch(step)
        at = chosen.nonzero(as_tuple=True)
        logits = masked_logits(head_at(model, *at)(**inputs))[:, 0]
        return functional.cross_entropy(logits, ids[at])


def rule_of(reader: Reader) -> MaskingRule:
    """What is hidden, and by what."""
    return masking_rule(reader.tokenizer, SHARE)


@torch.inference_mode()
def sums_of(
    model: Any, reader: Reader, rows: Sequence[Row], rule: MaskingRule, watch: Callable[[], None] = lambda: None
) -> np.ndarray:
    """(texts, 3): of each text the negative log-likelihood of all its tokens, how many are guessed exactly, how many
    there are. The model is in eval; `watch` is called before each batch."""
    sums = np.zeros((len(rows), 3))
    for places in by_length(rows):
        watch()
        inputs = reader.batch([rows[place] for place in places])
        ids = inputs["input_ids"]
        for hidden in _turns(ids, rule):
            at = hidden.nonzero(as_tuple=True)
            read = {**inputs, "input_ids": torch.where(hidden, rule.mask_id, ids)}
            logits = masked_logits(head_at(model, *at)(**read))[:, 0]
            losses = functional.cross_entropy(logits, ids[at], reduction="none").double()
            right = (logits.argmax(-1) == ids[at]).double()
            own = at[0].numpy()
            for column, values in enumerate((losses, right, torch.ones_like(losses))):
                sums[places, column] += np.bincount(own, values.numpy(), minlength=len(places))
    return sums


def _turns(ids: torch.Tensor, rule: MaskingRule) -> Iterator[torch.Tensor]:
    """Masks (batch, length) of which each ordinary token stands in one; those without any are left out."""
    ordinary = ~torch.isin(ids, torch.tensor(rule.special_ids))
    turn = ordinary.cumsum(1) % TURNS
    for number in range(TURNS):
        hidden = ordinary & (turn == number)
        if hidden.any():
            yield hidden


def held_out_point(sums: np.ndarray, epoch: int, step: int) -> EpochPoint:
    """The mean loss of the held-out tokens, and the share that is guessed exactly."""
    loss, right, count = sums.sum(0)
    return EpochPoint(epoch, step, float(loss / count), float(right / count), "")


def figures(start: Any, made: Any, reader: Reader, texts: Sequence[str]) -> MaskedFigures:
    """Of the model that training began with and of the made one, both in eval, on the same hidden tokens."""
    rows, rule = reader.rows(texts), rule_of(reader)
    before, after = (sums_of(model, reader, rows, rule) for model in (start, made))
    names = ("perplexity_before", "perplexity", "ratio", "accuracy_before", "accuracy")
    found = intervals.of_rows(np.concatenate([before, after[:, :2]], axis=1), _of_sums)
    return MaskedFigures(
        texts=len(texts),
        tokens=int(before[:, 2].sum()),
        blanks=_blanks(start, made, reader, texts, rule),
        **dict(zip(names, found, strict=True)),
    )


def _of_sums(sums: np.ndarray) -> np.ndarray:
    """(d, 5) sums to perplexity before and after, their ratio, accuracy before and after."""
    loss, right, count, other, others = sums.T
    return np.stack(
        [np.exp(loss / count), np.exp(other / count), np.exp((other - loss) / count), right / count, others / count],
        axis=1,
    )


def _blanks(start: Any, made: Any, reader: Reader, texts: Sequence[str], rule: MaskingRule) -> tuple[MaskedText, ...]:
    found = []
    for place in watched_places(len(texts)):
        (row,) = reader.rows([texts[place]])
        if (blank := _blank(reader.tokenizer, texts[place], row, rule)) is None:
            continue
        at, text, truth = blank
        shares = [_shares(model, reader, row, at, rule.mask_id) for model in (start, made)]
        own = row["input_ids"][at]
        before, after = (_guesses(each, reader.tokenizer) for each in shares)
        found.append(MaskedText(text, truth, before, after, float(shares[0][own]), float(shares[1][own])))
    return tuple(found)


def _blank(tokenizer: Any, text: str, row: Row, rule: MaskingRule) -> tuple[int, str, str] | None:
    """The token to hide: the longest word that is one token. Its place, the text with the mask there, the word."""
    ids = row["input_ids"]
    if not tokenizer.is_fast:
        words = [(place, tokenizer.decode([each])) for place, each in enumerate(ids) if each not in rule.special_ids]
        at, word = max(words, key=lambda each: len(each[1]), default=(0, ""))
        shown = [*ids[:at], rule.mask_id, *ids[at + 1 :]]
        return (at, shortened(tokenizer.decode(shown, skip_special_tokens=False), SHOWN), word) if word else None
    read = tokenizer(text, truncation=True, max_length=len(ids), return_offsets_mapping=True, verbose=False)
    numbers, spans = read.word_ids(0), read["offset_mapping"]
    whole = [
        (place, *spans[place])
        for place, number in enumerate(numbers)
        if number is not None and numbers.count(number) == 1 and ids[place] not in rule.special_ids
    ]
    if not whole:
        return None
    at, start, end = max(whole, key=lambda each: each[2] - each[1])
    hidden = f"{text[:start]}{tokenizer.mask_token}{text[end:]}"
    return at, shortened(hidden, SHOWN), text[start:end].strip()


@torch.inference_mode()
def _shares(model: Any, reader: Reader, row: Row, at: int, mask_id: int) -> np.ndarray:
    """(vocabulary,) probabilities behind a mask."""
    inputs = reader.batch([row])
    inputs["input_ids"][0, at] = mask_id
    return np.asarray(masked_logits(model(**inputs))[0, at].double().softmax(-1).numpy())


def _guesses(shares: np.ndarray, tokenizer: Any) -> tuple[MaskedGuess, ...]:
    best = np.argsort(-shares, kind="stable")[:GUESSES]
    return tuple(MaskedGuess(tokenizer.decode([int(each)]).strip(), float(shares[each])) for each in best)
