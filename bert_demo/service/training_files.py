"""The files of a job that trains: what was asked, how it stands, what it is to do. All are written whole or not at all.

A job is a directory whose name is its token. The process that computes writes `status.json`; whoever has the token
speaks to it by the files `stop` and `pause`. The locks say who is at work, and are let go of when a process dies.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bert_demo.core.training_place import ASKED, MODEL, is_token, model_name, note_asked
from bert_demo.data.parts import Parts
from bert_demo.results.from_json import from_json, to_json
from bert_demo.results.training import TrainingJob, TrainingPlan

try:
    import fcntl
except ImportError:  # Windows has no such locks: there one server is to use a directory
    fcntl = None  # type: ignore[assignment]

STOP, PAUSE, ARCHIVE = "stop", "pause", "model.zip"
_REQUEST, _STATUS, _LOCK = "request.json", "status.json", "lock"


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked: rows as they were given, their parts, and where the model that it begins with lies. minutes,
    megabytes: its limits; created: seconds of the clock."""

    rows: tuple[tuple[str, str], ...]
    plan: TrainingPlan
    parts: Parts
    source: str
    minutes: float
    megabytes: int
    created: float


class JobFiles:
    """A job's directory below `root`."""

    def __init__(self, root: Path, token: str) -> None:
        assert is_token(token)
        self.token, self.directory = token, root / token

    @property
    def model(self) -> Path:
        """The made model."""
        return self.directory / MODEL

    @property
    def archive(self) -> Path:
        """The zip to keep."""
        return self.directory / ARCHIVE

    def create(self, request: Request) -> None:
        """Make the directory with its request and a first status; it has its name when both are there."""
        part = self.directory.with_name(f"new-{self.token}")
        part.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # its names are tokens
        part.mkdir(mode=0o700)
        write_whole(part / _STATUS, to_json(TrainingJob(self.token, "queued", plan=request.plan)))
        write_whole(part / _REQUEST, to_json(request))
        note_asked(part)
        part.rename(self.directory)

    def request(self) -> Request:
        """Raises OSError where there is none, or no longer."""
        return from_json(Request, json.loads((self.directory / _REQUEST).read_text(encoding="utf-8")))

    def created(self) -> float:
        """When it was asked for; 0 where it is gone."""
        with contextlib.suppress(OSError):
            return (self.directory / _REQUEST).stat().st_mtime
        return 0.0

    def status(self) -> TrainingJob | None:
        """How it stands; None where it is gone."""
        try:
            return from_json(TrainingJob, json.loads((self.directory / _STATUS).read_text(encoding="utf-8")))
        except OSError:
            return None

    def write(self, job: TrainingJob) -> None:
        """Say how it stands, unless it was deleted meanwhile."""
        with contextlib.suppress(FileNotFoundError):
            write_whole(self.directory / _STATUS, to_json(job))

    def change(self, **fields: Any) -> TrainingJob | None:
        """Change some fields of the status."""
        if (job := self.status()) is not None:
            self.write(job := replace(job, **fields))
        return job

    def wants(self, what: str) -> bool:
        """Whether it is to stop or to pause."""
        return (self.directory / what).exists()

    def ask(self, what: str, wanted: bool = True) -> None:
        """Let it stop or pause, or no longer."""
        with contextlib.suppress(FileNotFoundError):
            (self.directory / what).touch() if wanted else (self.directory / what).unlink()

    def name(self) -> str:
        """The name of its model, "" where none is made."""
        return model_name(self.token) if self.model.is_dir() else ""

    def idle(self) -> float:
        """Seconds since somebody asked for it or it ended."""
        times = []
        for name in (ASKED, _STATUS):
            with contextlib.suppress(OSError):
                times.append((self.directory / name).stat().st_mtime)
        return max(0.0, time.time() - max(times, default=0.0))

    def delete(self) -> None:
        """Take everything away. A name that nobody looks for first, so that no half of a job is seen."""
        away = self.directory.with_name(f"gone-{self.token}")
        with contextlib.suppress(OSError):
            self.directory.rename(away)
        shutil.rmtree(away, ignore_errors=True)

    @contextlib.contextmanager
    def lock(self) -> Iterator[bool]:
        """Whether this process is now the one that computes it; held until the end of the block."""
        with locked(self.directory / _LOCK) as held:
            yield held

    def at_work(self) -> bool:
        """Whether some process computes it."""
        with self.lock() as held:
            return not held


def jobs_in(root: Path) -> list[JobFiles]:
    """All jobs, the oldest first."""
    try:
        tokens = [each.name for each in root.iterdir() if is_token(each.name)]
    except OSError:
        return []
    return sorted((JobFiles(root, token) for token in tokens), key=lambda job: (job.created(), job.token))


@contextlib.contextmanager
def locked(path: Path) -> Iterator[bool]:
    """Try to hold a lock; the system lets go of it when the process ends, however it ends."""
    if fcntl is None:
        yield True
        return
    try:
        stream = path.open("a")
    except OSError:
        yield False
        return
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True


def write_whole(path: Path, value: Any) -> None:
    """Write JSON so that a reader sees the old file or the new one."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    part.replace(path)
