"""The looks inside: every number against plain transformers, scikit-learn, the tokenizer itself, or by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from calls import Calls
from conftest import MODELS, OPENING, save_tokenizer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from loaded import bundled
from sklearn.decomposition import PCA
from sklearn.metrics.pairwise import cosine_similarity
from test_head_analysis import FAMILIES, SIZES, TEXT, WIDE, saved
from transformers import AutoModel, AutoTokenizer, XLMRobertaConfig, XLMRobertaForSequenceClassification

from bert_demo import BertService
from bert_demo.cli.main import main
from bert_demo.core.errors import CancelledError, ChoiceError, MissingHeadError, TextError
from bert_demo.models.encoder import TransformersEncoder
from bert_demo.tasks import representations as insides

KINDS = [*FAMILIES, "xlm-roberta"]
BANKS = ["She sat on the bank of the river.", "The bank refused the loan.", "Bank after bank closed."]


def family(name: str, directory: Path) -> str:
    """A directory with a tiny random model of that kind."""
    if name in FAMILIES:
        return saved(name, directory)
    torch.manual_seed(1)
    save_tokenizer(directory)
    XLMRobertaForSequenceClassification(XLMRobertaConfig(**SIZES, **WIDE)).save_pretrained(directory)
    return str(directory)


def by_lines(lines: str) -> np.ndarray:
    """What the lines of Python that are shown give."""
    names: dict[str, Any] = {}
    exec(lines, names)
    return np.asarray(names["features"])


@pytest.fixture(scope="module")
def plain() -> tuple[Any, Any]:
    """The bundled base, as transformers loads it."""
    return AutoModel.from_pretrained(MODELS / "base").eval(), AutoTokenizer.from_pretrained(MODELS / "base")


def states_of(plain: tuple[Any, Any], text: str, pair: str | None = None) -> np.ndarray:
    """(layers + 1, n, d) by output_hidden_states."""
    model, tokenizer = plain
    with torch.inference_mode():
        found = model(**tokenizer(text, pair, return_tensors="pt"), output_hidden_states=True)
    return np.asarray(torch.cat(found.hidden_states))


@pytest.mark.parametrize("name", KINDS)
def test_features_are_those_of_transformers(service: BertService, tmp_path: Path, name: str) -> None:
    source = family(name, tmp_path)
    for layer, pooling in ((None, None), (0, None), (1, "mean"), (3 if name != "bert" else 2, "cls")):
        found = service.features(TEXT, model=source, layer=layer, pooling=pooling)
        lines = service.feature_lines(TEXT, model=source, layer=layer, pooling=pooling)
        expected = by_lines(lines)
        assert found.values.shape == expected.shape
        assert np.abs(found.values - expected).max() < 1e-5 * max(1.0, np.abs(expected).max()), lines
        assert len(lines.splitlines()) == 5 and "output_hidden_states" in lines


def test_feature_files_hold_the_numbers(service: BertService, tmp_path: Path, capsys, at_hand: None) -> None:
    found = service.features("+ a film", "it was good", layer=2)
    for name in ("two.npz", "two.csv"):
        path = tmp_path / name
        assert main(["features", "+ a film", "--pair", "it was good", "--layer", "2", "--output", str(path)]) == 0
        assert capsys.readouterr().out == f"{path}: {len(found.tokens)} x 384 numbers, layer 2 of 0 to 6\n"
    with np.load(tmp_path / "two.npz") as file:
        assert np.array_equal(file["values"], found.values) and int(file["layer"]) == 2
        assert file["tokens"].tolist() == [token.text for token in found.tokens]
    rows = [line.split(",") for line in (tmp_path / "two.csv").read_text().splitlines()]
    assert rows[0][:2] == ["position", "token"] and rows[2][:2] == ["1", "'+"]
    assert np.array_equal(np.array([row[2:] for row in rows[1:]], dtype=np.float32), found.values)
    assert main(["features", "a", "--output", str(tmp_path / "three.txt")]) == 2
    assert "ends in .npz or .csv" in capsys.readouterr().err
    assert main(["features", "a", "--output", str(tmp_path / "none" / "x.csv")]) == 2
    assert "cannot be written" in capsys.readouterr().err


WORDS = (
    "unaffable",
    "Naïve",
    "ünglaublich",
    "x" * 101,
    "y" * 100,
    "𓀀𓀁",
    "好看",
    "[MASK]",
    "[mask]",
    "##ing",
    "don't",
    "e\u0301",
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=12)), min_size=1, max_size=6))
def test_steps_give_the_tokenizers_tokens(plain: tuple[Any, Any], parts: list[str]) -> None:
    text = " ".join(parts)
    if any(token in text for token in ("[CLS]", "[SEP]", "[PAD]", "[UNK]")):
        return
    try:
        found = insides.pieces(bundled("base"), text)
    except TextError:  # nothing in it that the model reads
        return
    mine = [piece for word in found.words for piece in ([step.piece for step in word.steps] or ["[UNK]"])]
    assert mine == plain[1].tokenize(text)
    assert found.agrees is True
    for word in found.words:
        assert 0 <= word.start < word.end <= len(text)


def test_pieces_by_hand(service: BertService, tiny_masked: str) -> None:
    """The vocabulary holds play, ##ing, cat, ##s, and neither runn nor ##x."""
    found = service.pieces("Playing catsx [MASK] .", tiny_masked)
    assert [(word.word, word.start, word.end) for word in found.words] == [
        ("playing", 0, 7), ("catsx", 8, 13), ("[MASK]", 14, 20), (".", 21, 22)
    ]  # fmt: skip
    first, second = found.words[0].steps
    assert first.piece == "play" and first.tried == ("playing", "playin", "playi")
    assert second.piece == "##ing" and second.tried == ()
    assert found.words[1].steps == () and [step.piece for step in found.words[2].steps] == ["[MASK]"]
    assert [token.text for token in found.tokens] == ["[CLS]", "play", "##ing", "[UNK]", "[MASK]", ".", "[SEP]"]
    assert found.agrees is True and found.algorithm == "WordPiece" and found.mark == "##"
    with pytest.raises(TextError, match="take more than 50,000 tries"):
        service.pieces(("q" * 50 + " " + "z7" * 50 + " ") * 40)


