"""The examples of the page: what each is for, and which model it is asked of."""

from __future__ import annotations

from typing import Any

import gradio as gr
import pytest
from conftest import ROOT

from bert_demo import BertService
from bert_demo.registry.models import CATALOGUE, alike, find
from bert_demo.web.components.input_bar import question_of_bar, question_of_example
from bert_demo.web.components.model_for_text import opened
from bert_demo.web.examples import Example, from_address, load_examples, row_of
from bert_demo.web.tab import Ask
from bert_demo.web.tabs import TABS

EXAMPLES = {each.name: each for each in load_examples()}
SST2 = "distilbert/distilbert-base-uncased-finetuned-sst-2-english"
ROBERTA = "FacebookAI/roberta-base"
LESSON = " ".join((ROOT / "docs" / "lesson.md").read_text(encoding="utf-8").split())


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_example_names_a_lens_and_a_model_that_are_there(example: Example) -> None:
    assert example.lens in {tab.name for tab in TABS} and 20 < len(example.purpose) < 120
    assert example.ask.model == "" or find(example.ask.model)


@pytest.mark.parametrize(
    ("name", "chosen", "model"),
    [
        ("Negation", "sentiment", "sentiment"),
        ("Negation", SST2, SST2),
        ("Negation", "topics", "sentiment"),
        ("Negation", "base", "sentiment"),
        ("News", "mrm8488/bert-mini-finetuned-age_news-classification", None),
        ("Freezing water", "sentiment", "base"),
        ("Freezing water", "google-bert/bert-base-cased", "google-bert/bert-base-cased"),
        ("Freezing water", ROBERTA, "base"),
        ("Freezing water", "google-bert/bert-base-chinese", "base"),
        ("Freezing water", "somebody/else", "base"),
        ("Sentence pair", "somebody/else", "somebody/else"),
        ("Sentence pair", "topics", "topics"),
    ],
)
def test_example_changes_the_model_only_if_it_must(name: str, chosen: str, model: str | None) -> None:
    assert EXAMPLES[name].model(chosen) == (model or chosen)


def test_alike_is_symmetric_and_parts_the_bundled_models() -> None:
    assert all(alike(one, other) == alike(other, one) for one in CATALOGUE for other in CATALOGUE)
    bundled = [card for card in CATALOGUE if card.bundled]
    assert [[alike(one, other) for other in bundled] for one in bundled] == [
        [one is other for other in bundled] for one in bundled
    ]


def test_chinese_text_is_asked_of_a_model_that_reads_it_and_back() -> None:
    """Chosen by the page, which says so; another choice of the visitor's stays for this and further Chinese text."""
    bar = question_of_bar()
    chinese, english = "这家酒店很好", "A good hotel."

    def write(asked: Ask, text: str, model: str) -> tuple[Any, Any, Ask]:
        answers, said, ask, _ = bar(asked, text, "", model)
        return answers, said, ask

    shown, said, ask = write(Ask(english, "", "sentiment"), chinese, "sentiment")
    assert shown == "sentiment-zh" and (ask.model, ask.before) == ("sentiment-zh", "sentiment")
    assert "mostly Chinese" in said and "<bdi>sentiment-zh</bdi></b> was chosen" in said
    assert "Back to <bdi>sentiment</bdi>" in said
    shown, said, further = write(ask, "早餐很差", "sentiment-zh")
    assert (shown, said, further.before) == (gr.skip(), gr.skip(), "sentiment")
    shown, said, back = write(further, english, "sentiment-zh")
    assert (shown, back.model, back.before) == ("sentiment", "sentiment", "") and "no longer Chinese" in said
    shown, said, ask = write(further, "早餐很差", "sentiment")
    assert (shown, said, ask.model, ask.insists) == (gr.skip(), "", "sentiment", True)
    assert write(ask, chinese, "sentiment")[2].model == "sentiment"
    shown, _, ask = write(write(ask, english, "sentiment")[2], chinese, "sentiment")
    assert (shown, ask.model) == ("sentiment-zh", "sentiment-zh")
    for model, other in (("topics", "topics-zh"), ("spam", "bilingual"), ("base", "bilingual"), (SST2, SST2)):
        assert write(Ask(english, "", model), chinese, model)[2].model == other
    for model in ("bilingual", "sentiment-zh", "google-bert/bert-base-chinese"):
        assert write(Ask(english, "", model), chinese, model)[2].model == model


def test_link_that_names_no_model_is_asked_of_one_that_reads_it() -> None:
    first = EXAMPLES["Mixed feelings"].ask
    for query, model, before in (
        ({"text": "这家酒店很好"}, "sentiment-zh", "sentiment"),
        ({"text": "这家酒店很好", "model": "base"}, "base", ""),
        ({"text": "A good hotel."}, "sentiment", ""),
    ):
        ask, said = opened(from_address(query, first, ())[0], "model" in query)
        assert (ask.model, ask.before, bool(said)) == (model, before, bool(before))


