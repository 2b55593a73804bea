"""Calls of endpoints by the examples in their rows: what is added since 0.3.0 is tested by what it says of itself."""

from __future__ import annotations

import re
from typing import Any

from bert_demo.api.endpoint import Endpoint


def example(endpoint: Endpoint) -> dict[str, Any]:
    """One call. Raises AssertionError for an argument that must be given and has no example."""
    for name, field in endpoint.request.model_fields.items():
        assert field.examples or not field.is_required(), f"{endpoint.name}: {name} has no example"
    return endpoint.examples


def in_other_words(endpoint: Endpoint, texts: tuple[str, str, str], mask: str, word: str) -> dict[str, Any]:
    """The same call, but for the model, with every text in the words of another model.

    A text of its examples with a [MASK] becomes the second text with as many, a single word that word, and other texts
    the three in turn; arguments that may be left out are.
    """
    fields = endpoint.request.model_fields
    given = {name: value for name, value in example(endpoint).items() if fields[name].is_required()}
    seen: list[str] = []

    def example_text(value: Any) -> Any:
        if isinstance(value, list):
            return [example_text(each) for each in value]
        if not isinstance(value, str):
            return value
        if masks := len(re.findall(r"\[MASK\]", value)):
            return " ".join([texts[1], *[mask] * masks])
        if " " not in value:
            return word
        seen.append(value)
        return texts[(len(seen) - 1) % len(texts)]

    return {name: example_text(value) for name, value in given.items() if name not in ("model", "other")}
