"""The endpoints of the running app: HTTP by gradio's own client, raw HTTP, and MCP."""

from __future__ import annotations

import ast
import asyncio
import inspect
import json
import urllib.request

import pytest
from conftest import OPENING, ROOT
from gradio_client import Client
from gradio_client.exceptions import AppError

from bert_demo import BertService
from bert_demo.api import ENDPOINTS, Api
from bert_demo.catalogue import CATALOGUE

ROWS = str(ROOT / "assets" / "labelled_example.csv")
CONTRACT = {
    "classify": {"text": ..., "pair": None, "model": "sentiment"},
    "fill_mask": {"text": ..., "model": "base", "top_k": 5, "candidates": None},
    "fill_jointly": {"text": ..., "model": "base", "top_k": 5},
    "score_candidates": {"text": ..., "candidates": None, "model": "base", "pairs": None},
    "compare_blanks": {"first": ..., "second": ..., "model": "base", "top_k": 10, "candidates": None},
    "prefer": {"first": ..., "second": ..., "model": "base", "rule": "original"},
    "surprises": {"text": ..., "model": "base", "rule": "original"},
    "layer_guesses": {"text": ..., "model": "base"},
    "attention": {"text": ..., "pair": None, "model": "base", "layer": None, "head": None},
    "attribute": {
        "text": ...,
        "pair": None,
        "model": "sentiment",
        "target": None,
        "method": "integrated_gradients",
        "baseline": "pad",
        "output": "logit",
        "tolerance": 0.01,
        "steps": None,
    },
    "attribute_mask": {
        "text": ...,
        "candidate": ...,
        "against": None,
        "mask": 0,
        "model": "base",
        "method": "integrated_gradients",
        "baseline": "pad",
        "output": "logit",
        "tolerance": 0.01,
        "steps": None,
    },
    "attribute_layers": {
        "text": ...,
        "pair": None,
        "model": "sentiment",
        "target": None,
        "baseline": "pad",
        "output": "logit",
        "tolerance": 0.01,
    },
    "compare": {
        "text": ...,
        "pair": None,
        "model": "sentiment",
        "target": None,
        "baseline": "pad",
        "output": "logit",
    },
    "what_if": {
        "text": ...,
        "word": ...,
        "change": "mask",
        "replacement": "",
        "pair": None,
        "model": "sentiment",
        "target": None,
        "output": "logit",
    },
    "attention_steps": {"text": ..., "query": ..., "pair": None, "model": "base", "layer": 0, "head": 0},
    "head_profiles": {"text": ..., "pair": None, "model": "base"},
    "ablate": {
        "text": ...,
        "heads": ...,
        "pair": None,
        "model": "sentiment",
        "attributions": False,
        "target": None,
        "top_k": 5,
    },
    "head_worth": {"text": ..., "pair": None, "model": "sentiment", "target": None, "output": "logit"},
    "prune": {"rows": ..., "model": "sentiment", "points": 10, "orders": 3},
    "pieces": {"text": ..., "model": "base"},
    "contexts": {"word": ..., "texts": ..., "model": "base"},
    "positions": {"model": "base"},
    "first_states": {"text": ..., "pair": None, "model": "base"},
    "similarity": {"texts": ..., "model": "base", "pooling": "mean", "layer": None},
    "features": {"text": ..., "pair": None, "model": "base", "layer": None, "pooling": None},
    "next_sentence": {"first": ..., "second": ..., "model": "base"},
    "next_sentence_baseline": {"model": "base"},
    "models": {},
}


@pytest.fixture(scope="module")
def client(server: str) -> Client:
    return Client(server, verbose=False)


def test_names_and_defaults_are_those_of_the_contract(client: Client) -> None:
    assert tuple(CONTRACT) == ENDPOINTS
    named = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert set(named) == {f"/{name}" for name in CONTRACT}
    for name, expected in CONTRACT.items():
        found = {
            each["parameter_name"]: each["parameter_default"] if each["parameter_has_default"] else ...
            for each in named[f"/{name}"]["parameters"]
        }
        assert found == expected
        for owner in (Api, BertService):
            signature = inspect.signature(getattr(owner, name)).parameters
            assert list(signature)[1 : len(expected) + 1] == list(expected)


def test_answers_are_those_of_the_service(client: Client, service: BertService) -> None:
    api = Api(lambda: service)
    assert client.predict(OPENING, api_name="/classify") == api.classify(OPENING)
    text = "The [MASK] of [MASK]."
    assert client.predict(text, top_k=3, api_name="/fill_mask") == api.fill_mask(text, top_k=3)
    head = client.predict(OPENING, layer=2, head=4, api_name="/attention")
    assert head == api.attention(OPENING, layer=2, head=4)
    assert [sum(row) for row in head["weights"][0][0]] == pytest.approx([1.0] * 20, abs=1e-5)
    found = client.predict(OPENING, steps=10, api_name="/attribute")
    expected = api.attribute(OPENING, steps=10)
    assert found["scores"] == pytest.approx(expected["scores"], abs=1e-5)
    assert set(found) >= {
        "tokens", "words", "scores", "input_output", "baseline_output", "delta", "relative_delta", "forward_passes",
        "converged",
    }  # fmt: skip
    cloze = "Water freezes into [MASK]."
    found = client.predict(cloze, "ice", steps=8, api_name="/attribute_mask")
    assert found["scores"] == pytest.approx(api.attribute_mask(cloze, "ice", steps=8)["scores"], abs=1e-5)
    assert client.predict("A good film.", 1, "delete", api_name="/what_if") == api.what_if("A good film.", 1, "delete")
    compared = client.predict("A good film.", api_name="/compare")
    assert compared["methods"][0]["curve"] == pytest.approx(
        api.compare("A good film.")["methods"][0]["curve"], abs=1e-5
    )
    rows = [["A warm film.", "positive"], ["A dull film.", "negative"]]
    assert client.predict(rows, points=2, orders=1, api_name="/prune") == api.prune(rows, points=2, orders=1)
    assert [row["name"] for row in client.predict(api_name="/models")] == [card.name for card in CATALOGUE]


