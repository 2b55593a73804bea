"""The endpoints as tools, asked by the SDK's own client: answers, errors, progress, cancelling, sessions."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import jsonschema
import pytest
from contract_calls import CALLS
from contract_http import call, published
from examples import example
from mcp import ClientSession, types
from mcp.client.streamable_http import streamable_http_client
from test_disconnect import TEXT, counted

from bert_demo.api.endpoints import ENDPOINTS

LONG = {"text": f"{TEXT} {TEXT} {TEXT}"}
"""Arguments that keep /compare busy for many seconds."""
COMPACT = 40_000
"""Characters that a compact answer to a short text may have."""


@contextlib.asynccontextmanager
async def opened(server: str) -> AsyncIterator[ClientSession]:
    async with (
        streamable_http_client(f"{server}/gradio_api/mcp/") as (reader, writer, _),
        ClientSession(reader, writer) as session,
    ):
        await session.initialize()
        yield session


def ask(server: str, talk: Callable[[ClientSession], Awaitable[Any]]) -> Any:
    """What `talk` gives in a session of its own."""

    async def run() -> Any:
        async with opened(server) as session:
            return await talk(session)

    return asyncio.run(run())


@pytest.fixture(scope="module")
def tools(server: str) -> dict[str, types.Tool]:
    listed = ask(server, lambda session: session.list_tools())
    return {tool.name: tool for tool in listed.tools}


def text_of(result: types.CallToolResult) -> str:
    (content,) = result.content
    assert isinstance(content, types.TextContent)
    return content.text


def test_tools_are_the_endpoints_and_say_what_changes_something(tools: dict[str, types.Tool]) -> None:
    assert list(tools) == [each.name for each in ENDPOINTS]
    for tool in tools.values():
        hints = tool.annotations
        changes = tool.name in ("train", "train_stop")
        assert hints and (hints.readOnlyHint, hints.destructiveHint, hints.idempotentHint, hints.openWorldHint) == (
            not changes, changes, not changes, False,
        )  # fmt: skip
        jsonschema.Draft202012Validator.check_schema(tool.inputSchema)
        assert tool.outputSchema and tool.outputSchema["type"] == "object"
        jsonschema.Draft202012Validator.check_schema(tool.outputSchema)
        assert all(each.get("description") for each in tool.inputSchema["properties"].values())


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda each: each.name)
def test_answer_is_json_and_fits_its_schema(server: str, tools: dict[str, types.Tool], endpoint: Any) -> None:
    arguments = CALLS[endpoint.name][0] if endpoint.name in CALLS else example(endpoint)
    if endpoint.needs == ("question-answering",):  # no bundled model has this head: said in a sentence
        result = ask(server, lambda session: session.call_tool(endpoint.name, arguments))
        assert result.isError and "has no question-answering head" in text_of(result)
        return
    result = ask(server, lambda session: session.call_tool(endpoint.name, arguments))
    assert not result.isError, text_of(result)
    assert json.loads(text_of(result)) == result.structuredContent
    jsonschema.validate(result.structuredContent, tools[endpoint.name].outputSchema)
    assert len(text_of(result)) < COMPACT
    whole = {**arguments, "full": True} if endpoint.long else arguments
    result = ask(server, lambda session: session.call_tool(endpoint.name, whole))
    jsonschema.validate(result.structuredContent, tools[endpoint.name].outputSchema)
    answer = call(server, published(server), endpoint.name, arguments)
    expected = answer if isinstance(answer, dict) else {"result": answer}
    its_own = {"seconds", "token", "place"} if endpoint.name == "train" else {"seconds"}  # each call is another job
    assert without(its_own, result.structuredContent) == without(its_own, expected)
    for job in (result.structuredContent, expected) if endpoint.name == "train" else ():
        call(server, published(server), "train_stop", {"token": job["token"], "action": "forget"})


def test_rows_of_numbers_are_answered_over_mcp_and_http(
    server: str, tools: dict[str, types.Tool], tiny_regressor: str
) -> None:
    """One tool answers labels or numbers, as the model gives the one or the other; what does not fit is a sentence."""
    arguments = {
        "rows": [["the cat sat", 2.5], ["a dog ran", "the mat", 1], ["the ice", "4,5"]],
        "model": tiny_regressor,
    }
    result = ask(server, lambda session: session.call_tool("evaluate", arguments))
    assert not result.isError, text_of(result)
    jsonschema.validate(result.structuredContent, tools["evaluate"].outputSchema)
    answer = call(server, published(server), "evaluate", arguments)
    assert answer == result.structuredContent and "left_out" not in answer
    errors = [abs(right - each) for right, each in zip((2.5, 1, 4.5), answer["answers"], strict=True)]
    assert answer["mean_absolute_error"]["value"] == pytest.approx(sum(errors) / 3, abs=1e-9)
    labels = {"rows": [["a", "positive"], ["b", "negative"]], "model": tiny_regressor}
    refused = ask(server, lambda session: session.call_tool("evaluate", labels))
    assert refused.isError and text_of(refused).startswith("BadDataError: Labelled text 1: 'positive' is no number.")


def test_rows_of_tags_and_of_questions_are_answered_over_mcp_and_http(
    server: str, tools: dict[str, types.Tool], tiny_tagger: str, tiny_answerer: str
) -> None:
    """The same tool for models of entities and of answers, with the figures of each."""
    for model, rows, kept in (
        (tiny_tagger, [["the cat sat", "O B-PER O"], ["a dog ran", "O B-LOC O"]], {"types", "outcomes"}),
        (tiny_answerer, [["a dog ?", "the cat sat on the mat", "the mat"], ["a cat ?", "a dog ran"]], {"exact_match"}),
    ):
        arguments = {"rows": rows, "model": model}
        result = ask(server, lambda session, sent=arguments: session.call_tool("evaluate", sent))
        assert not result.isError, text_of(result)
        jsonschema.validate(result.structuredContent, tools["evaluate"].outputSchema)
        answer = call(server, published(server), "evaluate", arguments)
        assert answer == result.structuredContent and kept | {"f1", "mistakes", "answers"} <= set(answer)
    labels = {"rows": [["a cat", "positive"], ["b", "negative"]], "model": tiny_tagger}
    refused = ask(server, lambda session: session.call_tool("evaluate", labels))
    assert refused.isError and "2 words and 1 tags" in text_of(refused)


def without(names: set[str], value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without(names, each) for key, each in value.items() if key not in names}
    return [without(names, each) for each in value] if isinstance(value, list) else value


def test_compact_answer_says_what_it_lacks(server: str) -> None:
    arguments = {"text": "A warm and funny film."}
    short = ask(server, lambda session: session.call_tool("attention", arguments))
    assert short.structuredContent["left_out"] == {"weights": "numbers [6][12][8][8]"}
    assert "weights" not in short.structuredContent and len(text_of(short)) < 2_000
    whole = ask(server, lambda session: session.call_tool("attention", {**arguments, "full": True}))
    assert len(whole.structuredContent["weights"]) == 6 and "left_out" not in whole.structuredContent


@pytest.mark.parametrize(
    ("tool", "arguments", "sentence"),
    [
        ("classify", {"text": ""}, "TextError: The text is empty"),
        ("classify", {}, "ChoiceError: classify needs the argument text"),
        ("classify", {"text": "good", "colour": "red"}, "ChoiceError: classify has no argument 'colour'"),
        ("fill_mask", {"text": "[MASK]", "top_k": "many"}, "ChoiceError: top_k must be a whole number"),
        ("positions", {"full": "yes"}, "ChoiceError: full must be true or false, not text."),
        ("nonsense", {}, "There is no tool 'nonsense'. Tools: classify, fill_mask,"),
    ],
)
def test_error_is_marked_and_says_what_to_do(server: str, tool: str, arguments: dict[str, Any], sentence: str) -> None:
    result = ask(server, lambda session: session.send_request(
        types.ClientRequest(
            types.CallToolRequest(params=types.CallToolRequestParams(name=tool, arguments=arguments))
        ),
        types.CallToolResult,
    ))  # fmt: skip
    assert result.isError and text_of(result).startswith(sentence)


def test_null_is_the_default(server: str) -> None:
    first, second = (
        ask(server, lambda session: session.call_tool("classify", arguments))  # noqa: B023
        for arguments in ({"text": "A warm film."}, {"text": "A warm film.", "pair": None, "model": None})
    )
    assert first.structuredContent == second.structuredContent


def test_progress_grows_to_what_is_planned(server: str) -> None:
    heard: list[tuple[float, float | None]] = []

    async def note(progress: float, total: float | None, _: str | None) -> None:
        heard.append((progress, total))

    result = ask(server, lambda session: session.call_tool("compare", {"text": TEXT}, progress_callback=note))
    assert not result.isError
    steps = [progress for progress, _ in heard]
    assert steps and steps == sorted(set(steps))
    assert all(total is not None and progress <= total for progress, total in heard)


async def until(condition: Callable[[], bool], seconds: float = 30) -> float:
    """Wait for a condition. The seconds it took."""
    begun = time.monotonic()
    while not await asyncio.to_thread(condition):
        assert time.monotonic() - begun < seconds, "it did not come true"
        await asyncio.sleep(0.1)
    return time.monotonic() - begun


@pytest.fixture
def compares(server: str) -> Callable[[str], Callable[[], bool]]:
    """Whether, since the fixture was made, a /compare has begun or ended."""
    before = {what: counted(server, what, "/compare") for what in FIGURES.values()}
    return lambda kind: lambda: counted(server, FIGURES[kind], "/compare") > before[FIGURES[kind]]


FIGURES = {"begun": "bert_demo_requests_total", "ended": "bert_demo_seconds_count"}


def test_cancelled_call_ends_its_work(server: str, compares: Callable[[str], Callable[[], bool]]) -> None:
    async def talk(session: ClientSession) -> None:
        asked = asyncio.create_task(session.call_tool("compare", {**LONG, "target": "negative"}))
        await until(compares("begun"))
        assert not compares("ended")()
        cancelled = types.CancelledNotification(params=types.CancelledNotificationParams(requestId=1))
        await session.send_notification(types.ClientNotification(cancelled))  # the second request of a session is 1
        await until(compares("ended"))
        (error,) = await asyncio.gather(asked, return_exceptions=True)
        assert str(error) == "Request cancelled"

    ask(server, talk)
    assert counted(server, "bert_demo_errors_total", "/compare") == 0


def test_session_that_is_closed_ends_its_work(server: str, compares: Callable[[str], Callable[[], bool]]) -> None:
    async def talk() -> None:
        async with opened(server) as session:
            asked = asyncio.create_task(session.call_tool("compare", {**LONG, "output": "probability"}))
            await until(compares("begun"))
            assert not compares("ended")()
            asked.cancel()
        await until(compares("ended"))

    asyncio.run(talk())


def post(server: str, body: dict[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    """(content type, messages) of one request without a session."""
    request = urllib.request.Request(
        f"{server}/gradio_api/mcp",
        json.dumps({"jsonrpc": "2.0", **body}).encode(),
        {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        lines = answer.read().decode().splitlines()
        kind = str(answer.headers["content-type"])
    return kind, [json.loads(line[5:]) for line in lines if line.startswith("data:") and line[5:].strip()]


def test_call_needs_no_session(server: str) -> None:
    params = {"name": "classify", "arguments": {"text": "A warm film."}}
    kind, (message,) = post(server, {"id": 7, "method": "tools/call", "params": params})
    assert kind.startswith("text/event-stream") and message["id"] == 7
    assert message["result"]["structuredContent"]["labels"][0]["label"] == "positive"


def test_schema_lists_the_tools(server: str) -> None:
    with urllib.request.urlopen(f"{server}/gradio_api/mcp/schema", timeout=30) as answer:
        listed = json.load(answer)
    assert [tool["name"] for tool in listed] == [each.name for each in ENDPOINTS]
    assert listed[0]["inputSchema"]["required"] == ["text"]
    assert listed[0]["meta"] == {"file_data_present": False, "mcp_type": "tool", "endpoint_name": "classify"}
