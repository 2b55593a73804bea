"""The lines of Python that are shown give the features, of each bundled model: they load it with transformers."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import numpy as np
import pytest
from conftest import OPENING, ROOT
from test_representations import by_lines

from bert_demo import BertService
from bert_demo.views.panels import features
from bert_demo.web.components.features import panel
from bert_demo.web.tab import Ask

BUNDLED = ("base", "sentiment", "topics", "spam", "bilingual", "sentiment-zh", "topics-zh")


@pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated:FutureWarning")
@pytest.mark.parametrize("model", ["base", "sentiment"])
def test_features_of_the_bundled_models(service: BertService, monkeypatch, model: str) -> None:
    monkeypatch.chdir(ROOT)
    asked = [(None, None, None), ('It\'s "odd".', 3, "mean"), (None, 0, "cls")]
    for pair, layer, pooling in asked if model == "base" else asked[1:2]:
        found = service.features(OPENING, pair, model, layer, pooling)
        expected = by_lines(service.feature_lines(OPENING, pair, model, layer, pooling))
        assert found.values.shape == expected.shape and np.abs(found.values - expected).max() < 1e-5
    assert found.layers == 6 and found.layer == layer


@pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated:FutureWarning")
@pytest.mark.parametrize("model", BUNDLED)
def test_feature_lines_shown_give_the_same_numbers(service: BertService, model: str, monkeypatch) -> None:
    monkeypatch.chdir(ROOT)
    for pair, layer, pooling in (("", "last", ""), ('He said: "it\'s"', "3", "mean"), ("", "0", "cls")):
        ask = Ask(OPENING, pair, model)
        shown = panel(service, ask, layer, pooling)
        lines = html.unescape(re.search(r'id="feature-code">(.*?)</code>', shown, re.S)[1])
        found = service.features(OPENING, pair or None, model, None if layer == "last" else int(layer), pooling or None)
        assert lines == service.feature_lines(OPENING, pair or None, model, found.layer, pooling or None)
        expected = by_lines(lines)
        assert expected.shape == found.values.shape and np.abs(expected - found.values).max() < 1e-5
        assert "check ok" in shown and "check off" in features.features_panel(replace(found, largest_error=0.1))
