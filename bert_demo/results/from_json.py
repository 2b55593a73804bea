"""Results that were written as JSON, read back: dataclasses of numbers, texts, tuples and arrays."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

import numpy as np

T = TypeVar("T")


def to_json(value: Any) -> Any:
    """Dictionaries, lists, texts and numbers, by the fields' own names."""
    if is_dataclass(value):
        return {each.name: to_json(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, np.ndarray):
        return value.tolist()
    return [to_json(each) for each in value] if isinstance(value, (tuple, list)) else value


def from_json(kind: type[T], value: Any) -> T:
    """The value of that class that `to_json` wrote; fields that are missing have their defaults."""
    found: T = _read(kind, value)
    return found


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _read(kind: Any, value: Any) -> Any:
    if get_origin(kind) is UnionType:
        if value is None:
            return None
        (kind,) = (each for each in get_args(kind) if each is not NoneType)
    if kind is np.ndarray:
        return np.asarray(value)
    if is_dataclass(kind):
        hints = _hints(cast(type, kind))
        return kind(**{name: _read(hints[name], each) for name, each in value.items() if name in hints})  # type: ignore[operator]
    if get_origin(kind) is tuple:
        inner = get_args(kind)
        if inner[-1] is Ellipsis:
            return tuple(_read(inner[0], each) for each in value)
        return tuple(_read(own, each) for own, each in zip(inner, value, strict=True))
    return float(value) if kind is float else value
