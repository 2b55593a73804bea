"""What an answer looks like: its JSON schema, and its compact form."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import NoneType, UnionType
from typing import Any, ClassVar, Union, get_args, get_origin, get_type_hints

import numpy as np

from bert_demo.api.endpoint import Endpoint
from bert_demo.results.base import Wire, wire_names

LEFT_OUT = "left_out"
"""The part of a compact answer that says what it lacks."""
_SIMPLE = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}


@cache
def answer_schema(endpoint: Endpoint) -> dict[str, Any]:
    """JSON schema of an endpoint's answer, whole or compact."""
    schema = _schema(endpoint.result)
    if get_origin(endpoint.result) in (Union, UnionType):
        kinds = [_shortened(each, endpoint.long) for each in schema["anyOf"]]
        shared = {
            name: part
            for name, part in kinds[0]["properties"].items()
            if all(each["properties"].get(name) == part for each in kinds)
        }
        return {"type": "object", "properties": shared, "required": list(shared), "anyOf": kinds}
    return _shortened(schema, endpoint.long)


def _shortened(schema: dict[str, Any], long: tuple[str, ...]) -> dict[str, Any]:
    """The schema of an object that may lack its long parts, if it has any of them."""
    if not set(long) & set(schema.get("properties", ())):
        return schema
    kept = [name for name in schema["required"] if name not in long]
    said = {"type": "object", "additionalProperties": {"type": "string"}}
    return schema | {"properties": schema["properties"] | {LEFT_OUT: said}, "required": kept}


def compact(endpoint: Endpoint, answer: Any) -> Any:
    """The answer without its long parts, if it has any; `left_out` says what each of them is."""
    long = [name for name in endpoint.long if name in answer]
    if not long:
        return answer
    kept = {name: value for name, value in answer.items() if name not in long}
    return kept | {LEFT_OUT: {name: f"numbers {_shape(answer[name])}" for name in long}}


def _shape(value: Any) -> str:
    found = ""
    while isinstance(value, list):
        found += f"[{len(value)}]"
        value = value[0] if value else None
    return found


def _schema(kind: Any) -> dict[str, Any]:
    origin, inner = get_origin(kind), get_args(kind)
    if kind in _SIMPLE:
        return {"type": [_SIMPLE[kind], "null"] if kind is float else _SIMPLE[kind]}
    if origin in (Union, UnionType):
        return {"anyOf": [_schema(each) for each in inner]}
    if kind is np.ndarray:
        return {"type": "array"}
    if origin in (tuple, list):
        alike = origin is list or inner[-1] is Ellipsis
        return {"type": "array", "items": _schema(inner[0])} if alike else {"type": "array"}
    if origin in (dict, Mapping):
        return {"type": "object", "additionalProperties": _schema(inner[1])}
    if isinstance(kind, type) and hasattr(kind, "__dataclass_fields__"):
        return _of_class(kind)
    return {}


def _of_class(kind: type) -> dict[str, Any]:
    parts = {name: _schema(_type_of(kind, attribute)) for name, attribute in wire_names(kind)}
    if issubclass(kind, Wire) and isinstance(kind.WIRE, str):
        return parts[kind.WIRE]
    return {"type": "object", "properties": parts, "required": list(parts)}


def _type_of(kind: type, attribute: str) -> Any:
    """The type of a field or a property, or of one of a field's own."""
    first, _, rest = attribute.partition(".")
    own = kind.__dict__.get(first)
    found = get_type_hints(own.fget)["return"] if isinstance(own, property) else get_type_hints(kind)[first]
    if get_origin(found) is ClassVar:
        (found,) = get_args(found)
    return _type_of(found, rest) if rest else found
