"""An endpoint over HTTP: its function, its turn, its errors, and a caller who leaves."""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from bert_demo.api.endpoints import BY_NAME, ENDPOINTS
from bert_demo.core.errors import CancelledError, ModelComingError, TextError
from bert_demo.core.progress import OnProgress, watched
from bert_demo.core.scheduler import Cost
from bert_demo.results import NextSentence
from bert_demo.web import endpoints
from bert_demo.web.endpoints import documentation, function
from bert_demo.web.tabs.methods import MethodsTab

ANSWER = NextSentence("model", "revision", 0.75, 0.25)


def asked(name: str, call: Callable[..., Any], *values: Any) -> Any:
    """What an endpoint answers over a service of one call."""
    return asyncio.run(function(BY_NAME[name], lambda: SimpleNamespace(**{name: call}))(*values))  # type: ignore[arg-type, return-value]


def test_function_has_the_signature_of_the_request() -> None:
    for endpoint in ENDPOINTS:
        signature = inspect.signature(function(endpoint, lambda: None))  # type: ignore[arg-type, return-value]
        assert list(signature.parameters) == list(endpoint.request.model_fields)
        for name, each in signature.parameters.items():
            assert each.default == endpoint.defaults.get(name, inspect.Parameter.empty)
            assert f"    {name}: " in documentation(endpoint)


def test_function_gives_defaults_for_what_is_left_out_or_null() -> None:
    seen: list[dict[str, Any]] = []

    def classify(**arguments: Any) -> NextSentence:
        seen.append(arguments)
        return ANSWER

    for values in (("a",), ("a", None, None), ("a", "", "spam")):
        assert asked("classify", classify, *values) == {
            "model": "model", "revision": "revision", "is_next": 0.75, "not_next": 0.25,
        }  # fmt: skip
    assert seen == [
        {"text": "a", "pair": None, "model": "sentiment", "activation": None},
        {"text": "a", "pair": None, "model": "sentiment", "activation": None},
        {"text": "a", "pair": "", "model": "spam", "activation": None},
    ]


def test_function_names_an_argument_that_is_missing() -> None:
    with pytest.raises(gr.Error, match=r"ChoiceError: what_if needs the argument word: the number of the word"):
        asked("what_if", lambda **_: ANSWER, "a")


def test_function_waits_for_a_download(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "AGAIN", 0.05)
    tries: list[int] = []

    def classify(**_: Any) -> NextSentence:
        tries.append(1)
        if len(tries) < 3:
            raise ModelComingError("The model is being downloaded.")
        return ANSWER

    assert asked("classify", classify, "a")["is_next"] == 0.75 and len(tries) == 3


def test_function_says_errors_in_words_and_logs_no_text(caplog: pytest.LogCaptureFixture) -> None:
    def classify(text: str, **_: Any) -> NextSentence:
        raise TextError("The text is empty.") if text == "typed" else RuntimeError("broken")

    with pytest.raises(gr.Error, match=r"TextError: The text is empty\."):
        asked("classify", classify, "typed")
    with pytest.raises(gr.Error, match="Something went wrong inside the demo"):
        asked("classify", classify, "secret text")
    (line,) = (each.getMessage() for each in caplog.records)
    assert line.startswith("unforeseen RuntimeError in") and "secret text" not in caplog.text


@pytest.mark.parametrize("name", ["attribute", "prune", "classify"])
def test_function_ends_the_work_of_a_caller_who_leaves(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of one that is called with a callback of its own, such as /prune with its limit of seconds."""
    begun, ended = threading.Event(), threading.Event()

    def call(on_progress: OnProgress | None = None, **_: Any) -> NextSentence:
        watch = watched(on_progress)
        begun.set()
        try:
            for number in range(1000):
                watch(number, 1000)
                time.sleep(0.01)
        except CancelledError:
            ended.set()
            raise
        return ANSWER

    monkeypatch.setattr(endpoints, "PATIENCE", 0.05)
    monkeypatch.setattr(endpoints, "caller_is_there", lambda: not begun.is_set())
    assert asked(name, call, "a") is None
    assert ended.wait(2)


def test_ablation_waits_with_dear_work_only_when_it_explains() -> None:
    ablate = BY_NAME["ablate"]
    assert ablate.cost_for({"attributions": True}) is Cost.SLOW
    assert ablate.cost_for({}) is ablate.cost_for({"attributions": None}) is Cost.BATCH


def test_comparison_of_methods_waits_where_its_lens_does() -> None:
    """Tens of seconds each: two of them would hold the lane of all attributions."""
    assert BY_NAME["compare"].cost is MethodsTab.cost is Cost.EXCLUSIVE
