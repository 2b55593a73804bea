"""When a ledger closes, in which order estimates come, how people's marks are read, and what the tables hold."""

from __future__ import annotations

import base64
import json
import re

import numpy as np
import pytest
import torch
from conftest import MODELS
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from benchmarks import corpus
from bert_demo import BertService
from bert_demo.attribution import METHODS
from bert_demo.attribution.base import Problem
from bert_demo.core.errors import ChoiceError, ModelError
from bert_demo.tasks.attribution import ROUNDING, UNSETTLED, Ledger, scores_of
from bert_demo.training.finetuning import interpolation
from bert_demo.views.markup import table


@pytest.mark.parametrize(
    ("ledger", "criterion"),
    [
        (Ledger(0.0099, 1.0, 5.0, 2.0), "difference"),
        (Ledger(-0.0099, 1.0, 5.0, 2.0), "difference"),
        (Ledger(0.0101, 1.0, 5.0, 2.0), "none"),
        (Ledger(0.0049, 0.1, 5.0, 2.0), "movement"),
        (Ledger(0.0051, 0.1, 5.0, 2.0), "none"),
        (Ledger(0.9 * ROUNDING, 1e-6, 1e-6, 1.0), "rounding"),
        (Ledger(0.9 * ROUNDING, 1e-6, 1e-6, 0.5), "none"),
        (Ledger(0.0, 0.0, 0.0, 0.0), "difference"),
    ],
)
def test_a_ledger_closes_by_the_rules_that_the_page_states(ledger: Ledger, criterion: str) -> None:
    assert ledger.criterion(0.01) == criterion


def test_gradients_that_are_no_numbers_are_refused_and_methods_without_them_answer() -> None:
    """The root has no gradient at zero, where its value is a number."""

    def rooted(x: torch.Tensor) -> torch.Tensor:
        return x[:, 1].square().sum(-1).sqrt()

    asked = Problem(rooted, torch.zeros(1, 3, 4), torch.ones(1, 3, 4), words=((1,), (2,)))
    assert rooted(asked.inputs).isfinite().all()
    with pytest.raises(ModelError, match=r"gradients overflow\. Choose a method without gradients, such as Occlusion"):
        scores_of(METHODS["saliency"].attribute(asked, None))
    assert np.isfinite(scores_of(METHODS["occlusion"].attribute(asked, None))).all()


def test_a_closed_ledger_settles_when_its_panels_do() -> None:
    closed = Ledger(0.0, 1.0, 2.0, 1.0)
    assert closed.settled(None, 0.01)
    assert closed.settled(0.99 * UNSETTLED * 0.01, 0.01)
    assert not closed.settled(1.01 * UNSETTLED * 0.01, 0.01)
    assert not Ledger(0.5, 1.0, 2.0, 1.0).settled(0.0, 0.01)


def test_estimates_come_before_the_answer_and_grow_finer(service: BertService) -> None:
    seen = []
    text = "a long and winding, never quite believable, and yet oddly moving story"
    found = service.attribute(text, tolerance=0.001, on_estimate=seen.append)
    steps = [each.steps for each in seen] + [found.steps]
    assert len(seen) >= 1 and steps == sorted(set(steps))
    assert all(each.tokens == found.tokens for each in seen)
    assert abs(seen[0].delta) > abs(found.delta)
    coarse = service.attribute(text, tolerance=0.2)
    assert coarse.steps < found.steps


def test_steps_are_refused_where_they_mean_nothing(service: BertService) -> None:
    for method in ("saliency", "input_x_gradient", "occlusion", "attention_rollout", "attention_last_layer", "random"):
        with pytest.raises(ChoiceError, match="takes no steps"):
            service.attribute("a day", method=method, steps=4)
    assert service.attribute("a day", method="lime", steps=40).steps == 40


def test_two_candidates_are_compared_by_logits_and_must_differ(service: BertService) -> None:
    with pytest.raises(ChoiceError, match="the same token"):
        service.attribute_mask("A [MASK] day.", "good", "good")
    with pytest.raises(ChoiceError, match="by their logits"):
        service.attribute_mask("A [MASK] day.", "good", "bad", output="probability")


