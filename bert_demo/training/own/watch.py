"""What a training heeds between two steps: whoever wants it to stop or to pause, its limits, the end of its server."""

from __future__ import annotations

import os
import re
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from bert_demo.service.training_files import PAUSE, STOP, JobFiles

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]


class InterruptedTrainingError(Exception):
    """Raised between two steps. reason: "stop", "minutes" (both end it with the best model so far), "pause", "server"
    (both are gone on from), or "memory"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def megabytes_taken() -> int:
    """The most memory that this process had since it began, 0 where the system does not say. Linux hands the most that
    getrusage tells of on to each program that a process starts (exec keeps it), so that the child of a large server
    would seem to be as large: there /proc is read."""
    try:
        found = re.search(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.M)
    except OSError:
        found = None
    if found:
        return int(found[1]) // 2**10
    if resource is None:
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(most // (2**20 if sys.platform == "darwin" else 2**10))


@dataclass(slots=True)
class Watch:
    """Calling it raises InterruptedTrainingError. minutes: in all; before: seconds that earlier processes computed."""

    files: JobFiles
    minutes: float
    megabytes: int
    before: float = 0.0
    began: float = field(default_factory=time.monotonic)
    parent: int = field(default_factory=os.getppid)

    @property
    def seconds(self) -> float:
        """Computed so far, in all."""
        return self.before + time.monotonic() - self.began

    def __call__(self, *_: int) -> None:
        """Between two steps."""
        if os.getppid() != self.parent or not self.files.directory.is_dir():
            raise InterruptedTrainingError("server")
        for reason in (STOP, PAUSE):
            if self.files.wants(reason):
                raise InterruptedTrainingError(reason)
        if self.seconds > 60 * self.minutes:
            raise InterruptedTrainingError("minutes")
        if self.megabytes and megabytes_taken() > self.megabytes:
            raise InterruptedTrainingError("memory")
