"""Loaded models: once, within their memory, never one in use; and what a visitor may name."""

from __future__ import annotations

import gc
import os
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from conftest import save_tokenizer, tiny_config
from huggingface_hub import constants
from safetensors.torch import load_file, save_file
from small_hub import COMMIT, Faults, small_hub
from test_download import point_to
from transformers import BertForSequenceClassification, PreTrainedModel

from bert_demo import BertService, Settings
from bert_demo.core.errors import (
    BrokenModelError,
    CancelledError,
    ChoiceError,
    HubError,
    ModelComingError,
    ModelsBusyError,
    ModelSizeError,
    NoSuchModelError,
    TextError,
)
from bert_demo.core.scheduler import Scheduler
from bert_demo.models import pool
from bert_demo.models.loading.validate import read_headers
from bert_demo.models.pool import ModelPool
from bert_demo.models.surgery.without_heads import without_heads
from bert_demo.registry.models import CATALOGUE, find
from bert_demo.registry.names import card_of
from bert_demo.tasks.classification import label_logits
from bert_demo.web import metrics
from bert_demo.web.components import about

ID = "someone/tiny"


@pytest.fixture
def faults(tmp_path: Path, tiny_classifier: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Faults]:
    """A hub with one model, and an empty cache."""
    given = Faults()
    with small_hub({ID: Path(tiny_classifier)}, given) as (address, _):
        point_to(monkeypatch, address, tmp_path / "cache")
        yield given