def test_other_model_answers_in_the_language_of_the_text(service: BertService) -> None:
    chinese = "这家酒店很好"
    assert service.choose("text-classification", "bilingual", chinese) == "sentiment-zh"
    assert service.choose("text-classification", "bilingual", "A good hotel.") == "sentiment"
    assert service.choose("fill-mask", "sentiment-zh", chinese) == "bilingual"
    assert service.choose("next-sentence", "bilingual", chinese) == "base"
    assert service.choose("fill-mask", "bilingual", "A good hotel.") == "bilingual"


def test_chinese_example_leaves_the_way_back() -> None:
    taken = question_of_example(load_examples())

    def answer(name: str, asked: Ask) -> list[Any]:
        event: Any = gr.EventData(None, {"example": list(EXAMPLES).index(name)})
        return taken(asked, event)

    _, _, model, said, asked, _ = answer("酒店评论", Ask("before", "", "sentiment"))
    assert (model, asked.before) == ("sentiment-zh", "sentiment") and "mostly Chinese" in said
    assert answer("否定", asked)[2:4] == ["sentiment-zh", gr.skip()]
    _, _, model, said, again, _ = answer("Negation", asked)
    assert (model, again.before) == ("sentiment", "") and "no longer Chinese" in said
    _, _, model, said, asked, _ = answer("填空", Ask("before", "", "sentiment"))
    assert (model, asked.before) == ("bilingual", "") and "is a text for <b><bdi>bilingual</bdi></b>" in said


def test_example_that_changes_the_model_says_from_which_to_which() -> None:
    taken = question_of_example(load_examples())

    def answer(name: str, chosen: str) -> list[Any]:
        event: Any = gr.EventData(None, {"example": list(EXAMPLES).index(name)})
        return taken(Ask("before", "", chosen), event)

    text, pair, model, said, asked, hidden = answer("Freezing water", "sentiment")
    assert (text, pair, model, hidden) == ("Water freezes into [MASK].", "", "base", ())
    assert "is a text for <b><bdi>base</bdi></b>: the model was changed from <bdi>sentiment</bdi>" in said
    assert "Back to <bdi>sentiment</bdi>" in said and (asked.text, asked.model) == (text, "base")
    assert answer("Two meanings", "base")[2:4] == ["base", gr.skip()]
    assert answer("Sentence pair", "spam")[2:4] == ["spam", gr.skip()]
    wrong: Any = gr.EventData(None, {"example": "nonsense"})
    with pytest.raises(gr.Error, match="not one of those on offer"):
        taken(Ask("before", "", "base"), wrong)


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_row_of_an_example_names_the_models_that_it_leaves(example: Example) -> None:
    row = row_of(example, 3)
    assert row["place"] == 3
    assert (row["name"], row["text"], row["pair"], row["model"]) == (
        example.name,
        example.ask.text,
        example.ask.pair,
        example.ask.model,
    )
    assert tuple(map(tuple, row["hide"])) == example.hide
    for card in CATALOGUE:  # what assets/examples.js makes of it
        taken = row["model"] if row["model"] and card.name not in row["fits"] else card.name
        assert taken == example.model(card.name)


def test_one_head_turns_one_example_and_none_the_other(service: BertService) -> None:
    """What the lesson says of both, which are apart by one word."""
    turned, kept = (EXAMPLES[name].ask.text for name in ("One head turns it", "No head turns it"))
    assert len(set(turned.split()) ^ set(kept.split())) == 2
    labels = service.ablate(turned, [(3, 9)]).labels
    assert labels is not None
    assert [each.labels[0].label for each in labels] == ["negative", "positive"]
    assert [each.labels[0].score for each in labels] == pytest.approx([0.895, 0.948], abs=5e-4)
    before, after = (f"{each.labels[0].label} ({100 * each.labels[0].score:.1f} %)" for each in labels)
    assert f"Without head 3-9 alone, {before} becomes {after}." in LESSON
    effects = service.head_worth(kept, output="probability")
    best = service.classify(kept).labels[0]
    assert (best.label, best.score) == ("positive", pytest.approx(0.969, abs=5e-4))
    assert abs(effects.changes).max() < 0.01
    for layer in range(6):
        without = service.ablate(kept, [(layer, head) for head in range(12)]).labels
        assert without is not None and without[1].labels[0].label == "positive"
        assert without[1].labels[0].score > 0.92


def test_one_layer_turns_the_sentence_of_the_lesson(service: BertService) -> None:
    text = "I did not like it at first, but it won me over."
    assert f'"{text}"; without layer 1 ("layer 1: all") positive (90.8 %) becomes negative' in LESSON
    shares = []
    for off in ([(1, 8)], [(1, head) for head in range(12)], [(0, head) for head in range(12)]):
        labels = service.ablate(text, off).labels
        assert labels is not None
        shares.append([next(each.score for each in part.labels if each.label == "positive") for part in labels])
    assert shares[0] == pytest.approx([0.908, 0.119], abs=6e-4)
    assert shares[1] == pytest.approx([0.908, 0.053], abs=6e-4)
    assert shares[2] == pytest.approx([0.908, 0.907], abs=6e-4)
