"""A directory is read as its author's code read it, or refused with the true reason."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import save_tokenizer, tiny_config
from loaded import loaded
from safetensors.torch import load_file, save_file
from tiny_families import CHECKPOINTS, build
from tokenizers import Tokenizer
from transformers import (
    AutoModelForMaskedLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertForMaskedLM,
    BertForSequenceClassification,
    RobertaConfig,
    RobertaForSequenceClassification,
    pipeline,
)

from bert_demo import BertService
from bert_demo.core.errors import (
    BrokenModelError,
    ChoiceError,
    MissingHeadError,
    ModelKindError,
    TextError,
)
from bert_demo.core.validation import checked_target, refuse_control_tokens
from bert_demo.models.base import Model
from bert_demo.tasks.attribution import attribute
from bert_demo.tasks.attribution_request import Question
from bert_demo.tasks.attribution_targets import Label
from bert_demo.tasks.classification import classify, label_logits
from bert_demo.tasks.fill_mask import fill_mask

TEXT = "the cat sat on the mat"
Tensors = dict[str, torch.Tensor]


@pytest.fixture
def words(tiny_masked: str, tmp_path: Path) -> Path:
    """A masked-word model, which may be changed."""
    return Path(shutil.copytree(tiny_masked, tmp_path / "words"))


@pytest.fixture
def labels(tiny_classifier: str, tmp_path: Path) -> Path:
    """A classifier, which may be changed."""
    return Path(shutil.copytree(tiny_classifier, tmp_path / "labels"))


def written(directory: Path, file: str = "config.json", **fields: Any) -> None:
    """Fields of a JSON file, put in or replaced."""
    path = directory / file
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def weights(directory: Path, change: Callable[[Tensors], Any], file: str = "model.safetensors") -> None:
    """The tensors of a file, changed in place."""
    tensors = load_file(directory / file)
    change(tensors)
    save_file(tensors, directory / file, {"format": "pt"})


def vocabulary(directory: Path, keep: Callable[[str, int], bool]) -> None:
    """The entries of a tokenizer.json that are kept."""
    whole = json.loads((directory / "tokenizer.json").read_text())
    whole["model"]["vocab"] = {word: each for word, each in whole["model"]["vocab"].items() if keep(word, each)}
    whole["added_tokens"] = [each for each in whole["added_tokens"] if keep(each["content"], each["id"])]
    (directory / "tokenizer.json").write_text(json.dumps(whole))


def logit(model: Model, output: str = "logit") -> Any:
    question = Question(0, "integrated_gradients", "pad", output, 0.01, 4, 100)
    return attribute(Label(model), question, TEXT, None, lambda *_: None)


def test_config_that_asks_for_tuples_or_chunks_changes_no_number(labels: Path, tiny_classifier: str) -> None:
    expected = classify(loaded(tiny_classifier), TEXT, None).labels
    written(labels, return_dict=False, chunk_size_feed_forward=3)
    assert classify(loaded(str(labels)), TEXT, None).labels == expected
    assert logit(loaded(str(labels))).input_output == pytest.approx(
        logit(loaded(tiny_classifier)).input_output, abs=1e-6
    )


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"layer_norm_eps": "1e-12"}, "config.json of .* layer_norm_eps must be a number, not text"),
        ({"use_cache": "x"}, "config.json of .* use_cache must be true or false, not text"),
        ({"hidden_act": "nope"}, "config.json of .* hidden_act 'nope' is not known"),
        (
            {"id2label": {"0": "a", "1": "b"}},
            r"classifier\.\w+ is 3.* in model.safetensors, and config.json asks for 2",
        ),
        ({"intermediate_size": 33}, r"asks for 33.*\(intermediate_size\)"),
        ({"position_embedding_type": "relative_key_query"}, "trained with relative positions .position_embedding_type"),
        ({"num_hidden_layers": 1}, r"16 weights of the encoder .*bert\.encoder\.layer\.1\..*num_hidden_layers"),
    ],
)
def test_config_that_is_wrong_is_named_by_its_field(labels: Path, fields: dict[str, Any], reason: str) -> None:
    written(labels, **fields)
    with pytest.raises((BrokenModelError, ModelKindError), match=reason):
        loaded(str(labels))


@pytest.mark.parametrize("file", ["tokenizer.json", "tokenizer_config.json"])
@pytest.mark.parametrize(
    ("text", "reason"),
    [("", "it is empty"), ("<html>", "it is a web page"), ('{"a": [', "it is not JSON from line 1, column 8")],
)
def test_tokenizer_that_is_no_json_is_named_by_its_file(labels: Path, file: str, text: str, reason: str) -> None:
    (labels / file).write_text(text)
    with pytest.raises(BrokenModelError, match=f"The {file} of the model .* cannot be read: {reason}"):
        loaded(str(labels))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"model_max_length": "x"}, "model_max_length must be"),
        ({"model_input_names": "x"}, "model_input_names must be"),
        ({"do_lower_case": 3}, "do_lower_case must be true or false"),
        ({"cls_token": 1}, "cls_token must be text"),
        ({"tokenizer_class": []}, "tokenizer_class must be text"),
    ],
)
def test_tokenizer_config_that_is_wrong_is_named_by_its_field(labels: Path, fields: Any, reason: str) -> None:
    written(labels, "tokenizer_config.json", **fields)
    with pytest.raises(BrokenModelError, match=f"The tokenizer_config.json of the model .*{reason}"):
        loaded(str(labels))


SINGLE = [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]
WIDE = [{"SpecialToken": {"id": "[CLS]", "type_id": 10**9}}, SINGLE[1]]
PAIR = [*SINGLE, {"Sequence": {"id": "B", "type_id": 3}}]
CLS = {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]}}


@pytest.mark.parametrize(
    ("pair", "special", "reason"),
    [
        ([*WIDE, PAIR[2]], CLS, "gives the number 1000000000, and type_vocab_size is 2"),
        (PAIR, {}, r"\(tokenizer\.json.*its post_processor names \[CLS\]"),
        (PAIR, CLS, "post_processor of its tokenizer.json gives the number 3, and type_vocab_size is 2"),
        ([3], CLS, r"\(tokenizer\.json\) cannot be read \(its post_processor is none that tokenizers knows"),
    ],
)
def test_templates_that_do_not_fit_are_refused(labels: Path, pair: Any, special: Any, reason: str) -> None:
    """The first ended in a panic of tokenizers, the second in an IndexError."""
    template = {"type": "TemplateProcessing", "single": SINGLE, "pair": pair, "special_tokens": special}
    written(labels, "tokenizer.json", post_processor=template)
    with pytest.raises(BrokenModelError, match=reason):
        loaded(str(labels))


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"normalized": None}, "normalized of number 4 of its added_tokens is wrong"), ({"id": "x"}, "id of number 4")],
)
def test_added_token_that_is_wrong_is_named_by_its_place(labels: Path, change: Any, reason: str) -> None:
    added = json.loads((labels / "tokenizer.json").read_text())["added_tokens"]
    written(labels, "tokenizer.json", added_tokens=[*added[:4], added[4] | change])
    with pytest.raises(BrokenModelError, match=rf"\(tokenizer\.json\) cannot be read \({reason}"):
        loaded(str(labels))


def test_weights_of_whole_numbers_are_refused(labels: Path) -> None:
    weights(labels, lambda held: held.update({"classifier.weight": held["classifier.weight"].mul(10).long()}))
    with pytest.raises(BrokenModelError, match=r"classifier\.weight is stored as I64 in model\.safetensors"):
        loaded(str(labels))


def test_weights_that_overflow_are_refused(labels: Path) -> None:
    weights(labels, lambda held: held.update({name: each * 1e30 for name, each in held.items()}))
    with pytest.raises(BrokenModelError, match="gives no numbers for a text of 3 tokens: its weights are too large"):
        loaded(str(labels))


def test_weights_in_half_precision_compute_in_single(labels: Path) -> None:
    weights(labels, lambda held: held.update({name: each.half() for name, each in held.items()}))
    written(labels, dtype="float16")
    model = loaded(str(labels))
    assert {each.dtype for each in model.encoder.module.parameters()} == {torch.float32}
    oracle = BertForSequenceClassification.from_pretrained(labels, dtype=torch.float32).eval()
    expected = oracle(**AutoTokenizer.from_pretrained(labels)(TEXT, return_tensors="pt")).logits[0].tolist()
    assert label_logits(model, model.encode(TEXT))[0].tolist() == pytest.approx(expected, abs=1e-5)


def test_entries_that_the_vocabulary_lacks_are_called_so(words: Path) -> None:
    vocabulary(words, lambda _, number: number < 20)
    shown = fill_mask(loaded(str(words)), "the cat [MASK]", 32, None, ()).slots[0].candidates
    assert {each.token_str for each in shown if each.token >= 20} == {
        f"[no entry {number}]" for number in range(20, 32)
    }
    assert "" not in {each.token_str for each in shown}


def test_masked_words_without_a_mask_entry_are_refused(words: Path, labels: Path) -> None:
    for directory in (words, labels):
        vocabulary(directory, lambda word, _: word != "[MASK]")
    with pytest.raises(BrokenModelError, match=r"\(tokenizer\.json\) has no \[MASK\], which stands for a hidden word"):
        loaded(str(words))
    model = loaded(str(labels))
    assert model.mask_token is None and model.tokenizer.mask_id is None and classify(model, TEXT, None).labels


def test_tokenizer_without_padding_is_explained_from_that_of_the_model(labels: Path, tiny_classifier: str) -> None:
    written(labels, "tokenizer_config.json", pad_token=None)
    found, expected = logit(loaded(str(labels))), logit(loaded(tiny_classifier))
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-6)


def test_unknown_word_without_a_token_for_it_is_a_sentence(labels: Path) -> None:
    vocabulary(labels, lambda word, _: word != "[UNK]")
    written(labels, "tokenizer_config.json", unk_token=None)
    model = loaded(str(labels))
    assert classify(model, TEXT.replace("mat", "house"), None).labels
    with pytest.raises(TextError, match="no token for unknown ones"):
        classify(model, "the xyzzy", None)


def changed(directory: Path, section: str, value: Any) -> None:
    """A section of tokenizer.json, replaced, and what tokenizer_config.json says of it taken away."""
    written(directory, "tokenizer.json", **{section: value})
    settings = json.loads((directory / "tokenizer_config.json").read_text())
    for flag in ("do_lower_case", "strip_accents", "tokenize_chinese_chars"):
        settings.pop(flag, None)
    (directory / "tokenizer_config.json").write_text(json.dumps(settings))


CASED = {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None}
REPLACED = {"type": "Replace", "pattern": {"String": "kitten"}, "content": "cat"}
BARE = {
    "type": "TemplateProcessing",
    "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
    "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
    "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]}},
}


@pytest.mark.parametrize(
    ("section", "value", "text", "expected"),
    [
        ("normalizer", CASED | {"lowercase": False}, "The cat", ["[CLS]", "[UNK]", "cat", "[SEP]"]),
        ("normalizer", REPLACED, "the kitten", ["[CLS]", "the", "cat", "[SEP]"]),
        ("pre_tokenizer", {"type": "WhitespaceSplit"}, "the cat.", ["[CLS]", "the", "[UNK]", "[SEP]"]),
        ("post_processor", BARE, "the cat", ["[CLS]", "the", "cat"]),
    ],
)
def test_tokenizer_file_rules_where_its_class_would_read_otherwise(
    labels: Path, section: str, value: Any, text: str, expected: list[str]
) -> None:
    """The oracle is the file itself, read by tokenizers, as 4.57.1 does."""
    changed(labels, section, value)
    model = loaded(str(labels))
    oracle = Tokenizer.from_file(str(labels / "tokenizer.json")).encode(text).tokens
    assert [token.text for token in model.encode(text).tokens] == oracle == expected
    assert f"read as its tokenizer.json says ({section})" in model.info.description


def test_flags_of_the_tokenizer_config_count_as_before(labels: Path) -> None:
    """4.57.1 lower-cases here: the flag is the author's."""
    written(labels, "tokenizer.json", normalizer=CASED | {"lowercase": False})
    model = loaded(str(labels))
    assert [token.text for token in model.encode("The CAT").tokens] == ["[CLS]", "the", "cat", "[SEP]"]
    assert model.info.description == "A local directory."