TREES = r"""(3 (2 (2 The) (2 film)) (3 (2 is) (3 (4 warm) (2 and\/or))))
(1 (2 It) (1 (0 bores) (2 -LRB-)))
(2 (2 A) (2 day))
"""


def test_peoples_marks_are_read_from_trees(tmp_path, service: BertService) -> None:
    (tmp_path / "trees.txt").write_text(TREES, encoding="utf-8")
    first, second = corpus.read_trees(tmp_path / "trees.txt")
    assert first.text == "The film is warm and/or" and second.text == "It bores ("
    assert first.carries("positive").tolist() == [False, False, False, True, False]
    assert second.carries("negative").tolist() == [False, True, False]
    assert second.carries("positive").tolist() == [False, False, False]
    found = service.attribute(second.text, method="occlusion")
    scores = corpus.by_leaf(found, second)
    assert scores.tolist() == pytest.approx([word.score for word in found.words])


def test_means_and_intervals_of_the_corpus() -> None:
    values = {"comprehensiveness": [0.2, 0.4], "sufficiency": [0.0, 0.0], "area": [0.1, 0.1], "people": [1.0]}
    row = corpus.summary({"lime": {**values, "passes": [10.0, 20.0], "seconds": [0.5, 1.0]}})
    assert (row["sentences"], row["sentences_people"]) == (2, 1)
    lime = row["methods"]["lime"]
    assert lime["comprehensiveness"] == [0.3, 0.2, 0.4] and lime["area"] == [0.1, 0.1, 0.1]
    assert (lime["passes"], lime["seconds"]) == (15.0, 0.75)
    line = (
        "| LIME | 0.300 (0.200 to 0.400) | 0.000 (0.000 to 0.000) | 0.100 (0.100 to 0.100) | 1.000 (1.000 to 1.000) |"
    )
    assert corpus.table(row).splitlines()[2].startswith(line)


def test_a_value_that_is_no_number_is_null_in_the_download() -> None:
    html = table(("name", "value"), [("a", float("nan")), ("b", 0.5)], "test")
    packed = re.search(r'json;charset=utf-8;base64,([^"]+)"', html).group(1)
    assert json.loads(base64.b64decode(packed)) == [{"name": "a", "value": None}, {"name": "b", "value": 0.5}]


def test_rows_on_the_path_are_those_of_the_lens() -> None:
    """At 1 the plain logits, at 0 those of padding between the special tokens, between them neither."""
    model = AutoModelForSequenceClassification.from_pretrained(MODELS / "base", num_labels=2).eval()
    tokenizer = AutoTokenizer.from_pretrained(MODELS / "base")
    batch = tokenizer(["a warm film", "dull"], padding=True, return_tensors="pt")
    ids, attention = batch["input_ids"], batch["attention_mask"]
    empty = torch.where((ids == 101) | (ids == 102), ids, 0)
    with torch.no_grad():
        plain = model(input_ids=ids, attention_mask=attention).logits
        none = model(input_ids=empty, attention_mask=attention).logits
        found = [
            interpolation.logits_at(model, ids, attention, torch.full((2,), place), (101, 102), 0)
            for place in (1.0, 0.0, 0.5)
        ]
    assert torch.allclose(found[0], plain, atol=1e-5) and torch.allclose(found[1], none, atol=1e-5)
    assert not torch.allclose(found[2], plain, atol=1e-3)
    assert not model.bert.embeddings._forward_hooks


def test_labels_on_the_path_go_from_even_to_smoothed() -> None:
    found = interpolation.targets_at(torch.tensor([1, 1, 0]), 2, torch.tensor([1.0, 0.0, 0.5]), 0.1)
    assert np.allclose(found.numpy(), [[0.05, 0.95], [0.5, 0.5], [0.725, 0.275]])
    torch.manual_seed(0)
    places = interpolation.placed(4000, 0.5)
    assert 0.45 < float((places < 1).float().mean()) < 0.55 and float(places.min()) >= 0
