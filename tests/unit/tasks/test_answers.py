"""Answers against the question-answering pipeline of transformers 4.57.1, the last one (5.3 removed it).

It was run once, in an environment of its own, on the checkpoint of `tiny_answerer`; what it said stands in
answers_of_transformers_4_57_1.json (pipelines/question_answering.py, `postprocess`).
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from calls import Calls
from conftest import save_tokenizer, tiny_config
from transformers import AutoModelForQuestionAnswering, AutoTokenizer, BertForQuestionAnswering

from bert_demo import BertService, Settings
from bert_demo.core.errors import BrokenModelError, ChoiceError, MissingHeadError
from bert_demo.web.job_runner import JobProgress
from bert_demo.web.tab import Ask, answer_with_notice
from bert_demo.web.tabs.answers import CLICK, AnswersTab, explained_answer

KEPT = json.loads((Path(__file__).parent / "answers_of_transformers_4_57_1.json").read_text(encoding="utf-8"))
QUESTION, PASSAGE = "the dog ran", "the cat sat on the mat in a house . a dog ran"
LONG = " ".join(
    ["the cat sat on the mat . a dog ran in a house , the film was good . ice is not water , very sad ."] * 2
)


@pytest.fixture(scope="module")
def tiny() -> BertService:
    return BertService(Settings(max_steps=1024))


def plain(panel: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", panel).split())


def test_kept_answers_are_of_the_last_pipeline() -> None:
    assert KEPT["transformers"] == "4.57.1" and len(KEPT["rows"]) == 6


@pytest.mark.parametrize("row", KEPT["rows"], ids=lambda row: f"{row['question']}-{row['options']['top_k']}")
def test_answers_are_those_of_the_last_pipeline(tiny: BertService, tiny_answerer: str, row: dict[str, Any]) -> None:
    options = row["options"]
    longest = options.get("max_answer_len", 15)
    found = tiny.answer(row["question"], row["passage"], tiny_answerer, options["top_k"], longest)
    assert [[each.text, each.start, each.end] for each in found.answers] == [each[:3] for each in row["answers"]]
    assert [each.score for each in found.answers] == pytest.approx([each[3] for each in row["answers"]], abs=1e-5)
    assert found.no_answer == pytest.approx(row["no_answer"], abs=1e-5) and found.windows == 1


def by_hand(directory: str, question: str, ids: list[int], segments: list[int], answer: range) -> float:
    """log P(begins) + log P(ends) of one window, over the passage's own tokens and [CLS]."""
    model = AutoModelForQuestionAnswering.from_pretrained(directory).eval()
    with torch.inference_mode():
        output = model(input_ids=torch.tensor([ids]), token_type_ids=torch.tensor([segments]))
    inside = [
        0,
        *(place for place, (number, part) in enumerate(zip(ids, segments, strict=True)) if part and number != 3),
    ]
    levels = [each[0, inside].double().log_softmax(-1) for each in (output.start_logits, output.end_logits)]
    return float(levels[0][inside.index(answer[0])] + levels[1][inside.index(answer[-1])])


def test_answer_of_several_windows_has_its_greatest_probability(tiny: BertService, tiny_answerer: str) -> None:
    """transformers 4.57.1 adds the scores of a span that several windows hold, up to 1.99."""
    encoding = tiny.model(tiny_answerer).encode(QUESTION, LONG)
    found = tiny.answer(QUESTION, LONG, tiny_answerer, 20, 2)
    assert found.windows > 2 and all(0 < each.score <= 1 for each in found.answers)
    seen = 0
    for answer in found.answers:
        levels = []
        for window in encoding.windows:
            tokens = [encoding.tokens[place] for place in window]
            places = [
                place
                for place, token in enumerate(tokens)
                if token.segment == 1 and not token.special and answer.start <= token.start < answer.end
            ]
            if places and tokens[places[0]].start == answer.start and tokens[places[-1]].end == answer.end:
                ids, parts = [token.id for token in tokens], [encoding.segments[place] for place in window]
                levels.append(by_hand(tiny_answerer, QUESTION, ids, parts, range(places[0], places[-1] + 1)))
        assert np.log(answer.score) == pytest.approx(max(levels), abs=1e-4)
        seen += len(levels) > 1
    assert seen, "no answer stands in two windows: the test proves nothing"