def test_word_in_context_against_vectors_by_hand(service: BertService, plain: tuple[Any, Any]) -> None:
    found = service.contexts(" BANK ", BANKS)
    places = [(0, (5,)), (1, (2,)), (2, (1,)), (2, (3,))]
    assert [(each.text, each.positions) for each in found.occurrences] == places
    assert [BANKS[each.text][each.start : each.end] for each in found.occurrences] == ["bank", "bank", "Bank", "bank"]
    states = [states_of(plain, text) for text in BANKS]
    vectors = np.stack([states[text][:, place[0]] for text, place in places], axis=1)
    for layer in range(7):
        assert np.abs(found.similarity[layer] - cosine_similarity(vectors[layer])).max() < 1e-5
    ordinary = [(text, place) for text, each in enumerate(states) for place in range(1, each.shape[1] - 1)]
    assert found.tokens == tuple(ordinary)
    for layer in range(7):
        cloud = np.stack([states[text][layer, place] for text, place in ordinary]).astype(np.float64)
        oracle = PCA(2, svd_solver="full").fit(cloud)
        expected = oracle.transform(cloud)
        signs = np.sign((expected * found.plane[layer]).sum(0))
        assert np.abs(found.plane[layer] - expected * signs).max() < 1e-3
        assert found.variance[layer] == pytest.approx(oracle.explained_variance_ratio_, abs=1e-5)
        alike = cosine_similarity(cloud)
        apart = [
            alike[i, j]
            for i, one in enumerate(found.names)
            for j, other in enumerate(found.names)
            if one != other
        ]  # fmt: skip
        assert found.others[layer] == pytest.approx(np.mean(apart), abs=1e-5)
    assert found.similarity[0, 0, 1] > found.similarity[6, 0, 1], "the river's bank and the loan's part"


