"""What a family's row asks of the configuration of a model, and sentences about what its models do in their own way."""

from __future__ import annotations

from typing import Any

from bert_demo.core.errors import BrokenModelError
from bert_demo.registry.families import FAMILIES


def fit(config: Any, name: str) -> tuple[str, ...]:
    """Set what the family's row sets; sentences for the model's card. Raises BrokenModelError."""
    family = FAMILIES[config.model_type]
    for field, value in family.settings.items():
        setattr(config, field, value)
    notes = (_adapter(config, name), _windows(config), family.note)
    return tuple(each for each in notes if each)


def shortened(own: int, most: int) -> str:
    """A sentence where a model reads fewer tokens at once than it could; own: how many it could."""
    return (
        f"It reads {most:,} tokens at once here, of the {own:,} that it was made for, and longer texts in windows "
        "(BERT_DEMO_MAX_TOKENS)."
        if own > most
        else ""
    )


def _adapter(config: Any, name: str) -> str:
    """X-MOD has a part for each language; one is chosen, since transformers would refuse to answer without."""
    if not hasattr(config, "default_language"):
        return ""
    languages = [str(each) for each in config.languages]
    if not languages:
        raise BrokenModelError(f"The config.json of the model {name!r} is wrong: languages must name at least one.")
    if config.default_language not in languages:
        config.default_language = languages[0]
    others = f" of {len(languages)} languages" if len(languages) > 1 else ""
    return f"Texts are read with its parts for {config.default_language}{others} (default_language in its config.json)."


def _windows(config: Any) -> str:
    kinds = getattr(config, "layer_types", None) or ()
    local = [number for number, kind in enumerate(kinds, start=1) if kind == "sliding_attention"]
    if not local:
        return ""
    return (
        f"{len(local)} of its {len(kinds)} layers (the first of them is layer {local[0]}) attend to "
        f"{config.sliding_window} tokens on either side alone: their attention is a band."
    )
