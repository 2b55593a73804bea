"""The part of a backend that reads many variants of one text at once, and what a model holds between its layers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from tokenizers import PreTokenizedString
from torch import nn
from transformers.modeling_outputs import BaseModelOutputWithPooling

from bert_demo.backends.base import Encoding, Reading
from bert_demo.backends.device import numbers
from bert_demo.backends.variants import following_logits, head_at, masked_logits, shared_copy, with_encoder
from bert_demo.errors import MissingHeadError
from bert_demo.results import ModelInfo

TOKENS_AT_ONCE = 2048
PARTS = {"word": "word_embeddings", "position": "position_embeddings", "segment": "token_type_embeddings"}
"""What is added before layer 0, and the modules that hold it."""


class _States(nn.Module):
    """Stands for an encoder and answers with the states that were put in."""

    def __init__(self) -> None:
        super().__init__()
        self.value: torch.Tensor | None = None

    def forward(self, *_: Any, **__: Any) -> BaseModelOutputWithPooling:
        assert self.value is not None
        return BaseModelOutputWithPooling(last_hidden_state=self.value, pooler_output=self.value[:, 0])


class Inside(ABC):
    """What HubBackend tells of its inside. Nothing here changes the model."""

    info: ModelInfo
    device: torch.device
    _model: Any
    _tokenizer: Any
    _first_position: int
    _memo: dict[str, Any]
    """What is worth making once, shared by all copies that stand for the same weights."""

    @abstractmethod
    def _inputs(self, encoding: Encoding, positions: tuple[int, ...]) -> dict[str, torch.Tensor]:
        """What the model is called with for those positions of the tokens, each (1, n)."""

    @abstractmethod
    def _embed(self, ids: torch.Tensor, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        """(1, n, d), the embedding module's output."""

    @abstractmethod
    def _batches(self, encodings: Sequence[Encoding]) -> Iterator[tuple[list[int], dict[str, torch.Tensor]]]:
        """Texts of like length together: their places, and their padded inputs."""

    @abstractmethod
    def _need(self, task: str) -> None:
        """Raises MissingHeadError where the model lacks the head for `task`."""

    def _unwatched(self) -> Any:
        """The model as it need not show its attention weights, which takes less time: a copy that shares its weights
        and, since it is kept, nobody changes."""
        if "plain" not in self._memo:
            plain = shared_copy(self._model)
            if plain.config._attn_implementation == "eager":
                plain.config._attn_implementation = "sdpa"
            self._memo["plain"] = plain
        return self._memo["plain"]

    def readings(self, encoding: Encoding, window: int, readings: Sequence[Reading]) -> Iterator[np.ndarray]:
        """For each variant of one window (asked positions, vocabulary), log-probabilities in single precision.

        The variants are read in batches, the head at the asked positions alone. Raises MissingHeadError.
        """
        self._need("fill-mask")
        if not readings:
            return
        positions = encoding.windows[window]
        place_of = {position: place for place, position in enumerate(positions)}
        inputs = self._inputs(encoding, positions)
        at_once = max(1, TOKENS_AT_ONCE // len(positions))
        plain = self._unwatched()
        for first in range(0, len(readings), at_once):
            batch = readings[first : first + at_once]
            ids = inputs["input_ids"].repeat(len(batch), 1)
            for row, reading in enumerate(batch):
                for position, token in reading.tokens.items():
                    ids[row, place_of[position]] = token
            asked = [(row, place_of[each]) for row, reading in enumerate(batch) for each in reading.asked]
            rows, columns = (torch.tensor(each) for each in zip(*asked, strict=True))
            rest = {name: value.expand(len(batch), -1) for name, value in inputs.items() if name != "input_ids"}
            with torch.inference_mode():
                scores = masked_logits(head_at(plain, rows, columns)(input_ids=ids, **rest))[:, 0].log_softmax(-1)
            for part in scores.split([len(reading.asked) for reading in batch]):
                yield numbers(part)

    def many_next_sentence_logits(self, encodings: Sequence[Encoding]) -> Iterator[tuple[list[int], np.ndarray]]:
        """For each padded batch of pairs of one window each: their places, and (pairs, 2) logits: follows, does not.

        Raises MissingHeadError.
        """
        self._need("next-sentence")
        plain = self._unwatched()
        model = head_at(plain, slice(None), 0) if "fill-mask" in self.info.tasks else plain
        for places, inputs in self._batches(encodings):
            with torch.inference_mode():
                logits = following_logits(model(**inputs))
            yield places, numbers(logits)

    def hidden_states(self, encoding: Encoding, window: int) -> np.ndarray:
        """(layers + 1, n, d), as `output_hidden_states` gives them: before layer 0 and behind each layer."""
        inputs = self._inputs(encoding, encoding.windows[window])
        with torch.inference_mode():
            states = self._model.base_model(**inputs, output_hidden_states=True).hidden_states
        return numbers(torch.cat(states))

    def many_states(self, encodings: Sequence[Encoding]) -> Iterator[tuple[list[int], np.ndarray]]:
        """For each padded batch of texts of one window each: their places, and (texts, layers + 1, n, d) states by
        attention in one fused step; behind a text's own tokens stands padding."""
        for places, inputs in self._batches(encodings):
            with torch.inference_mode():
                states = self._unwatched().base_model(**inputs, output_hidden_states=True).hidden_states
            yield places, numbers(torch.stack(states, dim=1))

    def read_states(self, states: np.ndarray) -> np.ndarray:
        """(n, d) states of any layer read by the masked-language-model head: (n, vocabulary) log-probabilities.

        Raises MissingHeadError.
        """
        self._need("fill-mask")
        given = _States()
        given.value = torch.tensor(states, device=self.device)[None]
        variant = with_encoder(self._model, given)
        nothing = torch.zeros((1, len(states)), dtype=torch.long, device=self.device)
        with torch.inference_mode():
            return numbers(masked_logits(variant(input_ids=nothing))[0].log_softmax(-1))

    def embedding_parts(self, encoding: Encoding, window: int) -> Mapping[str, np.ndarray]:
        """What is added before layer 0, by name ("word", "position", "segment"), each (n, d), then "normalised", their
        sum as the module's LayerNorm leaves it, and "output", the embedding module's own, each (n, d).

        Raises MissingHeadError for a model that makes its first states in another way.
        """
        module = self._model.base_model.embeddings
        inputs = self._inputs(encoding, encoding.windows[window])
        ids = inputs.pop("input_ids")
        indices = {
            "word": ids,
            "position": torch.arange(ids.shape[1], device=ids.device)[None] + self._first_position,
            "segment": inputs.get("token_type_ids", torch.zeros_like(ids)),
        }
        with torch.inference_mode():
            found = {
                name: getattr(module, table)(indices[name])[0]
                for name, table in PARTS.items()
                if getattr(module, table, None) is not None
            }
            output = self._embed(ids, inputs)[0]
            alike = bool(found) and all(part.shape == output.shape for part in found.values())
            total = module.LayerNorm(sum(found.values())) if alike else None
            if total is None or not torch.allclose(total, output, atol=1e-4):
                raise MissingHeadError(
                    "This kind of model does not simply add up what its first layer reads; there are no parts to show. "
                    'Choose a BERT, such as "base".'
                )
        every = {**found, "normalised": total, "output": output}
        return {name: numbers(value) for name, value in every.items()}

    def position_vectors(self) -> np.ndarray:
        """(positions, d), one learned vector for each place in the input. Raises MissingHeadError without such."""
        table = getattr(self._model.base_model.embeddings, "position_embeddings", None)
        if not isinstance(table, nn.Embedding):
            raise MissingHeadError(
                'This kind of model has no learned vector for each position. Choose a BERT, such as "base".'
            )
        return numbers(table.weight.detach()[self._first_position :])

    def normalised(self, text: str) -> tuple[tuple[str, tuple[int, int]], ...]:
        """The words that the tokenizer cuts into pieces, as it changes them, and their (start, end) in the text.

        A token that the tokenizer takes as a whole before it looks at words, such as its mask, is one of them.
        """
        backend = self._tokenizer.backend_tokenizer
        added = {number: token.content for number, token in backend.get_added_tokens_decoder().items()}
        encoding = backend.encode(text, add_special_tokens=False)
        words: list[tuple[str, tuple[int, int]]] = []
        last = 0
        for number, (start, end) in zip(encoding.ids, encoding.offsets, strict=True):
            if number in added and text[start:end].strip() == added[number]:
                words += [*self._words_of(text[last:start], last), (added[number], (start, end))]
                last = end
        return (*words, *self._words_of(text[last:], last))

    def _words_of(self, text: str, first: int) -> list[tuple[str, tuple[int, int]]]:
        """The words of a stretch of text that begins at character `first`."""
        backend = self._tokenizer.backend_tokenizer
        parts = PreTokenizedString(text)
        if backend.normalizer is not None:
            parts.normalize(backend.normalizer.normalize)
        if backend.pre_tokenizer is not None:
            backend.pre_tokenizer.pre_tokenize(parts)
        splits = parts.get_splits("original", "char")
        return [(str(word), (first + int(start), first + int(end))) for word, (start, end), _ in splits]

    def word_pieces(self, text: str, before: str = "a ") -> tuple[int, ...]:
        """The ids of a phrase's pieces behind what stands before it, by default a word, without special tokens."""
        first, both = (
            self._tokenizer(part, add_special_tokens=False, verbose=False)["input_ids"] if part else []
            for part in (before.rstrip(), before + text)
        )
        return tuple(both[len(first) :])

    def vocabulary(self) -> Mapping[str, int]:
        """Each entry of the vocabulary and its id; read once, because the tokenizer makes it anew each time."""
        if "entries" not in self._memo:
            self._memo["entries"] = MappingProxyType(self._tokenizer.get_vocab())
        entries: Mapping[str, int] = self._memo["entries"]
        return entries

    def piece_rule(self) -> tuple[str, str, int]:
        """How words are cut: the algorithm ("WordPiece", "BPE", "Unigram"), the mark of a continuing piece, and the
        characters of the longest word that is tried (0: no limit)."""
        model = self._tokenizer.backend_tokenizer.model
        mark = str(getattr(model, "continuing_subword_prefix", "") or "")
        longest = int(getattr(model, "max_input_chars_per_word", 0) or 0)
        return type(model).__name__, mark, longest