def test_second_reading_is_a_reading_of_its_own(service: BertService, monkeypatch: pytest.MonkeyPatch) -> None:
    """Together and padded, by another attention: the same but for rounding; a fault in it shows in the figure."""
    texts = [BANKS[0], "A bank.", "the bank " * 40]
    found = service.contexts("bank", texts)
    alike = service.similarity(texts)
    taken = service.features(texts[2])
    for each in (found, alike, taken):
        assert each.largest_error < 1e-4
    right = TransformersEncoder.batched_hidden_states

    def wrong(encoder: TransformersEncoder, encodings: Any) -> Any:
        for places, states in right(encoder, encodings):
            yield places, states + 0.5 * (np.arange(states.shape[-1]) == 7)

    monkeypatch.setattr(TransformersEncoder, "batched_hidden_states", wrong)
    texts[0] += " So it is."
    assert service.contexts("bank", texts).largest_error > 0.01
    assert service.similarity(texts).largest_error > 0.01
    assert service.features(texts[2]).largest_error == pytest.approx(0.5, abs=1e-4)


def test_texts_in_context_are_counted_before_they_are_read(service: BertService, monkeypatch: Any) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(TransformersEncoder, "hidden_states", None)
        with pytest.raises(ChoiceError, match=r"What was asked for are 140 numbers; one answer holds 139\. Give fewer"):
            service.contexts("bank", ["the bank", "a long river bank of ours"], most=139)
    assert len(service.contexts("bank", ["the bank", "a long river bank of ours"], most=140).names) == 8


def test_reading_texts_can_be_stopped(service: BertService) -> None:
    def stop(done: int, planned: int) -> None:
        assert (done, planned) == (1, 6)
        raise CancelledError("stopped")

    with pytest.raises(CancelledError, match="stopped"):
        service.contexts("bank", [*BANKS[:2], "A bank that nobody else asks for."], on_progress=stop)
    with pytest.raises(CancelledError, match="stopped"):
        service.similarity(["One.", "Two words.", "Three words here."], on_progress=stop)


def test_more_points_than_dimensions(service: BertService, tiny_masked: str) -> None:
    """The plane of many tokens is found by another way."""
    texts = ["the cat sat on the mat . a dog ran in the house , sad film !"] * 3
    found = service.contexts("cat", texts, tiny_masked)
    cloud = np.concatenate([service.features(text, model=tiny_masked, layer=2).values[1:-1] for text in texts])
    assert len(cloud) > cloud.shape[1]
    oracle = PCA(2, svd_solver="full").fit(cloud.astype(np.float64))
    expected = oracle.transform(cloud.astype(np.float64))
    signs = np.sign((expected * found.plane[2]).sum(0))
    assert np.abs(found.plane[2] - expected * signs).max() < 1e-6
    assert found.variance[2] == pytest.approx(oracle.explained_variance_ratio_, abs=1e-9)


def test_words_are_found_where_they_stand(service: BertService) -> None:
    def places(word: str, *texts: str) -> list[tuple[int, int, int, tuple[int, ...]]]:
        return [(e.text, e.start, e.end, e.positions) for e in service.contexts(word, texts).occurrences]

    assert places("New York", "New York, new york") == [(0, 0, 8, (1, 2)), (0, 10, 18, (4, 5))]
    assert places("don't", "I don't. You don't!") == [(0, 2, 7, (2, 3, 4)), (0, 13, 18, (7, 8, 9))]
    assert places("unaffable", "unaffable, unaffable")[0][3] == (1, 2, 3)
    assert places("\u597d", "\u597d\u770b \u597d") == [(0, 0, 1, (1,)), (0, 3, 4, (3,))]
    with pytest.raises(ChoiceError, match="'bank' does not stand in text 2"):
        service.contexts("bank", ["A bank.", "He is bankrupt."])


