"""What a loaded model is made of: a tokenizer, an encoder and the heads of its tasks, whatever library stands behind.

Tensors stay in `models` and `tasks`; everything that is shown is an array.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np

from bert_demo.core.errors import MissingHeadError
from bert_demo.results import ModelInfo, Token
from bert_demo.results.base import Result

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

    def alone(self, window: int) -> Encoding:
        """One window as a text of its own."""
        positions = self.windows[window]
        first, last = (positions.index(place) for place in self.spans[window])
        return Encoding(
            tuple(self.tokens[place] for place in positions),
            tuple(self.segments[place] for place in positions),
            (tuple(range(len(positions))),),
            ((first, last),),
        )


@dataclass(frozen=True, slots=True)
class Embedded:
    """One window at the embedding module or at a layer, for attribution.

    inputs, baseline, masked: (1, n, d), the states for the text, for the baseline, and for the text with the mask
    token in every ordinary place (None where the model has no mask);
    logits_from: (batch, n, d) -> (batch, outputs), differentiable, safe to use beside other calls on the same model.
    """

    inputs: torch.Tensor
    baseline: torch.Tensor
    logits_from: Callable[[torch.Tensor], torch.Tensor]
    masked: torch.Tensor | None = None


@dataclass(frozen=True, slots=True)
class Trace(Result):
    """What one head computes: q, k, v, output (n, d), weights (n, n), all in single precision; scaling: 1 / sqrt(d)."""

    q: np.ndarray
    k: np.ndarray
    v: np.ndarray
    weights: np.ndarray
    output: np.ndarray
    scaling: float


@dataclass(frozen=True, slots=True)
class Reading:
    """A variant of one window: other token ids at some positions of `Encoding.tokens`, and the positions asked for."""

    tokens: Mapping[int, int]
    asked: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a trial at load found that a model can do (`models/trial.py`). Differences are absolute, of float32.

    attention_sum: largest distance of a row of attention weights from 1; embeddings: largest difference between the
    logits of token ids and those of the same embeddings passed in; padding: the same between a text alone and in a
    padded batch; segments: the same between a text in one segment and in two, 0 where they do not matter;
    heads: of each layer, 0 where it has no attention; limit: tokens of the longest text; lacking: what it cannot do
    ("attention", "embeddings", "layers", "heads", "steps"), and for each the sentence that says why; reach: of each
    layer, how many tokens on either side it attends to, None for all; empty where all layers attend to all.
    """

    attention_sum: float
    embeddings: float
    padding: float
    segments: float
    heads: int
    limit: int
    lacking: Mapping[str, str] = field(default_factory=dict)
    reach: tuple[int | None, ...] = ()

    def require(self, name: str) -> None:
        """Raise MissingHeadError, which says why, where the model cannot do it."""
        if name in self.lacking:
            raise MissingHeadError(self.lacking[name])


class Tokenizer(Protocol):
    """A text as token ids, and back."""

    mask_token: str | None
    mask_id: int | None
    pad_id: int | None
    unknown_id: int | None
    control_tokens: tuple[str, ...]

    def encode(self, text: str, pair: str | None = None) -> Encoding:
        """Tokenise; texts beyond the model's limit are cut into overlapping windows. Raises TextError."""
        ...

    def token_str(self, token: int) -> str:
        """A vocabulary entry as the fill-mask pipeline writes it."""
        ...

    def decode(self, ids: Sequence[int]) -> str:
        """The text that token ids spell."""
        ...

    def token_ids(self, word: str) -> tuple[int, ...]:
        """The ids of a word's pieces, as they are behind another word; an entry such as "##ing" stands for itself."""
        ...

    def word_pieces(self, text: str, before: str = "a ") -> tuple[int, ...]:
        """The ids of a phrase's pieces behind what stands before it, by default a word, without special tokens."""
        ...

    def changed(self, text: str) -> str:
        """A text as the tokenizer changes it before it parts words."""
        ...

    def normalised(self, text: str) -> tuple[tuple[str, tuple[int, int]], ...]:
        """The words that are cut into pieces, as the tokenizer changes them, and their (start, end) in the text."""
        ...

    def vocabulary(self) -> Mapping[str, int]:
        """Each entry of the vocabulary and its id."""
        ...

    def piece_rule(self) -> tuple[str, str, int]:
        """Algorithm, mark of a continuing piece, characters of the longest word that is tried (0: no limit)."""
        ...


