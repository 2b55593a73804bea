"""What a training heeds between two steps: whoever wants it to stop or to pause, its limits, the end of its server."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass, field

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
    """The most memory that this process had, 0 where the system does not say."""
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
