"""Every endpoint, whatever it is sent: an answer that is JSON, or a typed error in a sentence; never a hang."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pytest
from calls import ENDPOINT_NAMES, Calls
from conftest import WORDS
from fuzzing import (
    CONTROL,
    EXAMPLES,
    JUNK,
    LONG,
    MODELS,
    NAMES,
    ODD,
    PROFILE,
    Tally,
    Watchdog,
    answered,
    check_message,
    good,
    junk,
    model_for,
    odd_texts,
    parameters_of,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bert_demo import BertService, Settings
from bert_demo.core.errors import DemoError

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Calls]:
    """The endpoints over a service that reaches no hub, so that a name such as a/b is refused at once."""
    service = BertService(Settings(max_steps=16, cache_dir=str(tmp_path_factory.mktemp("cache"))))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
        yield Calls(service)


@pytest.fixture(scope="module")
def watchdog() -> Watchdog:
    return Watchdog()


@st.composite
def calls(draw: st.DrawFn, name: str, places: dict[str, str]) -> dict[str, Any]:
    """Arguments of an endpoint: most good, so that the call gets far, and up to two that are not."""
    parameters = parameters_of(name)
    spoilt = draw(st.one_of(st.just(set()), st.sets(st.sampled_from(parameters or ["none"]), max_size=2)))
    found: dict[str, Any] = {}
    for parameter in parameters:
        own = model_for(name, places) if parameter in MODELS else good(name, parameter)
        if parameter in spoilt:
            own = st.one_of(odd_texts, junk, st.sampled_from(NAMES) if parameter in MODELS else junk, st.lists(junk))
        found[parameter] = draw(own)
    return found


def ask(tally: Tally, watchdog: Watchdog, api: Calls, name: str, arguments: dict[str, Any]) -> None:
    """One call: its answer can be sent as JSON, or its error can be shown."""
    try:
        answer = tally.call(watchdog, lambda: getattr(api, name)(**arguments))
    except DemoError as error:
        tally.errors[type(error).__name__] += 1
        check_message(error, {key: value for key, value in arguments.items() if key not in MODELS})
    else:
        tally.answers += 1
        json.dumps(answer, ensure_ascii=False, allow_nan=False).encode("utf-8")


def show(tally: Tally, capsys: pytest.CaptureFixture[str]) -> None:
    if LONG:
        with capsys.disabled():
            print(f"\n{tally}", flush=True)


@pytest.mark.timeout(7200 if LONG else 120)
@pytest.mark.parametrize("name", ENDPOINT_NAMES)
def test_an_answer_or_a_typed_error(
    name: str, api: Calls, tiny_models: dict[str, str], watchdog: Watchdog, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally(name)
    api.models()

    @settings(PROFILE, max_examples=EXAMPLES if LONG or name != "compare" else 5)
    @example(answered(name, tiny_models))
    @given(calls(name, tiny_models))
    def attempt(arguments: dict[str, Any]) -> None:
        ask(tally, watchdog, api, name, arguments)

    attempt()
    show(tally, capsys)
    assert tally.answers


@pytest.mark.timeout(7200 if LONG else 120)
@pytest.mark.parametrize("name", ENDPOINT_NAMES)
def test_each_argument_in_turn_is_junk(
    name: str, api: Calls, tiny_models: dict[str, str], watchdog: Watchdog, capsys: pytest.CaptureFixture[str]
) -> None:
    parameters = parameters_of(name)
    right = answered(name, tiny_models)
    tally = Tally(f"{name}, each argument in turn")
    for parameter in parameters:
        odd = NAMES if parameter == "model" else (*ODD, *CONTROL) if LONG else ()
        for value in (*JUNK, *odd):
            ask(tally, watchdog, api, name, {**right, parameter: value})
    show(tally, capsys)


def test_the_words_of_the_tiny_models_are_those_of_the_strategies(tiny_models: dict[str, str]) -> None:
    vocabulary = json.loads((Path(tiny_models["words"]) / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    assert set(WORDS.split()) < set(vocabulary)
