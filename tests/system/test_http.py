"""The endpoints of the running app: HTTP by gradio's own client, raw HTTP, and MCP."""

from __future__ import annotations

import json
import urllib.request
from urllib.error import HTTPError

import pytest
from calls import Calls
from conftest import OPENING, ROOT
from gradio_client import Client
from gradio_client.exceptions import AppError

from bert_demo import BertService
from bert_demo.api.endpoints import ENDPOINTS
from bert_demo.registry.models import CATALOGUE

ROWS = str(ROOT / "assets" / "labelled_example.csv")


@pytest.fixture(scope="module")
def client(server: str) -> Client:
    return Client(server, verbose=False)


def test_client_sees_the_arguments_and_defaults_of_the_rows(client: Client) -> None:
    named = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert list(named) == [f"/{each.name}" for each in ENDPOINTS]
    for endpoint in ENDPOINTS:
        found = {each["parameter_name"]: each for each in named[f"/{endpoint.name}"]["parameters"]}
        assert list(found) == list(endpoint.request.model_fields)
        for name, each in found.items():
            assert each["parameter_has_default"] is (name in endpoint.defaults)
            assert each["parameter_default"] == endpoint.defaults.get(name)


def test_answers_are_those_of_the_service(client: Client, service: BertService) -> None:
    api = Calls(service)
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


def refused(server: str, door: str, body: object) -> tuple[int, str]:
    request = urllib.request.Request(
        f"{server}/gradio_api/call/{door}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with pytest.raises(HTTPError) as error, urllib.request.urlopen(request, timeout=30):
        pass
    with error.value as answer:
        return answer.status, json.load(answer)["detail"]


CONTRACT = {each.name: list(each.request.model_fields) for each in ENDPOINTS}
ADDED = {each.name: each.added for each in ENDPOINTS}
NO_FILE = {"path": "a", "meta": [1]}
"""gradio takes what has these keys for a file, and looks for the type of the file in its meta."""


def by_place(arguments: list[str]) -> str:
    plural = "" if len(arguments) == 1 else "s"
    return (
        f"{len(arguments)} argument{plural} by place ({', '.join(arguments)})" if arguments else "no arguments by place"
    )


def test_too_few_arguments_by_place_are_named(server: str) -> None:
    for name, arguments in CONTRACT.items():
        for count in range(len(arguments) - len(ADDED[name])):  # calls of an older release do not know what was added
            status, sentence = refused(server, name, {"data": [None] * count})
            *others, last = list(arguments)[count:]
            missing = f"{', '.join(others)} and {last} are" if others else f"{last} is"
            assert status == 422
            assert sentence.startswith(f"/{name} takes {by_place(arguments)}; {missing} missing. Send null for")


def test_too_many_arguments_by_place_are_counted(server: str) -> None:
    for name, arguments in CONTRACT.items():
        for count in (len(arguments) + 1, len(arguments) + 5):
            sentence = (
                f"/{name} takes {by_place(arguments)}; {count} came. The arguments of every endpoint are at "
                "/gradio_api/info."
            )
            assert refused(server, name, {"data": [None] * count}) == (422, sentence)


@pytest.mark.parametrize(
    "value",
    [
        NO_FILE,
        [[{"deep": NO_FILE}]],
        {"path": "a", "meta": "gradio.FileData"},
        {"path": "a", "meta": {"_type": "gradio.FileData"}, "size": "large"},
    ],
)
def test_argument_that_only_looks_like_a_file_is_named(server: str, value: object) -> None:
    for name, arguments in CONTRACT.items():
        for place, argument in enumerate(arguments):
            sentence = (
                f'The argument {argument} holds an object with "path" and "meta", which stands for an uploaded file, '
                "but it is none. The arguments of every endpoint are at /gradio_api/info."
            )
            data = [value if number == place else None for number in range(len(arguments))]
            assert refused(server, name, {"data": data}) == (422, sentence)
            assert refused(server, f"v2/{name}", {argument: value}) == (422, sentence)
