"""Training: masking by the paper's shares, packing by hand, resuming, publishing, and learning something."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import save_tokenizer, tiny_config
from transformers import (
    AutoModelForMaskedLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertConfig,
    BertForMaskedLM,
    BertForPreTraining,
    pipeline,
)

from bert_demo import BertService, Settings
from bert_demo.cli.main import main
from bert_demo.core.errors import BadDataError
from bert_demo.data.labelled import Labelled
from bert_demo.models.surgery.at_positions import head_at
from bert_demo.models.surgery.shared_copy import shared_copy
from bert_demo.training.evaluation.classification import probabilities
from bert_demo.training.finetuning import classifier
from bert_demo.training.loop import Schedule
from bert_demo.training.pretraining import corpus, masked_lm, packing
from bert_demo.training.pretraining.masking import MaskingRule, mask_tokens, rates_by_frequency


@pytest.fixture
def start(tmp_path: Path) -> Path:
    directory = tmp_path / "start"
    save_tokenizer(directory)
    torch.manual_seed(1)
    BertForMaskedLM(tiny_config()).save_pretrained(directory)
    return directory


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    lines = ["The cat sat on the mat. A dog ran in the house!", "The film was good."]
    path.write_text("\n\n".join(lines * 150), encoding="utf-8")
    return path


def test_masks_follow_the_shares_of_the_paper() -> None:
    ids = torch.randint(5, 1000, (400, 128), generator=torch.Generator().manual_seed(0))
    ids[:, 0], ids[:, -1] = 2, 3
    rule = MaskingRule(mask_id=4, vocabulary=1000, special_ids=(0, 1, 2, 3, 4), share=0.15)
    corrupted, chosen = mask_tokens(ids, rule, torch.Generator().manual_seed(1))
    assert not chosen[:, 0].any() and not chosen[:, -1].any()
    assert float(chosen[:, 1:-1].float().mean()) == pytest.approx(0.15, abs=0.01)
    assert float((corrupted[chosen] == 4).float().mean()) == pytest.approx(0.8, abs=0.02)
    assert float((corrupted[chosen] == ids[chosen]).float().mean()) == pytest.approx(0.1, abs=0.02)
    assert torch.equal(corrupted[~chosen], ids[~chosen])
    again, _ = mask_tokens(ids, rule, torch.Generator().manual_seed(1))
    assert torch.equal(again, corrupted)


def test_frequent_tokens_are_masked_less_and_the_share_is_kept() -> None:
    """One token of 90 %, one of 10 %, threshold 0.1: weights 1/3 and 1, so 0.15 = r (0.3 + 0.1) and r = 0.375."""
    rates = rates_by_frequency(np.array([0] * 900 + [1] * 100), 3, 0.15, threshold=0.1)
    assert rates.tolist() == pytest.approx([0.125, 0.375, 0.375])


def test_every_row_gets_a_mask() -> None:
    ids = torch.tensor([[2, 7, 3]] * 50)
    _, chosen = mask_tokens(ids, MaskingRule(4, 10, (0, 1, 2, 3, 4)), torch.Generator().manual_seed(0))
    assert chosen[:, 1].all() and int(chosen.sum()) == 50


def test_pieces_are_whole_sentences_of_one_document() -> None:
    sentences = np.array([0, 4, 9, 12, 20])
    documents = np.array([0, 3, 4])
    made = corpus.Corpus(np.arange(20), sentences, documents)

    def cut(length: int, single: float) -> list[list[int]]:
        found = packing.pack(made, packing.Mixture(length, single), np.random.default_rng(0))
        assert (found[:, 2:] == [0, 0, packing.NO_PAIR]).all()
        return found[:, :2].tolist()

    assert cut(10, 0.0) == [[0, 9], [9, 12], [12, 20]]
    assert cut(10, 1.0) == [[0, 4], [4, 9], [9, 12], [12, 20]]
    assert cut(3, 0.0) == [[0, 3], [3, 4], [4, 7], [7, 9], [9, 12], [12, 15], [15, 18], [18, 20]]


def test_batches_hold_every_piece_once_within_the_budget() -> None:
    lengths = np.random.default_rng(0).integers(1, 100, 5000)
    ends = np.cumsum(lengths)
    none = np.zeros_like(ends)
    cut = np.stack([ends - lengths, ends, none, none, none + packing.NO_PAIR], axis=1)
    groups = packing.batches(cut, 2048, np.random.default_rng(1))
    assert sorted(np.concatenate(groups).tolist()) == list(range(5000))
    for group in groups:
        assert (lengths[group].max() + 2) * len(group) <= 2048


def test_the_head_at_some_positions_is_the_whole_head_there(start: Path) -> None:
    model = AutoModelForMaskedLM.from_pretrained(start).eval()
    ids = torch.randint(5, 20, (3, 9))
    rows, columns = torch.tensor([0, 2, 2]), torch.tensor([4, 1, 8])
    with torch.no_grad():
        whole = model(input_ids=ids).logits[rows, columns]
        part = head_at(model, rows, columns)(input_ids=ids).logits[:, 0]
    assert torch.allclose(whole, part, atol=1e-6)
    copy = shared_copy(model)
    mine, theirs = dict(model.named_parameters()), dict(copy.named_parameters())
    assert all(mine[name] is theirs[name] for name in mine)
    assert copy.bert.encoder is not model.bert.encoder


def test_a_resumed_run_is_an_unbroken_one(tmp_path: Path, start: Path, text: Path) -> None:
    lines: list[str] = []

    def run(name: str, *steps: int):
        for count in steps:
            task = masked_lm.MaskedLMTask(str(start), (text,), tmp_path / name, length=24, batch_tokens=256)
            schedule = Schedule(count, 1e-3, warmup=0.0, decay=0.0, checkpoint_every=5)
            model, _ = masked_lm.pretrain(task, schedule, lines.append)
        return torch.cat([parameter.detach().ravel() for parameter in model.parameters()])

    assert torch.equal(run("unbroken", 16), run("broken", 7, 16))
    assert any("resumed at step 7" in line for line in lines)


def test_a_foreign_checkpoint_is_refused(tmp_path: Path, start: Path, text: Path) -> None:
    output = tmp_path / "run"
    (output / "checkpoints").mkdir(parents=True)
    torch.save({"model": {}, "optimizer": {}, "step": 3}, output / "checkpoints" / "mlm.pt")
    with pytest.raises(BadDataError, match="belongs to another model or run"):
        masked_lm.pretrain(
            masked_lm.MaskedLMTask(str(start), (text,), output, length=24), Schedule(2, 1e-3), lambda _: None
        )


def test_train_mlm_makes_a_model_that_transformers_loads(tmp_path: Path, start: Path, text: Path, capsys) -> None:
    words = ["train", "mlm", "--start", str(start), "--text", str(text), "--output", str(tmp_path / "run")]
    assert main([*words, "--steps", "300", "--length", "24", "--learning-rate", "0.01"]) == 0
    out = capsys.readouterr().out
    made = tmp_path / "run" / "model"
    assert f"written to {made}" in out and "perplexity" in out
    best = pipeline("fill-mask", model=str(made))("The cat sat on the [MASK] .")[0]
    assert best["token_str"] == "mat"
    model = AutoModelForMaskedLM.from_pretrained(made)
    assert model.dtype == torch.float32
    from safetensors.torch import load_file

    assert {tensor.dtype for tensor in load_file(made / "model.safetensors").values()} == {torch.float16}
    card = (made / "README.md").read_text(encoding="utf-8")
    assert "license: apache-2.0" in card and "perplexity" in card and "text.txt" in card and str(tmp_path) not in card
    assert AutoTokenizer.from_pretrained(made).backend_tokenizer.truncation is None


def test_train_classifier_learns_and_measures(tmp_path: Path, start: Path, capsys) -> None:
    rows = ["sentence\tlabel"]
    nouns = ("cat", "dog", "house", "mat", "film", "water", "ice")
    for first in nouns:
        for second in nouns:
            for verb in ("sat", "ran", "was", "play"):
                rows += [f"the {first} {verb} {second} good\t1", f"a {first} {verb} {second} bad\t0"]
    data = tmp_path / "rows.tsv"
    data.write_text("\n".join(rows), encoding="utf-8")
    words = ["train", "classifier", "--start", str(start), "--parted", str(data), "--labels", "no", "yes"]
    words += ["--output", str(tmp_path / "run"), "--epochs", "15", "--learning-rate", "0.003"]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert (
        f"accuracy, every 10th row of {tmp_path.name}/rows.tsv, left out of training: 100.0 % (100.0 to 100.0)" in out
    )
    model = AutoModelForSequenceClassification.from_pretrained(tmp_path / "run" / "model")
    assert model.config.id2label == {0: "no", 1: "yes"}
    answer = pipeline("text-classification", model=str(tmp_path / "run" / "model"))("a cat was bad")
    assert answer[0]["label"] == "no"


def test_the_learning_rate_rises_stays_and_falls() -> None:
    schedule = Schedule(100, 1.0, warmup=0.1, decay=0.5)
    assert [schedule.factor(step) for step in (0, 4, 9, 30, 50, 75, 99)] == pytest.approx(
        [0.1, 0.5, 1.0, 1.0, 1.0, 0.5, 0.02]
    )


def test_a_temperature_is_found_again(start: Path) -> None:
    """Logits of a calibrated model times 3: dividing them by 3 is what fits, and answers stay."""
    model = AutoModelForSequenceClassification.from_pretrained(start, num_labels=2).eval()
    tokenizer = AutoTokenizer.from_pretrained(start)
    texts = tuple(
        f"the {a} {b} {c}" for a in ("cat", "dog") for b in ("sat", "ran", "was") for c in ("good", "bad", ".")
    )
    rng = np.random.default_rng(0)
    scores = probabilities(model, tokenizer, texts)[:, 1]
    many = [(text, int(rng.random() < score)) for text, score in zip(texts, scores, strict=True) for _ in range(400)]
    with torch.no_grad():
        model.classifier.weight.mul_(3)
        model.classifier.bias.mul_(3)
    data = Labelled(tuple(text for text, _ in many), tuple(label for _, label in many))
    before = probabilities(model, tokenizer, texts)
    assert classifier.calibrate(model, tokenizer, data) == pytest.approx(3, rel=0.15)
    after = probabilities(model, tokenizer, texts)
    assert (before.argmax(1) == after.argmax(1)).all()
    assert after[:, 1] == pytest.approx(scores, abs=0.03)


def test_the_blend_lies_between_two_models(start: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    save_tokenizer(other)
    torch.manual_seed(9)
    BertForMaskedLM(tiny_config()).save_pretrained(other)
    model = AutoModelForMaskedLM.from_pretrained(start)
    mine = model.bert.encoder.layer[0].intermediate.dense.weight.detach().clone()
    head = model.cls.predictions.transform.dense.weight.detach().clone()
    masked_lm.blend_encoder(model, str(other), 0.25)
    theirs = AutoModelForMaskedLM.from_pretrained(other).bert.encoder.layer[0].intermediate.dense.weight
    found = model.bert.encoder.layer[0].intermediate.dense.weight
    assert torch.allclose(found, 0.75 * mine + 0.25 * theirs, atol=1e-6)
    assert torch.equal(model.cls.predictions.transform.dense.weight, head)
    save_tokenizer(tmp_path / "wide")
    BertForMaskedLM(BertConfig(**(tiny_config().to_dict() | {"intermediate_size": 64}))).save_pretrained(
        tmp_path / "wide"
    )
    with pytest.raises(BadDataError, match="cannot be blended in"):
        masked_lm.blend_encoder(model, str(tmp_path / "wide"), 0.25)


def test_train_mlm_with_pairs_makes_both_heads(tmp_path: Path, start: Path, text: Path, capsys) -> None:
    words = ["train", "mlm", "--start", str(start), "--text", str(text), "--output", str(tmp_path / "run")]
    lines = ["The cat sat. A dog ran in the house! The film was bad.", "The film was good. It was sad."]
    text.write_text("\n\n".join(lines * 200), encoding="utf-8")
    assert main([*words, "--steps", "4", "--length", "24", "--pair-probability", "0.5", "--blend", str(start)]) == 0
    assert "next sentence, accuracy" in capsys.readouterr().out
    made = BertForPreTraining.from_pretrained(tmp_path / "run" / "model")
    assert made.cls.seq_relationship.weight.shape == (2, 16)
    service = BertService(Settings())
    answer = service.next_sentence("the cat sat .", "a dog ran .", str(tmp_path / "run" / "model"))
    assert answer.is_next + answer.not_next == pytest.approx(1)


def test_a_start_that_is_not_there(tmp_path: Path, text: Path, capsys) -> None:
    words = ["train", "mlm", "--start", str(tmp_path / "none"), "--text", str(text), "--output", str(tmp_path / "run")]
    assert main([*words, "--steps", "4"]) == 2
    assert "There is no model to start from" in capsys.readouterr().err
