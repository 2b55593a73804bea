"""A trial at load: what this very model can do, found by running it, and for what it cannot a sentence.

Two short passes through three of its layers, and the last once more, prove everything at once where a model is as its
family's row says; only where they do not is each thing tried by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from bert_demo.core.errors import BrokenModelError, MissingHeadError, ModelError
from bert_demo.models.base import Capabilities
from bert_demo.models.encoder import TransformersEncoder, shares
from bert_demo.models.surgery.attention_steps import untraced, with_traces
from bert_demo.models.surgery.from_embeddings import Given, expanded
from bert_demo.models.surgery.from_layer import from_layer, only_layers
from bert_demo.models.surgery.shared_copy import begin_with, family_of, layers_of, shared_copy
from bert_demo.models.surgery.without_heads import Gate, with_gates

TOLERANCE = 1e-4
"""By how much logits may differ; for logits beyond 1 as a share of the largest."""
LONG, SHORT = 4, 3
"""Tokens of the two texts, of which the shorter is padded."""
LOCAL = "sliding_attention"
"""What transformers calls a layer that attends to a window alone."""
OTHER = 'Choose another model, such as "base" or "sentiment".'


def try_out(encoder: TransformersEncoder, by_position: bool, ordinary: list[int], limit: int) -> Capabilities:
    """What a model that was just loaded can do. Only for whoever loads it: it puts transformers' hooks on the module.

    by_position: whether its head reads each position by itself, as that of a masked-language model, which is then left
    out; ordinary: ids of at least LONG tokens that are not special; limit: tokens of the longest text.
    Raises BrokenModelError for one that gives no numbers.
    """
    with torch.inference_mode():
        return _Trial(encoder, by_position, ordinary).capabilities(limit)


@dataclass(frozen=True, slots=True)
class _Reference:
    """The shorter text as the untouched model reads it, beside a longer one.

    answer: (1, ...) logits or states; states: (1, SHORT, d) before each layer and behind the last.
    """

    answer: torch.Tensor
    states: tuple[torch.Tensor, ...]


class _Trial:
    def __init__(self, encoder: TransformersEncoder, by_position: bool, ordinary: list[int]) -> None:
        self._encoder = encoder
        self._root: Any = encoder.module.base_model if by_position else encoder.module
        self._root = _shortened(self._root)
        self._layers = int(self._root.config.num_hidden_layers)
        self._heads = 0
        step = len(ordinary) // LONG
        self._long = torch.tensor([ordinary[::step][:LONG]])
        self._ids = self._long[:, :SHORT]
        self._lacking: dict[str, str] = {}

    def capabilities(self, limit: int) -> Capabilities:
        reference, sums = self._read_padded() if self._encoder.collator.pads else self._read_alone()
        if not bool(torch.isfinite(reference.answer).all()):
            raise BrokenModelError(
                f"This model gives no numbers for a text of {SHORT} tokens: its weights are too large, as those of an "
                "overflowing save in half precision. Save it again in single precision."
            )
        self._look_at_attention(sums)
        found = self._difference(self._everything, reference)
        padding = embeddings = found or 0.0  # each at most
        if found is None:
            alone, _ = self._read_alone()
            padding = _apart(alone.answer, reference.answer)
            reference = alone
            embeddings = self._each(reference)
        self._encoder.collator.pads &= _within(padding, reference.answer)
        self._try_layers(reference)
        return Capabilities(
            sums, embeddings, padding, self._segments(), self._heads, limit, self._lacking, self._reach()
        )

    def _look_at_attention(self, sums: float) -> None:
        """What the weights alone tell; sums: how far their rows are from 1."""
        family = family_of(self._root)
        if not self._heads:
            nothing = f"{family.prefix} has no attention: no weights to show, no heads to switch off. {OTHER}"
            self._lacking |= dict.fromkeys(("attention", "heads", "steps"), nothing)
        elif not sums <= TOLERANCE:
            self._lacking["attention"] = (
                f"The attention weights of this model are no shares: the rows sum to 1 only within {sums:.1g}. {OTHER}"
            )
        if self._heads and not family.attention_interface:
            self._lacking["steps"] = untraced(self._root)

    def _read_padded(self) -> tuple[_Reference, float]:
        """Both texts in one batch; also how far the rows of their attention weights are from 1."""
        there = torch.ones_like(self._long).repeat(2, 1)
        there[1, SHORT:] = 0
        ids = self._long.repeat(2, 1)
        ids[1, SHORT:] = int(self._encoder.collator.pad_id or 0)
        return self._read(1, input_ids=ids, attention_mask=there)

    def _read_alone(self) -> tuple[_Reference, float]:
        return self._read(0, input_ids=self._ids)

    def _read(self, row: int, **inputs: torch.Tensor) -> tuple[_Reference, float]:
        output = self._root(**inputs, output_attentions=True, output_hidden_states=True)
        mine = slice(row, row + 1)
        weights = shares(self._root, output.attentions)
        self._heads = weights[0].shape[1] if weights else 0
        sums = max((float((each[mine, :, :SHORT].sum(-1) - 1).abs().max()) for each in weights), default=0.0)
        states = tuple(each[mine, :SHORT] for each in output.hidden_states)
        answer = _answer(output)[mine]
        return _Reference(answer if "logits" in output else answer[:, :SHORT], states), sums

    def _everything(self, reference: _Reference) -> torch.Tensor:
        """From the embeddings, its attention traced, through gates: once all open, once the first head of each layer
        closed."""
        if "heads" in self._lacking:
            raise ModelError("it has no heads")
        module, gates = with_gates(self._root)
        traces: list[dict[str, Any]] = []
        if "steps" not in self._lacking:
            module, traces = with_traces(module)
        begin_with(module, Given(self._embedded().repeat(2, 1, 1)))
        answer = self._with_gates(module, gates, 2)
        if not all(traces) or not _changes(answer):
            raise ModelError("a function for attention or a gate was not reached")
        return answer[:1]

    def _each(self, reference: _Reference) -> float:
        """Each thing by itself. Returns how far logits from the embeddings are from the others."""

        def steps(_: _Reference) -> torch.Tensor:
            module, traces = with_traces(self._root)
            answer = _answer(module(input_ids=self._ids))
            if not all(traces):
                raise ModelError("its attention is computed elsewhere")
            return answer

        def heads(_: _Reference) -> torch.Tensor:
            module, gates = with_gates(self._root)
            answer = self._with_gates(module, gates, 2)
            if not _changes(answer):
                raise ModelError("a head that was switched off changed nothing")
            return answer[:1]

        def embeddings(_: _Reference) -> torch.Tensor:
            module = shared_copy(self._root)
            begin_with(module, Given(self._embedded()))
            return _answer(module(input_ids=self._ids))

        if "steps" not in self._lacking:
            self._difference(steps, reference, "steps", "The steps of this model's attention cannot be shown")
        if "heads" not in self._lacking:
            self._difference(heads, reference, "heads", "The attention heads of this model cannot be taken one by one")
        found = self._difference(
            embeddings, reference, "embeddings", "This model answers otherwise when its embeddings are given to it"
        )
        return torch.inf if found is None else found

    def _try_layers(self, reference: _Reference) -> None:
        """The last layer alone, and none."""
        for layer in (self._layers - 1, self._layers):

            def rest(reference: _Reference, layer: int = layer) -> torch.Tensor:
                module = from_layer(self._root, layer)
                begin_with(module, Given(reference.states[layer]))
                return _answer(module(input_ids=self._ids))

            sentence = "The layers of this model cannot be taken one by one"
            if self._difference(rest, reference, "layers", sentence) is None:
                return

    def _difference(
        self,
        run: Callable[[_Reference], torch.Tensor],
        reference: _Reference,
        ability: str = "",
        sentence: str = "",
    ) -> float | None:
        """How far an answer is from the reference; None where it is too far or fails, which is then noted."""
        try:
            found = _apart(run(reference), reference.answer)
            if _within(found, reference.answer):
                return found
            why = f"its numbers differ by {found:.1g}"
        except Exception as error:  # whatever it is, the model can do without this lens
            why = str(error) if isinstance(error, ModelError) else f"transformers raises {type(error).__name__}"
        if ability:
            whole = why.endswith((".", '"'))
            self._lacking[ability] = why if whole else f"{sentence} ({why}). {OTHER}"
        return None

    def _with_gates(self, module: Any, gates: list[Gate], rows: int) -> torch.Tensor:
        opened = torch.ones(rows, self._heads)
        opened[1:, 0] = 0
        for gate in gates:
            gate.value = opened
        return _answer(module(**expanded(self._ids, {}, rows)))

    def _embedded(self, segment: int | None = None) -> torch.Tensor:
        inputs: Mapping[str, torch.Tensor] = {}
        if segment is not None:
            inputs = {"token_type_ids": torch.full_like(self._ids, segment)}
        return self._encoder.embeddings(self._ids, inputs)

    def _reach(self) -> tuple[int | None, ...]:
        """How far each layer attends, as the configuration says; nothing where a window of one token on either side is
        not kept by just those layers that are called local."""
        config = self._encoder.module.config
        if LOCAL not in (getattr(config, "layer_types", None) or ()) or not self._heads:
            return ()
        module = shared_copy(self._root)
        module.config.sliding_window = 1
        beyond = torch.ones(LONG, LONG).triu(2).bool()
        weights = shares(module, module.base_model(input_ids=self._long, output_attentions=True).attentions)
        for layer, each in zip(layers_of(module), weights, strict=True):
            if bool((each[..., beyond] == 0).all()) != (layer.attention_type == LOCAL):
                return ()
        every = layers_of(self._encoder.module)
        return tuple(int(config.sliding_window) if layer.attention_type == LOCAL else None for layer in every)

    def _segments(self) -> float:
        """How much the embeddings of a token in the second segment differ from those in the first."""
        try:
            return _apart(self._embedded(0), self._embedded(1))
        except Exception:  # of one segment, or of none
            return 0.0


def _shortened(module: Any) -> Any:
    """The model with its first two layers, its last, and the first of each other kind, where there are more and they
    can be taken apart: what is tried takes a fraction of the time."""
    count = int(module.config.num_hidden_layers)
    try:
        kinds: dict[Any, int] = {}
        for place, layer in enumerate(layers_of(module)):
            kinds.setdefault((*map(type, layer.modules()), getattr(layer, "attention_type", None)), place)
        if family_of(module).shared_layers and len(kinds) > 1:
            return module
        kept = sorted({0, min(1, count - 1), count - 1, *kinds.values()})
        return only_layers(module, kept) if len(kept) < count else module
    except MissingHeadError:
        return module


def _answer(output: Any) -> torch.Tensor:
    """(rows, ...): the logits of a head that reads the text as a whole, or the last states."""
    logits: torch.Tensor = output.logits if "logits" in output else output.last_hidden_state
    return logits


def _apart(found: torch.Tensor, expected: torch.Tensor) -> float:
    return float((found - expected).abs().max())


def _within(difference: float, answer: torch.Tensor) -> bool:
    return difference <= TOLERANCE * max(1.0, float(answer.abs().max()))


def _changes(answer: torch.Tensor) -> bool:
    """Whether the second row, with heads closed, is another than the first."""
    return not torch.equal(answer[0], answer[1])
