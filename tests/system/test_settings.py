"""Settings are read once from the environment; each one works; wrong ones are named."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest
from conftest import ROOT
from pydantic import ValidationError

from bert_demo import BertService, Settings
from bert_demo.core.environment import prepare
from bert_demo.core.errors import ChoiceError, TextError
from bert_demo.web.server.client_address import ClientAddress
from bert_demo.web.server.request_size import RequestSize


def another(name: str) -> tuple[str, object]:
    """A value of a setting that is not its default, as the environment has it and as code has it."""
    default, kind = Settings.model_fields[name].default, Settings.model_fields[name].annotation
    if kind is bool:
        return str(int(not default)), not default
    if kind is int:
        return str(default + 1), default + 1
    found = next((each for each in get_args(kind) if each != default), "sesame")
    return found, found


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_can_be_given(name: str) -> None:
    written, value = another(name)
    found = Settings.from_environment({"BERT_DEMO_HOST": "127.0.0.1"} | {f"BERT_DEMO_{name.upper()}": written})
    assert getattr(found, name) == value != Settings.model_fields[name].default
    unset = {} if name != "host" else {"models": "hub"}
    assert found == Settings(**{name: value}, **unset)
    assert Settings.model_fields[name].description


def test_settings_without_any_are_the_defaults_and_are_frozen() -> None:
    assert Settings.from_environment({}) == Settings()
    with pytest.raises(ValidationError, match="frozen"):
        Settings().port = 1  # type: ignore[misc]


def test_space_listens_to_everyone_and_offers_the_catalogue() -> None:
    found = Settings.from_environment({"SPACE_ID": "someone/bert"})
    assert (found.host, found.models, found.behind_proxy) == ("0.0.0.0", "catalogue", True)
    assert Settings.from_environment({"SPACE_ID": "x", "BERT_DEMO_MODELS": "any"}).models == "any"


def test_directories_of_the_host_are_closed_to_others_by_default() -> None:
    for host, models in (("127.0.0.1", "any"), ("localhost", "any"), ("0.0.0.0", "hub"), ("192.0.2.7", "hub")):
        assert Settings.from_environment({"BERT_DEMO_HOST": host}).models == models
    assert Settings.from_environment({"BERT_DEMO_HOST": "0.0.0.0", "BERT_DEMO_MODELS": "any"}).models == "any"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("BERT_DEMO_PORT", "soon", "BERT_DEMO_PORT must be a whole number"),
        ("BERT_DEMO_PORT", "70000", "BERT_DEMO_PORT must be at most 65535, not 70000."),
        ("BERT_DEMO_OPEN_BROWSER", "maybe", 'BERT_DEMO_OPEN_BROWSER must be 1 or 0, not "maybe"'),
        ("BERT_DEMO_MODELS", "all", 'BERT_DEMO_MODELS must be "any", "hub" or "catalogue", not "all".'),
        ("BERT_DEMO_MAX_STEPS", "1", "BERT_DEMO_MAX_STEPS must be at least 8"),
        ("BERT_DEMO_PROT", "1", "BERT_DEMO_PROT is no setting"),
        ("BERT_DEMO_REQUESTS_PER_MINUTE", "59", "BERT_DEMO_REQUESTS_PER_MINUTE must be at least 60"),
        ("BERT_DEMO_MAX_BODY_MB", "0", "BERT_DEMO_MAX_BODY_MB must be at least 1"),
        ("BERT_DEMO_SLOW_SECONDS", "0", "BERT_DEMO_SLOW_SECONDS must be at least 1"),
        ("BERT_DEMO_LOG_LEVEL", "loud", 'BERT_DEMO_LOG_LEVEL must be "debug", "info", "warning" or "error", not'),
        ("BERT_DEMO_BATCH_TOKENS", "-1", "BERT_DEMO_BATCH_TOKENS must be at least 0"),
        ("BERT_DEMO_DEVICE", "tpu", 'BERT_DEMO_DEVICE must be "auto", "cpu" or "cuda", not "tpu".'),
        ("BERT_DEMO_MAX_MODEL_MB", "0", "BERT_DEMO_MAX_MODEL_MB must be at least 1"),
    ],
)
def test_wrong_settings(name: str, value: str, message: str) -> None:
    with pytest.raises(ChoiceError, match=message):
        Settings.from_environment({name: value})


def test_limits_are_kept(tiny_masked: str) -> None:
    service = BertService(Settings(max_characters=20, max_top_k=3, cache_mb=0))
    with pytest.raises(TextError, match="the limit is 20"):
        service.fill_mask("the cat sat on the [MASK]", model=tiny_masked)
    with pytest.raises(ChoiceError, match="from 1 to 3"):
        service.fill_mask("a [MASK]", model=tiny_masked, top_k=4)


def test_password_is_never_printed() -> None:
    settings = Settings.from_environment({"BERT_DEMO_PASSWORD": "sesame"})
    assert settings.password == "sesame"
    assert "sesame" not in repr(settings)
    assert "sesame" not in str(settings)
    with pytest.raises(ChoiceError) as wrong:
        Settings.from_environment({"BERT_DEMO_PASSWORD": "sesame", "BERT_DEMO_PORT": "x"})
    assert "sesame" not in str(wrong.value)


SAY = """
from bert_demo import Settings
from bert_demo.core.environment import prepare
prepare(Settings(cache_dir={cache!r}))
import sys, tempfile
assert not {{"gradio", "huggingface_hub", "torch"}} & set(sys.modules)
from gradio.analytics import analytics_enabled
from gradio.utils import get_upload_folder
from huggingface_hub import constants
from matplotlib import get_cachedir
print(get_upload_folder(), constants.HF_HUB_CACHE, get_cachedir(), tempfile.gettempdir())
print(analytics_enabled(), constants.HF_HUB_DISABLE_TELEMETRY)
"""


def prepared(cache: str, **environment: str) -> list[str]:
    code = SAY.format(cache=cache)
    own = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment}
    done = subprocess.run([sys.executable, "-c", code], env=own, capture_output=True, text=True, check=True)
    *places, analytics, silent = done.stdout.split()
    assert (analytics, silent) == ("False", "True")
    return places


def test_one_directory_is_written_to(tmp_path: Path) -> None:
    """The libraries themselves are asked; the directory need not exist yet."""
    cache = tmp_path / "made" / "here"
    uploads, hub, fonts, temporary = prepared(str(cache), HOME=str(tmp_path))
    assert uploads == str(cache / "gradio")
    assert hub == str(cache / "huggingface" / "hub")
    assert fonts == str(cache / "matplotlib")
    assert temporary == str(cache / "temporary")
    assert prepared("~/made/here", HOME=str(tmp_path)) == [uploads, hub, fonts, temporary]


def test_without_a_home_the_temporary_directory_serves(tmp_path: Path) -> None:
    uploads, hub, fonts, temporary = prepared("", HOME="/proc/nobody", TMPDIR=str(tmp_path))
    (place,) = tmp_path.glob("bert-demo-*")
    assert place.stat().st_mode & 0o777 == 0o700
    assert {uploads, hub, fonts} == {
        str(place / "gradio"),
        str(place / "huggingface" / "hub"),
        str(place / "matplotlib"),
    }
    assert temporary == str(tmp_path)
    (home := tmp_path / "home").mkdir()
    uploads, hub, _, _ = prepared("", HOME=str(home), TMPDIR=str(tmp_path))
    assert (uploads, hub) == (str(tmp_path / "gradio"), str(home / ".cache" / "huggingface" / "hub"))


NO_HUB = "HF_ENDPOINT must be an address such as https://huggingface.co; what is set there is none."


@pytest.mark.parametrize("address", ["nonsense", "http://[bad", "http://a b", "ftp://hub", "http://hub:x", "https://"])
def test_hub_that_no_address_can_name_is_refused_in_words(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", address)
    with pytest.raises(ChoiceError) as refused:
        prepare(Settings())
    assert str(refused.value) == NO_HUB


@pytest.mark.parametrize(("command", "before"), [(("app.py",), ""), (("-m", "bert_demo", "models"), "bert_demo: ")])
def test_hub_that_no_address_can_name_ends_the_start(command: tuple[str, ...], before: str) -> None:
    environment = {**os.environ, "HF_ENDPOINT": "http://[bad"}
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"{before}{NO_HUB}\n")


def request(settings: Settings, body: bytes, *headers: tuple[bytes, bytes]) -> tuple[int, str]:
    """(status, address that the app sees) of a request to an app of ours behind two of the server's middlewares."""
    found: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        found.append(scope["client"][0])
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            found.insert(0, message["status"])

    scope = {"type": "http", "method": "POST", "path": "/x", "query_string": b"", "client": ("10.0.0.1", 1)}
    length = (b"content-length", str(len(body)).encode())
    sized = RequestSize(app, settings.max_body_mb * 2**20, settings.slow_seconds)
    asyncio.run(ClientAddress(sized, settings.behind_proxy)({**scope, "headers": [length, *headers]}, receive, send))
    return found[0], "".join(found[1:])


def test_what_a_server_takes_and_whom_it_trusts() -> None:
    body = b" " * (3 * 2**19)
    assert request(Settings(), body) == (413, "")
    assert request(Settings(max_body_mb=2), body) == (200, "10.0.0.1")
    forwarded = (b"x-forwarded-for", b"1.1.1.1, 8.8.8.8")
    assert request(Settings(), b"", forwarded) == (200, "10.0.0.1")
    assert request(Settings(behind_proxy=True), b"", forwarded) == (200, "8.8.8.8")


def test_log_level_holds_for_what_is_ours() -> None:
    code = """
import logging, sys
from bert_demo.web.server import logging as logs
for level in ("debug", "info", "warning", "error"):
    logs.set_up(level)
    for logger in ("bert_demo.web", "asyncio"):
        logging.getLogger(logger).debug(level)
        logging.getLogger(logger).info(level)
    logging.getLogger("bert_demo.web").warning(level)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    found = [(line["logger"], line["message"]) for line in map(json.loads, done.stderr.splitlines())]
    assert found == [("bert_demo.web", level) for level in ("debug", "debug", "debug", "info", "info", "warning")]
