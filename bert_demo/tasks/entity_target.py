"""What is explained of an entity: the mean log-probability of its type over the pieces of its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from bert_demo.core.errors import ChoiceError
from bert_demo.core.validation import RUNNER_UP
from bert_demo.data.entities import OUTSIDE, tags_of, types_of
from bert_demo.models.base import Embedded, Encoding, Model
from bert_demo.models.embedding import embed_positions
from bert_demo.tasks.attribution_request import Question
from bert_demo.tasks.entities import TASK, best_window, words_of

ALONE, AGAINST = "log-probability", "log-probabilities"
"""The output of a Question about one type, and about one less another."""


class SpanType:
    """A type of a stretch of text, or what is outside of all: log P(type), the mean over the stretch's pieces.

    P(type) of a piece is the sum over all labels of that type, B- and I- alike. start, end: characters; words that they
    touch count whole. pieces: one of `validation.PIECES`.
    """

    activation = "softmax"
    mask: int | None = None

    def __init__(self, model: Model, start: int, end: int, pieces: str) -> None:
        self.model = model
        self._start, self._end, self._pieces = start, end, pieces
        self._tags = tags_of(model.labels)
        self.types = (*types_of(self._tags), *([OUTSIDE] if any(t.place == OUTSIDE for t in self._tags) else []))
        self._rows: list[int] = []

    def words(self, encoding: Encoding) -> list[tuple[int, ...]]:
        """The positions of the pieces of each word that the stretch touches. Raises ChoiceError where it has none."""
        found = [
            word
            for word in words_of(encoding.tokens)
            if encoding.tokens[word[0]].start < self._end and self._start < encoding.tokens[word[-1]].end
        ]
        if not found:
            raise ChoiceError("There is no word of the text between start and end. Give the characters of an entity.")
        return found

    def encode(self, text: str, pair: str | None) -> Encoding:
        """The window in which the stretch is read, as a text of its own. Raises ChoiceError for one that fits none."""
        encoding = self.model.encode(text, pair)
        words = self.words(encoding)
        pieces = [place for word in words for place in (word[:1] if self._pieces == "first" else word)]
        window = best_window(encoding, [place for word in words for place in word])
        if window is None:
            raise ChoiceError(
                f"The stretch is longer than the {self.model.info.limit} tokens read at once. Shorten it."
            )
        positions = encoding.windows[window]
        self._rows = [positions.index(place) for place in pieces]
        return encoding.alone(window)

    def ranked(self, text: str) -> list[str]:
        """The types, likeliest first, for that stretch of the text."""
        encoding = self.encode(text, None)
        levels = self._of_types(torch.from_numpy(self.model.heads[TASK].logits(encoding))[None])[0]
        return [self.types[place] for place in levels.argsort(descending=True, stable=True).tolist()]

    def embedded(self, encoding: Encoding, window: int, baseline: str) -> Embedded:
        """The mean log-probability of each of `types`."""
        return embed_positions(self.model, TASK, encoding, baseline, self._of_types)

    def _of_types(self, logits: torch.Tensor) -> torch.Tensor:
        """(batch, tokens, labels) -> (batch, types)."""
        shares = logits[:, self._rows].log_softmax(-1)
        kinds = [OUTSIDE if tag.place == OUTSIDE else tag.type for tag in self._tags]
        columns = [[place for place, kind in enumerate(kinds) if kind == each] for each in self.types]
        return torch.stack([shares[..., each].logsumexp(-1).mean(-1) for each in columns], dim=-1)

    def target(self, question: Question) -> str:
        """The type, or both of them."""
        name = self.types[question.target]
        return name if question.against is None else f"{name} \N{MINUS SIGN} {self.types[question.against]}"


def checked_types(
    question: Question, ranked: Sequence[str], types: Sequence[str], target: str | None, against: str | None
) -> Question:
    """The question with its types, by default the likeliest one alone. Raises ChoiceError for one that there is not.

    ranked: as `SpanType.ranked` gives them; types: in the order of the outputs.
    """
    target = target or ranked[0]
    if against == RUNNER_UP:
        against = next((each for each in ranked if each != target), None)
    for name, value in (("target", target), ("against", against)):
        if value and value not in types:
            raise ChoiceError(f"{name} must be one of the types of this model: {', '.join(types)}.")
    if against == target:
        raise ChoiceError("target and against are the same type. Name two, or leave out against.")
    other = types.index(against) if against else None
    return replace(question, target=types.index(target), against=other, output=ALONE if other is None else AGAINST)
