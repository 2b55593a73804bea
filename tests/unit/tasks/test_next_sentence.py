"""Next-sentence prediction against transformers, and its baseline of known pairs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from calls import Calls
from conftest import MODELS, save_tokenizer, tiny_config
from transformers import AutoTokenizer, BertForNextSentencePrediction, BertForPreTraining

from bert_demo import BertService, Settings
from bert_demo.cli.main import main
from bert_demo.core.errors import CancelledError, MissingHeadError, TextError
from bert_demo.data.sentence_pairs import sentence_pairs
from bert_demo.views.markup import esc, percent
from bert_demo.web.job_runner import JobProgress
from bert_demo.web.tab import Ask
from bert_demo.web.tabs.next_sentence import NextSentenceTab, offers

FIRST, SECOND = "It rained all night.", "In the morning the street was wet."


def oracle(model: Any, tokenizer: Any, first: str, second: str) -> np.ndarray:
    """(2,) probabilities: follows, does not."""
    inputs = tokenizer(first, second, return_tensors="pt")
    with torch.inference_mode():
        if isinstance(model, BertForPreTraining):  # without the vocabulary, which takes most of the time
            pooled = model.bert(**inputs).pooler_output
            return model.cls.seq_relationship(pooled).double().softmax(-1)[0].numpy()
        found = model(**inputs)
    return found.logits.double().softmax(-1)[0].numpy()


@pytest.fixture(scope="module")
def bundled() -> tuple[Any, Any]:
    return BertForPreTraining.from_pretrained(MODELS / "base").eval(), AutoTokenizer.from_pretrained(MODELS / "base")


@pytest.mark.parametrize("kind", [BertForNextSentencePrediction, BertForPreTraining])
def test_a_tiny_model_as_transformers_has_it(service: BertService, tmp_path: Path, kind: Any) -> None:
    save_tokenizer(tmp_path)
    torch.manual_seed(2)
    model = kind(tiny_config()).eval()
    model.save_pretrained(tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    for first, second in (("the cat sat", "a dog ran"), ("a dog ran", "the cat sat"), ("sad .", "not sad !")):
        found = service.next_sentence(first, second, str(tmp_path))
        expected = oracle(model, tokenizer, first, second)
        # what is promised; 0.3.0 held this to 1e-6, and single precision was off by 1.14e-6 on another processor
        assert [found.is_next, found.not_next] == pytest.approx(expected.tolist(), abs=1e-5)
        assert found.is_next + found.not_next == pytest.approx(1, abs=1e-12)


def test_every_known_pair_by_hand(bundled: tuple[Any, Any]) -> None:
    pairs = sentence_pairs()
    assert len(pairs) == 8 and len({text for pair in pairs for text in pair}) == 16
    seen: list[tuple[int, int]] = []
    service = BertService(Settings())
    found = service.next_sentence_baseline(on_progress=lambda *both: seen.append(both))
    expected = np.array([[oracle(*bundled, first, second)[0] for _, second in pairs] for first, _ in pairs])
    turned = [oracle(*bundled, second, first)[0] for first, second in pairs]
    assert np.abs(found.matrix - expected).max() < 1e-5 and np.abs(found.turned - turned).max() < 1e-5
    assert found.true.tolist() == [found.matrix[place, place] for place in range(8)]
    others = [found.matrix[i, j] for i in range(8) for j in range(8) if i != j]
    assert found.shuffled.tolist() == others
    assert found.right == (
        sum(each > 0.5 for each in found.true) / 8,
        sum(each < 0.5 for each in others) / 56,
    )
    assert seen[0] == (0, 72) and seen[-1] == (72, 72)
    assert service.next_sentence_baseline() is found, "kept"
    assert found.right[0] == 1 and found.right[1] > 0.8 and found.true.mean() > found.shuffled.mean() + 0.5


def test_it_can_be_stopped(service: BertService, tmp_path: Path) -> None:
    save_tokenizer(tmp_path)
    BertForNextSentencePrediction(tiny_config()).save_pretrained(tmp_path)
    watch = JobProgress()
    watch.stopped.set()
    with pytest.raises(CancelledError):
        service.next_sentence_baseline(str(tmp_path), on_progress=watch)


def test_what_cannot_be_asked(service: BertService) -> None:
    with pytest.raises(MissingHeadError, match="sentiment has no next-sentence head"):
        service.next_sentence_baseline("sentiment")
    with pytest.raises(MissingHeadError, match="Choose a model saved with that head"):
        service.next_sentence(FIRST, SECOND, "spam")
    with pytest.raises(TextError, match="The second text is empty"):
        service.next_sentence(FIRST, " ")
    with pytest.raises(TextError, match="tokens together and this model reads 512"):
        service.next_sentence("good " * 400, "bad " * 200)


def test_endpoint_and_command(service: BertService, monkeypatch, capsys) -> None:
    found = service.next_sentence_baseline()
    answer = Calls(service).next_sentence_baseline()
    assert np.array_equal(answer["matrix"], found.matrix) and answer["true"]["pairs"] == 8
    assert answer["shuffled"] == {"pairs": 56, "mean": float(found.shuffled.mean()), "right": found.right[1]}
    monkeypatch.setattr("bert_demo.service.bert_service.BertService", lambda settings: service)
    assert main(["next-sentence-baseline", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == answer
    assert main(["next-sentence-baseline"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"true +8 +0\.9656 +100\.0%", out) and re.search(r"shuffled +56 ", out)
    assert re.search(rf"turned round +8 +{found.turned.mean():.4f} +{(found.turned < 0.5).mean():.1%}", out)


def test_the_lens_says_what_to_do_without_a_second_text(service: BertService) -> None:
    orders, known, figure, panel = NextSentenceTab().answer(service, Ask("a film", "", "base"), (), [], JobProgress())
    assert "Write a second text" in orders and known.visible is False and figure is None and panel == ""


def test_the_pictures_hold_the_numbers(service: BertService) -> None:
    ask = Ask("<b>It</b> rained.", "The street was wet.", "base")
    orders, known, figure, panel = NextSentenceTab().answer(service, ask, (), [], JobProgress())
    found, forth = service.next_sentence_baseline(), service.next_sentence(ask.text, ask.pair)
    back = service.next_sentence(ask.pair, ask.text)
    assert known.visible is True and "&lt;b&gt;It" in orders and "the probability that it does not follow" in orders
    assert f"width:{100 * forth.is_next:.2f}%" in orders and f"width:{100 * back.is_next:.2f}%" in orders
    drawn = [list(trace.x) for trace in figure.data]
    expected = [found.true.tolist(), found.turned.tolist(), found.shuffled.tolist(), [forth.is_next, back.is_next]]
    assert drawn == expected
    shuffled = figure.data[2].customdata
    pairs = sentence_pairs()
    assert len(shuffled) == 56 and shuffled[0] == f"{pairs[0][0]}<br>{pairs[1][1]}"
    assert shuffled[7] == f"{pairs[1][0]}<br>{pairs[0][1]}" and figure.data[1].customdata[0].startswith(pairs[0][1])
    higher = np.mean([one > other for one in found.true for other in found.shuffled])
    assert f"in {esc(percent(float(higher)))} of all cases" in panel
    assert f"above {esc(percent(float((found.shuffled < forth.is_next).mean())))} of the shuffled" in panel
    assert [first != second for first, second in offers()] == [True] * 6
