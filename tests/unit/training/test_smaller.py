"""`shrink`: each way against an oracle in plain transformers, its figures against scikit-learn and the file system."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from conftest import tiny_config
from loaded import loaded
from safetensors.torch import load_file
from sklearn.metrics import accuracy_score, f1_score
from tiny_families import CHECKPOINTS, build
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertForSequenceClassification,
    BertTokenizer,
    pipeline,
)

from bert_demo.cli.main import main
from bert_demo.core.errors import ChoiceError, ModelKindError
from bert_demo.models.surgery.without_heads import without_heads
from bert_demo.registry.smaller_ways import SMALLER_WAYS, described
from bert_demo.training.smaller import int8
from bert_demo.training.smaller.layers import chosen
from bert_demo.training.smaller.measure import evaluated
from bert_demo.training.smaller.vocabulary import longest_first
from bert_demo.training.smaller.ways import Rows, parsed

TEXTS = ("the cat sat", "a dog ran on ice .", "the play was not good", "a cat was happy", "Xylophones ran !", "the dog")
LABELS = ("low", "middle", "high", "low", "middle", "high")
WIDE = ("gte", "nomic_bert", "jina_embeddings_v3")
"""Families with as many keys as heads, whose configuration has the width of a head."""


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rows") / "rows.csv"
    lines = [f"{text},{label}" for text, label in zip(TEXTS, LABELS, strict=True)]
    path.write_text("\n".join(["text,label", *lines]), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def families(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The directory of a tiny classifier of a family."""
    made: dict[str, str] = {}

    def place(name: str) -> str:
        if name not in made:
            directory = tmp_path_factory.mktemp("families") / name
            build(next(each for each in CHECKPOINTS if each.name == name), "ForSequenceClassification", directory)
            made[name] = str(directory)
        return made[name]

    return place


def hold(held: dict[int, torch.Tensor], place: int, _: Any, __: Any, output: torch.Tensor) -> None:
    """A hook that holds what a module gave, and its gradient."""
    output.retain_grad()
    held[place] = output


def shrink(capsys: pytest.CaptureFixture[str], model: str, output: Path, *more: str) -> dict[str, Any]:
    capsys.readouterr()
    code = main(["shrink", model, "--output", str(output), "--json", *more])
    said = capsys.readouterr()
    assert code == 0, said.err
    found: dict[str, Any] = json.loads(said.out)
    return found


def refusal(capsys: pytest.CaptureFixture[str], model: str, output: Path, *more: str) -> str:
    capsys.readouterr()
    assert main(["shrink", model, "--output", str(output), *more]) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.splitlines()[-1].startswith("shrink: ")
    return said.err


@torch.inference_mode()
def logits(place: Path | str, texts: tuple[str, ...] = TEXTS, **options: Any) -> np.ndarray:
    """As plain transformers answers, text by text, in single precision unless asked otherwise."""
    tokenizer = AutoTokenizer.from_pretrained(place)
    model, report = AutoModelForSequenceClassification.from_pretrained(
        place, output_loading_info=True, **{"dtype": torch.float32, **options}
    )
    assert not report["missing_keys"] and not report["unexpected_keys"]
    return np.stack([model.eval()(**tokenizer(text, return_tensors="pt")).logits[0].float().numpy() for text in texts])


@pytest.mark.parametrize("choice", ["float16", "bfloat16"])
def test_half_rounds_as_torch_does(
    tiny_classifier: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], choice: str
) -> None:
    output = tmp_path / "half"
    found = shrink(capsys, tiny_classifier, output, "--way", f"half={choice}")
    kind = getattr(torch, choice)
    before, after = (load_file(Path(each) / "model.safetensors") for each in (tiny_classifier, output))
    assert set(before) == set(after)
    for name, weight in before.items():
        assert after[name].dtype is kind and torch.equal(after[name], weight.to(kind))
    assert json.loads((output / "config.json").read_text())["dtype"] == choice
    plain = AutoModelForSequenceClassification.from_pretrained(tiny_classifier).to(kind).float()
    rounded = AutoModelForSequenceClassification.from_pretrained(output, dtype=torch.float32)
    ids = torch.arange(5, 15)[None]
    assert torch.equal(plain.eval()(ids).logits, rounded.eval()(ids).logits)
    assert found["ways"] == [f"half={choice}"] and found["rows"] == 0 and found["flips"] is None
    weights = [(Path(each) / "model.safetensors").stat().st_size for each in (tiny_classifier, output)]
    assert found["original"]["bytes"] - found["smaller"]["bytes"] == pytest.approx(weights[0] - weights[1], abs=20)


