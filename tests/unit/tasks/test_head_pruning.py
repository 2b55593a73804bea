"""Pruning: labels judged one by one, the lines of a file, a flood, and a stop that ends the work within one batch."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from calls import Calls
from conftest import save_tokenizer, tiny_config
from loaded import Passes, loaded
from sklearn.metrics import accuracy_score
from transformers import BertForSequenceClassification

from bert_demo import BertService, Settings
from bert_demo.api.endpoints import BY_NAME
from bert_demo.api.run import run
from bert_demo.cli.main import main
from bert_demo.core.errors import BadDataError, CancelledError, ChoiceError
from bert_demo.data.labelled import read_labelled_rows
from bert_demo.models import collation
from bert_demo.models.surgery import each_head_off as each_head
from bert_demo.models.surgery.without_heads import with_gates, without_heads
from bert_demo.tasks.classification import label_logits
from bert_demo.tasks.head_pruning import passes
from bert_demo.views.figures import head_pruning as plots
from bert_demo.web.components.head_pruning import panels
from bert_demo.web.job_runner import JobProgress
from bert_demo.web.tab import Ask

LABELS = ("joy", "love", "fear; dread")
TEXTS = [f"{a} {b} {c}" for a in ("the cat", "a dog ran") for b in ("sat", "was not good") for c in ("", "on ice .")]


@pytest.fixture(scope="module")
def judging(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A random classifier that judges each of three labels by itself."""
    directory = tmp_path_factory.mktemp("judging")
    save_tokenizer(directory)
    torch.manual_seed(3)
    config = tiny_config(id2label=dict(enumerate(LABELS)), num_labels=3, problem_type="multi_label_classification")
    BertForSequenceClassification(config).save_pretrained(directory)
    return str(directory)


def labelled(source: str) -> tuple[list[tuple[str, str]], np.ndarray]:
    """Rows, half of them right with every head on, and their labels as scikit-learn takes them."""
    model = loaded(source)
    truth = np.stack([label_logits(model, model.encode(text))[0] > 0 for text in TEXTS])
    truth[::2, 1] ^= True
    return [(text, ";".join(np.array(LABELS)[row])) for text, row in zip(TEXTS, truth, strict=True)], truth


def test_several_labels_by_scikit_learns_subset_accuracy(service: BertService, judging: str) -> None:
    rows, truth = labelled(judging)
    assert any(not label for _, label in rows) or any(";" in label for _, label in rows)
    curve = service.prune(rows, judging, points=4, orders=1)
    assert curve.measure == "subset accuracy" and curve.accuracy[0] == 0.5
    model = loaded(judging)
    for count, found in zip(curve.counts, curve.accuracy, strict=True):
        variant = without_heads(model, curve.order[:count]) if count else model
        scores = torch.tensor(np.stack([label_logits(variant, model.encode(text))[0] for text in TEXTS])).sigmoid()
        assert found == accuracy_score(truth, scores.numpy() > 0.5)
    plain = BertForSequenceClassification.from_pretrained(judging).eval()
    whole = []
    for text, row in zip(TEXTS, truth, strict=True):
        inputs = model.encoder.inputs(model.encode(text))
        whole.append(plain(**inputs, labels=torch.tensor(row[None], dtype=torch.float32)).logits[0] > 0)
    assert curve.accuracy[0] == accuracy_score(truth, torch.stack(whole).numpy())


def test_importance_where_labels_are_judged_one_by_one(service: BertService, judging: str) -> None:
    """Against a difference quotient of the loss that transformers itself trains such a model with."""
    rows, truth = labelled(judging)
    curve = service.prune(rows[:3], judging, points=2, orders=1)
    model = loaded(judging)
    slopes = np.zeros((2, 2))
    module, gates = with_gates(model.encoder.module.double())
    for (text, _), row in zip(rows[:3], truth, strict=False):
        inputs = model.encoder.inputs(model.encode(text))
        for layer, head in np.ndindex(2, 2):
            losses = []
            for value in (1 - 1e-2, 1 + 1e-2):
                gates[layer].value = torch.ones(1, 2, dtype=torch.float64)
                gates[layer].value[0, head] = value  # type: ignore[index]
                losses.append(float(module(**inputs, labels=torch.tensor(row[None], dtype=torch.float64)).loss))
            gates[layer].value = None
            slopes[layer, head] += abs(losses[1] - losses[0])
    assert curve.importance == pytest.approx(slopes / np.sqrt((slopes**2).sum(1, keepdims=True)), abs=1e-3)


