"""From a hub to this disk: what is fetched, what is refused before, and every way in which a hub can fail."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from email.utils import formatdate
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import ROOT
from huggingface_hub import constants
from safetensors.torch import load_file, save_file
from small_hub import COMMIT, OLDER, Faults, small_hub

from bert_demo import BertService, Settings
from bert_demo.core.errors import (
    BrokenModelError,
    HubError,
    ModelAccessError,
    ModelKindError,
    ModelLoadError,
    ModelSizeError,
    NoSuchModelError,
)
from bert_demo.models.loading import download, hub_calls
from bert_demo.models.loading.download import fetch
from bert_demo.models.loading.hub_cache import sweep

ID = "someone/tiny"
MOST = 10**9


class Hub:
    """A hub with one repository, which tests may change, and an empty cache."""

    def __init__(self, repository: Path, cache: Path, faults: Faults, served: list[str], address: str) -> None:
        self.repository, self.cache, self.faults, self.served, self.address = repository, cache, faults, served, address

    def fetch(self, revision: str = "main", most: int = MOST, **options: object) -> Path:
        return fetch(ID, revision, most, **options).directory

    def configure(self, **changes: object) -> None:
        path = self.repository / "config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    def leftovers(self) -> list[str]:
        return [path.name for path in self.cache.rglob("*.incomplete")]


@pytest.fixture
def hub(tmp_path: Path, tiny_classifier: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    repository = tmp_path / "repository"
    shutil.copytree(tiny_classifier, repository)
    (repository / "pytorch_model.bin").write_bytes(b"a pickle")
    (repository / "modeling_tiny.py").write_text("raise SystemExit('code of a repository was run')")
    (repository / "README.md").write_text("words")
    faults = Faults()
    with small_hub({ID: repository}, faults) as (address, served):
        point_to(monkeypatch, address, tmp_path / "cache")
        yield Hub(repository, tmp_path / "cache", faults, served, address)


def point_to(monkeypatch: pytest.MonkeyPatch, address: str, cache: Path) -> None:
    """What HF_ENDPOINT, HF_HOME and the timeouts do at import."""
    monkeypatch.setattr(constants, "ENDPOINT", address)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", address + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HUB_DOWNLOAD_TIMEOUT", 3)
    monkeypatch.setattr(hub_calls, "PATIENCE", 0.5)


def test_fetch_takes_and_reports_only_what_is_needed(hub: Hub) -> None:
    told: list[tuple[int, int]] = []
    directory = hub.fetch(on_bytes=lambda done, planned: told.append((done, planned)))
    names = {"config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"}
    assert {path.name for path in directory.iterdir()} == names == set(hub.served)
    assert hub.served[-1] == "model.safetensors"
    planned = sum((hub.repository / name).stat().st_size for name in names)
    assert told[0] == (0, planned) and told[-1] == (planned, planned)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    for name in names:
        assert (directory / name).read_bytes() == (hub.repository / name).read_bytes()
    assert hub.fetch() == directory and len(hub.served) == 4


def test_commit_that_is_complete_here_asks_nobody(hub: Hub) -> None:
    directory = hub.fetch()
    hub.faults.asked.clear()
    assert hub.fetch(COMMIT) == directory and hub.faults.asked == []


def test_broken_transfer_goes_on_where_it_broke(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """The client goes on from the last whole piece, of 10 MB by itself. Nothing of the name is logged."""
    caplog.set_level("INFO")
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 1_000)
    hub.faults.cut, hub.faults.cuts = 5_000, 2
    told: list[int] = []
    directory = hub.fetch(on_bytes=lambda done, _: told.append(done))
    assert (directory / "model.safetensors").read_bytes() == (hub.repository / "model.safetensors").read_bytes()
    assert hub.faults.ranges == ["bytes=5000-", "bytes=10000-"]
    assert told == sorted(told)
    assert "tiny" not in caplog.text + "".join(capfd.readouterr())


def test_shards_are_fetched_by_their_index(hub: Hub) -> None:
    tensors = load_file(hub.repository / "model.safetensors")
    (hub.repository / "model.safetensors").unlink()
    shards = {name: f"model-0000{1 + place % 2}-of-00002.safetensors" for place, name in enumerate(sorted(tensors))}
    for shard in set(shards.values()):
        save_file({name: tensors[name] for name in tensors if shards[name] == shard}, hub.repository / shard)
    index = hub.repository / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": shards}))
    assert len(list(hub.fetch().glob("*.safetensors"))) == 2
    found = BertService().classify("the cat", model=ID)
    assert [each.label for each in found.labels] == [
        each.label for each in BertService().classify("the cat", model=str(hub.repository)).labels
    ]
    second = min(hub.cache.rglob("model-00002*"))
    second.unlink()
    hub.faults.status = 503
    with pytest.raises(HubError):
        hub.fetch()
    index.write_text(json.dumps({"weight_map": {"a": "../../../etc/passwd"}}))
    with pytest.raises(BrokenModelError, match=r"index\.json of the model .* cannot be read"):
        BertService().classify("the cat", model=str(hub.repository))


@pytest.mark.parametrize(
    ("fault", "kind", "message"),
    [
        ({"status": 404, "code": "RepoNotFound"}, NoSuchModelError, "There is no model 'someone/tiny' on the hub"),
        ({"status": 401, "code": "RepoNotFound"}, ModelAccessError, "it is private, or there is no such model"),
        ({"status": 403, "code": "GatedRepo"}, ModelAccessError, "is gated: accept its terms"),
        ({"status": 403}, ModelAccessError, "it is private"),
        ({"status": 404}, HubError, r"answers with an error \(404\)"),
        ({"file_status": 401, "file_code": "GatedRepo", "gated": "manual"}, ModelAccessError, "is gated"),
        ({"status": 500}, HubError, r"answers with an error \(500\)"),
        ({"status": 429}, HubError, r"hub is busy \(429\) .* Try again in a minute"),
        ({"status": 503, "retry_after": "90"}, HubError, r"busy \(503\) .* asks to be left alone for 90 seconds"),
        ({"body": b"<html>Welcome to the hotel's network</html>"}, HubError, "cannot be understood"),
        ({"body": b'{"id": "someone/tiny"}'}, HubError, "cannot be understood"),
        ({"body": b"[1, 2]"}, HubError, "cannot be understood"),
        ({"body": b'{"id": "a/b", "sha": "../../x", "siblings": []}'}, HubError, "cannot be understood"),
        ({"damaged": True}, HubError, "sent model.safetensors .* damaged or cut short"),
        ({"sizes": {"model.safetensors": 99}}, HubError, "damaged or cut short"),
        ({"sizes": {"model.safetensors": 2 * MOST}}, ModelSizeError, "has 2,000 MB; this server takes .* 1,000 MB"),
    ],
)
def test_what_a_hub_refuses_or_gets_wrong(hub: Hub, fault: dict[str, object], kind: type, message: str) -> None:
    for name, value in fault.items():
        setattr(hub.faults, name, value)
    with pytest.raises(kind, match=message):
        hub.fetch()
    assert not list(hub.cache.rglob("refs/main")) and hub.leftovers() == []
    assert fault == {"damaged": True} or "sizes" in fault or "model.safetensors" not in hub.served
    for name in fault:
        setattr(hub.faults, name, getattr(Faults(), name))
    assert (hub.fetch() / "model.safetensors").is_file()


@pytest.mark.parametrize("status", [429, 503])
def test_busy_hub_is_asked_again_after_as_long_as_it_wants(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(hub_calls, "PATIENCE", 8.0)
    hub.faults.status, hub.faults.refusals, hub.faults.retry_after = status, 2, "1"
    begun = time.monotonic()
    assert (hub.fetch() / "model.safetensors").is_file()
    assert 2 <= time.monotonic() - begun < 8
    assert len([path for path in hub.faults.asked if path.startswith("/api/models/")]) == 3


def test_date_until_which_a_busy_hub_wants_to_be_left_alone_is_read(hub: Hub) -> None:
    hub.faults.status = 429
    hub.faults.retry_after = formatdate(time.time() + 100, usegmt=True)
    with pytest.raises(HubError, match=r"left alone for (9[5-9]|100) seconds"):
        hub.fetch()


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "tokenizer_config.json"])
def test_small_file_that_comes_damaged_is_fetched_anew(hub: Hub, name: str) -> None:
    """Of the right length, so that its size tells nothing; what the hub says of it is git's sha1."""
    hub.faults.odd = {name: 1}
    directory = hub.fetch()
    assert (directory / name).read_bytes() == (hub.repository / name).read_bytes()
    assert hub.served.count(name) == 2
    hub.faults.odd = {name: 9}
    (directory / name).resolve().write_bytes(b"<" + (hub.repository / name).read_bytes()[1:])
    with pytest.raises(HubError, match=f"sent {name} of the model .* damaged"):
        hub.fetch()
    assert not (directory / name).exists()
    hub.faults.odd = {}
    assert (hub.fetch() / name).read_bytes() == (hub.repository / name).read_bytes()


