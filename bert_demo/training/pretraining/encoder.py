"""BERT's forward pass over a flat batch, in bfloat16 or float32, with the output layer at the masked places only.

It reads the weights of a `BertForPreTraining` or `BertForMaskedLM` of transformers; the weights stay in float32 and are
rounded for each pass. Attention is computed by hand, a group of equally long pieces at a time: torch 2.13's fused
attention takes longer for its gradient in bfloat16 on a processor than everything else together (65 ms a layer against
5 ms, 16 x 12 heads of 128 x 128), and without padding there is nothing to mask.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional

from bert_demo.core.errors import BadDataError
from bert_demo.training.pretraining.flat import FlatBatch

TOLERANCE = 2e-3
"""How far logits of the flat pass and of the model's own may lie apart in float32."""


def low_precision(seconds: Callable[[torch.dtype], float] | None = None) -> torch.dtype:
    """bfloat16 where the processor multiplies it in hardware (AVX-512 BF16 or AMX) and is faster in it, else float32.

    A Xeon with AVX-512 BF16 and without AMX took 1.8 times as long as in float32, so it is measured. seconds: how long
    a product of that type takes; None measures one of a layer's size.
    """
    able = torch.cpu.get_capabilities()
    if not (able.get("avx512_bf16") or able.get("amx_bf16")):
        return torch.float32
    taken = seconds or _seconds_of_product
    return torch.bfloat16 if taken(torch.bfloat16) < taken(torch.float32) else torch.float32


def _seconds_of_product(dtype: torch.dtype) -> float:
    """Seconds of the processor for the widest product of `base`, the least of five."""
    states, weight = torch.ones(2048, 384, dtype=dtype), torch.ones(1536, 384, dtype=dtype)
    taken = []
    for _ in range(5):
        began = time.process_time()
        functional.linear(states, weight)
        taken.append(time.process_time() - began)
    return min(taken)


class FlatEncoder:
    """The losses of a model on flat batches.

    model: BERT with a masked-language-model head, with or without the next-sentence head, without dropout.
    """

    def __init__(self, model: Any, dtype: torch.dtype) -> None:
        config = model.config
        plain = config.model_type == "bert" and config.hidden_act == "gelu" and not config.is_decoder
        if not plain or config.hidden_dropout_prob or config.attention_probs_dropout_prob:
            raise BadDataError("Only an encoder of BERT's own kind, without dropout, can be trained on flat batches.")
        self._model, self._dtype = model, dtype
        self._heads = int(config.num_attention_heads)
        self._eps = float(config.layer_norm_eps)

    def losses(self, batch: FlatBatch) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Sums of the cross-entropy over the masked places, and over the pairs (None without pairs or head)."""
        states = self.states(batch)
        words = functional.cross_entropy(self.word_logits(states[batch.chosen]), batch.targets, reduction="sum")
        follows = getattr(self._model.cls, "seq_relationship", None)
        if follows is None or not batch.pairs:
            return words, None
        pooled = torch.tanh(self._linear(self._model.bert.pooler.dense, states[batch.firsts]))
        logits = self._linear(follows, pooled).float()
        return words, functional.cross_entropy(logits, batch.follows, reduction="sum")

    def states(self, batch: FlatBatch) -> torch.Tensor:
        """Hidden states of the last layer, (tokens, d)."""
        embeddings = self._model.bert.embeddings
        summed = functional.embedding(batch.ids, embeddings.word_embeddings.weight)
        summed = summed + functional.embedding(batch.positions, embeddings.position_embeddings.weight)
        summed = summed + functional.embedding(batch.types, embeddings.token_type_embeddings.weight)
        norm = embeddings.LayerNorm
        states = functional.layer_norm(summed, norm.normalized_shape, norm.weight, norm.bias, self._eps)
        states = states.to(self._dtype)
        for layer in self._model.bert.encoder.layer:
            output = layer.attention.output
            mixed = self._linear(output.dense, self._attended(layer.attention.self, states, batch.shapes))
            states = self._norm(output.LayerNorm, mixed + states)
            wide = functional.gelu(self._linear(layer.intermediate.dense, states))
            states = self._norm(layer.output.LayerNorm, self._linear(layer.output.dense, wide) + states)
        return states

    def word_logits(self, states: torch.Tensor) -> torch.Tensor:
        """Logits over the vocabulary in float32, (places, vocabulary)."""
        head = self._model.cls.predictions
        states = self._norm(head.transform.LayerNorm, functional.gelu(self._linear(head.transform.dense, states)))
        return self._linear(head.decoder, states).float()

    def _attended(self, own: Any, states: torch.Tensor, shapes: tuple[tuple[int, int], ...]) -> torch.Tensor:
        """The mixed values of all heads, (tokens, d). The three projections are one product; fillers see nothing."""
        size, used = own.attention_head_size, sum(rows * width for rows, width in shapes)
        parts = (own.query, own.key, own.value)
        scales = (size**-0.5, 1.0, 1.0)
        weight = torch.cat([part.weight * scale for part, scale in zip(parts, scales, strict=True)])
        bias = torch.cat([part.bias * scale for part, scale in zip(parts, scales, strict=True)])
        projected = functional.linear(states, weight.to(self._dtype), bias.to(self._dtype))
        groups = projected.split([*(rows * width for rows, width in shapes), len(states) - used])
        mixed = []
        for (rows, width), group in zip(shapes, groups[:-1], strict=True):
            query, key, value = group.view(rows, width, 3, self._heads, size).permute(2, 0, 3, 1, 4).unbind(0)
            weights = torch.matmul(query, key.transpose(-1, -2)).softmax(-1)
            mixed.append(torch.matmul(weights, value).transpose(1, 2).reshape(rows * width, -1))
        return torch.cat([*mixed, groups[-1][:, : states.shape[1]]])

    def _linear(self, module: Any, states: torch.Tensor) -> torch.Tensor:
        return functional.linear(states, module.weight.to(self._dtype), module.bias.to(self._dtype))

    def _norm(self, module: Any, states: torch.Tensor) -> torch.Tensor:
        weight, bias = module.weight.to(self._dtype), module.bias.to(self._dtype)
        return functional.layer_norm(states, module.normalized_shape, weight, bias, self._eps)


@torch.no_grad()
def check_encoder(model: Any) -> None:
    """Compare the flat pass with the model's own, both in float32. Raises BadDataError where they differ."""
    generator = torch.Generator().manual_seed(0)
    width = min(16, int(model.config.max_position_embeddings) - 2)
    ids = torch.randint(int(model.config.vocab_size), (2, width), generator=generator)
    types = (torch.arange(width) >= width // 2).long().repeat(2, 1) * (int(model.config.type_vocab_size) > 1)
    none = torch.empty(0, dtype=torch.long)
    batch = FlatBatch(
        ids.flatten(), torch.arange(width).repeat(2), types.flatten(), ((2, width),), none, none, none, none
    )
    encoder = FlatEncoder(model, torch.float32)
    found = encoder.word_logits(encoder.states(batch))
    output = model(input_ids=ids, token_type_ids=types)
    expected = output.prediction_logits if "prediction_logits" in output else output.logits
    difference = float((found - expected.flatten(0, 1)).abs().max())
    if not difference < TOLERANCE:
        raise BadDataError(f"The flat pass differs from the model's own by {difference:.2g}; it cannot be trained so.")
