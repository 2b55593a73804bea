"""The lens Inside below the browser: what its panels say, their checks, the files, the lines of code."""

from __future__ import annotations

import base64
import csv
import html
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import OPENING, ROOT, WORDS
from tokenizers import ByteLevelBPETokenizer
from transformers import (
    AutoTokenizer,
    DistilBertConfig,
    DistilBertForMaskedLM,
    RobertaConfig,
    RobertaForMaskedLM,
    RobertaTokenizerFast,
)

from bert_demo import BertService
from bert_demo.core.errors import ChoiceError, TextError
from bert_demo.views.figures.contexts import lines_figure
from bert_demo.views.panels import contexts, pieces, positions, similarity
from bert_demo.web.components.contexts import SENTENCES, WORD, lines_of
from bert_demo.web.components.contexts import panels as context_panels
from bert_demo.web.components.features import made, panel
from bert_demo.web.components.layer_choice import state_of
from bert_demo.web.components.similarity import SENTENCES as SIX
from bert_demo.web.components.similarity import measured_figures
from bert_demo.web.components.similarity import panels as similar_panels
from bert_demo.web.job_runner import JobProgress
from bert_demo.web.tab import Ask
from bert_demo.web.tabs.inside import InsideTab, pieces_panels

TEXT = "An unbelievably dear caf\N{LATIN SMALL LETTER E WITH ACUTE} \N{CLAPPING HANDS SIGN} by the <b>sea</b> ${x}."


def kept(panel: str, name: str) -> list[dict[str, object]]:
    """The rows behind a JSON link."""
    found = re.search(rf'download="{name}\.json" href="[^"]*base64,([^"]*)"', panel)
    return json.loads(base64.b64decode(found[1]))


