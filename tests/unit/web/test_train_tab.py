"""The lens Train below the browser: rows, choices, plan, start, jobs, and whatever a browser may send of them."""

from __future__ import annotations

import base64
import io
import json
import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from training_jobs import RECIPE, done, plan, running

from bert_demo.core.errors import BadDataError, ChoiceError, DataChoiceError, ModelsBusyError
from bert_demo.registry.training_rows import SETS
from bert_demo.registry.training_ways import BY_NAME, KINDS, WAYS
from bert_demo.results.training import TrainingJob
from bert_demo.web.components.downloads import FileRequest
from bert_demo.web.components.shipped_rows import HELD_OUT, TO_TRAIN
from bert_demo.web.components.training_choices import DEFAULTS, FIRST, FITS, NUMBERS, recipe_of
from bert_demo.web.components.training_jobs import (
    MOST,
    Sent,
    acted,
    archive,
    linked_model,
    more_like_it,
    shown_jobs,
)
from bert_demo.web.components.training_rows import WORDS, shown_training_rows, training_rows_of
from bert_demo.web.job_runner import JobProgress
from bert_demo.web.tab import Ask
from bert_demo.web.tabs.train import TrainTab

ASK = Ask("The bar says something else.", "", "sentiment")
SKIP = gr.skip()


class Engine:
    """A service that knows jobs, plans, and what it was asked; in the place of one that trains."""

    def __init__(self, *jobs: TrainingJob, file: Path | None = None) -> None:
        self.jobs = {job.token: job for job in jobs}
        self.asked: list[Any] = []
        self.file = file
        self.settings = type("Settings", (), {"train_rows": 500})()

    def train_plan(self, rows: Any, on_progress: Any, **asked: Any) -> Any:
        self.asked.append((rows, asked))
        return plan()

    def train(self, rows: Any, on_progress: Any, **asked: Any) -> TrainingJob:
        self.asked.append((rows, asked))
        return running(token=f"seed{asked['seed']}")

    def train_rows(self, token: str) -> Any:
        return (("A b.", "fact"),) if token in self.jobs else ()

    def train_status(self, token: str) -> TrainingJob:
        if token == "no token":
            raise ChoiceError("That is no token.")
        return self.jobs.get(token, TrainingJob(token, "gone", "The job is gone. Train again."))

    def train_stop(self, token: str, action: str) -> TrainingJob:
        self.asked.append((token, action))
        if action == "resume":
            raise ChoiceError("It is not paused.")
        if action == "forget":
            self.jobs.pop(token)
        return self.train_status(token)

    def trained_by(self, model: str) -> TrainingJob | None:
        return next((job for job in self.jobs.values() if job.model == model), None)

    def train_archive(self, token: str) -> Path | None:
        return self.file if token in self.jobs else None


def engine(*jobs: TrainingJob, file: Path | None = None) -> Any:
    return Engine(*jobs, file=file)


def shown(rows: Any, file: Any = None, choices: Any = None) -> str:
    panel = shown_training_rows(engine(), ASK, rows, file, choices)
    return " ".join(unescape(re.sub(r"<option value.*?</option>|<[^>]+>", " ", panel)).split())


def held(way: str = FIRST) -> list[Any]:
    """What the controls hold at first."""
    return [TO_TRAIN.rows_of("fact_or_opinion"), None, None, way, "base", *DEFAULTS.values(), ""]


@pytest.mark.parametrize("rows", SETS, ids=lambda rows: rows.name)
def test_sets_are_understood_with_what_they_teach(rows: Any) -> None:
    said = shown(TO_TRAIN.rows_of(rows.name))
    assert said.startswith("Understood: 160 rows") and rows.teaches in said
    kind = "several labels, or none" if rows.several else "one label"
    assert f"Each text has {kind} (found)." in said and "What the labels mean" not in said
    given, found = training_rows_of(TO_TRAIN.rows_of(rows.name), None, None, 500)
    assert len(given) == 160 and found == ("several" if rows.several else "single")


