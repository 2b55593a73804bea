"""python -m bert_demo.training.own: the process of one training, which stands back for all others."""

import contextlib
import logging
import os
import sys
import time
from pathlib import Path

from bert_demo.service.training_files import JobFiles
from bert_demo.service.training_queue import JOB, PARENT

NICEST = 19
PATIENCE = 10.0
"""Seconds that it waits for another process that looks at the job."""


def main(directory: Path, parent: int) -> int:
    """Compute the job of a directory for a server with that process id; 0 when its status says what became of it."""
    from bert_demo.training.own.job import run

    with contextlib.suppress(OSError, AttributeError):  # Windows knows no such thing
        os.nice(NICEST)
    logging.disable(logging.WARNING)  # a library may warn with a text of the visitor's
    files = JobFiles(directory.parent, directory.name)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with files.lock() as mine:
            if mine:
                run(files, parent=parent)
                return 0
        time.sleep(0.1)
    return 3


if __name__ == "__main__":
    sys.exit(main(Path(os.environ[JOB]), int(os.environ[PARENT])))
