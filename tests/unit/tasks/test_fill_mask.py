"""Fill-mask equals transformers' own pipeline, for any number of masks."""

from __future__ import annotations

import pytest
import torch
from conftest import MODELS
from transformers import AutoModelForMaskedLM, AutoTokenizer, pipeline

from bert_demo import BertService
from bert_demo.core.errors import ChoiceError, MaskError, MissingHeadError


@pytest.fixture(scope="module")
def oracle():
    return pipeline("fill-mask", model=str(MODELS / "base"))


@pytest.mark.parametrize("top_k", [1, 5, 50])
@pytest.mark.parametrize(
    "text",
    ["Water freezes into [MASK].", "[MASK] [MASK] City", "[MASK]", "The [MASK] of [MASK] is [MASK], \u4f60 \N{DOG}!"],
)
def test_equals_the_pipeline(service: BertService, oracle, text: str, top_k: int) -> None:
    answer = oracle(text, top_k=top_k)
    expected = answer if isinstance(answer[0], list) else [answer]
    found = service.fill_mask(text, top_k=top_k)
    assert len(found.slots) == text.count("[MASK]")
    for slot, rows in zip(found.slots, expected, strict=True):
        assert [each.token for each in slot.candidates] == [row["token"] for row in rows]
        assert [each.token_str for each in slot.candidates] == [row["token_str"] for row in rows]
        assert [each.score for each in slot.candidates] == pytest.approx([row["score"] for row in rows], abs=1e-5)


def test_the_sequence_is_the_visitors_text(service: BertService) -> None:
    slot = service.fill_mask("The Capital of [MASK] is Paris.", top_k=3).slots[0]
    assert [each.sequence for each in slot.candidates] == [
        f"The Capital of {each.token_str} is Paris." for each in slot.candidates
    ]


def test_a_continuation_joins_the_word_before(service: BertService) -> None:
    found = service.fill_mask("He was play [MASK] football.", candidates=["##ing"])
    assert found.slots[0].candidates[0].sequence == "He was playing football."


def test_candidates_equal_the_targets_of_the_pipeline(service: BertService, oracle) -> None:
    words = ["ice", "steam", "music"]
    rows = oracle("Water freezes into [MASK].", targets=words)
    found = service.fill_mask("Water freezes into [MASK].", candidates=words).slots[0].candidates
    assert [each.token_str for each in found] == [row["token_str"] for row in rows]
    assert [each.score for each in found] == pytest.approx([row["score"] for row in rows], abs=1e-5)


def test_hidden_words_are_guessed_and_ranked(service: BertService) -> None:
    text = "The capital of France is Paris."
    found = service.fill_mask(text, top_k=100, hide=[(25, 30)])
    typed = service.fill_mask("The capital of France is [MASK].", top_k=100)
    assert found.text == typed.text
    assert found.slots[0].candidates == typed.slots[0].candidates
    original = found.slots[0].original
    assert original is not None and original.word == "Paris" and original.score is not None
    place = [each.token_str for each in typed.slots[0].candidates].index("paris")
    assert original.rank == place + 1
    assert original.score == pytest.approx(typed.slots[0].candidates[place].score, abs=1e-7)


def test_what_every_child_knows(service: BertService) -> None:
    for text, word in (
        ("Water freezes into [MASK].", "ice"),
        ("The capital of France is [MASK].", "paris"),
        ("He drank a cup of [MASK].", "tea"),
    ):
        candidates = [each.token_str for each in service.fill_mask(text).slots[0].candidates]
        assert word in candidates, (text, candidates)


def test_a_mask_in_a_long_text_is_read_with_both_its_sides(service: BertService) -> None:
    """668 tokens in two windows; the mask, at 301, lies 210 from the end of the first and 146 into the second."""
    tokenizer = AutoTokenizer.from_pretrained(MODELS / "base")
    model = AutoModelForMaskedLM.from_pretrained(MODELS / "base").eval()
    before, after = "It was a good day in the old town. " * 30, "He went home early again. " * 60
    text = f"{before}[MASK] freezes into ice. {after}"
    ids = tokenizer(text, verbose=False)["input_ids"]
    place = ids.index(tokenizer.mask_token_id)
    found = service.fill_mask(text, top_k=3)
    assert (len(ids), place, found.slots[0].position) == (668, 301, 301)
    with torch.no_grad():
        first = model(torch.tensor([[*ids[:511], ids[-1]]])).logits[0, place].softmax(-1)
    expected = first.topk(3)
    assert [each.token for each in found.slots[0].candidates] == expected.indices.tolist()
    assert [each.score for each in found.slots[0].candidates] == pytest.approx(expected.values.tolist(), abs=1e-5)


def test_words_are_those_a_visitor_can_click(service: BertService) -> None:
    text = "Outstays its welcome, don't it?"
    words = service.words(text)
    assert [text[start:end] for start, end in words] == ["Outstays", "its", "welcome", ",", "don't", "it", "?"]
    (hidden,) = service.fill_mask(text, hide=(words[4],)).slots
    assert hidden.original is not None and hidden.original.word == "don't" and hidden.original.score is None


def test_errors_say_what_to_do(service: BertService) -> None:
    with pytest.raises(MaskError, match=r"There is no \[MASK\] in the text. Put one"):
        service.fill_mask("no mask here")
    with pytest.raises(ChoiceError, match="is 5 tokens of this model"):
        service.fill_mask("[MASK]", candidates=["unbelievably"])
    with pytest.raises(ChoiceError, match="top_k must be from 1 to 100"):
        service.fill_mask("[MASK]", top_k=0)
    with pytest.raises(ChoiceError, match="words to hide must lie in the text"):
        service.fill_mask("short", hide=[(3, 99)])
    with pytest.raises(MissingHeadError, match="no fill-mask head"):
        service.fill_mask("[MASK]", model="sentiment")


def test_a_selection_is_the_words_it_touches() -> None:
    from bert_demo.web.tabs.fill_mask import touched

    words = [(0, 1), (2, 5), (5, 6), (6, 7), (8, 12)]
    assert touched(words, 3, 3) == ((2, 5),)
    assert touched(words, 3, 9) == ((2, 5), (5, 6), (6, 7), (8, 12))
    assert touched(words, 12, 12) == ((8, 12),)
    assert touched([], 0, 0) == ()


def test_too_many_masks_are_refused(service: BertService) -> None:
    assert len(service.fill_mask("[MASK] " * 50, top_k=1).slots) == 50
    with pytest.raises(MaskError, match="has 51 masks"):
        service.fill_mask("[MASK]" * 51)