@pytest.mark.parametrize("name", ["../labelled_example", "", None, 3])
def test_no_other_file_is_a_set(name: Any) -> None:
    with pytest.raises(ChoiceError, match="no such set"):
        TO_TRAIN.rows_of(name)
    with pytest.raises(ChoiceError, match="no such set"):
        HELD_OUT.rows_of(name)


def test_changed_set_is_no_longer_called_one() -> None:
    assert SETS[0].teaches not in shown(TO_TRAIN.rows_of(SETS[0].name) + '"One row more.",fact\n')


def test_kind_can_be_chosen() -> None:
    rows = "text,label\nA b,1\nC d,2\n"
    assert "Each text has one label (found)." in shown(rows)
    assert "Each text has a number." in shown(rows, None, {"kind": "number"})
    assert training_rows_of(rows, None, {"kind": "number"}, 9)[1] == "number"
    assert "(found)" in shown(rows, None, {"kind": "junk"}) and "(found)" in shown(rows, None, {"kind": 3})


def test_files_are_read_and_bad_rows_left_out_only_on_request() -> None:
    content = base64.b64encode(b"text;label\nUn film;a\nUn chat;\nUn b;b\n").decode()
    file = {"name": "f.csv", "data": content, "packed": False}
    assert "Understood: 2 rows of f.csv" in shown("", file) and "1 row cannot be read" in shown("", file)
    with pytest.raises(BadDataError, match="line 3"):
        training_rows_of("", file, None, 9)
    assert training_rows_of("", file, {"skip": True}, 9)[0] == [("Un film", "a"), ("Un b", "b")]


def test_open_question_is_asked_first() -> None:
    rows = "premise,hypothesis,label\nA,B,x\nC,D,y\n"
    assert "What is to be said first" in shown(rows) and "training reads one" in shown(rows)
    with pytest.raises(DataChoiceError):
        training_rows_of(rows, None, None, 9)
    assert training_rows_of(rows, None, {"text": "premise", "label": "label"}, 9)[0] == [("A", "x"), ("C", "y")]
    assert "The limit is" in shown("text,label\n" + "a b,c\n" * 501).replace("the limit", "The limit")
    assert "must be text" in shown(3)


def test_only_choices_that_the_way_can_use_are_handed_over() -> None:
    assert set(WORDS) == set(KINDS) and list(DEFAULTS) == [*NUMBERS, "pooling", "class_weights"]
    assert set(FITS) == {way.name for way in WAYS} and set(DEFAULTS) == set().union(*FITS.values())
    for way in WAYS:
        asked = recipe_of(held(way.name)[3:-1], 3000)
        assert set(asked) == {"way", "start"} | FITS[way.name] and asked["start"] == "base"
        assert all(type(asked[name]) is int for name in ("length", "seed"))
        assert way.text or asked["class_weights"] is False
    assert recipe_of(held()[3:-1], 160)["pooling"] == "mean"
    with pytest.raises(ChoiceError, match="Choose one of the ways"):
        recipe_of(held("junk")[3:-1], 160)
    for bad in (2.5, "3", None, float("nan")):
        spoilt = held()[3:-1]
        spoilt[2 + list(DEFAULTS).index("seed")] = bad
        with pytest.raises(ChoiceError, match="Seed must be a whole number"):
            recipe_of(spoilt, 160)


def test_answer_is_the_plan_of_the_rows_and_nothing_is_begun() -> None:
    tab, service = TrainTab(), engine()
    (panel,) = tab.answer(service, ASK, (), held(), JobProgress())
    assert "Before the start: 160 rows" in panel and len(service.asked) == 1
    rows, asked = service.asked[0]
    assert len(rows) == 160 and asked["kind"] == "single" and (asked["way"], asked["start"]) == ("frozen", "base")
    assert "timing a few passes" in tab.working(0, 0) and "3 / 9" in tab.working(3, 9)


