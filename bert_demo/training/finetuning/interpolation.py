"""Rows drawn towards their baseline while a classifier learns, so that its score rises evenly along the path there.

What a classifier makes of embeddings that belong to no text is left to chance by ordinary training, and Integrated
Gradients walks through just those: the score may swing many times between the baseline and the text. Here a row is
moved to a random point of its path (Zhang et al. 2018, mixup, with the baseline as the other text), its label as far
towards "no idea".
"""

from __future__ import annotations

from typing import Any

import torch


def placed(rows: int, share: float) -> torch.Tensor:
    """(rows,) places on the paths, 1 for the text itself: `share` of them random, the others 1."""
    return torch.where(torch.rand(rows) < share, torch.rand(rows), torch.ones(rows))


def logits_at(
    model: Any, ids: torch.Tensor, attention: torch.Tensor, places: torch.Tensor, frame: tuple[int, ...], pad: int
) -> torch.Tensor:
    """(rows, labels) where the outputs of the embedding module are at `places` of the paths from padding to the texts.

    frame: ids that stay as they are in the baseline. As the lens Attributions has it with the baseline "pad".
    """
    kept = torch.isin(ids, torch.tensor(frame)) | (attention == 0)
    baseline = torch.where(kept, ids, pad)
    module = getattr(model, "get_base_model", lambda: model)().base_model.embeddings

    def moved(embeddings: Any, _: Any, __: Any, found: torch.Tensor) -> torch.Tensor:
        return torch.lerp(embeddings.forward(input_ids=baseline), found, places[:, None, None])

    hook = module.register_forward_hook(moved, with_kwargs=True)
    try:
        logits: torch.Tensor = model(input_ids=ids, attention_mask=attention).logits
    finally:
        hook.remove()
    return logits


def targets_at(truth: torch.Tensor, labels: int, places: torch.Tensor, smoothing: float) -> torch.Tensor:
    """(rows, labels) what to learn there: the label, smoothed, as far as the row is on its way; the rest even."""
    share = places[:, None] * (1 - smoothing)
    return share * torch.nn.functional.one_hot(truth, labels) + (1 - share) / labels