@pytest.fixture(scope="module")
def middling(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Four directories with classifiers of 1.7 MB each."""
    found = []
    for number in range(4):
        directory = tmp_path_factory.mktemp("middling") / str(number)
        save_tokenizer(directory)
        torch.manual_seed(number)
        settings = tiny_config(num_labels=3)
        settings.hidden_size, settings.intermediate_size = 128, 512
        BertForSequenceClassification(settings).save_pretrained(directory)
        found.append(str(directory))
    return found


def at_once(count: int, call: object) -> list[object]:
    """What so many threads get that call at once: an answer or an error."""
    found: list[object] = []
    start = threading.Barrier(count)

    def run() -> None:
        start.wait()
        try:
            found.append(call())  # type: ignore[operator]
        except Exception as error:
            found.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found


def until(condition: object, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.01)


def test_model_is_downloaded_once_however_many_ask(faults: Faults) -> None:
    faults.delay = 0.2
    service = BertService()
    answers = at_once(12, lambda: service.classify("the cat", model=ID).labels)
    assert len(answers) == 12 and len(set(answers)) == 1
    assert sum("model.safetensors" in path for path in faults.asked) == 2, "one HEAD, one GET"
    assert [path for path in faults.asked if path.startswith("/api/")] == [f"/api/models/{ID}/revision/main"]


def test_how_far_a_download_is(faults: Faults, tiny_classifier: str) -> None:
    faults.pause = True
    shelved = ModelPool(Settings())
    asking = threading.Thread(target=shelved.lend, args=(ID,))
    asking.start()
    weights = (Path(tiny_classifier) / "model.safetensors").stat().st_size
    until(lambda: [each.planned - each.done for each in shelved.loading() if each.planned] == [weights])
    assert shelved.loading()[0].name == ID
    faults.go.set()
    asking.join(20)
    assert shelved.loading() == () and list(shelved.held()) == [ID]


def test_download_that_stops_is_not_waited_for(faults: Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    """And it is there for whoever asks when it came after all."""
    monkeypatch.setattr(pool, "STALLED", 0.5)
    monkeypatch.setattr(constants, "HF_HUB_DOWNLOAD_TIMEOUT", 30)
    faults.pause = True
    shelved = ModelPool(Settings())
    with pytest.raises(HubError, match="has sent nothing for"):
        shelved.lend(ID)
    faults.go.set()
    until(lambda: not shelved.loading())
    assert shelved.lend(ID).info.revision == COMMIT


def test_server_does_not_let_its_threads_wait_for_a_download(faults: Faults) -> None:
    faults.pause = True
    shelved = ModelPool(Settings())
    shelved.patience = 0.3
    with pytest.raises(ModelComingError):
        shelved.lend(ID)
    until(lambda: shelved.loading()[0].planned)
    for _ in range(2):
        begun = time.monotonic()
        with pytest.raises(ModelComingError, match=r"is being downloaded: 0 of 0 MB are here\. Ask again"):
            shelved.lend(ID)
        assert time.monotonic() - begun < 2
    assert sum("model.safetensors" in path for path in faults.asked) <= 2, "asked once, however often it was asked for"
    faults.go.set()
    until(lambda: not shelved.loading())
    assert shelved.lend(ID).info.revision == COMMIT
    assert shelved.lend("base").info.name == "base", "from this disk it is waited for"


def test_waiting_for_a_place_is_no_stalled_download(faults: Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "AT_ONCE", 1)
    monkeypatch.setattr(pool, "STALLED", 0.5)
    monkeypatch.setattr(constants, "HF_HUB_DOWNLOAD_TIMEOUT", 30)
    faults.pause = True
    shelved = ModelPool(Settings())
    line = Scheduler({"all": 2})
    line.put("all", "first", "x", lambda: shelved.lend(ID))
    until(lambda: shelved.loading() and shelved.loading()[0].planned)
    second = line.put("all", "second", "x", lambda: shelved.lend(f"{ID}@{COMMIT}"))
    until(lambda: len(shelved.loading()) == 2)
    time.sleep(1.2)
    assert not second.future.done(), "nobody has begun to wait for the hub"
    shelved.patience = 0.3
    with pytest.raises(ModelComingError, match=rf"^The model '{ID}@{COMMIT}' waits until .* Ask again in a moment\.$"):
        shelved.lend(f"{ID}@{COMMIT}")
    faults.go.set()
    assert second.future.result(20).info.revision == COMMIT


def test_asking_the_hub_is_no_download(faults: Faults) -> None:
    faults.delay = 1.5
    shelved = ModelPool(Settings())
    shelved.patience = 0.3
    with pytest.raises(ModelComingError, match=rf"^The hub is being asked for the model '{ID}'\. Ask again"):
        shelved.lend(ID)
    until(lambda: not shelved.loading())
    assert shelved.lend(ID).info.revision == COMMIT


def test_question_whose_model_is_on_its_way_counts_once(faults: Faults) -> None:
    def value(name: str, **labels: str) -> float:
        return metrics.REGISTRY.get_sample_value(name, {"lens": "coming", **labels}) or 0.0

    faults.pause = True
    shelved = ModelPool(Settings())
    shelved.patience = 0.3
    for _ in range(3):
        with pytest.raises(ModelComingError), metrics.observed("coming"):
            shelved.lend(ID)
    assert value("bert_demo_requests_total") == 1 and value("bert_demo_seconds_count") == 0
    assert value("bert_demo_errors_total", type="ModelComingError") == 0
    faults.go.set()
    until(lambda: not shelved.loading())
    for expected in (1, 2):
        with metrics.observed("coming"):
            shelved.lend(ID)
        assert value("bert_demo_requests_total") == expected == value("bert_demo_seconds_count")


def test_who_leaves_does_not_end_the_download(faults: Faults) -> None:
    faults.pause = True
    shelved = ModelPool(Settings())
    line = Scheduler({"one": 1})
    ticket = line.put("one", "somebody", "classify", lambda: shelved.lend(ID))
    until(lambda: shelved.loading())
    ticket.cancel()
    with pytest.raises(CancelledError):
        ticket.future.result(10)
    faults.go.set()
    until(lambda: not shelved.loading())
    assert list(shelved.held()) == [ID]


def test_pool_repeats_a_failure_without_asking(faults: Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    faults.status = 503
    service = BertService()
    for _ in range(3):
        with pytest.raises(HubError, match="503"):
            service.classify("the cat", model=ID)
    assert len(faults.asked) == 1
    faults.status = 200
    later = time.monotonic() + pool.REMEMBERED
    monkeypatch.setattr(pool.time, "monotonic", lambda: later)
    assert service.classify("the cat", model=ID).revision == COMMIT


def test_thousands_of_invented_names_leave_nothing_behind(faults: Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "FAILURES", 5)
    shelved = ModelPool(Settings())
    for number in range(20):
        with pytest.raises(NoSuchModelError):
            shelved.lend(f"no-one/nothing-{number}")
    assert shelved.loading() == () and shelved.held() == {} and len(shelved.failures()) == 5
    assert shelved.reserved() == 0 and not list(Path(constants.HF_HUB_CACHE).rglob("*"))


def test_only_so_many_models_are_on_their_way(faults: Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "WAITING", 3)
    faults.delay = 0.6
    shelved = ModelPool(Settings())
    names = iter([f"no-one/nothing-{number}" for number in range(6)])
    kinds = sorted(type(each).__name__ for each in at_once(6, lambda: shelved.lend(next(names))))
    assert kinds == ["ModelsBusyError"] * 3 + ["NoSuchModelError"] * 3


def test_bytes_are_those_of_the_weights_each_once(service: BertService, tiny_masked: str) -> None:
    service.classify("A warm film.")
    stored = read_headers((Path(find("base").source) / "model.safetensors",), "base")  # type: ignore[union-attr]
    encoder = 4 * sum(torch.Size(each.shape).numel() for name, each in stored.items() if name.startswith("bert."))
    held = service.models_held()["sentiment"]
    assert encoder < held < 1.02 * encoder
    weights = load_file(Path(tiny_masked) / "model.safetensors")
    positions = 2 * 8 * 32  # two buffers of one number for each position
    service.fill_mask("the [MASK]", tiny_masked)
    assert service.models_held()[tiny_masked] == sum(each.nbytes for each in weights.values()) + positions


def test_least_recently_used_goes_first_and_leaves_nothing(middling: list[str]) -> None:
    first, second, third, _ = middling
    service = BertService(Settings(models_mb=4))
    gc.collect()
    gc.disable()  # nothing that goes is in a reference cycle
    try:
        for model in (first, second, first):
            service.classify("the cat", model=model)
        service.attention("the cat", model=second)
        service.ablate("the cat", ((0, 0),), model=second)
        service.attribute("the cat", model=second, steps=4)
        encoder = service.model(second).encoder
        service.classify("the cat", model=first)
        held = [encoder.module, encoder.fast(), *encoder.module.parameters()]
        gone = [weakref.ref(each) for each in held]
        del encoder, held
        service.classify("the cat", model=third)
        assert list(service.models_held()) == [first, third]
        assert [each() is None for each in gone] == [True] * len(gone)
    finally:
        gc.enable()
    assert sum(service.models_held().values()) < 4 * 10**6


def test_model_in_use_stays(middling: list[str]) -> None:
    first, second, third, _ = middling
    shelved = ModelPool(Settings(models_mb=4))
    used, other = shelved.lend(first), shelved.lend(second)
    with pytest.raises(ModelsBusyError, match="while the loaded ones are in use"):
        shelved.lend(third)
    encoding = used.encode("the cat")
    twin = without_heads(used, [(0, 0)])
    expected = label_logits(twin, encoding)
    del used, other
    shelved.lend(third)
    assert list(shelved.held()) == [first, third], "the twin of the first is in use"
    assert (label_logits(twin, encoding) == expected).all()
    del twin
    shelved.lend(second)
    assert first not in shelved.held()


def test_nothing_is_given_up_for_what_has_no_room_all_the_same(middling: list[str], tmp_path: Path) -> None:
    first, second, *_ = middling
    save_tokenizer(tmp_path)
    settings = tiny_config(num_labels=3)
    settings.hidden_size, settings.intermediate_size = 192, 768
    BertForSequenceClassification(settings).save_pretrained(tmp_path)
    shelved = ModelPool(Settings(models_mb=4))
    used = shelved.lend(first)
    shelved.lend(second)
    with pytest.raises(ModelsBusyError, match="while the loaded ones are in use"):
        shelved.lend(str(tmp_path))
    assert list(shelved.held()) == [first, second]
    del used
    shelved.lend(str(tmp_path))
    assert list(shelved.held()) == [str(tmp_path)]


def test_model_is_not_in_use_after_an_error_or_stop(middling: list[str]) -> None:
    """Though those who asked still hold what they were told."""

    def stop(done: int, planned: int) -> None:
        raise CancelledError("The work was stopped.")

    service, line = BertService(Settings()), Scheduler({"one": 1})
    model = middling[0]
    service.classify("the cat", model=model)
    gc.collect()
    gc.disable()
    try:
        wrong = line.put("one", "a", "x", lambda: service.classify("the [CLS] cat", model=model))
        assert isinstance(wrong.future.exception(20), TextError) and not service.models_in_use()
        stopped = line.put("one", "a", "x", lambda: service.attribute("the cat", model=model, on_progress=stop))
        assert isinstance(stopped.future.exception(20), CancelledError) and not service.models_in_use()
    finally:
        gc.enable()


def test_half_a_model_is_not_kept(middling: list[str], tmp_path: Path) -> None:
    """It is refused when its weights are in memory; they are given back at once, without a search for cycles."""

    def models() -> int:
        return sum(type(each) is BertForSequenceClassification for each in gc.get_objects())

    save_tokenizer(tmp_path)
    for file in Path(middling[0]).iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    tensors = load_file(tmp_path / "model.safetensors")
    save_file(tensors | {"classifier.bias": torch.full((3,), float("inf"))}, tmp_path / "model.safetensors")
    shelved = ModelPool(Settings())
    gc.collect()
    before = models()
    gc.disable()
    try:
        with pytest.raises(BrokenModelError, match="are no numbers"):
            shelved.lend(str(tmp_path))
        assert models() == before and shelved.reserved() == 0 and shelved.held() == {}
    finally:
        gc.enable()


def test_guests_go_before_bundled_models(middling: list[str]) -> None:
    shelved = ModelPool(Settings())
    base = shelved.lend("base").info
    shelved.lend(middling[0])
    held = shelved.held()
    small = ModelPool(Settings(models_mb=-(-sum(held.values()) // 10**6)))
    for model in ("base", middling[0], middling[1]):
        small.lend(model)
    assert list(small.held()) == ["base", middling[1]] and small.known("base") == base
    assert small.known(middling[0]) is None and small.known(["base"]) is None


def test_too_large_for_the_memory_or_the_limit(middling: list[str], tmp_path: Path) -> None:
    with pytest.raises(ModelSizeError, match="needs 2 MB of memory; this server has 1 MB"):
        BertService(Settings(models_mb=1)).classify("the cat", model=middling[0])
    with pytest.raises(ModelSizeError, match="is larger than the 1 MB that this server takes"):
        BertService(Settings(max_model_mb=1)).classify("the cat", model=middling[0])
    halves = tmp_path / "halves"
    save_tokenizer(halves)
    for file in Path(middling[0]).iterdir():
        (halves / file.name).write_bytes(file.read_bytes())
    tensors = load_file(halves / "model.safetensors")
    save_file({name: each.half() for name, each in tensors.items()}, halves / "model.safetensors")
    with pytest.raises(ModelSizeError, match="needs 2 MB of memory"):
        BertService(Settings(models_mb=1, max_model_mb=1)).classify("the cat", model=str(halves))


def test_many_models_in_many_threads_keep_to_the_memory(middling: list[str]) -> None:
    service = BertService(Settings(models_mb=4, cache_mb=0))
    expected = {model: BertService().classify("the cat", model=model).labels for model in middling}
    most = 0
    wrong: list[object] = []

    def ask(seed: int) -> None:
        nonlocal most
        for number in range(8):
            model = middling[(seed + number) % 4]
            try:
                if service.classify("the cat", model=model).labels != expected[model]:
                    wrong.append(model)
            except ModelsBusyError:
                continue
            except Exception as error:
                wrong.append(error)
            most = max(most, sum(service.models_held().values()))

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == [] and 0 < most <= 4 * 10**6
    assert PreTrainedModel.tie_weights.__name__ == "tie_weights", "transformers replaces it while it loads a model"


BAD = [
    "../../etc", "/etc/../etc/passwd", "~", "~/models", "~root/x", "file:///etc/passwd", "http://localhost/a/b",
    "https://huggingface.co/google-bert/bert-base-uncased", "hf://google-bert/bert-base-uncased", "C:\\Windows\\Temp",
    "\\\\server\\share", "//server/share", "a\x00b/c", "someone/ti\x00ny", "some\u043ene/tiny",
    "\uff0e\uff0e/\uff0e\uff0e",
    "someone\u2215tiny", "someone/tiny\n", " someone/tiny", "someone/tiny ", "a/b/c", "someone/..", "../tiny",
    ".someone/tiny", "someone/.tiny", "-someone/tiny", "someone/tiny-", "someone--else/tiny", "someone/tiny.git",
    "someone/tiny@", "someone/tiny@../../main", "someone/tiny@/etc/passwd", "someone/tiny@a//b", "someone/tiny@.hidden",
    "someone/tiny@a/../b", "someone/tiny@x.lock", "someone/tiny@" + "a" * 200, "someone/tiny@main@main", "x" * 100_000,
    "a/" + "b" * 97, "/" * 5_000, "a/b?x=1", "a/b#c", "a/b%2e%2e", "someone:tiny", "$HOME/x", "`id`/x", "<b>/x", "",
]  # fmt: skip


@pytest.mark.parametrize("name", BAD, ids=lambda name: ascii(name)[:40])
def test_no_other_name_reaches_disk_or_hub(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for allowed in ("any", "hub", "catalogue"):
        with pytest.raises(ChoiceError) as raised:
            card_of(name, allowed)
        assert len(str(raised.value)) < 400 and "\x00" not in str(raised.value)


def test_directories_are_for_those_who_may_name_any(
    tiny_classifier: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = tmp_path / "link"
    link.symlink_to(tiny_classifier)
    monkeypatch.chdir(Path(tiny_classifier).parent)
    for name in (tiny_classifier, str(link), os.path.relpath(tiny_classifier), "."):
        assert card_of(name, "any").revision == "local"
        for allowed in ("hub", "catalogue"):
            with pytest.raises(ChoiceError):
                card_of(name, allowed)
    (tmp_path / "someone").mkdir()
    (tmp_path / "someone" / "tiny").symlink_to(tiny_classifier)
    monkeypatch.chdir(tmp_path)
    assert card_of(ID, "hub").revision == "main", "a directory of that name is not looked at"


def test_hub_ids_and_their_revisions() -> None:
    for name, source, revision in (
        ("google-bert/bert-base-uncased", "google-bert/bert-base-uncased", "main"),
        ("someone/tiny@refs/pr/1", ID, "refs/pr/1"),
        (f"someone/tiny@{COMMIT}", ID, COMMIT),
        ("some_one/t.i-n_y@v1.0", "some_one/t.i-n_y", "v1.0"),
    ):
        card = card_of(name, "hub")
        assert (card.name, card.source, card.revision) == (name, source, revision)
    assert card_of("google-bert/bert-base-uncased", "catalogue") == find("google-bert/bert-base-uncased")
    with pytest.raises(ChoiceError, match="This server offers no others but those of its list, such as google-bert"):
        card_of(ID, "catalogue")


def test_rows_of_the_catalogue() -> None:
    names = [card.name for card in CATALOGUE]
    assert names[:5] == ["sentiment", "topics", "spam", "entities", "base"]
    assert names[5:8] == ["bilingual", "sentiment-zh", "topics-zh"]
    assert len(set(names)) == len(names)
    assert [card.bundled for card in CATALOGUE] == [True] * 8 + [False] * (len(names) - 8)
    assert [card.name for card in CATALOGUE if card.at_start] == [*names[:3], "base"]
    for card in CATALOGUE[8:]:
        assert card_of(card.source, "hub") == card and card.revision == "main"
        assert card.tasks and card.licence != "unknown" and card.language and card.description.endswith(".")
        assert bool(card.labels) == ("text-classification" in card.tasks)


def test_model_that_is_no_longer_as_the_catalogue_says(tiny_classifier: str, tmp_path: Path, monkeypatch) -> None:
    """What was loaded is what counts, and the row says that it differs."""
    name = "bhadresh-savani/distilbert-base-uncased-emotion"
    with small_hub({name: Path(tiny_classifier)}) as (address, _):
        point_to(monkeypatch, address, tmp_path)
        service = BertService(Settings(models="catalogue"))
        assert service.labels(name)[0] == "sadness"
        assert {each.label for each in service.classify("the cat", model=name).labels} == {"low", "middle", "high"}
    assert service.labels(name) == ("low", "middle", "high")
    assert "have changed since" in service.describe(name).description
    assert service.describe("base").description == find("base").description  # type: ignore[union-attr]


def test_what_the_page_says_about_a_model_of_the_catalogue() -> None:
    said = about.card("bhadresh-savani/distilbert-base-uncased-emotion")
    assert "Its labels: sadness, joy, love" in said and "Licence: Apache-2.0" in said and "first asks it" in said
    assert "figures" in about.card("base").lower() and about.card(ID).startswith("This model is not bundled")
