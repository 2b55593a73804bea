"""How a stranger talks to the running app: gradio's plain HTTP, its queue, and MCP."""

from __future__ import annotations

import asyncio
import json
import re
import urllib.request
from typing import Any
from uuid import uuid4


def get(address: str) -> Any:
    """JSON from an address."""
    with urllib.request.urlopen(address, timeout=30) as answer:
        return json.load(answer)


def post(address: str, body: Any) -> Any:
    """JSON for JSON."""
    request = urllib.request.Request(address, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def published(server: str) -> dict[str, Any]:
    """The named endpoints of /gradio_api/info without what gradio's own version puts beside them."""
    named = get(f"{server}/gradio_api/info")["named_endpoints"]
    return {
        name: {key: value for key, value in row.items() if key not in ("code_snippets",)} for name, row in named.items()
    }


def call(server: str, info: dict[str, Any], name: str, arguments: dict[str, Any]) -> Any:
    """One answer of an endpoint: arguments by place, defaults as published. Raises AssertionError for an error."""
    data = [arguments.get(each["parameter_name"], each["parameter_default"]) for each in info[f"/{name}"]["parameters"]]
    known = {each["parameter_name"] for each in info[f"/{name}"]["parameters"]}
    assert set(arguments) <= known, f"{name} has no argument {set(arguments) - known}"
    return _outcome(server, name, post(f"{server}/gradio_api/call/{name}", {"data": data})["event_id"])


def call_by_name(server: str, name: str, arguments: dict[str, Any]) -> Any:
    """One answer of an endpoint: arguments by name."""
    return _outcome(server, name, post(f"{server}/gradio_api/call/v2/{name}", arguments)["event_id"])


def _outcome(server: str, name: str, number: str) -> Any:
    with urllib.request.urlopen(f"{server}/gradio_api/call/{name}/{number}", timeout=60) as answer:
        kind, _, data = answer.read().decode("utf-8").strip().rpartition("event: ")[2].partition("\ndata: ")
    assert kind == "complete", f"{name}: {data}"
    return json.loads(data)[0]


def tools(server: str) -> list[dict[str, Any]]:
    """The MCP tools as an agent sees them."""
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    async def listed() -> list[dict[str, Any]]:
        async with (
            streamable_http_client(f"{server}/gradio_api/mcp/") as (reader, writer, _),
            ClientSession(reader, writer) as session,
        ):
            await session.initialize()
            return [tool.model_dump(exclude_none=True, by_alias=True) for tool in (await session.list_tools()).tools]

    return asyncio.run(listed())


def written_names(server: str, config: dict[str, Any]) -> list[str]:
    """The names that the page's scripts write into its address: `address({name: value, ...}, ...)`."""
    with urllib.request.urlopen(server, timeout=30) as answer:
        page = answer.read().decode("utf-8")
    scripts = [page, *(str(each.get("js") or "") for each in config["dependencies"])]
    calls = [found for text in scripts for found in re.findall(r"address\(\{(.*?)\}[,)]", _unescaped(text))]
    return sorted({name for found in calls for name in re.findall(r"(?:^|,)\s*([a-z]+)\s*(?=:|,|$)", found)})


def _unescaped(text: str) -> str:
    return text.replace("\\u0027", "'").replace('\\"', '"').replace("\\n", "\n")


def restored(server: str, config: dict[str, Any], query: str) -> list[Any]:
    """What the page takes from a link: the values that its load events give, sorted, empty updates left out; and the
    characters that the fill-mask lens hides then, as its panel says them."""
    session = uuid4().hex
    values: list[Any] = []
    props = {each["id"]: each["props"] for each in config["components"]}
    unseen = {each["id"] for each in config["components"] if each["type"] == "json"}
    for event in config["dependencies"]:
        if event["backend_fn"] and any(kind == "load" for _, kind in event["targets"]):
            data = [False] * len(event["inputs"])
            given = dict(zip(event["outputs"], _run(server, config, event, data, session, query), strict=True))
            values += [_leaf(value) for place, value in given.items() if place not in unseen]
            kept = {place: value for place, value in given.items() if place in unseen and not _is_update(value)}
            props |= {place: {**props[place], "value": value} for place, value in kept.items()}
    for event in config["dependencies"]:
        shows = any(props[place].get("elem_id") == "words" for place in event["outputs"])
        if event["backend_fn"] and shows and any(kind == "run_fill_mask" for _, kind in event["targets"]):
            data = [props[place].get("value") for place in event["inputs"]]
            answer = json.dumps(_run(server, config, event, data, session, query))
            values += [f"hide={each}" for each in set(re.findall(r'data-hidden=\\+"([^"\\]*)', answer))]
            break
    return sorted((each for each in values if each is not None), key=str)


def _is_update(value: Any) -> bool:
    return isinstance(value, dict) and "__type__" in value


def _leaf(value: Any) -> Any:
    if isinstance(value, dict):
        return ", ".join(f"{key}={each}" for key, each in value.items() if key not in ("__type__", "props")) or None
    return value


def _run(server: str, config: dict[str, Any], event: dict[str, Any], data: list[Any], session: str, query: str) -> Any:
    body = {"data": data, "fn_index": event["id"], "session_hash": session, "event_data": None, "trigger_id": None}
    number = post(f"{server}/gradio_api/queue/join?{query}", body)["event_id"]
    with urllib.request.urlopen(f"{server}/gradio_api/queue/data?session_hash={session}", timeout=60) as stream:
        shown: list[Any] = []  # all that a lens says, of which the first may be that it waits
        for line in stream:
            if line.startswith(b"data:"):
                message = json.loads(line[5:])
                if message["msg"] == "process_generating" and message["event_id"] == number:
                    shown.append(message["output"]["data"])
                if message["msg"] == "process_completed" and message["event_id"] == number:
                    assert message["success"], message
                    return [shown, message["output"]["data"]] if shown else message["output"]["data"]
    raise AssertionError(f"no answer to ?{query}")
