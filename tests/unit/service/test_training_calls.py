"""Jobs as the service has them: queue, tokens, limits, deletion. Nothing is computed here but in this process."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bert_demo import BertService, Settings
from bert_demo.api.serialise import serialise
from bert_demo.core.errors import BadDataError, ChoiceError, ModelsBusyError, ModelSizeError, NoSuchModelError
from bert_demo.core.training_place import ASKED, model_name, training_root
from bert_demo.models.pool import ModelPool
from bert_demo.results.from_json import from_json, to_json
from bert_demo.results.training import TrainingJob
from bert_demo.service.training_files import JobFiles, jobs_in
from bert_demo.service.training_queue import TrainingQueue
from bert_demo.training.own.job import run

ROWS = [
    (f"the {animal} {verb} in the house {mark}", animal)
    for animal in ("cat", "dog")
    for verb in ("sat", "ran", "is")
    for mark in (".", "!", ",", "good", "bad")
]
SMALL: dict[str, Any] = {"length": 32}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(cache_dir=str(tmp_path), train_queue=3)


@pytest.fixture
def own(settings: Settings) -> BertService:
    return BertService(settings)


def files_of(settings: Settings, job: TrainingJob) -> JobFiles:
    return JobFiles(training_root(settings), job.token)


def test_job_waits_with_its_place_and_its_plan(own: BertService, settings: Settings, tiny_masked: str) -> None:
    first = own.train(ROWS, start=tiny_masked, **SMALL)
    second = own.train(ROWS, "frozen", tiny_masked, **SMALL)
    assert (first.state, first.place, second.place, len(first.token)) == ("queued", 1, 2, 32)
    assert first.token != second.token
    plan = second.plan
    assert plan is not None and (plan.rows, plan.train, plan.held_out, plan.test) == (30, 22, 4, 4)
    assert [(each.label, each.rows, each.train, each.held_out, each.test) for each in plan.labels] == [
        ("cat", 15, 11, 2, 2), ("dog", 15, 11, 2, 2),
    ]  # fmt: skip
    assert (plan.constant, plan.constant_test, plan.measure, plan.answer) == (0.5, 0.5, "accuracy", "dog")
    assert plan.seconds is not None and plan.seconds > 0 and first.kept_seconds is None
    assert own.train_rows(first.token) == tuple(ROWS)
    assert own.train_status(second.token).place == 2
    assert own.train_plan(ROWS, "frozen", tiny_masked, **SMALL).steps == 0
    assert serialise(first)["plan"]["recipe"]["way"] == "lora"
    assert oct((training_root(settings) / first.token).stat().st_mode & 0o777) == "0o700"


def test_share_of_the_rows_leaves_the_other_parts_as_they_are(
    own: BertService, settings: Settings, tiny_masked: str
) -> None:
    whole, half, quarter = (
        files_of(settings, own.train(ROWS, "frozen", tiny_masked, share=share, **SMALL)).request()
        for share in (1.0, 0.5, 0.25)
    )
    assert (whole.parts.held_out, whole.parts.test) == (half.parts.held_out, half.parts.test)
    assert [len(each.parts.train) for each in (whole, half, quarter)] == [22, 11, 6]
    assert set(quarter.parts.train) < set(half.parts.train) < set(whole.parts.train)
    assert quarter.plan.train == 6 and quarter.plan.recipe.share == 0.25
    with pytest.raises(ChoiceError, match=r"share must be a number from 0\.01 to 1"):
        own.train_plan(ROWS, "frozen", tiny_masked, share=0.0, **SMALL)


def test_tokens_are_the_only_way_in(own: BertService, tiny_masked: str) -> None:
    job = own.train(ROWS, "frozen", tiny_masked, **SMALL)
    assert own.train_status("x" * 32).state == "gone"
    for bad in ("", "x", "../" + "x" * 29, None, 3, job.token + "/", "x" * 31 + "\n"):
        with pytest.raises(ChoiceError, match="token must be that of a training"):
            own.train_status(bad)  # type: ignore[arg-type]
    assert not any(job.token in info.name for info in own.models())


def test_stop_pause_resume_and_forget_before_the_start(own: BertService, settings: Settings, tiny_masked: str) -> None:
    job = own.train(ROWS, "frozen", tiny_masked, **SMALL)
    paused = own.train_stop(job.token, "pause")
    assert paused.state == "paused" and paused.kept_seconds is not None and 3590 < paused.kept_seconds <= 3600
    assert own.train_stop(job.token, "resume").state == "queued"
    stopped = own.train_stop(job.token)
    assert stopped.state == "stopped" and "before it began" in stopped.sentence
    assert own.train_stop(job.token, "resume").state == "stopped"
    with pytest.raises(ChoiceError, match="action must be one of: stop, pause, resume, forget"):
        own.train_stop(job.token, "end")
    assert own.train_stop(job.token, "forget").state == "gone"
    assert not list(training_root(settings).iterdir()) and own.train_rows(job.token) == ()


def test_made_model_is_its_owners_and_gone_with_the_job(own: BertService, settings: Settings, tiny_masked: str) -> None:
    job = own.train(ROWS, "frozen", tiny_masked, **SMALL)
    with pytest.raises(NoSuchModelError, match="gone, or not made yet"):
        own.classify("the cat", model=model_name(job.token))
    run(files_of(settings, job))
    done = own.train_status(job.token)
    assert (done.state, done.model) == ("done", model_name(job.token)) and done.archive_bytes == (
        own.train_archive(job.token) or Path()
    ).stat().st_size
    assert [each.label for each in own.classify("the cat", model=done.model).labels] in (["cat", "dog"], ["dog", "cat"])
    assert own.choose("text-classification", done.model) == done.model
    nested = own.train(ROWS, "frozen", done.model, pooling="cls", **SMALL)  # a made model may be gone on from
    assert run(files_of(settings, nested)).state == "done"
    assert done.model in own.models_held()
    own.train_stop(job.token, "forget")
    assert done.model not in own.models_held()
    with pytest.raises(NoSuchModelError):
        own.classify("the cat", model=done.model)
    assert str(training_root(settings)) not in repr(serialise(done))


def test_name_of_a_model_gives_the_model_away_and_nothing_else(
    own: BertService, settings: Settings, tiny_masked: str
) -> None:
    """It stands in links: whoever has one asks the model, but sees no rows and cannot stop or delete it."""
    job = own.train(ROWS, "frozen", tiny_masked, **SMALL)
    done = run(files_of(settings, job))
    name = done.model.removeprefix("own:")
    assert job.token not in done.model and len(name) == 32
    assert own.classify("the cat", model=done.model).labels
    assert own.train_status(name).state == "gone" and own.train_rows(name) == () and own.train_archive(name) is None
    assert own.train_stop(name, "forget").state == "gone" and own.train_status(job.token).state == "done"
    found = own.trained_by(done.model)
    assert found is not None and found.token == job.token
    assert own.trained_by(f"own:{job.token}") is None and own.trained_by("own:" + "a" * 32) is None
    with pytest.raises(NoSuchModelError):
        own.classify("the cat", model=f"own:{job.token}")


def test_other_names_of_models_lead_nowhere_in_the_directory_of_jobs(own: BertService) -> None:
    for name in ("own:", "own:../x", "own:" + "x" * 33, "own:" + "a" * 31 + "/"):
        with pytest.raises(ChoiceError, match="There is no model"):
            own.classify("the cat", model=name)


def test_queue_is_bounded_and_training_can_be_turned_off(
    own: BertService, settings: Settings, tiny_masked: str
) -> None:
    for _ in range(3):
        own.train(ROWS, "frozen", tiny_masked, **SMALL)
    with pytest.raises(ModelsBusyError, match="Many trainings are waiting"):
        own.train(ROWS, "frozen", tiny_masked, **SMALL)
    off = BertService(settings.model_copy(update={"train": False}))
    for call in (off.train, off.train_plan):
        with pytest.raises(ChoiceError, match="Training is turned off on this server"):
            call(ROWS, "frozen", tiny_masked, **SMALL)


@pytest.mark.parametrize(
    ("changes", "error", "sentence"),
    [
        ({"train_rows": 10}, BadDataError, "There are 30 rows; at most 10 are learnt from here"),
        ({"train_tokens": 1000}, BadDataError, "this server reads 1,000 for one training"),
        ({"train_mb": 500}, ModelSizeError, "this server gives 500 MB"),
    ],
)
def test_limits_are_sentences_before_the_start(
    settings: Settings, tiny_masked: str, changes: dict[str, int], error: type[Exception], sentence: str
) -> None:
    limited = BertService(settings.model_copy(update=changes))
    with pytest.raises(error, match=sentence):
        limited.train(ROWS, "full", tiny_masked, epochs=50, **SMALL)
    assert not jobs_in(training_root(settings))


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        ({"way": "best"}, "way must be one of: frozen, lora, full, head"),
        ({"kind": "all"}, "kind must be one of"),
        ({"epochs": 51}, "epochs must be from 0 to 50"),
        ({"learning_rate": float("nan")}, "learning_rate must be a number from 0 to 0.1"),
        ({"length": 64}, "reads 32 tokens at once. Set length to 32 at most"),
        ({"way": "head", "layer_decay": 0.5}, "The head only has no use for layer_decay"),
        ({"layer": 1}, "LoRA has no use for layer"),
        ({"kind": "number", "class_weights": True}, "Numbers have no classes"),
        ({"start": 3}, "start must be the name of a model"),
    ],
)
def test_choices_that_do_not_fit_are_refused(
    own: BertService, tiny_masked: str, choice: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ChoiceError, match=sentence):
        own.train(ROWS, **({"start": tiny_masked} | SMALL | choice))


def test_nobody_asks_for_an_hour_and_all_of_it_is_gone(own: BertService, settings: Settings, tiny_masked: str) -> None:
    old, new = (own.train(ROWS, "frozen", tiny_masked, **SMALL) for _ in range(2))
    root = training_root(settings)
    queue = TrainingQueue(root, settings, ModelPool(settings).forget)
    an_hour_ago = time.time() - 3601
    for name in (ASKED, "status.json"):
        os.utime(root / old.token / name, (an_hour_ago, an_hour_ago))
    with JobFiles(root, old.token).lock() as mine:
        assert mine
        queue.expire()  # one that is computed stays
        assert {each.token for each in jobs_in(root)} == {old.token, new.token}
    queue.expire()
    assert {each.token for each in jobs_in(root)} == {new.token}
    assert own.train_status(old.token).state == "gone"
    own.train_status(new.token)
    assert queue.kept_seconds(JobFiles(root, new.token)) == pytest.approx(3600, abs=5)


def test_status_is_read_back_as_it_was_written(own: BertService, settings: Settings, tiny_masked: str) -> None:
    job = own.train(ROWS, "frozen", tiny_masked, **SMALL)
    done = run(files_of(settings, job))
    again = from_json(TrainingJob, to_json(done))
    assert isinstance(again.confusion, np.ndarray) and again.test is not None and done.test is not None
    assert replace(again, confusion=None, test=None) == replace(done, confusion=None, test=None)
    assert again.test.calibration == done.test.calibration and again.test.labels == done.test.labels
    assert again.nbytes > 1000 and again.ended


def test_job_that_cannot_be_read_any_more_fails_in_a_sentence(
    own: BertService, settings: Settings, tmp_path: Path, tiny_masked: str
) -> None:
    import shutil

    copied = tmp_path / "copied"
    shutil.copytree(tiny_masked, copied)
    job = own.train(ROWS, "frozen", str(copied), **SMALL)
    shutil.rmtree(copied)
    assert run(files_of(settings, job)).state == "failed"
    assert "begins with is gone" in own.train_status(job.token).sentence