def test_unknown_token_that_the_file_names_is_read(labels: Path) -> None:
    written(labels, "tokenizer_config.json", unk_token=None)
    assert [token.text for token in loaded(str(labels)).encode("the xyzzy").tokens][2] == "[UNK]"


def test_labels_of_one_name_and_with_blanks_stay_apart(labels: Path) -> None:
    written(labels, id2label={"0": "a", "1": "b ", "2": "a"}, label2id=None)
    model = loaded(str(labels))
    assert sorted(each.label for each in classify(model, TEXT, None).labels) == ["a", "a", "b "]
    assert checked_target("b ", model.labels) == 1 and checked_target(2, model.labels) == 2
    with pytest.raises(ChoiceError, match=r"calls 2 of its labels 'a'\. Give target as a number: 0 or 2"):
        checked_target("a", model.labels)
    with pytest.raises(ChoiceError, match="'a', 'b ', 'a'"):
        checked_target("b", model.labels)


def test_config_without_architectures_is_read_by_the_names_of_its_weights(labels: Path, words: Path) -> None:
    for directory, task in ((labels, "text-classification"), (words, "fill-mask")):
        written(directory, architectures=None)
        assert loaded(str(directory)).info.tasks == (task,)


@pytest.mark.parametrize("held", ["bias", "decoder.bias"])
def test_untied_decoder_keeps_its_bias_whatever_it_is_called(tmp_path: Path, held: str) -> None:
    """Before transformers 5 both names were one tensor, of which one is in the file."""
    save_tokenizer(tmp_path)
    torch.manual_seed(0)
    model = BertForMaskedLM(tiny_config(tie_word_embeddings=False))
    bias = torch.randn(model.config.vocab_size)
    with torch.no_grad():
        model.cls.predictions.decoder.bias.copy_(bias)
        model.cls.predictions.bias.copy_(bias)
    model.eval().save_pretrained(tmp_path)
    other = {"bias": "decoder.bias", "decoder.bias": "bias"}[held]
    weights(tmp_path, lambda tensors: tensors.pop(f"cls.predictions.{other}"))
    ours = loaded(str(tmp_path))
    encoding = ours.encode("the cat [MASK]")
    inputs = AutoTokenizer.from_pretrained(tmp_path)("the cat [MASK]", return_tensors="pt")
    with torch.no_grad():
        expected = model(**inputs).logits[0, 3].numpy()
    np.testing.assert_allclose(ours.heads["fill-mask"].logits(encoding, 0, (3,))[0], expected, atol=1e-5)
    assert AutoModelForMaskedLM.from_pretrained(tmp_path).config.tie_word_embeddings is False


