"""Settings are read once from the environment; each one works; wrong ones are named."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields

import pytest

from bert_demo import BertService, Settings
from bert_demo.errors import ChoiceError, TextError


def test_every_setting_can_be_given() -> None:
    given = {
        "host": "0.0.0.0",
        "port": "8080",
        "open_browser": "1",
        "models": "catalogue",
        "max_characters": "99",
        "max_top_k": "7",
        "max_steps": "64",
        "cache_mb": "0",
        "threads": "1",
    }
    assert set(given) == {each.name for each in fields(Settings)}
    found = Settings.from_environment({f"BERT_DEMO_{name.upper()}": value for name, value in given.items()})
    assert found == Settings("0.0.0.0", 8080, True, "catalogue", 99, 7, 64, 0, 1)
    assert Settings.from_environment({}) == Settings()
    with pytest.raises(FrozenInstanceError):
        found.port = 1  # type: ignore[misc]


def test_a_space_listens_to_everyone_and_offers_the_catalogue() -> None:
    found = Settings.from_environment({"SPACE_ID": "someone/bert"})
    assert (found.host, found.models) == ("0.0.0.0", "catalogue")
    assert Settings.from_environment({"SPACE_ID": "x", "BERT_DEMO_MODELS": "any"}).models == "any"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("BERT_DEMO_PORT", "soon", "BERT_DEMO_PORT must be a whole number"),
        ("BERT_DEMO_PORT", "70000", "port must be at most 65535"),
        ("BERT_DEMO_OPEN_BROWSER", "maybe", "must be 1 or 0"),
        ("BERT_DEMO_MODELS", "all", 'models must be "any" or "catalogue"'),
        ("BERT_DEMO_MAX_STEPS", "1", "max_steps must be at least 8"),
        ("BERT_DEMO_PROT", "1", "BERT_DEMO_PROT is no setting"),
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