def test_several_labels_on_the_page_and_in_the_command(
    service: BertService, judging: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, _ = labelled(judging)
    content = "text\tlabel\n\n" + "".join(f"{text}\t{label.upper()}\n" for text, label in rows)
    read = read_labelled_rows(content, LABELS, several=True)
    assert read.rows == tuple((text.strip(), label) for text, label in rows) and read.lines == tuple(range(3, 11))
    figure, panel = panels(service, Ask("x", "", judging), content, JobProgress())
    curve = service.prune(rows, judging)
    assert list(figure.data[0].y) == curve.accuracy.tolist() and figure.layout.yaxis.title.text == "subset accuracy"
    assert "check ok" in panel and "50.0% are right" in panel and "Subset accuracy of" in panel
    assert "a text is right when all its labels are, at 0.5" in panel
    (tmp_path / "rows.tsv").write_text(content, encoding="utf-8")
    assert main(["prune", judging, str(tmp_path / "rows.tsv"), "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["measure"] == "subset accuracy" and record == Calls(service).prune(rows, judging)
    assert main(["prune", judging, str(tmp_path / "rows.tsv")]) == 0
    assert "heads off  subset accuracy" in capsys.readouterr().out
    with pytest.raises(BadDataError, match="Labelled text 2: 'grim' is none of"):
        service.prune([("a", "joy"), ("b", "joy;grim")], judging)
    with pytest.raises(BadDataError, match="Labelled text 1: 'negative;positive' is none of"):
        service.prune([("a", "negative;positive"), ("b", "negative")])


def test_call_over_http_ends_in_time(service: BertService, tiny_classifier: str) -> None:
    at_once = replace(BY_NAME["prune"], seconds=-1)
    rows = [["the cat", "low"], ["a dog", "high"]]
    with pytest.raises(ChoiceError, match="Send fewer rows, or ask for fewer points"):
        run(at_once, service, {"rows": rows, "model": tiny_classifier})


def test_axis_names_the_measure(service: BertService, tiny_classifier: str) -> None:
    curve = service.prune([("the cat", "low"), ("a dog", "high")], tiny_classifier, points=2, orders=1)
    assert curve.measure == "accuracy" and plots.curve_figure(curve).layout.yaxis.title.text == "accuracy"


LONG = "cat " * 40


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (f"text,label\n\n\nthe cat,low\n\n{LONG},high\n", "Line 6: the text has more tokens than the 32"),
        (f'text,label\n"the\n\ncat, sat",low\n{LONG},high\n', "Line 5: the text has more tokens"),
        (f'\n\n"the\ncat",low\n{LONG},high\n', "Line 5: the text has more tokens"),
        ("the cat\tlow\n\n[SEP] cat\thigh\n", "Line 3: The text spells [SEP]"),
        ("the cat\tlow\r\n\r\n\u200b\thigh\r\n", "Line 3: The text holds no character that this model reads"),
    ],
)
def test_errors_name_the_line_on_the_page_and_in_the_command(
    service: BertService, tiny_classifier: str, tmp_path: Path, capsys: Any, content: str, says: str
) -> None:
    with pytest.raises(BadDataError, match=re.escape(says)):
        panels(service, Ask("x", "", tiny_classifier), content, JobProgress())
    file = tmp_path / ("rows.tsv" if "\t" in content else "rows.csv")
    file.write_bytes(content.encode("utf-8"))
    assert main(["prune", tiny_classifier, str(file)]) == 2
    assert says in capsys.readouterr().err


class Stops:
    """Progress that is stopped at the n-th word of it that something was done."""

    def __init__(self, at: int) -> None:
        self.left = at

    def __call__(self, done: int, _: int) -> None:
        self.left -= done > 0
        if not self.left:
            raise CancelledError("The work was stopped.")


@pytest.mark.parametrize("at", [1, 2, 5, 9, 14])
def test_stop_ends_pruning_before_the_next_batch(
    service: BertService, tiny_classifier: str, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """Eight texts in batches of two or three: four batches of the importance, then those of each accuracy."""
    monkeypatch.setattr(collation, "TOKENS_AT_ONCE", 20)
    with Passes("BertForSequenceClassification") as counted:
        with pytest.raises(CancelledError):
            service.prune([(text, "low") for text in TEXTS], tiny_classifier, 4, 1, on_progress=Stops(at))
        assert counted.count == at


@pytest.mark.parametrize("at", [1, 3, 8])
def test_head_effects_stop_before_the_next_batch(
    monkeypatch: pytest.MonkeyPatch, tiny_classifier: str, at: int
) -> None:
    """Four heads in batches of one: the untouched model reads once before them, its states come from its encoder."""
    service = BertService()
    monkeypatch.setattr(each_head, "TOKENS_AT_ONCE", 1)
    with Passes("BertForSequenceClassification") as counted:
        if at < 5:
            with pytest.raises(CancelledError):
                service.head_worth(TEXTS[0], model=tiny_classifier, target="low", on_progress=Stops(at))
        else:
            service.head_worth(TEXTS[0], model=tiny_classifier, target="low", on_progress=Stops(at))
        assert counted.count == (1 + at if at < 5 else 1 + 4 + 1)


def test_stop_ends_the_reading_of_the_rows(service: BertService, tiny_classifier: str) -> None:
    seen = []

    def watch(done: int, planned: int) -> None:
        seen.append((done, planned))
        if len(seen) == 3:
            raise CancelledError("The work was stopped.")

    with pytest.raises(CancelledError):
        service.prune([(text, "low") for text in TEXTS], tiny_classifier, on_progress=watch)
    assert seen == [(0, 8)] * 3


TWENTY = "the cat was not happy , a good film is very sad ! a dog ran on"
"""18 words: 20 tokens."""


@pytest.mark.parametrize(
    ("model", "text", "target"),
    [("labels", TWENTY, None), ("words", TWENTY.replace("sad", "[MASK]"), "happy")],
    ids=["label", "filling"],
)
def test_head_effects_in_batches_are_the_whole(
    deep_models: dict[str, str], monkeypatch: pytest.MonkeyPatch, model: str, text: str, target: str | None
) -> None:
    """20 tokens, 12 heads in 6 layers: a layer in three parts; a layer by itself; layers by 2, and by 4 and 2."""
    service = BertService(Settings(cache_mb=0))

    def changes() -> np.ndarray:
        return service.head_worth(text, model=deep_models[model], target=target).changes

    whole = changes()
    assert np.abs(whole).max() > 0.05
    for tokens in (100, 240, 500, 1000):
        monkeypatch.setattr(each_head, "TOKENS_AT_ONCE", tokens)
        assert changes() == pytest.approx(whole, abs=5e-5), tokens
    monkeypatch.undo()
    monkeypatch.setattr(each_head, "NUMBERS_AT_ONCE", 1)
    assert changes() == pytest.approx(whole, abs=5e-5)


def test_head_effects_of_several_layers_are_one_run(
    deep_models: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """20 tokens: all six layers at once, or 4 and 2, beside the untouched model and the check."""
    service = BertService(Settings(cache_mb=0))
    service.classify(TWENTY, model=deep_models["labels"])
    for tokens, runs in ((2048, 1), (1000, 2), (500, 3), (240, 6), (100, 18)):
        monkeypatch.setattr(each_head, "TOKENS_AT_ONCE", tokens)
        with Passes("BertForSequenceClassification") as counted:
            service.head_worth(TWENTY, model=deep_models["labels"], target="positive")
            assert counted.count == runs + 2


def test_prune_refuses_a_flood_before_anything_is_read(service: BertService, deep_models: dict[str, str]) -> None:
    api = Calls(service)
    assert passes(10, 3) == 39
    seen: list[tuple[int, int]] = []
    rows = [("good", "positive"), ("bad", "negative")]
    service.prune(rows, deep_models["labels"], on_progress=lambda *both: seen.append(both))
    assert seen[-1] == (2 * passes(10, 3),) * 2
    many = [["a good film " * 10, "positive"]] * 900
    message = (
        "The texts have 108,000 characters (one counts as 20 at least) and would be read 39 times: 4,212,000, where"
    )
    with pytest.raises(BadDataError, match=re.escape(message)) as refused:
        api.prune(many)
    assert "a request may ask for 4,000,000. Send fewer or shorter texts, ask for fewer points" in str(refused.value)
    with pytest.raises(BadDataError, match="read 2,082 times"):
        api.prune([["good", "positive"]] * 200, points=100, orders=20)
    with pytest.raises(BadDataError, match="There are 2001 labelled texts; from 2 to 2000"):
        api.prune([["good", "positive"]] * 2001)
    with pytest.raises(BadDataError, match="Labelled text 1: The text must be a string"):
        api.prune([[7, "positive"], ["b", "negative"]])  # type: ignore[list-item]
