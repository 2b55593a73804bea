"""What the tests share: the service on the bundled models, and a tiny random BERT for what needs no knowledge."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    BertConfig,
    BertForMaskedLM,
    BertForPreTraining,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertForTokenClassification,
    BertTokenizer,
)

from bert_demo import BertService, Settings

BROWSER = "tests/system/browser/"
OPENED = ExitStack()
"""What the browser tests share, to be closed behind the last of them."""
ROOT = Path(__file__).resolve().parent.parent
MODELS = ROOT / "assets" / "models"
OPENING = "Not a masterpiece, but a warm and funny film that never outstays its welcome."
WORDS = "the a cat dog sat ran on in mat house good bad film was is not very happy sad ice water play ##ing ##s . , !"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come first, and have more time: only against hanging, since a page waits for its own server."""
    for item in items:
        if BROWSER in item.nodeid and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(300))
    items.sort(key=lambda item: BROWSER not in item.nodeid)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Playwright's event loop runs as long as it is open, and the tests behind have loops of their own."""
    if BROWSER in item.nodeid and (nextitem is None or BROWSER not in nextitem.nodeid):
        OPENED.close()


def pytest_sessionfinish() -> None:
    """Also when the tests are stopped before the end."""
    OPENED.close()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """With `-n 2` one worker has all browser tests, and so one server and one browser; the other does the rest."""
    from xdist.scheduler import LoadScopeScheduling

    class OneBrowser(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return BROWSER if BROWSER in nodeid else nodeid

    return OneBrowser(config, log)


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> BertService:
    """The service with its default settings, but for the place of what is trained."""
    return BertService(Settings(cache_dir=str(tmp_path_factory.mktemp("cache"))))


@pytest.fixture
def at_hand(service: BertService, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands use the service whose models are loaded."""
    monkeypatch.setattr("bert_demo.service.bert_service.BertService", lambda settings: service)


def save_tokenizer(directory: Path) -> None:
    """A WordPiece vocabulary of a few words."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    directory.mkdir(parents=True, exist_ok=True)
    vocabulary = {word: number for number, word in enumerate([*special, *WORDS.split()])}
    BertTokenizer(vocab=vocabulary, do_lower_case=True, model_max_length=32).save_pretrained(directory)


def tiny_config(**changes: object) -> BertConfig:
    """2 layers, 2 heads, 16 hidden, 32 positions."""
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    count = 5 + len(WORDS.split())
    return BertConfig(vocab_size=count, max_position_embeddings=32, initializer_range=0.5, **sizes, **changes)


@pytest.fixture(scope="session")
def tiny_classifier(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A directory with a random classifier of three labels, read 32 tokens at a time."""
    directory = tmp_path_factory.mktemp("tiny") / "classifier"
    save_tokenizer(directory)
    torch.manual_seed(0)
    labels = {0: "low", 1: "middle", 2: "high"}
    BertForSequenceClassification(tiny_config(id2label=labels, num_labels=3)).save_pretrained(directory)
    return str(directory)


TAGS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")


@pytest.fixture(scope="session")
def tiny_tagger(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A directory with a random classifier of tokens, read 32 at a time."""
    directory = tmp_path_factory.mktemp("tiny") / "tagger"
    save_tokenizer(directory)
    torch.manual_seed(1)
    model = BertForTokenClassification(tiny_config(id2label=dict(enumerate(TAGS))))
    with torch.no_grad():
        model.classifier.weight.mul_(2)
        model.classifier.bias[0] = -3.0  # so that it finds many
    model.save_pretrained(directory)
    return str(directory)


@pytest.fixture(scope="session")
def tiny_answerer(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A directory with a random model that finds answers, 32 tokens at a time; what transformers 4.57.1 says of it
    stands in answers_of_transformers_4_57_1.json."""
    directory = tmp_path_factory.mktemp("tiny") / "answerer"
    save_tokenizer(directory)
    torch.manual_seed(11)
    model = BertForQuestionAnswering(tiny_config())
    with torch.no_grad():
        model.qa_outputs.weight.mul_(3)
    model.save_pretrained(directory)
    return str(directory)


@pytest.fixture(scope="session")
def tiny_regressor(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A directory with a random model that gives one number, which it calls "stars"."""
    directory = tmp_path_factory.mktemp("tiny") / "regressor"
    save_tokenizer(directory)
    torch.manual_seed(3)
    config = tiny_config(id2label={0: "stars"}, num_labels=1, problem_type="regression")
    BertForSequenceClassification(config).save_pretrained(directory)
    return str(directory)


@pytest.fixture(scope="session")
def tiny_masked(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A directory with a random masked-language model."""
    directory = tmp_path_factory.mktemp("tiny") / "masked"
    save_tokenizer(directory)
    torch.manual_seed(0)
    BertForMaskedLM(tiny_config()).save_pretrained(directory)
    return str(directory)


@pytest.fixture(scope="session")
def tiny_sentences(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A directory with a random model that fills masks and says whether a second sentence follows."""
    directory = tmp_path_factory.mktemp("tiny") / "sentences"
    save_tokenizer(directory)
    torch.manual_seed(0)
    BertForPreTraining(tiny_config()).save_pretrained(directory)
    return str(directory)


@pytest.fixture(scope="session")
def deep_models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Directories of two random models of six layers of twelve heads, as the bundled ones have, each head of 2."""
    places = {}
    for name, kind in (("labels", BertForSequenceClassification), ("words", BertForMaskedLM)):
        directory = tmp_path_factory.mktemp("deep") / name
        save_tokenizer(directory)
        torch.manual_seed(0)
        config = tiny_config(id2label={0: "negative", 1: "positive"}, num_labels=2)
        config.num_hidden_layers, config.num_attention_heads, config.hidden_size = 6, 12, 24
        config.initializer_range = 0.2  # wider, six layers in single precision would be off by more than 1e-6
        kind(config).save_pretrained(directory)
        places[name] = str(directory)
    return places


@pytest.fixture(scope="session")
def tiny_models(
    tmp_path_factory: pytest.TempPathFactory,
    tiny_classifier: str,
    tiny_masked: str,
    tiny_sentences: str,
    tiny_tagger: str,
    tiny_answerer: str,
) -> dict[str, str]:
    """Directories of tiny models by what they can do; of classifiers also one that judges each label by itself."""
    places = {"labels": tiny_classifier, "words": tiny_masked, "sentences": tiny_sentences}
    places |= {"tags": tiny_tagger, "answers": tiny_answerer}
    torch.manual_seed(0)
    labels = {0: "low", 1: "middle", 2: "high"}
    makers = {
        "several": lambda: BertForSequenceClassification(
            tiny_config(id2label=labels, num_labels=3, problem_type="multi_label_classification")
        ),
        "single": lambda: BertForSequenceClassification(tiny_config(id2label={0: "low"}, num_labels=1)),
    }
    for name, make in makers.items():
        directory = tmp_path_factory.mktemp("tiny") / name
        save_tokenizer(directory)
        make().save_pretrained(directory)
        places[name] = str(directory)
    return places


@cache
def oracle_classifier(name: str, **options: object) -> object:
    """A bundled classifier as peft makes it of base and adapter: the oracle of the service, which merges by itself.

    It is made once; nothing may change it.
    """
    from peft import PeftModel

    config = AutoConfig.from_pretrained(MODELS / name)
    base = MODELS / ("bilingual" if name.endswith("-zh") else "base")
    model = AutoModelForSequenceClassification.from_pretrained(base, config=config, **options)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
        return PeftModel.from_pretrained(model, str(MODELS / name)).merge_and_unload().eval()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The real app in a process of its own, warm; its log is checked for tracebacks at the end."""
    port = free_port()
    log = tmp_path_factory.mktemp("server") / "log.txt"
    environment = {**os.environ, "BERT_DEMO_PORT": str(port), "PYTHONUNBUFFERED": "1"}
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=stream, stderr=subprocess.STDOUT
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_until_warm(address, process, log)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=20)
    text = log.read_text(encoding="utf-8")
    assert "Traceback" not in text, text
    assert "masterpiece" not in text, "a visitor's text was logged"


def _wait_until_warm(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 100
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text(encoding="utf-8")
        try:
            with urllib.request.urlopen(f"{address}/config", timeout=5) as answer:
                if "panel decision" in answer.read().decode("utf-8"):
                    return
        except OSError:
            pass
        time.sleep(1)
    raise AssertionError(f"the app did not get warm: {log.read_text(encoding='utf-8')}")
