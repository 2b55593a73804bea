"""The rows of the endpoints: each is whole, and everything that is made from it agrees with the service."""

from __future__ import annotations

import argparse
import inspect
import json
import re
import time
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from contract_calls import CALLS
from examples import example
from jsonschema import Draft202012Validator

from bert_demo import BertService
from bert_demo.api.endpoint import Endpoint
from bert_demo.api.endpoints import BY_NAME, ENDPOINTS
from bert_demo.api.run import answer_schema, compact, run
from bert_demo.cli.main import make_parser
from bert_demo.cli.tables import TABLES, table
from bert_demo.core.errors import ChoiceError, MissingHeadError
from bert_demo.core.progress import limited
from bert_demo.registry.models import DEFAULT_FOR_TASK

CONTRACT = ROOT / "tests" / "system" / "contract"
BOUNDED = {"top_k", "sample", "steps", "layer", "head", "query", "mask", "word", "points", "orders", "tolerance"} | {
    "start",
    "end",
    "longest",
    "epochs",
    "learning_rate",
    "batch_size",
    "length",
    "seed",
    "rank",
    "early_stopping",
    "layer_decay",
    "share",
}


def named(endpoint: Endpoint) -> str:
    return endpoint.name


def test_names_are_the_keys_of_the_table_in_order() -> None:
    assert tuple(BY_NAME) == tuple(each.name for each in ENDPOINTS) and len(BY_NAME) == len(ENDPOINTS)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=named)
def test_row_has_a_sentence_for_each_argument_and_bounds_for_each_number(endpoint: Endpoint) -> None:
    assert endpoint.description.endswith(".") and (endpoint.returns.endswith(".") or endpoint.name == "models")
    for name, each in endpoint.request.model_fields.items():
        assert each.description and each.description.rstrip('"').endswith("."), name
        kinds = str(each.annotation)
        if ("int" in kinds or "float" in kinds) and "list" not in kinds:
            assert name in BOUNDED and each.metadata, name
        if "list" in kinds:
            assert each.metadata, name


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=named)
def test_row_has_the_arguments_and_defaults_of_the_service(endpoint: Endpoint, service: BertService) -> None:
    call = inspect.signature(attrgetter(endpoint.call)(service))
    own = list(call.parameters)
    assert own[: len(endpoint.request.model_fields)] == list(endpoint.request.model_fields)
    for name, each in endpoint.request.model_fields.items():
        expected = inspect.Parameter.empty if each.is_required() else each.default
        assert call.parameters[name].default == expected, name
    assert set(endpoint.limits) <= set(own)
    assert endpoint.seconds is None or ("on_progress" in own and endpoint.ended.endswith("."))


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=named)
def test_schema_fits_the_answers_whole_and_compact(endpoint: Endpoint, service: BertService) -> None:
    schema = answer_schema(endpoint)
    Draft202012Validator.check_schema(schema)
    if endpoint.needs and not set(endpoint.needs) & set(DEFAULT_FOR_TASK):  # no bundled model answers: it says so
        with pytest.raises(MissingHeadError, match="None is bundled"):
            _answers(endpoint, service)
        return
    for answer in _answers(endpoint, service):
        Draft202012Validator(schema).validate(answer)
        short = compact(endpoint, answer)
        Draft202012Validator(schema).validate(short)
        if endpoint.long:
            assert set(answer) - set(short) == set(endpoint.long) == set(short["left_out"])
        else:
            assert short == answer


def _answers(endpoint: Endpoint, service: BertService) -> list[Any]:
    """Those of the snapshot; of an endpoint that came later, the one to its example."""
    if endpoint.name not in CALLS:
        return [run(endpoint, service, example(endpoint))]
    kept = json.loads((CONTRACT / f"answer_{endpoint.name}.json").read_text(encoding="utf-8"))
    return [_unmasked(each["answer"], 0.5 if endpoint.name == "compare" else []) for each in kept]


