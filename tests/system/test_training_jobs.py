"""Jobs in processes of their own: computed one at a time, killed, stopped, gone on with by another server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from bert_demo import BertService, Settings
from bert_demo.core.training_place import training_root
from bert_demo.results.training import TrainingJob

pytestmark = pytest.mark.timeout(600)
"""Only against hanging: a process has torch and transformers to read first."""
ROWS = [
    (f"the {animal} {verb} in the house {mark}", animal)
    for animal in ("cat", "dog")
    for verb in ("sat", "ran", "is")
    for mark in (".", "!", ",", "good", "bad")
]
LONG: dict[str, Any] = {"length": 32, "epochs": 50, "batch_size": 1, "learning_rate": 1e-4}
"""More than a thousand steps."""


def wait(service: BertService, token: str, *states: str, step: int = 0) -> TrainingJob:
    end = time.monotonic() + 100
    while time.monotonic() < end:
        job = service.train_status(token)
        if job.state in states and job.step >= step:
            return job
        assert job.state in ("queued", "running", *states), job.sentence
        time.sleep(0.1)
    raise AssertionError(f"the job stayed {job}")


def workers(root: Path) -> list[int]:
    """Processes of jobs below a directory, by what Linux tells of each."""
    found = []
    for each in Path("/proc").iterdir():
        if each.name.isdecimal():
            try:
                words = (each / "cmdline").read_bytes().split(b"\0")
                given = (each / "environ").read_bytes() if b"bert_demo.training.own" in words else b""
            except OSError:
                continue
            assert not any(str(root).encode() in word for word in words), "a token that everyone may read"
            if str(root).encode() in given:
                found.append(int(each.name))
    return found


def wait_for_no_worker(settings: Settings) -> None:
    """A process gives its memory back by ending, also when its server is gone."""
    end = time.monotonic() + 30
    while workers(training_root(settings)) and time.monotonic() < end:
        time.sleep(0.1)
    assert not workers(training_root(settings))


def test_jobs_of_two_visitors_one_after_the_other_and_a_killed_one(tmp_path: Path, tiny_masked: str) -> None:
    settings = Settings(cache_dir=str(tmp_path))
    service = BertService(settings)
    service.compute_training()
    first = service.train(ROWS, "full", tiny_masked, **LONG)
    second = service.train(ROWS, "frozen", tiny_masked, length=32)
    third = service.train(ROWS, "head", tiny_masked, **LONG)
    running = wait(service, first.token, "running", step=5)
    assert running.seconds_left is not None and running.losses and running.megabytes > 50
    assert (service.train_status(second.token).place, service.train_status(third.token).place) == (1, 2)
    (worker,) = workers(training_root(settings))
    assert os.getpriority(os.PRIO_PROCESS, worker) == 19
    os.kill(worker, signal.SIGKILL)
    killed = wait(service, first.token, "failed")
    assert "ended from outside (signal 9)" in killed.sentence and not killed.model
    done = wait(service, second.token, "done")
    assert service.classify("the cat", model=done.model).model == done.model
    wait(service, third.token, "running", step=5)
    service.train_stop(third.token, "pause")
    paused = wait(service, third.token, "paused")
    assert paused.step
    wait_for_no_worker(settings)
    service.train_stop(third.token, "resume")
    wait(service, third.token, "running", step=paused.step + 1)
    service.train_stop(third.token)
    stopped = wait(service, third.token, "stopped")
    assert stopped.model and "best model so far" in stopped.sentence
    assert service.classify("the cat", model=stopped.model).model == stopped.model
    fourth = service.train(ROWS, "full", tiny_masked, **LONG)
    wait(service, fourth.token, "running", step=1)
    service.train_stop(fourth.token, "forget")
    wait_for_no_worker(settings)
    assert service.train_status(fourth.token).state == "gone"


SERVER = """
import sys, time
from bert_demo import BertService, Settings
service = BertService(Settings(cache_dir=sys.argv[1]))
service.compute_training()
time.sleep(600)
"""


def test_job_goes_on_from_its_checkpoint_when_the_server_was_killed(tmp_path: Path, tiny_masked: str) -> None:
    """And gives the same model as one that nothing interrupted."""
    settings = Settings(cache_dir=str(tmp_path))
    service = BertService(settings)  # asks; the other process computes
    choices = LONG | {"epochs": 12}
    broken, whole = (service.train(ROWS, "full", tiny_masked, **choices) for _ in range(2))
    with subprocess.Popen([sys.executable, "-c", SERVER, str(tmp_path)], cwd=ROOT) as server:
        wait(service, broken.token, "running", step=20)
        server.kill()
    wait_for_no_worker(settings)
    kept = service.train_status(broken.token)
    assert kept.state == "running" and 20 <= kept.step < kept.steps
    root = training_root(settings)
    assert not (root / broken.token / "model").exists()
    service.compute_training()
    ended = [wait(service, job.token, "done") for job in (broken, whole)]
    assert ended[0].losses == ended[1].losses and ended[0].seconds > kept.seconds
    one, other = ((root / job.token / "model" / "model.safetensors").read_bytes() for job in (broken, whole))
    assert one == other
