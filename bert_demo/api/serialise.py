"""Results as JSON: one way for all of them, by the names that each class declares (results/base.py)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from operator import attrgetter
from typing import Any

import numpy as np

from bert_demo.results.base import Wire, wire_names

_PLAIN = frozenset({str, int, bool, type(None)})


def serialise(value: Any) -> Any:
    """Dictionaries, lists, strings and numbers. JSON knows no infinity and no NaN: they become null."""
    kind: Any = type(value)
    if kind in _PLAIN:
        return value
    if kind is float:
        return value if value - value == 0 else None
    if kind is tuple or kind is list:
        found = []
        for each in value:
            found.append(each if type(each) in _PLAIN else serialise(each))
        return found
    if isinstance(value, np.ndarray):
        return value.tolist() if np.isfinite(value).all() else serialise(value.tolist())
    if isinstance(value, np.generic):
        return serialise(value.item())
    if isinstance(value, Mapping):
        names, values = tuple(value), tuple(value.values())
    else:
        names, parts, whole = _plan(kind)
        if whole:
            return serialise(parts(value))
        values = parts(value)
    row = {}
    for name, each in zip(names, values, strict=True):
        row[name] = each if type(each) in _PLAIN else serialise(each)
    return row


@cache
def _plan(kind: type) -> tuple[tuple[str, ...], attrgetter[Any], bool]:
    """The names of a class's parts, what gets them all at once, and whether its one part stands for the whole."""
    pairs = wire_names(kind)
    whole = issubclass(kind, Wire) and isinstance(kind.WIRE, str)
    return tuple(name for name, _ in pairs), attrgetter(*(attribute for _, attribute in pairs)), whole


def figures_of(evaluation: Wire) -> bytes:
    """All that `/evaluate` says, as JSON to be kept, but for the probabilities, which stand in the rows."""
    figures = {name: value for name, value in serialise(evaluation).items() if name != "probabilities"}
    return json.dumps(figures, ensure_ascii=False, indent=1).encode("utf-8", "replace")
