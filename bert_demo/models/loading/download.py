"""From a hub id to a complete directory on this disk: ask, check, fetch what is needed, and say how far it is.

Files lie in the ordinary cache of `huggingface_hub` and are fetched smallest first, the weights last; the name of a
branch points to a commit only when all of its files are there. So whatever was interrupted is continued or done again,
and what is complete answers while the hub does not. That cache may also hold what only its owner may read; so whoever
asks as nobody is given from it, without the hub's word, only what the hub once called public, as a note beside it says.
"""

from __future__ import annotations

import hashlib
import logging
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi, constants, hf_hub_download

from bert_demo.core.errors import HubError, ModelAccessError, ModelKindError, ModelSizeError
from bert_demo.models.loading.hub_cache import COMMIT, Place, cached, folder_of, is_public, note_public, remember, sweep
from bert_demo.models.loading.hub_calls import meter, patient, within
from bert_demo.models.loading.hub_errors import explained
from bert_demo.models.loading.validate import CONFIG, INDEX, SHARD, WEIGHTS, read_config, weight_files

ASK_SECONDS = 5
"""How long the hub may take to connect, or to send the next part of an answer about a repository."""
ANSWER_SECONDS = 10
"""How long such an answer may take altogether."""
SPARE_BYTES = 100_000_000
"""Free space that a download leaves on the disk."""
READ = (
    CONFIG,
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "sentencepiece.bpe.model",
    "spiece.model",
    "word_shape.json",
    "word_pronunciation.json",
)
"""The files beside the weights that a model of the BERT family is read from; nothing else is fetched."""

constants.HF_HUB_DISABLE_TELEMETRY = True  # read at each call; without it the client tells and asks more than is needed
for _noisy in ("huggingface_hub", "httpx2"):  # they write addresses, and with them what a visitor typed, into the log
    logging.getLogger(_noisy).setLevel(logging.ERROR)

OnBytes = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class File:
    """A file of a repository. size: bytes; sha256: of large files, else None; sha1: of all others, as git counts it."""

    name: str
    size: int
    sha256: str | None
    sha1: str | None = None


def fetch(
    source: str,
    revision: str,
    most_bytes: int,
    on_bytes: OnBytes = lambda done, planned: None,
    token: bool | None = None,
) -> Place:
    """The snapshot of a repository on this disk, downloaded if need be.

    revision: branch, tag or commit; most_bytes: of all files; on_bytes: called with (bytes done, bytes planned);
    token: False to ask as nobody, None to use the login of this computer.
    Raises subclasses of ModelLoadError, and downloads nothing of a model that cannot be used.
    """
    if COMMIT.fullmatch(revision) and (place := _kept(source, revision, token)):
        return place
    try:
        return _fetch(source, revision, most_bytes, on_bytes, token)
    except HubError:
        if place := _kept(source, revision, token):
            return place
        raise


def _kept(source: str, revision: str, token: bool | None) -> Place | None:
    """What the cache holds of it and may be given without asking the hub: to nobody, only what is known as public."""
    place = cached(source, revision)
    return place if place and (token is not False or is_public(source, place.revision)) else None


def _fetch(source: str, revision: str, most_bytes: int, on_bytes: OnBytes, token: bool | None) -> Place:
    commit, listed, public = _ask(source, revision, token)
    if token is False and not public:
        raise ModelAccessError(
            f"The model {source!r} is gated on the hub, and this server offers what everybody may read. Choose another."
        )
    files = _needed(listed, source)
    planned = sum(file.size for file in files)
    if planned > most_bytes:
        raise ModelSizeError(
            f"The model {source!r} has {_mb(planned)} MB; this server takes models of up to {_mb(most_bytes)} MB."
        )
    directory = folder_of(source) / "snapshots" / commit
    _check_disk(source, sum(file.size for file in files if not _is_here(directory, file)))
    sweep(source)
    done = 0

    def report(more: int) -> None:
        nonlocal done
        done += more
        on_bytes(min(max(done, 0), planned), planned)

    report(0)
    if wrong := [file for file in files if (directory / file.name).exists() and not _is_here(directory, file)]:
        _throw_away(directory, *(file.name for file in wrong))
    for file in files:
        _bring(source, commit, file, report, token)
        if file.name == CONFIG:
            read_config(directory, source)
    weight_files(directory, source)
    remember(source, revision, commit)
    if public:
        note_public(source, commit)
    return Place(directory, commit)


