"""The lens Entities below the browser: what a visitor types and clicks, and what its pictures say."""

from __future__ import annotations

import re

import pytest

from bert_demo import BertService
from bert_demo.core.errors import ChoiceError, TextError
from bert_demo.views.panels import entities as plots
from bert_demo.web.components.entity_reason import ALL, CLICK, FIRST, NEXT, NOTHING, explained_stretch
from bert_demo.web.job_runner import JobProgress
from bert_demo.web.tab import Ask, answer_with_notice
from bert_demo.web.tabs.entities import EntitiesTab, true_pairs

TEXT = "the cat sat , a dog ran on ice"


def plain(panel: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", panel).split())


def test_truth_is_written_as_types_and_words() -> None:
    assert true_pairs("PER: Ada Lovelace; LOC: London ;") == [["PER", "Ada Lovelace"], ["LOC", "London"]]
    assert true_pairs("PER: Ada\nORG: A: B") == [["PER", "Ada"], ["ORG", "A: B"]]
    assert true_pairs("") is None and true_pairs(" ; ") is None
    with pytest.raises(ChoiceError, match="'Ada' is no type and its words"):
        true_pairs("Ada")


def test_text_stands_whole_in_the_picture(service: BertService, tiny_tagger: str) -> None:
    for text in (TEXT, "  the   cat\n\nsat. 42 cats!  ", "zzz the \N{OK HAND SIGN} cat"):
        panel = plots.entities_panel(service.entities(text, tiny_tagger))
        inside = panel.partition('data-spoken="')[2].partition(">")[2].partition("</p>")[0]
        shown = re.sub(r"<i>[^<]*</i>|<[^>]+>", "", inside)
        assert shown.strip("\n") == text


def test_entities_and_mistakes_are_named(service: BertService, tiny_tagger: str) -> None:
    found = service.entities(TEXT, tiny_tagger)
    assert found.entities, "the tiny model finds nothing: the test proves nothing"
    first = found.entities[0]
    lines = f"{first.type}: {first.text}; MISC: ice"
    text, judged = EntitiesTab().answer(service, Ask(TEXT, "", tiny_tagger), (), ["first", lines], JobProgress())
    assert f"{first.text}</bdi><i>{first.type}</i>" in text
    said = plain(judged)
    assert said.startswith("Against what is there: F1") and "right 1" in said
    with pytest.raises(TextError, match="no 'moon'"):
        EntitiesTab().answer(service, Ask(TEXT, "", tiny_tagger), (), ["first", "PER: moon"], JobProgress())


def test_model_without_the_head_says_who_answers(service: BertService, tiny_classifier: str) -> None:
    ask = Ask("Ada lives in London.", "", tiny_classifier)
    notice, _ = answer_with_notice(EntitiesTab(), service, ask, (), ["first", ""], JobProgress())
    assert "was not trained to find the names in a text; entities answers here." in plain(notice)


def test_clicked_stretch_is_explained(service: BertService, tiny_tagger: str) -> None:
    ask = Ask(TEXT, "", tiny_tagger)
    picked = {"start": 4, "end": 7, "is": "cat", "turn": 1}
    panel = plain(explained_stretch(service, ask, picked, NEXT, FIRST, JobProgress()))
    result = service.attribute_entity(TEXT, 4, 7, against="runner-up", model=tiny_tagger)
    one, other = result.target.split(" \N{MINUS SIGN} ")
    assert panel.startswith(f"Why \u201c cat \u201d is {one if one != 'O' else 'no entity'} and not")
    assert f"less that of {other} over the first piece of each word" in panel and "Does it add up?" in panel
    alone = plain(explained_stretch(service, ask, picked, NOTHING, ALL, JobProgress()))
    assert "over all pieces of the stretch" in alone and "less that of" not in alone


def test_stretch_that_is_gone_asks_for_another_click(service: BertService, tiny_tagger: str) -> None:
    picked = {"start": 4, "end": 7, "is": "dog", "turn": 1}
    for gone in (picked, None):
        assert explained_stretch(service, Ask(TEXT, "", tiny_tagger), gone, NEXT, FIRST, JobProgress()) == CLICK
