"""Calls of an endpoint, and events of the page: what must be right of them before they join gradio's queue."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from gradio import Blocks, FileData
from starlette.types import ASGIApp, Receive, Scope, Send

from bert_demo.api.endpoints import BY_NAME as ENDPOINTS
from bert_demo.web.server.body import BODY, CONTENT, content_of, has_body, replayed
from bert_demo.web.server.errors import ARGUMENTS, BY_NAME
from bert_demo.web.server.refusal import refusal

CALLS = re.compile(r"/gradio_api/(queue/join|call/)")
SHOWN = 100
"""Characters of a name in an answer."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that can be asked: the name of an endpoint, nothing for an event of the page; its arguments."""

    endpoint: str
    arguments: tuple[str, ...]


def events_of(blocks: Blocks) -> Callable[[Any], Event | None]:
    """A function that finds the event of an endpoint's name or of a number; None for what is not there."""
    events: dict[Any, Event] = {}
    for number, function in blocks.fns.items():
        public = function.api_visibility == "public"
        names = tuple(inspect.signature(function.fn).parameters) if public else ()
        count = len(function.inputs)
        names = names[:count] if len(names) >= count else tuple(f"number {each}" for each in range(1, count + 1))
        events[number] = Event(str(function.api_name) if public else "", names)
        if public:
            events[function.api_name] = events[number]
    return lambda asked: events.get(asked) if isinstance(asked, str) or type(asked) is int else None


class EndpointCalls:
    """ASGI middleware that refuses calls of what is not there (404), and arguments that are missing, too many or unfit
    (422)."""

    def __init__(self, app: ASGIApp, find: Callable[[Any], Event | None]) -> None:
        self.app, self.find = app, find

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        call = CALLS.match(scope["path"]) if scope["type"] == "http" and has_body(scope) else None
        if call:
            content, receive = await content_of(scope, receive)
            path = str(scope["path"])
            event = self._event(path, call, content)
            if isinstance(content, dict) and event and (later := _later(event, content.get("data"))):
                content = {**content, "data": [*content["data"], *later]}
                scope[CONTENT], scope[BODY] = content, json.dumps(content).encode()
                receive = replayed(scope[BODY], receive)
            if fault := _fault(path, content, event):
                return await refusal(*fault)(scope, receive, send)
        await self.app(scope, receive, send)

    def _event(self, path: str, call: re.Match[str], content: Any) -> Event | None:
        if not isinstance(content, dict):
            return None
        name = path[call.end() :].removeprefix("v2/").strip("/")
        return self.find(content.get("fn_index") if call[1] == "queue/join" else name)


def _later(event: Event, data: Any) -> list[None]:
    """Nulls, which become the defaults, for the arguments that a call by place of an older release leaves out."""
    missing = event.arguments[len(data) :] if isinstance(data, list) and data else ()
    row = ENDPOINTS.get(event.endpoint)
    return [None] * len(missing) if row and set(missing) <= set(row.added) else []


def _fault(path: str, content: Any, event: Event | None) -> tuple[int, str] | None:
    if not isinstance(content, dict):
        return 400, 'The body must be a JSON object, such as {"data": ["A warm film."]}.'
    if event is None:
        return 404, "There is no such endpoint. The list is at /gradio_api/info."
    if path.startswith(BY_NAME):
        return _unfit_file(content.items())
    data = content.get("data")
    if not isinstance(data, list):
        return None  # gradio says so
    return _wrong_count(event, len(data)) or _unfit_file(zip(event.arguments, data, strict=False))


def _wrong_count(event: Event, count: int) -> tuple[int, str] | None:
    """What is wrong with `count` arguments by place. A script of the page may send more than its event takes."""
    missing, most = event.arguments[count:], len(event.arguments)
    needed = f"{most or 'no'} argument{'s' * (most != 1)} by place" + (
        f" ({', '.join(event.arguments)})" if event.endpoint and most else ""
    )
    if count > most and event.endpoint:
        return 422, f"/{event.endpoint} takes {needed}; {count} came. {ARGUMENTS}"
    if not missing:
        return None
    if not event.endpoint:
        return 422, f"This event of the page takes {needed}; {count} came."
    *others, last = missing
    lacking = f"{', '.join(others)} and {last} are" if others else f"{last} is"
    return 422, (
        f"/{event.endpoint} takes {needed}; {lacking} missing. Send null for what shall have its "
        f"default, or the arguments by name to {BY_NAME}{event.endpoint}. {ARGUMENTS}"
    )


def _unfit_file(arguments: Any) -> tuple[int, str] | None:
    """What is wrong with the first argument in which something has the shape of gradio's files, and is none."""
    for name, value in arguments:
        for each in _objects(value):
            if "meta" in each and isinstance(each.get("path"), str) and not _is_file(each):
                return 422, (
                    f'The argument {name[:SHOWN]} holds an object with "path" and "meta", which stands for an uploaded '
                    f"file, but it is none. {ARGUMENTS}"
                )
    return None


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, dict):
            yield each
            left.extend(each.values())
        elif isinstance(each, list):
            left.extend(each)


def _is_file(value: dict[str, Any]) -> bool:
    """Whether gradio can read it; an object of another type is an argument like any other."""
    if not isinstance(value["meta"], dict):
        return False
    if value["meta"].get("_type") != "gradio.FileData":
        return True
    try:
        FileData(**value)
    except (TypeError, ValueError):
        return False
    return True