@pytest.mark.parametrize(
    ("choice", "kept"), [("3", (0, 1, 2)), ("0,2,5", (0, 2, 5)), ("4", (0, 1, 2, 3)), ("1,", None)]
)
def test_layers_are_those_of_a_list_made_by_hand(
    deep_models: dict[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    choice: str,
    kept: tuple[int, ...] | None,
) -> None:
    source, output = deep_models["labels"], tmp_path / "layers"
    if kept is None:
        assert "this model has 6 layers" in refusal(capsys, source, output, "--way", f"layers={choice}")
        return
    shrink(capsys, source, output, "--way", f"layers={choice}")
    whole = AutoModelForSequenceClassification.from_pretrained(source).eval()
    whole.bert.encoder.layer = torch.nn.ModuleList([whole.bert.encoder.layer[layer] for layer in kept])
    assert AutoConfig.from_pretrained(output).num_hidden_layers == len(kept)
    tokenizer = AutoTokenizer.from_pretrained(source)
    with torch.inference_mode():
        wanted = np.stack([whole(**tokenizer(text, return_tensors="pt")).logits[0].numpy() for text in TEXTS])
    assert logits(output) == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("name", ["modernbert", "distilbert", "deberta-v2", "eurobert", "convbert", "megatron-bert"])
def test_layers_of_other_families_are_what_the_states_behind_them_say(
    families: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """The states behind layer 1 of the original are those behind the last layer of two, before a final norm."""
    source, output = families(name), tmp_path / name
    shrink(capsys, source, output, "--way", "layers=2")
    states = []
    for place in (source, output):
        model = AutoModelForSequenceClassification.from_pretrained(place).eval().base_model
        with torch.inference_mode():
            states.append(model(torch.tensor([[6, 7, 8, 9]]), output_hidden_states=True).hidden_states)
    assert len(states[0]) == 4 and len(states[1]) == 3
    assert torch.allclose(states[0][1], states[1][1], atol=1e-6)


@pytest.mark.parametrize("name", WIDE)
def test_heads_cut_out_answer_as_heads_masked(
    families: Any, rows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    source, output = families(name), tmp_path / name
    found = shrink(capsys, source, output, "--way", "heads=1", "--rows", str(rows))
    model = loaded(source)
    main(["prune", source, str(rows), "--json", "--points", "2", "--orders", "1"])
    importance = np.array(json.loads(capsys.readouterr().out)["importance"])
    off = [(layer, int(head)) for layer, head in enumerate(importance.argmin(1))]
    masked = without_heads(model, off)
    wanted = np.stack([masked.heads["text-classification"].logits(masked.encode(text)) for text in TEXTS])
    assert logits(output) == pytest.approx(wanted, abs=1e-5)
    config = AutoConfig.from_pretrained(output)
    assert config.num_attention_heads == 1 and config.head_dim == 8
    lost = found["original"]["parameters"] - found["smaller"]["parameters"]
    bias = 0 if name == "nomic_bert" else 3 * 8
    assert lost == 3 * (4 * 8 * 16 + bias)


def most_important(model: Any, tokenizer: Any, truths: list[torch.Tensor], keep: int) -> torch.Tensor:
    """(layers, keep) neurons, by the gradients of the activations themselves, one text at a time."""
    held: dict[int, torch.Tensor] = {}
    layers = model.base_model.encoder.layer
    handles = [each.intermediate.register_forward_hook(partial(hold, held, at)) for at, each in enumerate(layers)]
    total = torch.zeros(len(layers), model.config.intermediate_size)
    for text, truth in zip(TEXTS, truths, strict=True):
        model(**tokenizer(text, return_tensors="pt"), labels=truth).loss.backward()
        total += torch.stack([(held[at] * held[at].grad).sum((0, 1)).abs().detach() for at in range(len(layers))])
    for handle in handles:
        handle.remove()
    return total.topk(keep).indices


@pytest.mark.parametrize("name", ["bert", "roberta", "electra", "several"])
def test_neurons_cut_out_answer_as_neurons_masked(
    families: Any,
    tiny_models: dict[str, str],
    rows: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
) -> None:
    source, output = tiny_models["several"] if name == "several" else families(name), tmp_path / name
    found = shrink(capsys, source, output, "--way", "neurons=12", "--rows", str(rows))
    tokenizer, model = AutoTokenizer.from_pretrained(source), AutoModelForSequenceClassification.from_pretrained(source)
    numbers = torch.tensor([["low", "middle", "high"].index(label) for label in LABELS])
    truths = torch.eye(3)[numbers] if name == "several" else numbers
    stay = most_important(model.eval(), tokenizer, list(truths.split(1)), 12)
    for kept, layer in zip(stay, model.base_model.encoder.layer, strict=True):
        layer.output.dense.weight.data *= torch.zeros(32).index_fill(0, kept, 1.0)
    with torch.inference_mode():
        wanted = np.stack([model(**tokenizer(text, return_tensors="pt")).logits[0].numpy() for text in TEXTS])
    assert logits(output) == pytest.approx(wanted, abs=1e-5)
    assert AutoConfig.from_pretrained(output).intermediate_size == 12
    assert found["original"]["parameters"] - found["smaller"]["parameters"] == len(stay) * 20 * (16 + 1 + 16)


def test_heads_are_refused_where_transformers_cannot_load_fewer(
    families: Any, tiny_classifier: str, rows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_rows = ("--rows", str(rows))
    said = refusal(capsys, tiny_classifier, tmp_path / "x", "--way", "heads=1", *with_rows)
    assert "divides the width of this kind of model among its heads" in said
    assert "share their keys" in refusal(capsys, families("eurobert"), tmp_path / "x", "--way", "heads=1", *with_rows)
    said = refusal(capsys, families("gte"), tmp_path / "x", "--way", "heads=2", *with_rows)
    assert "each layer of this model has 2 heads, of which 1 can stay" in said
    config = transformers.BertConfig(hidden_size=384, num_attention_heads=12, pruned_heads={0: [1]})
    attention = transformers.BertModel(config).encoder.layer[0].attention.self
    assert attention.query.out_features == 384, "transformers prunes heads again: see smaller/heads.py"


@pytest.mark.parametrize("name", ["bert", "distilbert", "electra", "mpnet", "mobilebert", "squeezebert"])
def test_vocabulary_keeps_the_answers_on_the_rows(
    families: Any, rows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    source, output = families(name), tmp_path / name
    found = shrink(capsys, source, output, "--way", "vocabulary", "--rows", str(rows))
    before, after = (AutoTokenizer.from_pretrained(place) for place in (source, output))
    for text in (*TEXTS, "the cat [MASK]", "a <mask> dog"):
        pieces = [each.convert_ids_to_tokens(each(text)["input_ids"]) for each in (before, after)]
        assert pieces[0] == pieces[1]
    pair = [each.convert_ids_to_tokens(each("the cat", "a dog ran")["input_ids"]) for each in (before, after)]
    assert pair[0] == pair[1]
    assert logits(output) == pytest.approx(logits(source), abs=1e-6)
    entries = after.get_vocab()
    config = AutoConfig.from_pretrained(output)
    assert sorted(entries.values()) == list(range(config.vocab_size)) and config.vocab_size < len(before.get_vocab())
    assert config.pad_token_id == after.pad_token_id and "house" not in entries
    assert all(
        entries[token] == number for number, token in zip(after.all_special_ids, after.all_special_tokens, strict=True)
    )
    assert found["flips"] == 0 and found["smaller"]["accuracy"] == found["original"]["accuracy"]


def test_words_that_were_unknown_stay_unknown() -> None:
    vocabulary = {"ab": 0, "a": 1, "##bc": 2, "abd": 3, "##d": 4}
    assert list(longest_first("abc", vocabulary, "##")) == ["ab"]
    assert list(longest_first("abd", vocabulary, "##")) == ["abd"]
    assert list(longest_first("abdd", vocabulary, "##")) == ["abd", "##d"]
    assert list(longest_first("x", vocabulary, "##")) == []


def test_an_unknown_word_is_not_made_known_by_what_is_struck(tmp_path: Path, capsys: Any) -> None:
    """Greedy pieces: "catx" is "cat" and no "##x"; without "cat" it would be "ca" and "##tx"."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words = ["good", "cat", "ca", "##tx", "cab", "##zz"]
    BertTokenizer(vocab={word: at for at, word in enumerate([*special, *words])}).save_pretrained(tmp_path / "start")
    config = tiny_config(id2label={0: "low", 1: "high"}, num_labels=2)
    config.vocab_size = 11
    BertForSequenceClassification(config).save_pretrained(tmp_path / "start")
    file = tmp_path / "rows.csv"
    file.write_text("text,label\ncatx good,low\nca good catx,high\ncazz good ca,high\nca good tx,low\n")
    shrink(capsys, str(tmp_path / "start"), tmp_path / "out", "--way", "vocabulary", "--rows", str(file))
    before, after = (AutoTokenizer.from_pretrained(tmp_path / name) for name in ("start", "out"))
    assert before.tokenize("catx good") == after.tokenize("catx good") == ["[UNK]", "good"]
    assert "cat" in after.get_vocab() and "cab" not in after.get_vocab()


@pytest.mark.parametrize("name", ["roberta", "camembert", "roc_bert", "esm"])
def test_vocabulary_of_another_algorithm_is_refused(
    families: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("text,label\nL A G V,low\nS E R,high\n")
    said = refusal(capsys, families(name), tmp_path / "x", "--way", "vocabulary", "--rows", str(file))
    assert "is done where words are cut into word pieces" in said and not (tmp_path / "x").exists()


def test_ways_combine_in_their_order_and_figures_are_those_of_others(
    deep_models: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Bytes as the file system counts them, accuracy and macro F1 as scikit-learn does, of plain transformers."""
    source, output, file = deep_models["labels"], tmp_path / "both", tmp_path / "rows.tsv"
    texts = [f"{a} {b} {c}" for a in ("the cat", "a dog", "ice") for b in ("ran", "sat", "was good") for c in ("", "!")]
    names = ["positive" if place % 3 else "negative" for place in range(len(texts))]
    file.write_text("text\tlabel\n" + "".join(f"{text}\t{name}\n" for text, name in zip(texts, names, strict=True)))
    ways = ("vocabulary", "layers=2", "half")
    found = shrink(capsys, source, output, "--way", *ways, "--rows", str(file))
    assert found["ways"] == ["vocabulary", "layers=2", "half=float16"] and found["rows"] == len(texts)
    both = [logits(place, tuple(texts)).argmax(1) for place in (source, output)]
    truth = np.array([name == "positive" for name in names]).astype(int)
    for side, answers in zip((found["original"], found["smaller"]), both, strict=True):
        assert side["accuracy"]["value"] == pytest.approx(accuracy_score(truth, answers))
        assert side["macro_f1"]["value"] == pytest.approx(f1_score(truth, answers, average="macro", zero_division=0))
        assert side["accuracy"]["low"] <= side["accuracy"]["value"] <= side["accuracy"]["high"]
        assert side["one"] > side["many"] > 0
    changed = np.flatnonzero(both[0] != both[1])
    assert found["flips"] == len(changed) and [each["line"] for each in found["flipped"]] == (changed + 2).tolist()
    of_card = sum((output / name).stat().st_size for name in ("README.md", "figures.json"))
    sizes = sum(each.stat().st_size for each in output.iterdir())
    assert found["smaller"]["bytes"] == sizes - of_card
    model = AutoModelForSequenceClassification.from_pretrained(output)
    assert found["smaller"]["parameters"] == model.num_parameters() and model.dtype is torch.float16
    card = (output / "README.md").read_text(encoding="utf-8")
    assert f"{found['smaller']['bytes']:,}" in card and "2 of 6 layers are kept: 0, 1" in card
    (answer,) = pipeline("text-classification", model=str(output))("the cat ran")
    assert answer["label"] in ("negative", "positive")


def test_each_label_by_itself_and_texts_for_a_terminal(
    tiny_models: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("text,label\nthe cat sat,low;high\na dog ran,\nthe play was good,middle\nice,low\n")
    output = tmp_path / "out"
    words = ["shrink", tiny_models["several"], "--way", "layers=1", "--rows", str(file), "--output", str(output)]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "subset accuracy" in said and "layers=1: 1 of 2 layers are kept: 0 (from 0)" in said
    assert "a text in a batch of 32, ms" in said and said.rstrip().endswith(f"written to {output}")
    assert AutoConfig.from_pretrained(output).problem_type == "multi_label_classification"


def written(path: Path, texts: tuple[str, ...], model: str) -> Path:
    """A file of these texts; labels say nothing of what is learnt."""
    names = list(AutoConfig.from_pretrained(model).id2label.values())
    lines = [f"{text}\t{names[place % len(names)]}" for place, text in enumerate(texts)]
    path.write_text("\n".join(["text\tlabel", *lines]), encoding="utf-8")
    return path


def without_dropout(source: str, place: Path) -> str:
    """The same model, whose states are not dropped by chance while it learns."""
    none = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    AutoModelForSequenceClassification.from_pretrained(source, **none).save_pretrained(place)
    AutoTokenizer.from_pretrained(source).save_pretrained(place)
    return str(place)


def test_distil_takes_the_steps_of_a_loop_written_by_hand(
    deep_models: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One batch, read five times: AdamW on the mean squared difference of logits, by plain torch and transformers."""
    source = without_dropout(deep_models["labels"], tmp_path / "start")
    file = written(tmp_path / "learn.tsv", TEXTS[:4], source)
    more = ("--way", "layers=0,3,5", "distil=5", "--learn", str(file), "--rows", str(file))
    found = shrink(capsys, source, tmp_path / "out", *more)
    tokenizer = AutoTokenizer.from_pretrained(source)
    inputs = tokenizer(list(TEXTS[:4]), padding=True, return_tensors="pt")
    teacher, student = (AutoModelForSequenceClassification.from_pretrained(source).eval() for _ in range(2))
    student.bert.encoder.layer = torch.nn.ModuleList([student.bert.encoder.layer[layer] for layer in (0, 3, 5)])
    with torch.inference_mode():
        wanted = teacher(**inputs).logits
    plain, decayed = ([each for each in student.parameters() if (each.ndim > 1) is big] for big in (False, True))
    groups = [{"params": plain, "weight_decay": 0.0}, {"params": decayed, "weight_decay": 0.01}]
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.98), eps=1e-6)
    losses = []
    for factor in (1.0, 1.0, 1.0, 1.0, 0.5):  # five steps: one to rise, two to fall
        for group in optimizer.param_groups:
            group["lr"] = 2e-4 * factor
        loss = ((student(**inputs).logits - wanted.clone()) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(student.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
    student.bert.config.num_hidden_layers = 3
    with torch.inference_mode():
        expected = np.stack([student(**tokenizer(text, return_tensors="pt")).logits[0].numpy() for text in TEXTS])
    assert losses[-1] < losses[0] - 1e-3
    assert logits(tmp_path / "out") == pytest.approx(expected, abs=1e-5)
    assert found["ways"] == ["layers=0,3,5", "distil=5"]
    assert found["done"][1] == "4 texts were read 5 times to learn the original's logits"


def test_a_distilled_model_comes_nearer_to_its_original_than_the_cut_one(
    deep_models: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a vocabulary of its own, too: what teaches reads the same texts by its own numbers."""
    source = deep_models["labels"]
    texts = tuple(f"{a} {b} ." for a in ("the cat", "a dog", "ice") for b in ("ran", "sat", "was good", "was not good"))
    file = written(tmp_path / "learn.tsv", texts, source)
    cut = ("--way", "vocabulary", "layers=2", "--rows", str(file))
    shrink(capsys, source, tmp_path / "cut", *cut)
    shrink(capsys, source, tmp_path / "out", *cut[:3], "distil=40", *cut[3:], "--learn", str(file))
    wanted, cut_off, taught = (logits(place, texts) for place in (source, tmp_path / "cut", tmp_path / "out"))
    assert np.abs(taught - wanted).mean() < 0.5 * np.abs(cut_off - wanted).mean()
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "12 texts were read 40 times to learn the original's logits" in card


def test_distil_says_what_does_not_fit(
    tiny_classifier: str, rows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    long = tmp_path / "long.csv"
    long.write_text(f"text,label\n{'the cat ' * 300},low\na dog,high\n")
    learn = ("--learn", str(rows))
    for said, *more in (
        ("distil learns from the original's answers", "layers=1", "distil"),
        ("Write it behind another, such as layers=3", "distil", *learn),
        ("distil=0 does not fit", "layers=1", "distil=0", *learn),
        ("distil=x does not fit", "layers=1", "distil=x", *learn),
        ("Write half behind it", "half", "distil", *learn),
        ("Text 1 to learn from has more tokens than the", "layers=1", "distil", "--learn", str(long)),
        ("none.csv", "layers=1", "distil", "--learn", str(tmp_path / "none.csv")),
    ):
        assert said in refusal(capsys, tiny_classifier, tmp_path / "new", "--way", *more)
    assert not (tmp_path / "new").exists()


def test_bad_input_is_a_sentence_and_leaves_nothing(
    families: Any, tiny_classifier: str, tiny_masked: str, rows: Path, tmp_path: Path, capsys: Any
) -> None:
    there, new = tmp_path / "there", tmp_path / "new"
    there.mkdir()

    def cut(choice: str) -> tuple[str, ...]:
        return "--way", f"neurons={choice}", "--rows", str(rows)

    for said, model, output, *more in (
        ("already. Name another directory with --output", tiny_classifier, there, "--way", "half"),
        ("There is no way 'smaller'. Choose of: half, layers", tiny_classifier, new, "--way", "smaller"),
        ("half=int4 is no type", tiny_classifier, new, "--way", "half=int4"),
        ("layers=2 does not fit: this model has 2 layers", tiny_classifier, new, "--way", "layers=2"),
        ("layers=0 does not fit", tiny_classifier, new, "--way", "layers=0"),
        ("Say what layers is to keep", tiny_classifier, new, "--way", "layers"),
        ("vocabulary takes no choice", tiny_classifier, new, "--way", "vocabulary=3"),
        ("vocabulary is decided by rows", tiny_classifier, new, "--way", "vocabulary"),
        ("neurons=32 does not fit: each layer of this model has 32", tiny_classifier, new, *cut("32")),
        ("neurons=0 does not fit", tiny_classifier, new, *cut("0")),
        ("where layers are of BERT's shape", families("distilbert"), new, *cut("3")),
        ("heads is decided by rows", tiny_classifier, new, "--way", "heads=1"),
        ("have the same weights", families("albert"), new, "--way", "layers=1"),
        ("is not made as layer 0 is", families("modernbert"), new, "--way", "layers=1,2"),
        ("has no labels. Choose a classifier", tiny_masked, new, "--way", "half"),
        ("There is no model", "nothing here", new, "--way", "half"),
        ("none.csv", tiny_classifier, new, "--way", "half", "--rows", str(tmp_path / "none.csv")),
    ):
        assert said in refusal(capsys, model, output, *more)
    assert [each.name for each in tmp_path.iterdir()] == ["there"] and not list(there.iterdir())


def test_a_weight_too_large_for_float16_is_refused(tiny_classifier: str, tmp_path: Path, capsys: Any) -> None:
    model = AutoModelForSequenceClassification.from_pretrained(tiny_classifier)
    with torch.no_grad():
        model.classifier.bias[0] = 1e5
    model.save_pretrained(tmp_path / "start")
    AutoTokenizer.from_pretrained(tiny_classifier).save_pretrained(tmp_path / "start")
    said = refusal(capsys, str(tmp_path / "start"), tmp_path / "out", "--way", "half")
    assert "too large for float16. Write half=bfloat16" in said
    shrink(capsys, str(tmp_path / "start"), tmp_path / "out", "--way", "half=bfloat16")


def test_layers_that_are_chosen() -> None:
    assert chosen("2", 6) == [0, 1] and chosen("1,3,5", 6) == [1, 3, 5]
    for wrong in ("6", "0", "-1", "x", "", "0,0", "3,1", "0,6", "0,1,2,3,4,5", "1,"):
        with pytest.raises(ChoiceError):
            chosen(wrong, 6)


def test_help_and_documents_name_every_way() -> None:
    names = [way.name for way in SMALLER_WAYS]
    words = ["half", "layers=2", "heads=3", "neurons=5", "vocabulary", "distil=2"]
    assert [way.name for way, _ in parsed(words, True, True)] == names[:-1]
    page = (Path(__file__).resolve().parents[3] / "docs" / "models.md").read_text(encoding="utf-8")
    assert all(f"| `{way.name}" in page and way.name in described() for way in SMALLER_WAYS)


def test_rows_of_two_texts_keep_their_answers(
    tiny_classifier: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "rows.csv"
    lines = [f"{text},the dog was {text.split()[-1]},{label}" for text, label in zip(TEXTS[:4], LABELS, strict=False)]
    file.write_text("\n".join(["premise,hypothesis,label", *lines]))
    found = shrink(capsys, tiny_classifier, tmp_path / "out", "--way", "vocabulary", "--rows", str(file))
    assert found["rows"] == 4 and found["flips"] == 0
    answers = []
    for place in (tiny_classifier, tmp_path / "out"):
        tokenizer, model = (
            AutoTokenizer.from_pretrained(place),
            AutoModelForSequenceClassification.from_pretrained(place),
        )
        with torch.inference_mode():
            inputs = tokenizer("the cat sat", "the dog was sat", return_tensors="pt")
            answers.append(model.eval()(**inputs).logits.numpy())
    assert answers[0] == pytest.approx(answers[1], abs=1e-6)


def test_int8_says_what_it_needs_and_is_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(int8, "PACKAGES", ("no_such_package", "torch"))
    with pytest.raises(
        ModelKindError, match=r"int8 needs no_such_package, not installed here\. Install: pip install onnx=="
    ):
        parsed(["half", "int8"], False)
    monkeypatch.setattr(int8, "PACKAGES", ("torch",))
    assert [way.name for way, _ in parsed(["half", "int8"], False)] == ["half", "int8"]
    for wrong in (["int8", "half"], ["int8", "int8"]):
        with pytest.raises(ChoiceError, match="Write it last"):
            parsed(wrong, False)
    with pytest.raises(ChoiceError, match="--learn is for distil"):
        parsed(["half"], False, True)


class Alone:
    """What answers in the place of a model, text by text: plain transformers."""

    def __init__(self, place: str) -> None:
        self.model = AutoModelForSequenceClassification.from_pretrained(place).eval()
        self.asked: list[int] = []

    def inputs(self, model: Any, encoding: Any) -> dict[str, torch.Tensor]:
        return dict(model.encoder.inputs(encoding))

    def logits(self, inputs: dict[str, torch.Tensor]) -> np.ndarray:
        self.asked.append(len(inputs["input_ids"]))
        with torch.inference_mode():
            found: np.ndarray = self.model(**inputs).logits.numpy()
        return found


def test_what_answers_text_by_text_is_scored_as_a_model_is(tiny_classifier: str) -> None:
    """Long texts, too: the mean of their windows."""
    texts = (*TEXTS, "the cat sat on ice . " * 12)
    rows = Rows(tuple(zip(texts, (*LABELS, "low"), strict=True)), tuple(range(2, 9)), 1000)
    model, alone = loaded(tiny_classifier), Alone(tiny_classifier)
    (wanted, encodings), (found, _) = (
        evaluated(model, rows, lambda *both: None),
        evaluated(
            model,
            rows,
            lambda *both: None,
            alone,  # type: ignore[arg-type]
        ),
    )
    windows = sum(len(each.windows) for each in encodings)
    assert alone.asked == [1] * windows and windows > len(texts)
    assert found.probabilities == pytest.approx(wanted.probabilities, abs=1e-6)
    assert found.accuracy == wanted.accuracy and found.macro_f1 == wanted.macro_f1