def test_small_file_that_was_damaged_here_is_fetched_anew(hub: Hub) -> None:
    kept = hub.fetch() / "tokenizer.json"
    kept.resolve().write_bytes(kept.read_bytes()[::-1])
    hub.served.clear()
    assert (hub.fetch() / "tokenizer.json").read_bytes() == (hub.repository / "tokenizer.json").read_bytes()
    assert hub.served == ["tokenizer.json"]
    oracle = subprocess.run(
        ["git", "hash-object", str(kept)], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert download.git_sha1(kept) == oracle


def test_missing_revision_is_not_a_missing_model(hub: Hub) -> None:
    with pytest.raises(NoSuchModelError, match="has no revision 'nonsense'"):
        hub.fetch("nonsense")


def without(name: str) -> Callable[[Hub], None]:
    return lambda hub: (hub.repository / name).unlink()


def adapter(hub: Hub) -> None:
    """As peft saves one."""
    for name in ("config.json", "model.safetensors"):
        (hub.repository / name).rename(hub.repository / f"adapter_{name}")


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        (without("model.safetensors"), ModelKindError, "no safetensors file"),
        (without("config.json"), ModelKindError, "holds no model of transformers"),
        (adapter, ModelKindError, "holds an adapter of peft and not the model that it was made on"),
        (lambda hub: hub.configure(model_type="gpt2"), ModelKindError, "is a gpt2, none of the"),
        (lambda hub: hub.configure(architectures=["BertModel"]), ModelKindError, "no head that a lens can use"),
        (lambda hub: hub.configure(num_hidden_layers=10**9), BrokenModelError, "num_hidden_layers must be"),
        (lambda hub: (hub.repository / "config.json").write_text("{"), BrokenModelError, "it is not JSON"),
    ],
)
def test_what_cannot_be_used_is_not_downloaded(
    hub: Hub, change: Callable[[Hub], None], kind: type, message: str
) -> None:
    change(hub)
    with pytest.raises(kind, match=message):
        hub.fetch()
    assert set(hub.served) <= {"config.json"}