@pytest.fixture(scope="module")
def tiny_roberta(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A directory with a random RoBERTa that has byte-pair pieces, and positions that begin behind the padding."""
    directory = tmp_path_factory.mktemp("bpe")
    trainer = ByteLevelBPETokenizer()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trainer.train_from_iterator([WORDS, "the cat sat on the mat"] * 4, vocab_size=300, special_tokens=special)
    trainer.save_model(str(directory))
    files = {"vocab": str(directory / "vocab.json"), "merges": str(directory / "merges.txt")}
    tokenizer = RobertaTokenizerFast(**files, model_max_length=30)
    tokenizer.save_pretrained(directory)
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    config = RobertaConfig(vocab_size=len(tokenizer), max_position_embeddings=32, type_vocab_size=1, **sizes)
    RobertaForMaskedLM(config).save_pretrained(directory)
    return str(directory)


def test_pieces_are_shown_with_ids_characters_and_tries(service: BertService) -> None:
    found = service.pieces(TEXT)
    shown = pieces.pieces_panel(found)
    tokenizer = AutoTokenizer.from_pretrained(ROOT / "assets" / "models" / "base")
    batch = tokenizer(TEXT, return_offsets_mapping=True)
    rows = kept(shown, "pieces-first")
    assert [row["id"] for row in rows] == batch["input_ids"]
    ordinary = [row for row in rows if row["start"] is not None]
    assert [(row["start"], row["end"]) for row in ordinary] == batch["offset_mapping"][1:-1]
    first = next(row for row in rows if row["piece"] == "un")
    assert first["word"] == "unbelievably" and first["tried before it"] == len("unbelievably") - len("un")
    assert "check ok" in shown and "1 word is unknown" in shown and "\N{CLAPPING HANDS SIGN}</bdi></b>" in shown
    assert "<b>sea" not in shown and "${" not in shown
    cuts = [json.loads(html.unescape(each)) for each in re.findall(r'data-cut="([^"]*)"', shown)]
    for cut, word in zip(cuts, found.words, strict=True):
        assert TEXT[cut["start"] : cut["end"]] == cut["written"] and cut["word"] == word.word
        assert [each[:2] for each in cut["steps"]] == [[step.piece, step.token] for step in word.steps or word.found]
    assert [cut["unknown"] for cut in cuts if cut["unknown"]] == ["[UNK]"]
    wrong = replace(found, tokens=found.tokens[:-2])
    assert "check off" in pieces.pieces_panel(wrong)


def test_an_unknown_rest_and_a_word_too_long(service: BertService) -> None:
    hands = "\N{CLAPPING HANDS SIGN}"
    broken, endless = service.pieces(f"caf{hands}s {'y' * 101}").words
    assert [step.piece for step in broken.found] == ["caf"] and not broken.steps
    assert broken.failed == (f"##{hands}s", f"##{hands}")
    assert not endless.steps and not endless.found and not endless.failed


def test_a_second_tokenizer_of_another_kind(service: BertService, tiny_roberta: str, tiny_masked: str) -> None:
    ask = Ask("the cat sat \N{CLAPPING HANDS SIGN}", "", "base")
    both = pieces_panels(service, ask, tiny_roberta)
    assert "The steps are WordPiece's alone" in both and "BPE, " in both and both.count("check ok") == 2
    tokens = AutoTokenizer.from_pretrained(tiny_roberta).tokenize(ask.text)
    assert [row["piece"] for row in kept(both, "pieces-second")[1:-1]] == tokens
    hands = [row["token"] for row in kept(both, "pieces-second")[-5:-1]]
    assert hands == [f"\N{CLAPPING HANDS SIGN}{number}" for number in "₁₂₃₄"]  # F0 9F 91 8F
    assert '<bdi title="Ġsat">␣sat</bdi>' in both and "␣ is a space" in both
    assert "alike and give the pieces the same numbers" in pieces_panels(service, ask, "topics")
    assert "but number the pieces otherwise" in pieces_panels(service, replace(ask, text="the cat sat"), tiny_masked)
    wrong = pieces_panels(service, replace(ask, pair="Two."), "nobody here")
    assert 'role="alert"' in wrong and "There is no model" in wrong and "Only the first text" in wrong
    assert wrong.count("check ok") == 1


def test_the_bar_is_answered_by_one_button(service: BertService, tiny_roberta: str, tmp_path: Path) -> None:
    tab = InsideTab()
    cut, _, figure, places, first = tab.answer(service, Ask(OPENING, "It was long.", "base"), (), [""], JobProgress())
    table = service.positions()
    assert np.allclose(figure.data[0].z, table.similarity(8)) and list(figure.data[0].x) == list(range(0, 512, 8))
    assert "check ok" in cut and "check ok" in places and "check ok" in first
    rows = kept(first, "before-layer-0")
    states = service.first_states(OPENING, "It was long.")
    assert np.allclose([[row[f"length, {name}"] for name in states.names] for row in rows], states.norms()[:3].T)
    assert [row["segment"] for row in rows] == [token.segment for token in states.tokens]
    assert states.largest_error < 1e-6
    assert np.allclose(states.output, service.features(OPENING, "It was long.", layer=0).values, atol=1e-6)
    assert "check off" in positions.first_panel(replace(states, largest_error=0.1))
    small = tab.answer(service, Ask("the cat", "", tiny_roberta), (), [""], JobProgress())
    assert "All 30 positions are shown" in small[3] and "check ok" in small[4]
    long = tab.answer(service, Ask("the boats went out " * 200, "", "base"), (), [""], JobProgress())
    assert "check ok" in long[0] and "Shorten it" in long[4] and 'role="alert"' in long[4]
    sizes = {"dim": 16, "n_layers": 1, "n_heads": 2, "hidden_dim": 32, "vocab_size": 40, "max_position_embeddings": 32}
    AutoTokenizer.from_pretrained(tiny_roberta).save_pretrained(tmp_path)
    DistilBertForMaskedLM(DistilBertConfig(**{**sizes, "vocab_size": 300})).save_pretrained(tmp_path)
    assert "no segments" in tab.answer(service, Ask("the cat", "", str(tmp_path)), (), [""], JobProgress())[4]


def test_contexts_say_the_cosines_and_hold_every_state(service: BertService) -> None:
    slider, lines, words, plane, points = context_panels(service, "base", WORD, "\n".join(SENTENCES), JobProgress())
    found = service.contexts(WORD, list(SENTENCES))
    assert slider.maximum == slider.value == 6
    assert np.allclose(lines.data[1].y, found.similarity[:, 0, 2]) and np.allclose(lines.data[3].y, found.others)
    assert words.count("check ok") == points.count("check ok") == 1 and words.count("<mark>bank</mark>") == 3
    assert f"<b>{found.similarity[-1, 0, 1]:.2f}</b> after the last layer" in words
    assert words.count("data-state=") == 7 and words.count(" hidden>") == 6
    places = [place for place, token in enumerate(found.names) if token == "bank"]
    for state in (0, 3, 6):
        marked = [trace[0] for trace in plane.layout.meta["x"][state][1:]]
        assert np.allclose(marked, found.plane[state, places, 0], atol=1e-4)
        shares = plane.layout.meta["titles"][state]
        assert shares[1] == f"direction 2: {100 * found.variance[state, 1]:.1f} %"
    assert len({trace.marker.symbol for trace in plane.data}) == 4
    rows = kept(points, "plane")
    assert [row["the word"] for row in rows].count("yes") == 3
    assert np.allclose([row["y, after layer 5"] for row in rows], found.plane[6, :, 1])
    assert "check off" in contexts.words_panel(replace(found, largest_error=0.1))
    shifted = replace(found, plane=found.plane + 1)
    assert "check off" in contexts.plane_panel(shifted)


def test_many_places_of_a_word(service: BertService) -> None:
    text = "The bank of the bank is the bank that a bank owns."
    found = service.contexts("bank", [text, "A bank."])
    assert contexts.names_of(found) == ["1a", "1b", "1c", "1d", "2"]
    figure = lines_figure(found)
    upper = found.similarity[:, *np.triu_indices(5, 1)]
    assert np.allclose(figure.data[2].y, upper.mean(1)) and np.allclose(figure.data[1].y, upper.max(1))
    many = service.contexts("bank", ["bank " * 13])
    assert 'class="cosines"' not in contexts.words_panel(many)


@pytest.mark.parametrize(
    ("word", "texts", "said"),
    [
        ("bank", "The bank.\nThe river.", "does not stand in text 2"),
        ("bank", "The bank.", "only once"),
        ("bank", "\n \n", "Write two or more sentences"),
        ("bank", "bank\n" * 21, "There are 21 sentences; up to 20"),
        ("bank", f"bank {'word ' * 700}\nbank", "3,000 are compared here"),
    ],
)
def test_bad_words_and_sentences(service: BertService, word: str, texts: str, said: str) -> None:
    with pytest.raises(ChoiceError, match=said):
        context_panels(service, "base", word, texts, JobProgress())


def test_a_text_of_several_windows_has_no_features(service: BertService) -> None:
    ask = Ask("the boats went out " * 200, "", "base")
    with pytest.raises(TextError, match="this model reads 512 at once"):
        panel(service, ask, "last", "")
    with pytest.raises(ChoiceError, match="no state 'x'"):
        panel(service, ask, "x", "mean")


def test_similarity_both_ways_and_what_was_measured(service: BertService) -> None:
    *panels, sentences = similar_panels(service, "base", "\n".join(SIX), "4", JobProgress())
    for pooling, shown in zip(("mean", "cls"), panels, strict=True):
        vectors = [service.features(text, layer=4, pooling=pooling).values[0] for text in SIX]
        unit = np.array(vectors) / np.linalg.norm(vectors, axis=1, keepdims=True)
        rows = kept(shown, f"similarity-{pooling}")
        assert len(rows) == 15 and rows[0]["text"] == SIX[0]
        assert np.allclose([row["cosine"] for row in rows], (unit @ unit.T)[np.triu_indices(6, 1)], atol=1e-5)
        best = max(rows, key=lambda row: row["cosine"])
        assert f"Most alike: {best['first']} and {best['second']}" in shown
        assert "check ok" in shown and "after layer 3" in shown
    result = service.similarity(list(SIX))
    assert "check off" in similarity.similarity_panel(replace(result, largest_error=0.1), 0.0)
    figures = {
        "model": "base",
        "rows": 1379,
        "results": {
            "mean": {"spearman": 49.1, "low": 44.7, "high": 53.1},
            "cls": {"spearman": 0.5, "low": 0.4, "high": 0.6},
        },
        "published": [
            {"name": "<i>", "spearman": 46.4, "source": "S 2019"},
            {"name": "b", "spearman": 1, "source": "S 2019"},
        ],
    }
    said = similarity.measured(figures)
    assert "1,379 pairs" in said and "</b> 49.1 (44.7 to 53.1)" in said and "</b> 0.500 (0.400 to 0.600)" in said
    assert "&lt;i&gt; 46.4, b 1.000 (S 2019)" in said
    assert similarity.measured(None) == "" and (measured_figures() is None or "STS-B" in sentences)
    for texts, state, message in (
        ("One.", "last", "one sentence"),
        ("One.\nTwo.", "7", "no state '7'"),
        ("", "", "Write"),
    ):
        with pytest.raises(ChoiceError, match=message):
            similar_panels(service, "base", texts, state, JobProgress())
    assert lines_of(" a \n\n b", "") == ["a", "b"] and state_of(service, "base", None) is None


def test_the_lines_of_other_models_name_their_revision(service: BertService, tiny_masked: str) -> None:
    found = service.features("the cat", model=tiny_masked)
    lines = service.feature_lines("the cat", model=tiny_masked, known=found)
    names: dict[str, np.ndarray] = {}
    exec(lines, names)
    assert np.abs(names["features"] - found.values).max() < 1e-5 and "revision" not in lines
    lines = service.feature_lines("x", model="owner/name@main", known=replace(found, revision="ab" * 20))
    assert lines.count(f"('owner/name', revision='{'ab' * 20}'") == 2 and "dtype='float32'" in lines


def test_files_read_back_the_same(service: BertService, tmp_path: Path) -> None:
    ask = Ask('=1 "quoted", <b>', "Two.", "base")
    found = service.features(ask.text, ask.pair)
    path = made(service, ask, "last", "", "npz", tmp_path)
    assert path.name == "features-state6.npz" and path.parent.parent == tmp_path
    with np.load(path) as held:
        assert np.array_equal(held["values"], found.values) and held["values"].dtype == np.float32
        assert held["tokens"].tolist() == [token.text for token in found.tokens]
        assert str(held["text"]) == ask.text and str(held["model"]) == "base" and int(held["layer"]) == 6
    path = made(service, ask, "last", "", "csv", tmp_path)
    header, *rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline=""))
    assert header == ["position", "token", *map(str, range(384))] and rows[1][1] == "'="
    assert np.array_equal(np.array([row[2:] for row in rows], np.float32), found.values)
    mean = made(service, ask, "2", "mean", "csv", tmp_path)
    assert mean.name == "features-state2-mean.csv" and len(mean.read_text(encoding="utf-8").splitlines()) == 2
