"""A candidate is scored in the form that training saw where its mask stands."""

from __future__ import annotations

import pytest
from tiny_families import CHECKPOINTS, build
from transformers import AutoTokenizer, pipeline

from bert_demo import BertService

PLACES = [
    "{} cat sat",  # the start of the text
    "the cat\n{} dog ran",  # the start of a line
    "the ({} cat)",
    'the "{} cat',
    "the {} cat",
    "the cat ({})",
]


@pytest.fixture(scope="module", params=["roberta", "modernbert", "xlm-roberta", "albert"])
def directory(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A masked-word model of byte pairs or unigrams, whose words have a form of their own behind a space."""
    where = tmp_path_factory.mktemp(request.param)
    build(next(each for each in CHECKPOINTS if each.name == request.param), "ForMaskedLM", where)
    return str(where)


@pytest.mark.parametrize("place", PLACES)
def test_first_words_are_scored_as_the_text_with_the_word_is_cut(directory: str, place: str) -> None:
    """The oracle: the ids of the whole text with a word of one letter in it, and the pipeline's score of that id."""
    service, tokenizer = BertService(), AutoTokenizer.from_pretrained(directory)
    masked = place.format(service.mask_token(directory))
    filled = tokenizer(place.format("a"), return_offsets_mapping=True)
    start = place.index("{")
    found = [
        number
        for number, (first, last) in zip(filled["input_ids"], filled["offset_mapping"], strict=True)
        if first <= start < last
    ]
    assert len(found) == 1
    slot = service.fill_mask(masked, directory, candidates=["a"]).slots[0].candidates[0]
    ask = pipeline("fill-mask", model=directory, top_k=len(tokenizer))
    expected = {each["token"]: each["score"] for each in ask(masked)}
    assert slot.token == found[0] and slot.score == pytest.approx(expected[found[0]], abs=1e-5)
    scored = service.score_candidates(masked, ["a"], model=directory).candidates[0]
    assert scored.pieces == (slot.token_str,)