def test_fetch_refuses_before_the_download_when_the_disk_is_full(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download.shutil, "disk_usage", lambda _: SimpleNamespace(free=10_000))
    with pytest.raises(ModelSizeError, match="no room on this server's disk"):
        hub.fetch()
    assert hub.served == []


@pytest.mark.parametrize(
    ("number", "kind", "message"),
    [
        (errno.ENOSPC, ModelSizeError, "The disk of this server is full"),
        (errno.EROFS, ModelLoadError, "cannot write its cache"),
    ],
)
def test_disk_that_fills_up_meanwhile(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, number: int, kind: type, message: str
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(download, "hf_hub_download", fails)
        with pytest.raises(kind, match=message):
            hub.fetch()
    assert (hub.fetch() / "model.safetensors").is_file()


def test_disk_that_is_really_full(hub: Hub) -> None:
    """The kernel refuses to write: the largest file of a process of its own is limited to 4 kB."""
    code = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n" + TRY
    )
    done = in_a_process(hub, code)
    assert done.stdout == "ModelSizeError: The disk of this server is full; the model 'someone/tiny' could not be kept."
    assert hub.leftovers() == [] and not list(hub.cache.rglob("refs/main"))


TRY = f"""
from bert_demo.models.loading.download import fetch
from bert_demo.core.errors import ModelLoadError
try:
    print(fetch({ID!r}, "main", {MOST}).revision, end="")
except ModelLoadError as error:
    print(f"{{type(error).__name__}}: {{error}}", end="")
"""