@pytest.mark.parametrize(
    ("endpoint", "arguments", "message"),
    [
        ("/classify", {"text": ""}, "TextError: The text is empty"),
        ("/classify", {"text": {"path": ROWS, "meta": {"_type": "gradio.FileData"}}}, "must be a string"),
        ("/classify", {"text": "good", "model": "nonsense"}, "ChoiceError: There is no model 'nonsense'"),
        ("/fill_mask", {"text": "[MASK]", "top_k": "many"}, "top_k must be a whole number"),
        ("/fill_mask", {"text": "no mask"}, "MaskError: There is no"),
        ("/fill_jointly", {"text": "[MASK] " * 30}, "MaskError: The text has 30 masks; up to 10"),
        ("/score_candidates", {"text": "a [MASK]", "pairs": [["a"]]}, "ChoiceError: pairs must be a list of pairs"),
        ("/compare_blanks", {"first": "[MASK]", "second": "a"}, "MaskError: There is no"),
        ("/prefer", {"first": "a", "second": "b", "rule": "x"}, "ChoiceError: rule must be one of"),
        ("/surprises", {"text": "boat " * 400}, "TextError: This would read 400 variants"),
        ("/layer_guesses", {"text": "a", "model": "spam"}, "MissingHeadError: The model spam has no fill-mask"),
        ("/attention", {"text": "good", "head": 12}, "head must be from 0 to 11"),
        ("/attention", {"text": "good " * 200}, "All heads asked for are"),
        ("/attribute", {"text": "good", "method": "magic"}, "method must be one of"),
        ("/attribute_mask", {"text": "good", "candidate": "ice"}, "MaskError: There is no"),
        ("/compare", {"text": "good", "target": "grim"}, "ChoiceError: target must be one of"),
        ("/prune", {"rows": [["good", "positive"]]}, "BadDataError: There are 1 labelled texts; from 2 to 2000"),
        (
            "/prune",
            {"rows": [["good", "positive"], ["bad", "grim"]]},
            "BadDataError: Labelled text 2: 'grim' is none of",
        ),
        ("/prune", {"rows": "good"}, "BadDataError: rows must be pairs of a text and its label"),
        ("/prune", {"rows": [["x" * 60_000, "positive"]] * 2}, "BadDataError: The texts have 120,000 characters"),
        ("/what_if", {"text": "good film", "word": 7}, "ChoiceError: word must be from 0 to 1"),
        (
            "/contexts",
            {"word": "bank", "texts": ["a bank", "a loan"]},
            "ChoiceError: The word 'bank' does not stand in text 2",
        ),
        ("/similarity", {"texts": ["alone"]}, "ChoiceError: texts must be a list of from 2 to 20 texts"),
        ("/features", {"text": "good", "layer": 7}, "ChoiceError: layer must be from 0 to 6"),
        (
            "/next_sentence",
            {"first": "a", "second": "b", "model": "spam"},
            "MissingHeadError: The model spam has no next-sentence",
        ),
    ],
)
def test_errors_are_typed_and_say_what_to_do(client: Client, endpoint: str, arguments: dict, message: str) -> None:
    with pytest.raises(AppError, match=message):
        client.predict(**arguments, api_name=endpoint)


def post(server: str, endpoint: str, body: bytes) -> str:
    """One raw call of gradio's HTTP protocol: POST, then the event stream of its id."""
    request = urllib.request.Request(
        f"{server}/gradio_api/call{endpoint}", data=body, headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        number = json.load(answer)["event_id"]
    with urllib.request.urlopen(f"{server}/gradio_api/call{endpoint}/{number}", timeout=30) as answer:
        return answer.read().decode("utf-8")


def test_raw_http_as_the_readme_shows_it(server: str) -> None:
    answer = post(server, "/classify", json.dumps({"data": ["A warm film.", None, "sentiment"]}).encode())
    assert answer.startswith("event: complete")
    labels = json.loads(answer.split("data: ", 1)[1])[0]["labels"]
    assert labels[0]["label"] == "positive"


def test_a_lone_surrogate_over_http(server: str) -> None:
    answer = post(server, "/classify", b'{"data": ["a \\ud83d b", null, "sentiment"]}')
    assert answer.startswith("event: error") and "half of a surrogate pair" in answer


def test_mcp_offers_the_same_tools(server: str, service: BertService) -> None:
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    async def talk() -> tuple[list[str], str, bool]:
        async with (
            streamable_http_client(f"{server}/gradio_api/mcp/") as (reader, writer, _),
            ClientSession(reader, writer) as session,
        ):
            await session.initialize()
            tools = await session.list_tools()
            good = await session.call_tool("classify", {"text": "A warm film."})
            bad = await session.call_tool("classify", {"text": ""})
            return [tool.name for tool in tools.tools], good.content[0].text, bool(bad.isError)

    names, answer, failed = asyncio.run(talk())
    assert set(names) == set(ENDPOINTS)
    assert ast.literal_eval(answer)["labels"][0]["label"] == "positive" and failed