def _ask(source: str, revision: str, token: bool | None) -> tuple[str, list[File], bool]:
    """The commit of a revision, its files, and whether everybody may read them: the hub tells nobody of what is
    private, but lists what is gated."""
    try:
        found = patient(lambda: _listing(source, revision, token))
        commit = str(found.sha)
        files = [_file(each) for each in found.siblings]
        public = not found.gated and (token is False or found.private is False)
    except Exception as error:  # an answer that is none fails in as many ways as there are
        raise explained(error, source, revision) from error
    if not COMMIT.fullmatch(commit):
        raise HubError(f"The hub's answer about {source!r} cannot be understood. Try again later.")
    return commit, files, public


def _listing(source: str, revision: str, token: bool | None) -> Any:
    return within(
        ANSWER_SECONDS,
        lambda: HfApi().model_info(source, revision=revision, files_metadata=True, timeout=ASK_SECONDS, token=token),
    )


def _file(listed: Any) -> File:
    if listed.lfs is not None:
        return File(str(listed.rfilename), int(listed.size), str(listed.lfs.sha256))
    sha1 = str(listed.blob_id or "")
    return File(str(listed.rfilename), int(listed.size), None, sha1 if COMMIT.fullmatch(sha1) else None)


def _needed(listed: list[File], source: str) -> list[File]:
    """The files to fetch, the weights last."""
    by_name = {file.name: file for file in listed}
    if WEIGHTS not in by_name and "adapter_config.json" in by_name:
        raise ModelKindError(
            f"The repository {source!r} holds an adapter of peft and not the model that it was made on. Download it "
            "into a directory, and name that where this demo takes directories."
        )
    if CONFIG not in by_name:
        raise ModelKindError(f"The repository {source!r} holds no model of transformers: it has no {CONFIG}.")
    rest = [by_name[name] for name in READ if name in by_name]
    if WEIGHTS in by_name:
        return [*rest, by_name[WEIGHTS]]
    shards = [file for file in listed if SHARD.fullmatch(file.name) and re.search(r"-\d+-of-\d+\.", file.name)]
    if INDEX not in by_name or not shards:
        raise ModelKindError(
            f"The model {source!r} has no safetensors file on this revision. This demo opens no pickle "
            "(pytorch_model.bin), since that may run code. Choose another model, or a revision that has one."
        )
    return [*rest, by_name[INDEX], *shards]


def _check_disk(source: str, wanted: int) -> None:
    place = Path(constants.HF_HUB_CACHE)
    while not place.exists() and place != place.parent:
        place = place.parent
    free = shutil.disk_usage(place).free
    if wanted and wanted + SPARE_BYTES > free:
        raise ModelSizeError(
            f"There is no room on this server's disk for the model {source!r}: it needs {_mb(wanted)} MB and "
            f"{_mb(SPARE_BYTES)} MB to spare, and {_mb(free)} MB are free."
        )


def _bring(source: str, commit: str, file: File, report: Callable[[int], None], token: bool | None) -> None:
    """Fetch one file unless it is here, and check what came. What is small and damaged is fetched once more at once."""
    path = folder_of(source) / "snapshots" / commit / file.name
    if _is_here(path.parent, file):
        report(file.size)
        return
    for _ in range(1 if file.sha256 else 2):
        try:
            patient(
                lambda: hf_hub_download(
                    source,
                    file.name,
                    revision=commit,
                    etag_timeout=ASK_SECONDS,
                    tqdm_class=meter(report),
                    token=token,
                )
            )
        except Exception as error:
            raise explained(error, source, commit) from error
        if _is_here(path.parent, file) and (file.sha256 is None or _sha256(path) == file.sha256):
            return
        _throw_away(path.parent, file.name)
    raise HubError(f"The hub sent {file.name} of the model {source!r} damaged or cut short. Try again.")


def _throw_away(directory: Path, *names: str) -> None:
    """Files of a snapshot, and what they point to; the weights' list too, so that it counts as incomplete."""
    for name in (*names, *(() if CONFIG in names else (INDEX, WEIGHTS))):
        path = directory / name
        if name in names:
            path.resolve().unlink(missing_ok=True)
        path.unlink(missing_ok=True)


def _is_here(directory: Path, file: File) -> bool:
    """Whether it is here as the hub has it; what is large was read when it came, and is not read each time."""
    path = directory / file.name
    if not path.is_file() or path.stat().st_size != file.size:
        return False
    return file.sha1 is None or git_sha1(path) == file.sha1


def git_sha1(path: Path) -> str:
    """What git, and the hub for small files, calls its content."""
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _mb(count: int) -> str:
    return f"{count / 1e6:,.0f}"
