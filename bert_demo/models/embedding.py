"""A window at the embedding module or before each layer, beside its baseline: what attributions start from."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch

from bert_demo.core.errors import MissingHeadError
from bert_demo.models.base import Embedded, Encoding, Model
from bert_demo.models.device import on_device
from bert_demo.models.surgery.from_embeddings import from_embeddings, hidden_states
from bert_demo.models.surgery.from_layer import from_layer

TOLERANCE = 1e-4
"""By how much the logits that are explained may differ from those that answer; beyond 1 as a share of the largest."""


def embed(model: Model, encoding: Encoding, window: int, baseline: str, mask: int | None = None) -> Embedded:
    """The window and its baseline ("pad", "mask" or "zero"; special tokens kept) at the embedding module.

    mask: a position of `encoding.tokens` that holds a mask; then `logits_from` gives the masked-language model's
    logits there, (batch, vocabulary), and that mask is kept in the baseline. Otherwise those of the classifier.
    Raises MissingHeadError, also where F(text) is not what the head answers.
    """
    if mask is None:
        return _embed(model, "text-classification", encoding, window, baseline)
    return _embed(model, "fill-mask", encoding, window, baseline, mask)


def embed_positions(
    model: Model, task: str, encoding: Encoding, baseline: str, outputs: Callable[[torch.Tensor], torch.Tensor]
) -> Embedded:
    """The same of a head that reads each position, for a text of one window.

    outputs: (batch, tokens, labels) logits -> (batch, outputs), which `logits_from` then gives.
    """
    return _embed(model, task, encoding, 0, baseline, outputs=outputs)


def _embed(
    model: Model,
    task: str,
    encoding: Encoding,
    window: int,
    baseline: str,
    mask: int | None = None,
    outputs: Callable[[torch.Tensor], torch.Tensor] | None = None,
) -> Embedded:
    head = model.heads[task]  # raises MissingHeadError
    model.capabilities.require("embeddings")
    encoder, positions = model.encoder, encoding.windows[window]
    inputs = encoder.inputs(encoding, window)
    kept = torch.tensor([[encoding.tokens[each].special or each == mask for each in positions]], device=encoder.device)
    ids = inputs.pop("input_ids")
    token, places = model.tokenizer.mask_id, encoder.positions(ids)
    with torch.no_grad():
        embeddings = encoder.embeddings(ids, inputs, places)
        masked = None if token is None else encoder.embeddings(torch.where(kept, ids, token), inputs, places)
        if baseline == "zero":
            empty = torch.where(kept.unsqueeze(-1), embeddings, 0.0)
        elif baseline == "mask" and masked is not None:
            empty = masked
        else:
            empty = encoder.embeddings(torch.where(kept, ids, _padding(model)), inputs, places)
    column = None if mask is None else positions.index(mask)
    classifies = task == "text-classification"
    function = on_device(encoder.device, from_embeddings(encoder.module, ids, column, classifies, **inputs))
    answer = torch.from_numpy(head.logits(encoding, window, () if mask is None else (mask,)))
    if outputs is not None:
        function, answer = partial(_then, function, outputs), outputs(answer[None])
    found = Embedded(embeddings.cpu(), empty.cpu(), function, None if masked is None else masked.cpu())
    _check_same(found, answer.numpy())
    return found


def _then(
    function: Callable[[torch.Tensor], torch.Tensor],
    outputs: Callable[[torch.Tensor], torch.Tensor],
    embeddings: torch.Tensor,
) -> torch.Tensor:
    return outputs(function(embeddings))


def _check_same(embedded: Embedded, answer: np.ndarray) -> None:
    """Raise MissingHeadError where what would be explained is not what answers; answer: logits of the head."""
    with torch.no_grad():
        explained = embedded.logits_from(embedded.inputs)[0].numpy()
    apart = float(np.abs(explained - answer.reshape(explained.shape)).max())
    if not apart <= TOLERANCE * max(1.0, float(np.abs(answer).max())):
        raise MissingHeadError(
            f"This text cannot be explained: from its embeddings on the model gives logits that are off by {apart:.2g} "
            "from those of its answer, so a picture would be of another function. Choose another model or text."
        )


def _padding(model: Model) -> int:
    """The id of padding: the tokenizer's, or where it names none the model's. Raises MissingHeadError."""
    config = model.encoder.module.config
    found = config.pad_token_id if model.tokenizer.pad_id is None else model.tokenizer.pad_id
    if found is None or not 0 <= found < config.vocab_size:
        raise MissingHeadError(
            "This model has no padding token to stand for an absent word. Choose the baseline mask or zero."
        )
    return int(found)


def embed_layers(model: Model, encoding: Encoding, baseline: str) -> tuple[Embedded, ...]:
    """The first window and its baseline before each layer, and behind the last one; (layers + 1,).

    Raises MissingHeadError for a model whose layers cannot be taken one by one.
    """
    first = embed(model, encoding, 0, baseline)
    model.capabilities.require("layers")
    encoder = model.encoder
    inputs = encoder.inputs(encoding)
    ids = inputs.pop("input_ids")
    ends = torch.cat((first.inputs, first.baseline)).to(encoder.device)
    with torch.no_grad():
        states = hidden_states(encoder.module, ids, inputs, ends)
    rest = [from_layer(encoder.module, layer) for layer in range(1, len(states))]
    return (
        first,
        *(
            Embedded(
                state[:1], state[1:], on_device(encoder.device, from_embeddings(module, ids, None, True, **inputs))
            )
            for state, module in zip((state.cpu() for state in states[1:]), rest, strict=True)
        ),
    )
