"""Whatever a visitor sends gets a typed error with a sentence, or a right answer."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bert_demo import BertService, Settings
from bert_demo.core.errors import ChoiceError, DemoError, InputError, ModelLoadError, TextError

CALLS = ("classify", "fill_mask", "attention", "attribute")


def ask(service: BertService, call: str, text: object, **more: object) -> object:
    return getattr(service, call)(text, **more)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        (" \n\t ", "is empty"),
        ("\x00\x01", "no character that this model reads"),
        ("\u200b", "no character that this model reads"),
        ("half \ud83d of a pair", "half of a surrogate pair at character 5"),
        ("a" * 100_000, "100,000 characters; the limit is 20,000"),
        ("a [SEP] b", r"spells \[SEP\]"),
        ("[CLS]", r"spells \[CLS\]"),
        ("[PAD] [PAD]", r"spells \[PAD\]"),
        (None, "must be a string"),
        (7, "must be a string, not a number"),
        (["a", "b"], "must be a string, not a list"),
        ({"path": "/etc/passwd"}, "must be a string, not an object or a file"),
    ],
)
def test_texts_that_are_no_texts(service: BertService, call: str, text: object, message: str) -> None:
    with pytest.raises(TextError, match=message):
        ask(service, call, text)


@pytest.mark.parametrize("text", ["...", "\N{GRINNING FACE}", "<script>alert(1)</script>", "\u202eabc", "\u4e2d\u6587"])
def test_odd_texts_get_an_answer(service: BertService, text: str) -> None:
    assert service.classify(text).labels
    assert service.attention(text).largest_row_error < 1e-5
    assert service.attribute(text, steps=4).scores.shape == (len(service.classify(text).tokens),)
    assert service.fill_mask(f"{text} [MASK]").slots


def test_the_second_text_is_checked_too(service: BertService) -> None:
    wrong = (("  ", "second text is empty"), ("a [SEP]", "second text spells"), (3, "second text must be"))
    for pair, message in wrong:
        with pytest.raises(TextError, match=message):
            service.classify("good", pair)  # type: ignore[arg-type]
    with pytest.raises(TextError, match="Both texts have"):
        service.classify("a " * 6000, "b " * 6000)
    assert service.classify("good", "").labels == service.classify("good").labels
    assert service.classify("A fine film.", "Or was it [MASK]?").labels


@pytest.mark.parametrize("top_k", [0, -1, 10**9, "many", None, True, 2.5, float("nan")])
def test_top_k(service: BertService, top_k: object) -> None:
    with pytest.raises(ChoiceError, match="top_k must be"):
        service.fill_mask("[MASK]", top_k=top_k)  # type: ignore[arg-type]


@pytest.mark.parametrize("candidates", ["ice", [], [""], [3], ["x"] * 101, {"a": 1}])
def test_candidates(service: BertService, candidates: object) -> None:
    with pytest.raises(InputError, match="candidates must be"):
        service.fill_mask("[MASK]", candidates=candidates)  # type: ignore[arg-type]


@pytest.mark.parametrize("model", ["", "nonsense", None, 5, "../nowhere", "/etc/passwd", "a/b/c", "x" * 300, "a\x00b"])
def test_an_unknown_model(service: BertService, model: object) -> None:
    with pytest.raises(ChoiceError, match="Choose one of: sentiment, topics, spam, entities, base, bilingual"):
        service.classify("good", model=model)  # type: ignore[arg-type]


def test_a_directory_that_holds_no_model(service: BertService, tmp_path) -> None:
    with pytest.raises(ModelLoadError, match=r"is incomplete: it has no config\.json"):
        service.classify("good", model=str(tmp_path))


def test_a_server_may_offer_the_catalogue_only(tiny_classifier: str) -> None:
    closed = BertService(Settings(models="catalogue"))
    for model in (tiny_classifier, "someone/bert-base-uncased"):
        with pytest.raises(ChoiceError, match="This server offers no others"):
            closed.classify("good", model=model)


texts = st.text()
plain = st.one_of(texts, st.none(), st.integers(), st.floats(), st.booleans())
anything = st.one_of(plain, st.lists(texts), st.dictionaries(texts, texts))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=anything, pair=anything, choice=anything)
def test_never_anything_but_an_answer_or_a_typed_error(tiny_classifier: str, text, pair, choice) -> None:
    for call, more in (
        ("classify", {"pair": pair}),
        ("attention", {"pair": pair, "layer": choice}),
        ("attribute", {"target": choice, "steps": 2}),
        ("attribute", {"tolerance": choice, "steps": choice}),
        ("attribute", {"method": choice, "output": "margin", "steps": 2}),
        ("attribute_layers", {"output": choice, "tolerance": 0.5}),
        ("compare", {"baseline": choice}),
        ("what_if", {"word": choice, "change": "replace", "replacement": pair}),
        ("attribute_mask", {"candidate": choice, "against": pair, "mask": 0}),
        ("fill_mask", {"top_k": choice, "candidates": choice}),
    ):
        try:
            getattr(SHARED, call)(text, model=tiny_classifier, **more)
        except DemoError as error:
            assert 10 < len(str(error)) < 400


SHARED = BertService(Settings(max_steps=16))
