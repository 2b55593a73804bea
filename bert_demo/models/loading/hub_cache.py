"""The cache of `huggingface_hub` on this disk: what is complete in it, and what a killed download left behind."""

from __future__ import annotations

import contextlib
import re
import uuid
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout
from huggingface_hub import constants

from bert_demo.core.errors import ModelLoadError
from bert_demo.models.loading.validate import CONFIG, weight_files

COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Place:
    """A directory that holds a model, and its revision: a commit, "local" or "bundled"."""

    directory: Path
    revision: str


def folder_of(source: str) -> Path:
    """Where the cache keeps a repository."""
    return Path(constants.HF_HUB_CACHE) / f"models--{source.replace('/', '--')}"


def cached(source: str, revision: str) -> Place | None:
    """What the cache holds of a repository at that revision, if it is complete."""
    folder = folder_of(source)
    commit = revision
    if not COMMIT.fullmatch(revision):
        try:
            commit = (folder / "refs" / revision).read_text(encoding="utf-8").strip()
        except (OSError, ValueError):
            return None
    directory = folder / "snapshots" / commit
    if not COMMIT.fullmatch(commit) or not (directory / CONFIG).is_file():
        return None
    try:
        weight_files(directory, source)
    except ModelLoadError:
        return None
    return Place(directory, commit)


def remember(source: str, revision: str, commit: str) -> None:
    """Let the name of a branch point to the commit, for when the hub cannot be asked."""
    if revision == commit:
        return
    path = folder_of(source) / "refs" / revision
    beside = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(commit, encoding="utf-8")
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)


def note_public(source: str, commit: str) -> None:
    """Write down beside the files of a commit that the hub shows them to everybody."""
    path = _note(source, commit)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def is_public(source: str, commit: str) -> bool:
    """Whether that is written down. Nothing is known of what other programs fetched, perhaps with a login."""
    return _note(source, commit).is_file()


def _note(source: str, commit: str) -> Path:
    return folder_of(source) / ".public" / commit


def sweep(source: str) -> None:
    """Remove what a killed download left behind: parts that nobody who is at work holds the lock of."""
    folder = folder_of(source)
    for part in (folder / "blobs").glob("*.incomplete"):
        lock = folder.parent / ".locks" / folder.name / f"{part.name.split('.')[0]}.lock"
        try:
            lock.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(lock, timeout=0.05, mode=0o664):
                part.unlink(missing_ok=True)
        except (Timeout, OSError):
            continue
