"""What a classifier's author makes of its logits: probabilities, or the raw numbers of a regression."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SENTENCE_TRANSFORMERS = "config_sentence_transformers.json"
_ENDINGS = {"identity": "none", "sigmoid": "sigmoid", "softmax": "softmax"}
"""The classes of torch that a cross-encoder may name, and the activation that each is here."""


def activation_of(config: Any, directory: Path) -> tuple[str, str]:
    """("softmax", "sigmoid" or "none", a sentence where it is not what transformers' pipeline does, else "").

    A cross-encoder's own choice goes first: sentence-transformers 6 writes `activation_fn` into
    config_sentence_transformers.json, older ones at two places of config.json. With several labels it writes Identity
    whatever they mean, so that this alone says nothing there. Then problem_type decides, as in the pipeline.
    """
    regression = config.problem_type == "regression"
    usual = "none" if regression else "softmax"
    if not regression and (config.num_labels == 1 or config.problem_type == "multi_label_classification"):
        usual = "sigmoid"
    named = _named(config, directory)
    if named is None:
        return usual, ""
    ending = named.rpartition(".")[2].lower()
    chosen = _ENDINGS.get(ending)
    if chosen is None:
        return "none", f"Its author applies {named[:60]}, which this demo does not; raw numbers are shown."
    if chosen == "none" and config.num_labels > 1:
        return usual, ""
    differs = f"Its author's settings of sentence-transformers say {ending}, and that is followed."
    return chosen, differs if chosen != usual else ""


def _named(config: Any, directory: Path) -> str | None:
    """The name of a class of torch, if one is written down."""
    places = [(_read(directory / SENTENCE_TRANSFORMERS), "activation_fn")]
    own = getattr(config, "sentence_transformers", None)
    places.append((own if isinstance(own, dict) else {}, "activation_fn"))
    places.append(
        ({"": getattr(config, "sbert_ce_default_activation_function", None)}, ""),
    )
    return next((each for source, name in places if isinstance(each := source.get(name), str) and each), None)


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