def test_padding_id_that_a_text_holds_is_counted_as_the_model_counts(tmp_path: Path) -> None:
    """A configuration with RoBERTa's own padding id and a tokenizer with another: F(text) is what classify computes."""
    save_tokenizer(tmp_path)
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    odd = AutoTokenizer.from_pretrained(tmp_path).convert_tokens_to_ids("cat")
    config = RobertaConfig(vocab_size=32, type_vocab_size=1, pad_token_id=odd, initializer_range=0.5, **sizes)
    RobertaForSequenceClassification(config).eval().save_pretrained(tmp_path)
    model = loaded(str(tmp_path))
    encoding = model.encode(TEXT)
    expected = label_logits(model, encoding)[0]
    oracle = RobertaForSequenceClassification.from_pretrained(tmp_path).eval()
    ids = AutoTokenizer.from_pretrained(tmp_path)(TEXT, return_tensors="pt")["input_ids"]
    assert odd in ids and expected == pytest.approx(oracle(input_ids=ids).logits[0].tolist(), abs=1e-5)
    assert logit(model).input_output == pytest.approx(float(expected[0]), abs=1e-4)
    parts = dict(model.encoder.embedding_parts(encoding, 0))
    with torch.no_grad():
        states = oracle.roberta.embeddings(input_ids=ids)[0].numpy()
    np.testing.assert_allclose(parts["output"], states, atol=1e-5)


