"""Layers dropped: from the top, or all but those of a list. The configuration's number follows."""

from __future__ import annotations

from torch import nn

from bert_demo.core.errors import ChoiceError, ModelKindError
from bert_demo.models.surgery.shared_copy import family_of, layers_of
from bert_demo.training.smaller.draft import Draft


def keep_layers(draft: Draft, choice: str) -> str:
    """Drop the layers that are not chosen; a sentence about it. Raises ChoiceError, ModelKindError, MissingHeadError.

    Without the configuration's number transformers 5.23 would load fresh weights in their place.
    """
    module, family = draft.module, family_of(draft.module)
    if family.shared_layers:
        raise ModelKindError("All layers of this kind of model have the same weights: dropping some saves nothing.")
    layers, config = layers_of(module), module.config
    kept = chosen(choice, len(layers))
    for place, layer in enumerate(kept):  # ModernBERT's layer 0 has no normalisation before its attention
        if set(layers[place].state_dict()) != set(layers[layer].state_dict()):
            raise ModelKindError(
                f"Layer {layer} of this model is not made as layer {place} is, and cannot take its place."
            )
    kinds = getattr(config, "layer_types", None)
    config.num_hidden_layers = len(kept)
    if kinds:
        config.layer_types = [kinds[layer] for layer in kept]
    module.base_model.set_submodule(family.layers, nn.ModuleList([layers[layer] for layer in kept]))
    return f"{len(kept)} of {len(layers)} layers are kept: {', '.join(map(str, kept))} (from 0)"


def chosen(choice: str, count: int) -> list[int]:
    """The layers that stay, of so many: "3" for the lowest three, "0,2,4" for these. Raises ChoiceError."""
    try:
        numbers = [int(part) for part in choice.split(",")]
    except ValueError:
        numbers = []
    if "," not in choice:
        numbers = list(range(numbers[0])) if numbers and 1 <= numbers[0] < count else []
    if not numbers or not all(0 <= each < count for each in numbers) or len(numbers) == count:
        raise ChoiceError(
            f"layers={choice[:40]} does not fit: this model has {count} layers. Write how many stay, from 1 to "
            f"{count - 1}, or which of 0 to {count - 1}, with commas."
        )
    if numbers != sorted(set(numbers)):
        raise ChoiceError(f"layers={choice[:40]} must name each layer once, the lowest first.")
    return numbers