def test_attributions_are_parted_into_question_and_passage(tiny: BertService, tiny_answerer: str) -> None:
    (best, *_) = tiny.answer(QUESTION, PASSAGE, tiny_answerer).answers
    found = Calls(tiny).attribute_answer(QUESTION, PASSAGE, best.start, best.end, tiny_answerer)
    whole = found["attribution"]
    assert whole["input_output"] == pytest.approx(np.log(best.score), abs=1e-4) and whole["converged"]
    assert found["question"] + found["passage"] + found["rest"] == pytest.approx(sum(whole["scores"]), abs=1e-9)
    own = [score for token, score in zip(whole["tokens"], whole["scores"], strict=True) if not token["special"]]
    parts = [token["segment"] for token in whole["tokens"] if not token["special"]]
    assert found["question"] == pytest.approx(sum(s for s, part in zip(own, parts, strict=True) if part == 0))
    assert (whole["target"], whole["output"]) == (best.text, "log-probability")


def test_answer_attributions_are_captums(tiny: BertService, tiny_answerer: str) -> None:
    from captum.attr import LayerIntegratedGradients

    question, passage = "film is good", "a good film was not very happy"
    oracle = AutoModelForQuestionAnswering.from_pretrained(tiny_answerer).eval()
    ids = AutoTokenizer.from_pretrained(tiny_answerer)(question, passage, return_tensors="pt")
    kept = (ids["input_ids"] == 2) | (ids["input_ids"] == 3)
    baseline = torch.where(kept, ids["input_ids"], 0)
    inside = [0, *range(5, 12)]

    def score(inputs: torch.Tensor) -> torch.Tensor:
        output = oracle(inputs, token_type_ids=ids["token_type_ids"].expand(len(inputs), -1))
        begins, ends = (each[:, inside].log_softmax(-1) for each in (output.start_logits, output.end_logits))
        return begins[:, 3] + ends[:, 3]  # "film"

    method = LayerIntegratedGradients(score, oracle.bert.embeddings)
    expected = method.attribute(ids["input_ids"], baseline, n_steps=300).sum(-1)[0].detach().numpy()
    found = tiny.attribute_answer(question, passage, 7, 11, tiny_answerer, steps=128).attribution
    assert found.scores == pytest.approx(expected, abs=2e-2)


def test_model_without_the_head_says_so(tiny: BertService, tiny_classifier: str, tiny_answerer: str) -> None:
    with pytest.raises(MissingHeadError, match=r"has no question-answering head .*None is bundled"):
        tiny.answer(QUESTION, PASSAGE, tiny_classifier)
    ask = Ask(QUESTION, PASSAGE, tiny_classifier)
    with pytest.raises(MissingHeadError, match="was not trained to find the answer to a question in a passage"):
        answer_with_notice(AnswersTab(), tiny, ask, (), [], JobProgress())
    with pytest.raises(ChoiceError, match="No window holds all words"):
        tiny.attribute_answer(QUESTION, PASSAGE, 3, 3, tiny_answerer)


def test_head_of_three_outputs_is_refused(tiny: BertService, tmp_path: Path) -> None:
    save_tokenizer(tmp_path)
    BertForQuestionAnswering(tiny_config(num_labels=3)).save_pretrained(tmp_path)
    with pytest.raises(BrokenModelError, match="num_labels is 3, and a head that finds answers has two outputs"):
        tiny.answer(QUESTION, PASSAGE, str(tmp_path))


def test_lens_shows_the_answer_in_its_passage(tiny: BertService, tiny_answerer: str) -> None:
    ask = Ask(QUESTION, PASSAGE, tiny_answerer)
    (panel,) = AnswersTab().answer(tiny, ask, (), [], JobProgress())
    best = tiny.answer(QUESTION, PASSAGE, tiny_answerer).answers[0]
    assert f"{PASSAGE[: best.start]}<mark>{best.text}</mark>{PASSAGE[best.end :]}" in panel
    (missing,) = AnswersTab().answer(tiny, Ask(QUESTION, "", tiny_answerer), (), [], JobProgress())
    assert "A passage is missing" in missing
    picked = {"start": best.start, "end": best.end, "is": best.text, "turn": 1}
    assert "the question" in plain(explained_answer(tiny, ask, picked, JobProgress()))
    assert explained_answer(tiny, ask, picked | {"is": "zzz"}, JobProgress()) == CLICK