def test_similarity_of_texts_by_hand(service: BertService, plain: tuple[Any, Any]) -> None:
    model, tokenizer = plain
    batch = tokenizer(BANKS, padding=True, return_tensors="pt")
    with torch.inference_mode():
        layers = model(**batch, output_hidden_states=True).hidden_states
    mask = batch["attention_mask"].unsqueeze(-1)
    for layer in (None, 0, 4):
        states = layers[-1 if layer is None else layer]
        means = ((states * mask).sum(1) / mask.sum(1)).numpy()
        found = service.similarity(BANKS, layer=layer)
        assert found.layer == (6 if layer is None else layer)
        assert np.abs(found.matrix - cosine_similarity(means)).max() < 1e-5
        found = service.similarity(BANKS, pooling="cls", layer=layer)
        assert np.abs(found.matrix - cosine_similarity(states[:, 0].numpy())).max() < 1e-5


def test_positions_by_hand(service: BertService, plain: tuple[Any, Any], tmp_path: Path) -> None:
    found = service.positions()
    table = plain[0].embeddings.position_embeddings.weight.detach().numpy()
    assert np.array_equal(found.vectors, table)
    assert np.abs(found.similarity(8) - cosine_similarity(table[::8])).max() < 1e-6
    roberta = service.positions(family("roberta", tmp_path))
    assert len(roberta.vectors) == 38, "the family skips the places up to the padding's"


@pytest.mark.parametrize("name", KINDS)
def test_parts_of_the_first_states_sum_to_them(service: BertService, tmp_path: Path, name: str) -> None:
    source = family(name, tmp_path)
    if name == "mobilebert":
        with pytest.raises(MissingHeadError, match="does not simply add up"):
            service.first_states(TEXT, model=source)
        return
    found = service.first_states(TEXT, model=source)
    model = AutoModel.from_pretrained(source).eval()
    inputs = AutoTokenizer.from_pretrained(source)(TEXT, return_tensors="pt")
    if name == "distilbert":
        inputs.pop("token_type_ids", None)
    with torch.inference_mode():
        output = model.embeddings(**{name: inputs[name] for name in inputs if name != "attention_mask"})[0]
        total = model.embeddings.LayerNorm(torch.from_numpy(np.sum(found.parts, axis=0)))
    assert found.names == (("word", "position") if name == "distilbert" else ("word", "position", "segment"))
    assert np.abs(found.output - output.numpy()).max() < 1e-5
    assert np.abs(total.numpy() - output.numpy()).max() < 1e-5 and found.largest_error < 1e-5
    norms = found.norms()
    assert norms.shape == (len(found.names) + 2, len(found.tokens))
    assert norms[-2, 3] == pytest.approx(np.sqrt((sum(part[3] for part in found.parts) ** 2).sum()), rel=1e-5)


def test_second_text_has_the_second_segment(service: BertService, plain: tuple[Any, Any]) -> None:
    found = service.first_states("It rained.", "The street was wet.")
    table = plain[0].embeddings.token_type_embeddings.weight.detach().numpy()
    segments = [token.segment for token in found.tokens]
    assert segments == [0] * 5 + [1] * 6
    assert np.array_equal(found.parts[2], table[segments])


LONG = "good " * 600


