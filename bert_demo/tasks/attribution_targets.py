"""What can be explained: the label of a classifier, or the word that a masked-language model writes behind a mask."""

from __future__ import annotations

from typing import Protocol

from bert_demo.core.errors import ChoiceError, MaskError
from bert_demo.core.validation import checked_text
from bert_demo.models.base import Embedded, Encoding, Model
from bert_demo.models.embedding import embed
from bert_demo.tasks.attribution_request import Question


class Explained(Protocol):
    """A model with one of its heads."""

    model: Model
    activation: str
    mask: int | None

    def encode(self, text: str, pair: str | None) -> Encoding:
        """The tokens, and the windows that are explained."""
        ...

    def embedded(self, encoding: Encoding, window: int, baseline: str) -> Embedded:
        """That window at the embedding module, and the head's logits from there."""
        ...

    def target(self, question: Question) -> str:
        """What is explained, in words."""
        ...


class Label:
    """A label of a classifier."""

    mask: int | None = None

    def __init__(self, model: Model) -> None:
        self.model = model
        self.activation = model.activation

    def encode(self, text: str, pair: str | None) -> Encoding:
        """All windows."""
        return self.model.encode(text, pair)

    def embedded(self, encoding: Encoding, window: int, baseline: str) -> Embedded:
        """The classifier's logits."""
        return embed(self.model, encoding, window, baseline)

    def target(self, question: Question) -> str:
        """The label."""
        return self.model.labels[question.target]


class Filling:
    """A token behind mask number `number` (from 0) of a text; of a difference, the token less another one."""

    activation = "softmax"
    mask: int | None = None

    def __init__(self, model: Model, number: int) -> None:
        self.model = model
        self._number = number

    def encode(self, text: str, pair: str | None) -> Encoding:
        """A text of one window with that mask in it. Raises MaskError, ChoiceError."""
        model = self.model
        encoding = model.encode(text, pair)
        token = model.mask_token or ""
        places = [place for place, each in enumerate(encoding.tokens) if each.text == token and not each.special]
        if not places:
            raise MaskError(f"There is no {token} in the text. Put one in place of the word to explain.")
        if self._number >= len(places):
            raise ChoiceError(f"mask must be from 0 to {len(places) - 1}: the text has {len(places)}.")
        if len(encoding.windows) > 1:
            raise MaskError(f"The text is longer than the {model.info.limit} tokens read at once. Shorten it.")
        self.mask = places[self._number]
        return encoding

    def embedded(self, encoding: Encoding, window: int, baseline: str) -> Embedded:
        """The masked-language model's logits at the mask."""
        return embed(self.model, encoding, window, baseline, self.mask)

    def target(self, question: Question) -> str:
        """The token, or both of them."""
        name = self.model.tokenizer.token_str(question.target)
        if question.against is None:
            return name
        return f"{name} \N{MINUS SIGN} {self.model.tokenizer.token_str(question.against)}"


def token_of(model: Model, word: str, name: str) -> int:
    """The id of a word that is one token of the model. Raises ChoiceError."""
    if not isinstance(word, str) or not word.strip():
        raise ChoiceError(f"{name} must be a word, such as ice.")
    word = checked_text(word, 100, name).strip()
    pieces = model.tokenizer.token_ids(word)
    if len(pieces) != 1:
        raise ChoiceError(f"{name} {word[:40]!r} is {len(pieces)} tokens of this model; one mask holds one token.")
    if pieces[0] == model.tokenizer.unknown_id:
        raise ChoiceError(f"{name} {word[:40]!r} is not in this model's vocabulary.")
    return pieces[0]