def environment(hub: Hub) -> dict[str, str]:
    given = {"HF_ENDPOINT": hub.address, "HF_HUB_CACHE": str(hub.cache), "HF_HUB_DISABLE_XET": "1"}
    return {**os.environ, **given, "HF_HUB_DOWNLOAD_TIMEOUT": "20"}


def in_a_process(hub: Hub, code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment(hub), capture_output=True, text=True, timeout=60
    )


def test_killed_in_the_middle_and_started_again(hub: Hub) -> None:
    hub.faults.pause = True
    process = subprocess.Popen([sys.executable, "-c", TRY], cwd=ROOT, env=environment(hub))
    end = time.monotonic() + 50
    while not hub.leftovers() or "model.safetensors" not in hub.served:
        assert time.monotonic() < end and process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    hub.faults.pause = False
    hub.faults.go.set()
    assert len(hub.leftovers()) == 1 and not list(hub.cache.rglob("refs/main"))
    done = in_a_process(hub, TRY)
    assert done.stdout == COMMIT, done.stderr
    assert hub.leftovers() == []
    assert BertService().classify("the cat", model=ID).revision == COMMIT


def test_what_another_process_downloads_just_now_is_left_alone(hub: Hub) -> None:
    hub.faults.pause = True
    other = threading.Thread(target=hub.fetch)
    other.start()
    end = time.monotonic() + 20
    while not hub.leftovers() or "model.safetensors" not in hub.served:
        assert time.monotonic() < end
        time.sleep(0.02)
    sweep(ID)
    assert len(hub.leftovers()) == 1
    hub.faults.go.set()
    other.join(20)
    assert (hub.fetch() / "model.safetensors").is_file()


