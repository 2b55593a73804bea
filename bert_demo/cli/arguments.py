"""The arguments of a command, made from the request of its endpoint.

What must be given stands by itself, in order; everything else is an option. Lists are several words; a head is written
as 3-7, a pair as doctor/nurse.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

from bert_demo.api.endpoint import Endpoint


def add_arguments(command: argparse.ArgumentParser, endpoint: Endpoint) -> None:
    """Add each argument of the request, with its default and its sentence."""
    for name, field in endpoint.request.model_fields.items():
        details = _details(name, field.annotation)
        written = _WRITTEN.get(str(details.get("metavar")), "")
        details["help"] = (field.description or "").replace("%", "%%") + written
        if field.is_required():
            command.add_argument(name, **details)
        else:
            command.add_argument(f"--{name.replace('_', '-')}", default=field.default, **details)


def _details(name: str, annotation: Any) -> dict[str, Any]:
    kind = _without_none(annotation)
    if kind is bool:
        return {"action": "store_true"}
    if kind in _WORDS:
        return {"nargs": "+"} | _WORDS[kind]
    if get_origin(kind) is list:
        return {"nargs": "+"} | ({"metavar": "text"} if name == "texts" else {})
    return {} if kind is str else {"type": kind}


def _without_none(annotation: Any) -> Any:
    """X of X | None."""
    if get_origin(annotation) is UnionType:
        (annotation,) = (each for each in get_args(annotation) if each is not NoneType)
    return annotation


def _head(word: str) -> list[int]:
    """A head such as 3-7 as [layer, head]."""
    layer, _, head = word.partition("-")
    if not (layer.isdecimal() and head.isdecimal()):
        raise argparse.ArgumentTypeError(f"{word!r} is no head: write layer and head, from 0, such as 3-7")
    return [int(layer), int(head)]


def _pair(words: str) -> list[str]:
    """A pair such as doctor/nurse."""
    first, _, second = words.partition("/")
    if not (first.strip() and second.strip()) or "/" in second:
        raise argparse.ArgumentTypeError(f"{words!r} is no pair: write two candidates with / between, as doctor/nurse")
    return [first, second]


_WORDS: dict[Any, dict[str, str | Callable[[str], Any]]] = {
    list[list[int]]: {"type": _head, "metavar": "HEAD"},
    list[list[str]]: {"type": _pair, "metavar": "PAIR"},
}
"""How lists of lists are written."""
_WRITTEN = {"HEAD": " Here: layer-head, such as 3-7 2-1.", "PAIR": " Here: such as doctor/nurse."}
"""What a command's help says of that beside the sentence of the request, which shows JSON."""
