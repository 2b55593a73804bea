"""Tokenizers without a tokenizer.json: read as by the classes of transformers 4.57.1, whose answers stand here.

They were had by running AutoTokenizer (BertTokenizer for the letters and ideographs) of 4.57.1 on the same files.
"""

from __future__ import annotations

import json
import re
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import pytest
import torch
from conftest import save_tokenizer, tiny_config
from loaded import loaded
from tiny_families import CHECKPOINTS, build
from transformers import AutoTokenizer, BertForMaskedLM

from bert_demo.core.errors import BrokenModelError, ModelKindError
from bert_demo.models.base import Model

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
CHINESE = ("电影", "电", "影", "很", "好")


def bare(name: str, directory: Path, *entries: str) -> Path:
    """A tiny checkpoint whose tokenizer is its vocabulary and nothing else. entries: take the place of its last."""
    build(next(each for each in CHECKPOINTS if each.name == name), "ForMaskedLM", directory)
    model = json.loads((directory / "tokenizer.json").read_text())["model"]
    (directory / "tokenizer.json").unlink()
    words = sorted(model["vocab"], key=model["vocab"].__getitem__)
    words[len(words) - len(entries) :] = entries
    if model["type"] == "WordPiece":
        (directory / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    else:
        (directory / "vocab.json").write_text(json.dumps({word: number for number, word in enumerate(words)}))
        (directory / "merges.txt").write_text(
            "\n".join(["#version: 0.2", *(" ".join(each) for each in model["merges"])])
        )
    return directory


def pieces(model: Model, text: str, pair: str | None = None) -> list[str]:
    return [token.text for token in model.encode(text, pair).tokens]


def test_letters_in_two_code_points_are_composed(tmp_path: Path) -> None:
    bare("bert", tmp_path, "café", "caf")
    (tmp_path / "tokenizer_config.json").write_text('{"do_lower_case": false, "tokenizer_class": "BertTokenizer"}')
    model = loaded(str(tmp_path))
    assert pieces(model, "cafe\u0301")[1:-1] == ["café"] == pieces(model, "café")[1:-1]
    assert AutoTokenizer.from_pretrained(tmp_path).tokenize("cafe\u0301") == ["[UNK]"]
    token = model.encode("the cafe\u0301").tokens[2]
    assert (token.start, token.end) == (4, 8)  # tokenizers gives a composed letter the place of its first sign
    assert "BertTokenizer of transformers 4.57: letters in two code points are composed;" in model.info.description


def test_each_ideograph_stands_by_itself(tmp_path: Path) -> None:
    """4.57.1's BertTokenizer parts those from U+2B820 on, tokenizers those from U+2B920 on."""
    model = loaded(str(bare("bert", tmp_path, "\U0002b820", "\U0002b91f")))
    expected = ["\U0002b820", "\U0002b91f", "\U0002b820", "a"]
    assert pieces(model, "".join(expected))[1:-1] == expected
    assert AutoTokenizer.from_pretrained(tmp_path).tokenize("".join(expected)) == ["[UNK]"]
    assert "each ideograph stands by itself;" in model.info.description


def test_vocabulary_without_such_letters_is_read_without_a_word(tmp_path: Path) -> None:
    assert loaded(str(bare("bert", tmp_path))).info.description == "A local directory."


def test_one_separator_stands_between_the_texts_of_a_deberta(tmp_path: Path) -> None:
    model = loaded(str(bare("deberta", tmp_path)))
    assert pieces(model, "a cat", "a") == ["[CLS]", "a", "Ġcat", "[SEP]", "a", "[SEP]"]
    assert model.encode("a cat", "a").segments == (0, 0, 0, 0, 1, 1)
    assert AutoTokenizer.from_pretrained(tmp_path)("a", "a").tokens().count("[SEP]") == 3
    assert "one separator stands between two texts" in model.info.description


def test_one_separator_that_the_file_asks_for_stands_between_the_texts_of_a_deberta(tmp_path: Path) -> None:
    build(next(each for each in CHECKPOINTS if each.name == "deberta"), "ForMaskedLM", tmp_path)
    whole = json.loads((tmp_path / "tokenizer.json").read_text())
    number = whole["model"]["vocab"]
    parts = [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]
    parts.append({"SpecialToken": {"id": "[SEP]", "type_id": 0}})
    second = [{"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": "[SEP]", "type_id": 1}}]
    named = {word: {"id": word, "ids": [number[word]], "tokens": [word]} for word in ("[CLS]", "[SEP]")}
    template = {"type": "TemplateProcessing", "single": parts, "pair": parts + second, "special_tokens": named}
    (tmp_path / "tokenizer.json").write_text(json.dumps(whole | {"post_processor": template}))
    model = loaded(str(tmp_path))
    assert pieces(model, "a cat", "a") == ["[CLS]", "a", "Ġcat", "[SEP]", "a", "[SEP]"]
    assert "as its tokenizer.json says (post_processor)" in model.info.description