def test_fetch_answers_from_the_cache_when_the_hub_is_unreachable(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    directory = hub.fetch()
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    begun = time.monotonic()
    assert hub.fetch() == directory
    with pytest.raises(HubError, match="cannot be reached just now"):
        fetch("someone/else", "main", MOST)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert hub.fetch() == directory
    with pytest.raises(HubError, match="told to work without the hub"):
        fetch("someone/else", "main", MOST)
    assert time.monotonic() - begun < 3


@pytest.mark.parametrize("fault", [{"status": 503}, {"body": b"<html>"}, {"damaged": True}])
def test_hub_that_fails_leaves_what_was_complete(hub: Hub, fault: dict[str, object]) -> None:
    """The branch has moved on, and its new commit cannot be had: the old one answers."""
    hub.faults.commit = OLDER
    old = hub.fetch()
    assert old.name == OLDER
    hub.faults.commit = COMMIT
    tensors = load_file(hub.repository / "model.safetensors")
    save_file({name: tensor + 1 for name, tensor in tensors.items()}, hub.repository / "model.safetensors")
    for name, value in fault.items():
        setattr(hub.faults, name, value)
    assert hub.fetch() == old
    for name in fault:
        setattr(hub.faults, name, getattr(Faults(), name))
    assert hub.fetch().name == COMMIT


def down(hub: Hub) -> None:
    hub.faults.status, hub.faults.code = 503, ""


def test_what_only_the_owner_may_read_is_not_for_visitors(hub: Hub) -> None:
    """Neither when the hub refuses it, nor when the hub cannot be asked; the owner has it still."""
    directory = hub.fetch()
    hub.faults.status, hub.faults.code = 401, "RepoNotFound"
    for revision in ("main", COMMIT):
        with pytest.raises(ModelAccessError, match="it is private, or there is no such model"):
            hub.fetch(revision, token=False)
    down(hub)
    for revision in ("main", COMMIT):
        with pytest.raises(HubError, match=r"is busy \(503\)"):
            hub.fetch(revision, token=False)
        assert hub.fetch(revision) == directory


def test_what_is_gated_is_not_for_visitors_though_it_is_here(hub: Hub) -> None:
    """The hub lists a gated repository to nobody, too; only its files are refused."""
    hub.faults.gated = "manual"
    directory = hub.fetch()
    hub.faults.file_status, hub.faults.file_code = 401, "GatedRepo"
    for revision in ("main", COMMIT):
        with pytest.raises(ModelAccessError, match="is gated on the hub, and this server offers what everybody may"):
            hub.fetch(revision, token=False)
        assert hub.fetch(revision) == directory


def test_what_visitors_were_given_answers_offline(hub: Hub) -> None:
    directory = hub.fetch(token=False)
    down(hub)
    hub.faults.asked.clear()
    assert hub.fetch(COMMIT, token=False) == directory and hub.faults.asked == []
    assert hub.fetch(token=False) == directory


def test_what_the_owner_fetched_is_given_once_the_hub_shows_it_to_all(hub: Hub) -> None:
    directory = hub.fetch()
    hub.served.clear()
    assert hub.fetch(COMMIT, token=False) == directory and hub.served == [], "it is asked for, not sent again"
    down(hub)
    assert hub.fetch(token=False) == directory


@pytest.mark.parametrize("private", [False, True])
def test_what_the_hub_calls_public_is_known_whoever_fetched_it(hub: Hub, private: bool) -> None:
    with urllib.request.urlopen(f"{hub.address}/api/models/{ID}/revision/main", timeout=10) as answer:
        hub.faults.body = json.dumps(json.load(answer) | {"private": private}).encode()
    directory = hub.fetch()
    down(hub)
    if private:
        with pytest.raises(HubError):
            hub.fetch(token=False)
    else:
        assert hub.fetch(token=False) == hub.fetch(COMMIT, token=False) == directory


def test_hub_that_sends_an_answer_byte_by_byte_is_left(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "ANSWER_SECONDS", 1)
    hub.faults.drip = 0.05
    begun = time.monotonic()
    with pytest.raises(HubError, match="cannot be reached"):
        hub.fetch()
    assert time.monotonic() - begun < 3
    hub.faults.drip = 0.0


def test_code_of_a_repository_is_never_run(hub: Hub) -> None:
    hub.configure(
        auto_map={"AutoConfig": "modeling_tiny.Tiny", "AutoModelForSequenceClassification": "modeling_tiny.T"}
    )
    path = hub.repository / "tokenizer_config.json"
    path.write_text(
        json.dumps(json.loads(path.read_text()) | {"auto_map": {"AutoTokenizer": ["modeling_tiny.T", None]}})
    )
    assert BertService().classify("the cat", model=ID).revision == COMMIT
    assert BertService().classify("the cat", model=str(hub.repository)).revision == "local"
    assert "modeling_tiny.py" not in hub.served and "pytorch_model.bin" not in hub.served


def test_login_of_the_host_is_for_its_own_visitors_alone(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a server that offers hub ids to everyone nobody sees what its account may see."""
    seen: list[object] = []
    real = download.HfApi.model_info

    def noted(self: object, *args: object, **options: object) -> object:
        seen.append(options["token"])
        return real(self, *args, **options)

    monkeypatch.setattr(download.HfApi, "model_info", noted)
    for models in ("any", "hub"):
        BertService(Settings(models=models)).classify("the cat", model=ID)
    assert seen == [None, False]