def test_jobs_are_drawn_once_and_again_only_when_they_changed() -> None:
    service = engine(running(), done(token="b2" * 16, model="own:" + "b2" * 16))
    sent = Sent(running().token, (running().token, "b2" * 16))
    live, ended, compared, said, models = shown_jobs(service, sent)
    assert "LoRA (fact, opinion) learns" in live and ended == "" and said == SKIP
    assert compared.count("data-train-open") == 2
    assert models.choices[-1] == ("mine: LoRA (fact, opinion)", "own:" + "b2" * 16)
    mark, other = (re.findall(r'data-mark="([^"]*)"', panel)[0] for panel in (live, compared))
    known = re.findall(r'data-models="([^"]*)"', compared)[0]
    again = Sent(sent.token, sent.tokens, mark, other, known)
    assert shown_jobs(service, again) == [SKIP] * 5
    service.jobs[sent.token] = running(step=7)
    assert [each == SKIP for each in shown_jobs(service, again)] == [False, False, True, True, True]


def test_job_that_is_gone_has_a_sentence_and_is_no_longer_listed() -> None:
    service = engine(done())
    live, ended, compared, _, models = shown_jobs(service, Sent("c3" * 16, ("c3" * 16, done().token, "no token")))
    assert "The job is gone. Train again." in live and ended == ""
    gone = re.findall(r'data-gone="([^"]*)"', compared)
    assert json.loads(unescape(gone[0])) == ["c3" * 16, "no token"] and len(models.choices) > 1
    assert shown_jobs(service, Sent("", ()))[:2] == ["", ""]


def test_model_of_an_address_has_its_title_in_the_list() -> None:
    service = engine(done(), running(token="b2" * 16))
    found = linked_model(service, done().model)
    assert (found.value, found.choices[-1]) == (done().model, ("mine: LoRA (fact, opinion)", done().model))
    assert ("base", "base") in found.choices
    for name in ("base", "own:" + "b2" * 16, "own:" + "c3" * 16, "own:no token"):  # none of them is made here
        assert linked_model(service, name) == name
    assert linked_model(None, done().model) == done().model


def test_actions_reach_the_job_that_is_shown() -> None:
    service = engine(running())
    token = running().token
    live, *_ = acted(service, Sent(token, (token,), action="pause"))
    assert service.asked == [(token, "pause")] and "learns" in live
    refused = acted(service, Sent(token, (token,), action="resume"))
    assert "It is not paused." in refused[3] and "error" in refused[3]
    gone = acted(service, Sent(token, (token,), action="forget"))
    assert "The job is gone" in gone[0] and f"[&#34;{token}&#34;]" in gone[2]
    acted(service, Sent("", (), action="stop"))
    assert len(service.asked) == 3


@pytest.mark.parametrize("junk", [None, 3, "x", [], {"token": 3, "tokens": "ab", "action": "explode"}])
def test_junk_of_a_browser_is_nothing(junk: Any) -> None:
    assert Sent.of(junk) == Sent("", ())


def test_what_a_browser_sends_is_bounded() -> None:
    sent = Sent.of({"token": "t" * 999, "tokens": ["a", "", 3, "b" * 999, *"cdefgh"], "action": "stop"})
    assert (len(sent.token), sent.action) == (200, "stop") and sent.tokens == ("a", "c", "d")
    assert len(Sent.of({"tokens": list("abcdefghij")}).tokens) == MOST


def test_zip_is_that_of_the_job_that_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "made.zip"
    path.write_bytes(b"PK made")
    service, stream = engine(done(), file=path), io.BytesIO()
    made = archive(service, FileRequest("model", "zip", False, ()), done().token)
    made.write(stream)
    assert (made.name, stream.getvalue()) == ("trained-model.zip", b"PK made")
    for request, token in (
        (FileRequest("model", "exe", False, ()), done().token),
        (FileRequest("model", "zip", False, ()), "x"),
    ):
        with pytest.raises(ChoiceError, match="no such file"):
            archive(service, request, token)