@pytest.mark.parametrize(
    ("call", "arguments", "kind", "says"),
    [
        ("contexts", ("loan", BANKS), ChoiceError, "'loan' does not stand in text 1. Write it as it stands there"),
        ("contexts", ("river", BANKS), ChoiceError, "'river' does not stand in text 2"),
        ("contexts", ("river", BANKS[:1]), ChoiceError, "only once; give a second text"),
        ("contexts", ("a", []), ChoiceError, "texts must be a list of from 1 to 20 texts"),
        ("contexts", ("", BANKS), TextError, "The word is empty"),
        ("contexts", ("a", "a a"), ChoiceError, "texts must be a list"),
        ("contexts", ("a", ["a " * 61]), ChoiceError, "61 times; up to 60 are compared"),
        ("contexts", ("good", ["good", LONG]), TextError, "Text 2: The text has 602 tokens and this model reads 512"),
        ("similarity", (["one"],), ChoiceError, "texts must be a list of from 2 to 20 texts"),
        ("similarity", (["one"] * 21,), ChoiceError, "from 2 to 20 texts"),
        ("similarity", (["one", " "],), TextError, "Text 2: The text is empty"),
        ("similarity", (["one", 2],), TextError, "Text 2: The text must be a string"),
        ("similarity", (BANKS, "base", "max"), ChoiceError, "pooling must be one of: mean, cls"),
        ("similarity", (BANKS, "base", "mean", 7), ChoiceError, "layer must be from 0 to 6"),
        ("features", ("a", None, "base", 7), ChoiceError, "layer must be from 0 to 6. This model has 7"),
        ("features", ("a", None, "base", -1), ChoiceError, "layer must be from 0 to 6"),
        ("features", ("a", None, "base", None, "sum"), ChoiceError, "pooling must be one of"),
        ("features", (LONG,), TextError, "The text has 602 tokens and this model reads 512 at once. Shorten it."),
        ("first_states", (LONG,), TextError, "Shorten it"),
        ("pieces", ("a [SEP] b",), TextError, "spells"),
        ("positions", ("nonsense",), ChoiceError, "There is no model 'nonsense'"),
    ],
)
def test_what_cannot_be_asked(service: BertService, call: str, arguments: Any, kind: type, says: str) -> None:
    with pytest.raises(kind, match=says):
        getattr(service, call)(*arguments)


def test_endpoints_say_what_the_service_says(service: BertService, monkeypatch) -> None:
    api = Calls(service)
    found, answer = service.contexts("bank", BANKS), api.contexts("bank", BANKS)
    assert np.array_equal(answer["similarity"], found.similarity) and np.array_equal(answer["plane"], found.plane)
    assert [each["token"] for each in answer["tokens"]] == list(found.names)
    answer = api.features(OPENING, pooling="mean")
    assert np.array_equal(np.float32(answer["values"]), service.features(OPENING, pooling="mean").values)
    assert answer["lines"] == service.feature_lines(OPENING, pooling="mean")
    answer = api.positions()
    vectors = service.positions().vectors
    assert answer["positions"] == 512 and answer["every"] == 8 and len(answer["similarity"]) == 64
    assert answer["norms"] == pytest.approx(np.linalg.norm(vectors, axis=1).tolist())
    assert np.abs(np.array(answer["similarity"]) - cosine_similarity(vectors[::8])).max() < 1e-6
    answer = api.first_states("A film.")
    assert list(answer["norms"]) == ["word", "position", "segment", "sum", "output"]
    assert api.similarity(BANKS)["matrix"] == service.similarity(BANKS).matrix.tolist()
    answer = api.pieces("unaffable")
    assert [each["piece"] for each in answer["words"][0]["pieces"]] == ["una", "##ffa", "##ble"] and answer["agrees"]
    with pytest.raises(ChoiceError, match="7,680 numbers; one answer holds 1,000"):
        service.features(OPENING, most=1000)
    with pytest.raises(ChoiceError, match="Give fewer or shorter texts"):
        service.contexts("film", [OPENING] * 4, most=1000)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("pieces", "Unaffable!"), ("WordPiece, 30,522 entries, ## continues a word", "##ffa", "tokenizer's own")),
        (("contexts", "bank", *BANKS), ("[0]-[1]", "behind layer 5", "different words", "text 2")),
        (("positions",), ("512 positions, every 8th", "cosine with 0")),
        (("first-states", "A film.", "--pair", "It ended."), ("segment", "output", "[SEP]")),
        (("similarity", *BANKS, "--pooling", "cls", "--layer", "3"), ("cls of layer 3", "1.0000")),
        (("features", "A film.", "--pooling", "mean"), ("1 x 384 numbers", "AutoModel", "hidden_states[6]")),
    ],
)
def test_tables_for_people(capsys, at_hand: None, words: tuple[str, ...], says: tuple[str, ...]) -> None:
    assert main(list(words)) == 0
    out = capsys.readouterr().out
    assert all(each in out for each in says), out
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["model"] == "base"