@pytest.mark.parametrize(("name", "mask"), [("roberta", "<mask>"), ("deberta", "[MASK]")])
def test_mask_of_a_byte_level_vocabulary_takes_the_space_before_it(name: str, mask: str, tmp_path: Path) -> None:
    model = loaded(str(bare(name, tmp_path)))
    assert pieces(model, f"a {mask} cat")[1:-1] == ["a", mask, "Ġcat"]
    assert AutoTokenizer.from_pretrained(tmp_path).tokenize(f"a {mask}") == ["a", "Ġ", mask]
    token = model.encode(f"a {mask} cat").tokens[2]
    assert (token.start, token.end) == (2, 8)
    assert "the mask takes the space before it" in model.info.description


def test_mask_is_read_as_a_file_says(tmp_path: Path) -> None:
    bare("roberta", tmp_path)
    mask = {"content": "<mask>", "lstrip": False, "normalized": False, "rstrip": False, "single_word": False}
    (tmp_path / "special_tokens_map.json").write_text(json.dumps({"mask_token": mask}))
    assert pieces(loaded(str(tmp_path)), "a <mask>")[1:-1] == ["a", "Ġ", "<mask>"]


@pytest.fixture
def rjieba(monkeypatch: pytest.MonkeyPatch) -> None:
    """What RoFormer parts words by, of one word and single signs."""

    def tokenize(text: str, hmm: bool) -> list[tuple[str, int, int]]:
        assert hmm is False
        return [(found[0], *found.span()) for found in re.finditer(r"电影|[a-z]+|.", text)]

    module = ModuleType("rjieba")
    vars(module).update(tokenize=tokenize, __spec__=ModuleSpec("rjieba", None))
    monkeypatch.setitem(sys.modules, "rjieba", module)


def roformer(directory: Path) -> Path:
    bare("roformer", directory, *CHINESE)
    (directory / "tokenizer_config.json").write_text('{"do_lower_case": true, "model_max_length": 64}')
    return directory


@pytest.mark.usefixtures("rjieba")
def test_words_of_a_roformer_are_looked_up_in_its_vocabulary(tmp_path: Path) -> None:
    """4.57.1's fast tokenizer does; that of 5.23.0 looks for them in the path of vocab.txt, which this name shows."""
    model = loaded(str(roformer(tmp_path / "any")))
    assert pieces(model, "The电影很好", "a cat") == ["[CLS]", "the", "电影", "很", "好", "[SEP]", "a", "cat", "[SEP]"]
    assert model.encode("电影", "a").segments == (0, 0, 0, 1, 1)
    assert [(token.start, token.end) for token in model.encode("The电影").tokens[1:-1]] == [(0, 3), (3, 5)]
    assert AutoTokenizer.from_pretrained(tmp_path / "any").tokenize("电影") == ["电", "影"]
    assert AutoTokenizer.from_pretrained(roformer(tmp_path / "电影")).tokenize("电影") == ["电影"]
    assert "looked up in its vocabulary" in model.info.description


def test_roformer_without_rjieba_is_refused_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModelKindError, match=r"rjieba parts them, which is not installed here\. Install it"):
        loaded(str(roformer(tmp_path)))


@pytest.mark.parametrize("longest", [1, 2, 7])
def test_limit_that_holds_no_text_is_refused(longest: int, tmp_path: Path) -> None:
    """transformers cuts nothing where the limit is below the number of special tokens."""
    save_tokenizer(tmp_path)
    torch.manual_seed(0)
    BertForMaskedLM(tiny_config()).save_pretrained(tmp_path)
    settings = json.loads((tmp_path / "tokenizer_config.json").read_text())
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings | {"model_max_length": longest}))
    with pytest.raises(BrokenModelError, match="reads fewer than 8 tokens at once"):
        loaded(str(tmp_path))