def test_few_rows_are_read_more_often_unless_somebody_says_how_often() -> None:
    lora = held("lora")[3:-1]
    assert recipe_of(lora, 160)["epochs"] == 20  # 5 steps each
    assert recipe_of(lora, 20)["epochs"] == 30 and recipe_of(lora, 3000)["epochs"] == BY_NAME["lora"].epochs
    lora[2 + list(DEFAULTS).index("epochs")] = 2
    assert recipe_of(lora, 160)["epochs"] == 2


def test_text_of_ones_own_is_read_in_the_place_of_the_rows_where_no_labels_are_wanted() -> None:
    tab, service = TrainTab(), engine()
    for text, expected in (("", None), ("One.\n\nTwo.", [("One.", ""), ("Two.", "")])):
        tab.answer(service, ASK, (), [*held("pretrain")[:-1], text], JobProgress())
        rows, asked = service.asked[-1]
        given = training_rows_of(TO_TRAIN.rows_of("fact_or_opinion"), None, None, 500)[0]
        assert rows == (expected or [(each, "") for each, _ in given])
        assert asked["way"] == "pretrain" and not asked.keys() & {"kind", "rank", "class_weights", "text"}
    tab.answer(service, ASK, (), [*held("lora")[:-1], "One."], JobProgress())
    assert service.asked[-1][0] == given and service.asked[-1][1]["kind"] == "single"


def test_two_more_seeds_repeat_the_training_that_is_shown() -> None:
    other = running(token="b2" * 16, plan=plan(recipe=replace(RECIPE, seed=1)))
    service, shown = engine(done(), other), done().token
    jobs = more_like_it(service, Sent(shown, (shown, other.token)), None)
    assert [job.token for job in jobs] == ["seed2", "seed3"]
    rows, asked = service.asked[0]
    assert rows == (("A b.", "fact"),) and asked == {
        "way": "lora", "start": "base", "kind": "single", "seed": 2, "epochs": 3, "learning_rate": 5e-4, "rank": 8,
        "batch_size": 32, "early_stopping": 0, "length": 128, "class_weights": False, "layer_decay": 1.0, "share": 1.0,
    }  # fmt: skip
    quarter = running(token="c3" * 16, plan=plan(recipe=replace(RECIPE, share=0.25), train=24))
    service.jobs[quarter.token], service.asked = quarter, []
    more_like_it(service, Sent(shown, (shown, quarter.token), action="shares"), None)
    assert [(each["share"], each["seed"]) for _, each in service.asked] == [(0.5, 0)]
    half = running(token="d4" * 16, plan=plan(recipe=replace(RECIPE, share=0.5), train=48))
    service.jobs[half.token] = half
    for sent, sentence in (
        (Sent(shown, (shown, quarter.token, half.token), action="shares"), "These trainings are there already"),
        (Sent("x", ("x",)), "The training is gone"),
        (Sent(shown, (shown,) * 5), "Delete some first"),
    ):
        with pytest.raises(ChoiceError, match=sentence):
            more_like_it(service, sent, None)


def test_of_more_seeds_none_is_begun_where_one_has_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    service, shown = engine(done()), done().token
    places = iter([running(token="seed1")])

    def train(rows: Any, on_progress: Any, **asked: Any) -> TrainingJob:
        for job in places:
            service.jobs[job.token] = job
            return job
        raise ModelsBusyError("No place is left.")

    monkeypatch.setattr(service, "train", train)
    with pytest.raises(ModelsBusyError, match="No place is left"):
        more_like_it(service, Sent(shown, (shown,)), None)
    assert service.asked == [("seed1", "forget")] and list(service.jobs) == [shown]


def test_learning_curve_is_of_ended_trainings_alone() -> None:
    part = plan(recipe=replace(RECIPE, share=0.25), train=24)
    for quarter, there in ((done(token="c3" * 16, plan=part), True), (running(token="c3" * 16, plan=part), False)):
        sent = Sent(done().token, (done().token, quarter.token))
        _, ended, *_ = shown_jobs(engine(done(), quarter), sent)
        assert ("train-curve-of-rows" in ended) is there