class Encoder(Protocol):
    """The network below the heads. Several threads may call at once."""

    module: Any
    """The model of transformers, heads included, which shows its attention weights. Shared, so never changed."""
    device: torch.device

    def move(self, device: torch.device) -> None:
        """Compute there from now on."""
        ...

    def memory(self) -> int:
        """Bytes of the weights, each counted once."""
        ...

    def plain(self) -> Any:
        """A copy of the module that shows no attention weights, which takes less time."""
        ...

    def fast(self) -> Any:
        """The same in fewer steps, where its layers are of BERT's shape."""
        ...

    def inputs(self, encoding: Encoding, window: int = 0) -> dict[str, torch.Tensor]:
        """What the module is called with for one window, each (1, n)."""
        ...

    def batches(
        self, encodings: Sequence[Encoding], gradients: bool = ...
    ) -> Iterator[tuple[list[int], dict[str, torch.Tensor]]]:
        """Texts of one window each, those of like length together: their places, and their padded inputs. gradients:
        whether each batch is gone back through, too."""
        ...

    def positions(self, ids: torch.Tensor) -> torch.Tensor:
        """(1, n), the row of the position embeddings that each token of a text has."""
        ...

    def embeddings(
        self, ids: torch.Tensor, inputs: Mapping[str, torch.Tensor], positions: torch.Tensor | None = None
    ) -> torch.Tensor:
        """(1, n, d), the embedding module's output; positions: of the text, where `ids` stand for it."""
        ...

    def attentions(self, encoding: Encoding, window: int) -> np.ndarray:
        """(layers, heads, n, n) attention weights of one window. Raises MissingHeadError."""
        ...

    def hidden_states(self, encoding: Encoding, window: int) -> np.ndarray:
        """(layers + 1, n, d) states before layer 0 and behind each layer."""
        ...

    def batched_hidden_states(self, encodings: Sequence[Encoding]) -> Iterator[tuple[list[int], np.ndarray]]:
        """For each padded batch of texts: their places, and (texts, layers + 1, n, d) states in another way."""
        ...

    def embedding_parts(self, encoding: Encoding, window: int) -> Mapping[str, np.ndarray]:
        """What is added before layer 0, by name, "normalised" and "output", each (n, d). Raises MissingHeadError."""
        ...

    def position_vectors(self) -> np.ndarray:
        """(positions, d). Raises MissingHeadError where there are none."""
        ...

    def on(self, module: Any) -> Self:
        """The same on a changed copy of the module."""
        ...


class TaskHead(Protocol):
    """A head and the encoder below it. A classifier reads a text as a whole, a masked-language model at positions."""

    task: str

    def logits(self, encoding: Encoding, window: int = 0, positions: tuple[int, ...] = ()) -> np.ndarray:
        """(outputs,) of one window; of a masked-language model (positions, vocabulary) at `positions` of the tokens."""
        ...

    def batched_logits(self, encodings: Sequence[Encoding]) -> Iterator[tuple[list[int], np.ndarray]]:
        """For each padded batch of texts of one window each: their places, and (texts, outputs) logits."""
        ...

    def on(self, encoder: Encoder) -> Self:
        """The same head on another encoder."""
        ...


class TaskHeads(dict[str, TaskHead]):
    """Heads by task; a task whose head is lacking raises MissingHeadError, which says what to do."""

    def __init__(self, heads: Mapping[str, TaskHead], name: str, advice: Mapping[str, str]) -> None:
        super().__init__(heads)
        self.name, self.advice = name, advice

    def __missing__(self, task: str) -> TaskHead:
        has = " and ".join(self)
        raise MissingHeadError(f"The model {self.name} has no {task} head (it has: {has}). {self.advice[task]}")


@dataclass(frozen=True, eq=False)
class Model:
    """A loaded model. Nothing changes it: what differs in one thing is another model (`surgery.without_heads`).

    activation: "softmax", "sigmoid" or "none" (raw numbers), of the classifier's logits; original: the model that a
    changed copy was made of, so that it counts as used while the copy is.
    """

    info: ModelInfo
    activation: str
    tokenizer: Tokenizer
    encoder: Encoder
    heads: TaskHeads
    capabilities: Capabilities
    original: Model | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """The classifier's labels, in the order of its logits."""
        return self.info.labels

    @property
    def mask_token(self) -> str | None:
        """Such as [MASK]."""
        return self.tokenizer.mask_token

    @property
    def control_tokens(self) -> tuple[str, ...]:
        """Special tokens that a text may not spell."""
        return self.tokenizer.control_tokens

    def encode(self, text: str, pair: str | None = None) -> Encoding:
        """Tokenise; texts beyond the model's limit are cut into overlapping windows. Raises TextError."""
        return self.tokenizer.encode(text, pair)