def _unmasked(value: Any, seconds: Any) -> Any:
    """What is called seconds is masked in the snapshot, durations and second sentences alike."""
    if isinstance(value, dict):
        return {key: seconds if key == "seconds" else _unmasked(each, seconds) for key, each in value.items()}
    return [_unmasked(each, seconds) for each in value] if isinstance(value, list) else value


def test_compact_says_what_it_leaves_out() -> None:
    answer = {"tokens": [], "weights": [[[[1.0, 0.0], [0.5, 0.5]]]]}
    assert compact(BY_NAME["attention"], answer) == {"tokens": [], "left_out": {"weights": "numbers [1][1][2][2]"}}


@pytest.mark.parametrize("name", ["classify", "fill_mask", "compare_blanks", "ablate", "models"])
def test_run_gives_the_answer_of_the_snapshot(name: str, service: BertService) -> None:
    snapshot = json.loads((CONTRACT / f"answer_{name}.json").read_text(encoding="utf-8"))
    for arguments, each in zip(CALLS[name], snapshot, strict=True):
        _close(run(BY_NAME[name], service, arguments), each["answer"])


RELATIVE = 1e-5
"""Other processors than that which wrote the snapshots add up in another order."""


def _close(found: Any, expected: Any) -> None:
    if isinstance(expected, dict):
        assert list(found) == list(expected)
        found, expected = list(found.values()), list(expected.values())
    if isinstance(expected, list):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            _close(one, other)
    else:
        assert found == (pytest.approx(expected, rel=RELATIVE, abs=1e-6) if isinstance(expected, float) else expected)


def test_run_takes_the_default_for_null_and_refuses_what_there_is_not(service: BertService) -> None:
    classify = BY_NAME["classify"]
    assert run(classify, service, {"text": "A warm film.", "pair": None, "model": None})["model"] == "sentiment"
    with pytest.raises(ChoiceError, match=r"classify has no argument 'txt'\. It has: text, pair, model"):
        run(classify, service, {"text": "a", "txt": "b"})
    with pytest.raises(ChoiceError, match="classify needs the argument text: the text to classify"):
        run(classify, service, {})


def test_run_ends_a_call_after_the_seconds_of_its_row() -> None:
    seen: list[tuple[int, int]] = []
    watch = limited(60, "texts read.", lambda *both: seen.append(both))
    watch(1, 2)
    watch = limited(0, "texts read.", lambda *both: seen.append(both))
    time.sleep(0.01)
    with pytest.raises(ChoiceError, match=r"This was ended after 0 seconds, 3 of 9 texts read\."):
        watch(3, 9)
    assert seen == [(1, 2)]


def test_command_of_each_row_has_its_arguments_and_defaults() -> None:
    (commands,) = (each for each in make_parser()._actions if isinstance(each, argparse._SubParsersAction))
    for endpoint in ENDPOINTS:
        if "rows" in endpoint.request.model_fields:  # a command reads them from a file
            continue
        actions = {each.dest: each for each in commands.choices[endpoint.name.replace("_", "-")]._actions}
        for name, each in endpoint.request.model_fields.items():
            assert bool(actions[name].option_strings) is not each.is_required()
            assert each.is_required() or actions[name].default == each.default
            assert actions[name].help


def test_answer_without_a_table_of_its_own_is_shown_by_its_parts() -> None:
    assert set(TABLES) <= set(BY_NAME)
    answer = {"model": "base", "score": 0.25, "tokens": [1, 2]}
    assert table("of no endpoint", answer).splitlines() == [
        "model   base",
        "score   0.2500",
        "tokens  2 entries (all with --json)",
    ]


def test_each_row_stands_in_the_documents() -> None:
    pages = [ROOT / "README.md", *sorted(Path(ROOT / "docs").rglob("*.md"))]
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    assert set(BY_NAME) <= set(re.findall(r"`/(\w+)`", text))
