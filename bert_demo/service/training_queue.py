"""Trainings that wait, one after the other in a process of its own, and the deletion of what nobody asks for."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from bert_demo.core.settings import ASSETS, Settings
from bert_demo.core.training_place import model_name
from bert_demo.service.training_files import PAUSE, JobFiles, jobs_in, locked

WORKER = "bert_demo.training.own"
"""The module that a process runs; it stands higher than the service, which knows its name alone."""
JOB, PARENT = "TRAINING_JOB", "TRAINING_PARENT"
"""The variables that name the directory of a job to its process, and the process that waits for it."""
LOOK = 2.0
"""Seconds between two looks for jobs that another process left."""
INTERVAL = 0.2
GRACE = 300.0
"""Seconds over its minutes after which a process is ended that does not end itself."""
MOST_TRIES = 5
"""Times that a job is taken up which a server's end interrupted."""
_COMPUTING, _TRIES, _ERRORS = "computing", "tries", "errors.txt"
_log = logging.getLogger(__name__)


class TrainingQueue:
    """The jobs below a directory. forget: is called with the name of a model whose job is deleted."""

    def __init__(self, root: Path, settings: Settings, forget: Callable[[str], None]) -> None:
        self.root, self._settings, self._forget = root, settings, forget
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._begun = False

    def begin(self) -> None:
        """Compute what waits, from now on, in a thread."""
        with self._lock:
            if not self._begun:
                self._begun = True
                threading.Thread(target=self._work, name="training", daemon=True).start()

    def wake(self) -> None:
        """There is something new."""
        self._wake.set()

    def waiting(self) -> list[JobFiles]:
        """The jobs that wait, the next one first."""
        return [job for job in jobs_in(self.root) if (found := job.status()) and found.state == "queued"]

    def delete(self, job: JobFiles) -> None:
        """Take a job and its model away."""
        self._forget(model_name(job.token))
        job.delete()

    def kept_seconds(self, job: JobFiles) -> float:
        """Until it is deleted, if nobody asks again."""
        return max(0.0, 60.0 * self._settings.train_keep_minutes - job.idle())

    def expire(self) -> None:
        """Delete what nobody asked for in time; never a job that is computed."""
        for left in self.root.glob("gone-*"):  # by a server that ended meanwhile
            shutil.rmtree(left, ignore_errors=True)
        for job in jobs_in(self.root):
            if self.kept_seconds(job) == 0 and not job.at_work():
                self.delete(job)

    def _work(self) -> None:
        while True:
            try:
                self.expire()
                job = self._next()
                if job is None or not self._compute(job):
                    self._wake.wait(LOOK)
                    self._wake.clear()
            except Exception as error:  # the thread must live; what is wrong is logged, without what is in a job
                _log.error("the queue of trainings failed: %s", type(error).__name__)
                time.sleep(LOOK)

    def _next(self) -> JobFiles | None:
        """The oldest that waits; before it one that another server's end has interrupted."""
        waiting = None
        for job in jobs_in(self.root):
            found = job.status()
            if found is None or job.wants(PAUSE):
                continue
            if found.state == "running" and not job.at_work():
                return job
            if found.state == "queued" and waiting is None:
                waiting = job
        return waiting

    def _compute(self, job: JobFiles) -> bool:
        """Run the process of a job to its end. False where another server computes on this machine."""
        with locked(self.root / _COMPUTING) as mine:
            if not mine:
                return False
            if self._interrupted_too_often(job):
                job.change(state="failed", sentence="It was interrupted too often. Start it again.")
                return True
            minutes = job.request().minutes
            with (job.directory / _ERRORS).open("ab") as errors:
                process = subprocess.Popen(
                    [sys.executable, "-m", WORKER],
                    cwd=ASSETS.parent,
                    env=self._environment(job),
                    stdin=subprocess.DEVNULL,
                    stdout=errors,
                    stderr=errors,
                )
            end = time.monotonic() + 60.0 * minutes + GRACE
            while process.poll() is None:
                time.sleep(INTERVAL)
                if time.monotonic() > end or not job.directory.is_dir():
                    process.kill()
            self._ended(job, process.returncode)
            return True

    @staticmethod
    def _interrupted_too_often(job: JobFiles) -> bool:
        """Whether so many servers ended while they computed it, which it may have caused."""
        found = job.status()
        if found is None or found.state != "running":
            return False
        with (job.directory / _TRIES).open("a+") as stream:
            stream.write("x")
            return stream.tell() > MOST_TRIES

    def _environment(self, job: JobFiles) -> dict[str, str]:
        """One job has its threads and the processor alone, and talks to nobody. Its token stands here, since everyone
        on a machine may read the words of a command."""
        threads = str(self._settings.train_threads)
        return {
            **os.environ,
            JOB: str(job.directory),
            PARENT: str(os.getpid()),
            "OMP_NUM_THREADS": threads,
            "MKL_NUM_THREADS": threads,
            "OPENBLAS_NUM_THREADS": threads,
            "TOKENIZERS_PARALLELISM": "false",
            "CUDA_VISIBLE_DEVICES": "",
            "HF_HUB_OFFLINE": "1",
        }

    @staticmethod
    def _ended(job: JobFiles, code: int) -> None:
        """A process that ended well has said itself what became of the job, which may be asked to go on by now."""
        if code == 0 or job.status() is None:
            return
        if code < 0:
            said = (
                f"The process of this training was ended from outside (signal {-code}), which happens where memory "
                "runs out. Start it again with a smaller length or batch, or with frozen features."
            )
        else:
            said = "The training failed for a reason that nobody foresaw. Start it again, or with other choices."
        _log.error("the process of a training ended with status %d", code)
        job.change(state="failed", sentence=said, seconds_left=None)
