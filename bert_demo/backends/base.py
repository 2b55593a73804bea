"""What the service asks of a model, whatever library stands behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from bert_demo.results import ModelInfo, Token

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Encoding:
    """A text (or a pair) as tokens, and the windows in which the model reads them.

    tokens: the whole text once, in its frame of special tokens; segments: token type of each; windows: for each
    reading the positions in `tokens` that make up the input, special tokens included; spans: first and last position
    of the stretch that is the window's own, ordinary tokens of the longer text. One window is the whole.
    """

    tokens: tuple[Token, ...]
    segments: tuple[int, ...]
    windows: tuple[tuple[int, ...], ...]
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """A variant of one window: other token ids at some positions of `Encoding.tokens`, and the positions asked for."""

    tokens: Mapping[int, int]
    asked: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Embedded:
    """One window at the embedding module, for attribution.

    inputs, baseline, masked: (1, n, d), the embedding module's output for the text, for the baseline, and for the text
    with the mask token in every ordinary place (None where the model has no mask);
    logits_from: (batch, n, d) -> (batch, labels), differentiable, safe to use beside other calls on the same model.
    """

    inputs: torch.Tensor
    baseline: torch.Tensor
    logits_from: Callable[[torch.Tensor], torch.Tensor]
    masked: torch.Tensor | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """What one head computes: q, k, v, output (n, d), weights (n, n), all in single precision; scaling: 1 / sqrt(d)."""

    q: np.ndarray
    k: np.ndarray
    v: np.ndarray
    weights: np.ndarray
    output: np.ndarray
    scaling: float


class Backend(Protocol):
    """A loaded model. Every method leaves it as it was; several threads may call at once."""

    info: ModelInfo
    labels: tuple[str, ...]
    activation: str
    layers: int
    heads: int
    limit: int
    mask_token: str | None
    unknown: int | None
    control_tokens: tuple[str, ...]

    def encode(self, text: str, pair: str | None = None) -> Encoding:
        """Tokenise; texts beyond `limit` tokens are cut into overlapping windows."""
        ...

    def label_logits(self, encoding: Encoding) -> np.ndarray:
        """(windows, labels) logits of the classifier."""
        ...

    def mask_probabilities(self, encoding: Encoding, window: int, positions: tuple[int, ...]) -> np.ndarray:
        """(positions, vocabulary) probabilities at `positions` of `encoding.tokens`, read in that window."""
        ...

    def attentions(self, encoding: Encoding, window: int) -> np.ndarray:
        """(layers, heads, n, n) attention weights of one window."""
        ...

    def trace(self, encoding: Encoding, window: int, layer: int, head: int) -> Trace:
        """What one head (from 0) computes on one window. Raises ModelError for an unknown kind of model."""
        ...

    def without(self, heads: Sequence[tuple[int, int]]) -> Backend:
        """The same model with these (layer, head) adding nothing. Raises ModelError for an unknown kind."""
        ...

    def without_each(
        self, encoding: Encoding, window: int, mask: int | None = None
    ) -> tuple[np.ndarray, Iterator[tuple[int, int, np.ndarray]]]:
        """(labels,), the untouched model's logits; for each batch its layer, its first head, and (heads, labels): the
        logits without each head from that one on.

        mask: a position of `encoding.tokens` that holds a mask; then the logits there, over the vocabulary.
        """
        ...

    def mask_logits(self, encoding: Encoding, window: int, mask: int) -> np.ndarray:
        """(vocabulary,) logits of the masked-language model at that position."""
        ...

    def many_logits(self, encodings: Sequence[Encoding]) -> Iterator[tuple[list[int], np.ndarray]]:
        """For each batch of texts of one window each: their places, and the classifier's logits (texts, labels)."""
        ...

    def gate_gradients(self, encodings: Sequence[Encoding], truth: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """For each batch how many texts it has, and (layers, heads), their sum of |d loss / d gate|.

        truth: (texts, labels) of 0 and 1, the right labels of each.
        """
        ...

    def embedded(self, encoding: Encoding, window: int, baseline: str, mask: int | None = None) -> Embedded:
        """The window and its baseline ("pad", "mask" or "zero"; special tokens kept) at the embedding module.

        mask: a position of `encoding.tokens` that holds a mask; then `logits_from` gives the masked-language model's
        logits there, (batch, vocabulary), and that mask is kept in the baseline. Otherwise those of the classifier.
        """
        ...

    def embedded_layers(self, encoding: Encoding, baseline: str) -> tuple[Embedded, ...]:
        """The first window and its baseline before each layer, and behind the last one; (layers + 1,).

        Raises MissingHeadError for a model whose layers cannot be taken one by one.
        """
        ...

    def token_str(self, token: int) -> str:
        """A vocabulary entry as the fill-mask pipeline writes it."""
        ...

    def decoded(self, ids: Sequence[int]) -> str:
        """The text that token ids spell, as the tokenizer writes it."""
        ...

    def token_ids(self, word: str) -> tuple[int, ...]:
        """The ids of a word's pieces, without special tokens."""
        ...

    def next_sentence_logits(self, encoding: Encoding) -> np.ndarray:
        """(2,) logits: follows, does not."""
        ...

    def many_next_sentence_logits(self, encodings: Sequence[Encoding]) -> Iterator[tuple[list[int], np.ndarray]]:
        """For each batch of pairs of one window each: their places, and (pairs, 2) logits. Raises MissingHeadError."""
        ...

    def readings(self, encoding: Encoding, window: int, readings: Sequence[Reading]) -> Iterator[np.ndarray]:
        """For each variant of one window (asked positions, vocabulary), log-probabilities. Raises MissingHeadError."""
        ...

    def hidden_states(self, encoding: Encoding, window: int) -> np.ndarray:
        """(layers + 1, n, d) states before layer 0 and behind each layer."""
        ...

    def many_states(self, encodings: Sequence[Encoding]) -> Iterator[tuple[list[int], np.ndarray]]:
        """For each padded batch of texts: their places, and (texts, layers + 1, n, d) states in another way."""
        ...

    def read_states(self, states: np.ndarray) -> np.ndarray:
        """(n, vocabulary) log-probabilities of the masked-language-model head on (n, d). Raises MissingHeadError."""
        ...

    def embedding_parts(self, encoding: Encoding, window: int) -> Mapping[str, np.ndarray]:
        """What is added before layer 0, by name, "normalised" and "output", each (n, d). Raises MissingHeadError."""
        ...

    def position_vectors(self) -> np.ndarray:
        """(positions, d). Raises MissingHeadError where there are none."""
        ...

    def normalised(self, text: str) -> tuple[tuple[str, tuple[int, int]], ...]:
        """The words that the tokenizer cuts into pieces, as it changes them, and their (start, end) in the text."""
        ...

    def word_pieces(self, text: str, before: str = "a ") -> tuple[int, ...]:
        """The ids of a phrase's pieces behind what stands before it, by default a word, without special tokens."""
        ...

    def vocabulary(self) -> Mapping[str, int]:
        """Each entry of the vocabulary and its id."""
        ...

    def piece_rule(self) -> tuple[str, str, int]:
        """Algorithm, mark of a continuing piece, characters of the longest word that is tried (0: no limit)."""
        ...