def test_answer_that_differs_from_what_is_explained_is_an_error(labels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = loaded(str(labels))
    monkeypatch.setattr(type(model.encoder), "positions", lambda *_: torch.zeros(1, 1, dtype=torch.long))
    right = type(model.encoder).embeddings
    monkeypatch.setattr(type(model.encoder), "embeddings", lambda *given: right(*given) + 0.01)
    with pytest.raises(MissingHeadError, match=r"logits that are off by .* from those of its answer"):
        logit(model)


def test_other_heads_in_the_files_are_named(labels: Path) -> None:
    weights(
        labels, lambda held: held.update({"qa_outputs.weight": torch.zeros(2, 16), "qa_outputs.bias": torch.zeros(2)})
    )
    assert loaded(str(labels)).info.description.endswith("that no lens here reads: qa_outputs (2).")


@pytest.mark.parametrize("name", ["albert", "rembert"])
def test_segments_of_a_pair_are_those_of_training(name: str, tmp_path: Path) -> None:
    """transformers 5.23.0 leaves them out; 4.57.1 gave 0 up to the first separator and 1 behind it."""
    build(next(each for each in CHECKPOINTS if each.name == name), "ForSequenceClassification", tmp_path)
    model = loaded(str(tmp_path))
    encoding = model.encode("the cat", "a dog")
    ids = torch.tensor([[token.id for token in encoding.tokens]])
    first = next(place for place, token in enumerate(encoding.tokens) if token.text == "[SEP]") + 1
    segments = torch.tensor([[0] * first + [1] * (ids.shape[1] - first)])
    oracle = AutoModelForSequenceClassification.from_pretrained(tmp_path).eval()
    with torch.no_grad():
        expected = oracle(input_ids=ids, token_type_ids=segments).logits[0].numpy()
        without = oracle(input_ids=ids).logits[0].numpy()
    np.testing.assert_allclose(label_logits(model, encoding)[0], expected, atol=1e-5)
    assert np.abs(expected - without).max() > 1e-3
    assert "second segment" in model.info.description


def test_segments_that_the_file_leaves_out_are_left_out(labels: Path) -> None:
    written(labels, "tokenizer_config.json", model_input_names=["input_ids", "attention_mask"])
    model = loaded(str(labels))
    oracle = BertForSequenceClassification.from_pretrained(labels).eval()
    encoding = model.encode("the cat", "a dog")
    with torch.no_grad():
        expected = oracle(input_ids=torch.tensor([[token.id for token in encoding.tokens]])).logits[0].numpy()
    np.testing.assert_allclose(label_logits(model, encoding)[0], expected, atol=1e-5)


def test_second_text_of_a_model_with_one_segment_is_read(tmp_path: Path) -> None:
    save_tokenizer(tmp_path)
    torch.manual_seed(0)
    oracle = BertForSequenceClassification(tiny_config(type_vocab_size=1)).eval()
    oracle.save_pretrained(tmp_path)
    model = loaded(str(tmp_path))
    ids = AutoTokenizer.from_pretrained(tmp_path)("the cat", "a dog", return_tensors="pt")["input_ids"]
    with torch.no_grad():
        expected = oracle(input_ids=ids).logits[0].numpy()
    np.testing.assert_allclose(label_logits(model, model.encode("the cat", "a dog"))[0], expected, atol=1e-5)
    assert "one segment" in model.info.description


def test_markers_of_entities_are_read_as_the_models_own_tokens(labels: Path) -> None:
    """As the pipeline reads them; they are special to the tokenizer, and what such a model was trained on."""
    tokenizer = AutoTokenizer.from_pretrained(labels)
    tokenizer.add_special_tokens({"additional_special_tokens": ["[E1]", "[/E1]"]})
    tokenizer.save_pretrained(labels)
    oracle = BertForSequenceClassification.from_pretrained(labels)
    torch.manual_seed(3)
    oracle.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    oracle.eval().save_pretrained(labels)
    text = "the [E1] cat [/E1] sat"
    ask = pipeline("text-classification", model=oracle, tokenizer=tokenizer, top_k=None)
    service = BertService()
    found = {each.label: each.score for each in service.classify(text, model=str(labels)).labels}
    assert found == pytest.approx({each["label"]: each["score"] for each in ask({"text": text})}, abs=1e-5)
    assert [token.text for token in loaded(str(labels)).encode(text).tokens][2] == "[E1]"
    explained = service.attribute(text, model=str(labels))
    assert sum(explained.scores) == pytest.approx(explained.input_output - explained.baseline_output, abs=1e-2)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("the cat [SEP] a dog", r"as a pair, put what stands behind it into the second field; .* write \[ SEP \]"),
        ("the [PAD] cat", r"control token\. To have letters, write \[ PAD \]\."),
    ],
)
def test_control_tokens_that_a_text_spells_get_fitting_advice(labels: Path, text: str, advice: str) -> None:
    with pytest.raises(TextError, match=advice):
        BertService().classify(text, model=str(labels))


def test_struck_out_html_on_a_roberta_gets_fitting_advice() -> None:
    with pytest.raises(TextError, match=r"Is it HTML, .* take its tags away; .* write < s >\."):
        refuse_control_tokens("only <s>19.99</s>", ("<s>", "</s>"))


def test_states_that_are_no_numbers_are_refused(labels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = loaded(str(labels))
    encoding = model.encode(TEXT)
    layer = model.encoder.module.base_model.encoder.layer[1].output.LayerNorm
    monkeypatch.setattr(layer, "eps", float("nan"))
    for ask in (model.encoder.hidden_states, model.encoder.attentions):
        if ask == model.encoder.attentions:
            first = model.encoder.module.base_model.encoder.layer[0].output.LayerNorm
            monkeypatch.setattr(first, "eps", float("nan"))
        with pytest.raises(BrokenModelError, match="gives no numbers for this text"):
            ask(encoding, 0)
