"""A call of an endpoint: arguments as JSON brings them in, JSON out; the same for HTTP, MCP and the command line."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from bert_demo.api.endpoint import Endpoint
from bert_demo.api.schema import answer_schema, compact
from bert_demo.api.serialise import serialise
from bert_demo.core.errors import ChoiceError
from bert_demo.core.progress import OnProgress, limited

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService

__all__ = ["answer_schema", "compact", "complete", "run"]


def run(
    endpoint: Endpoint, service: BertService, arguments: Mapping[str, Any], on_progress: OnProgress | None = None
) -> Any:
    """The answer as JSON. An argument that is null, or missing, gets its default.

    Raises ChoiceError for one that is missing without a default or that there is not, and what the call raises.
    """
    call = attrgetter(endpoint.call)(service)
    given = complete(endpoint, arguments)
    if endpoint.seconds is not None:
        on_progress = limited(endpoint.seconds, endpoint.ended, on_progress)
    if on_progress is not None and _says_progress(getattr(call, "__func__", call)):
        given["on_progress"] = on_progress
    return serialise(call(**given, **endpoint.limits))


def complete(endpoint: Endpoint, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """All arguments of a call, in order. Raises ChoiceError."""
    fields, defaults = endpoint.request.model_fields, endpoint.defaults
    for name in arguments:
        if name not in fields:
            raise ChoiceError(f"{endpoint.name} has no argument {name[:40]!r}. It has: {', '.join(fields) or 'none'}.")
    given = {}
    for name in fields:
        value = arguments.get(name)
        if value is None and name in defaults:
            value = defaults[name]
        elif name not in arguments:
            raise ChoiceError(f"{endpoint.name} needs the argument {name}: {fields[name].description}")
        given[name] = value
    return given


@cache
def _says_progress(function: Any) -> bool:
    """Whether a call of the service takes a callback for its progress."""
    return "on_progress" in inspect.signature(function).parameters
