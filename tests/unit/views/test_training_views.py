"""Panels of training: every number that they show, read back; curves as places that are reckoned by hand."""

from __future__ import annotations

import base64
import csv
import io
import re
from dataclasses import replace
from html import unescape

import numpy as np
import pytest
from training_jobs import RECIPE, done, plan, read_on, running

from bert_demo.registry.training_ways import WAYS
from bert_demo.results.intervals import Interval
from bert_demo.results.training import EpochPoint, LossPoint, TrainingJob, WatchedText
from bert_demo.views.panels import training as panels
from bert_demo.views.panels.training_curves import (
    BOTTOM,
    LEFT,
    MOST_POINTS,
    RIGHT,
    TOP,
    curves_of,
    same_but_seed,
    smaller_shares,
)


def words(panel: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", panel)).split())


def table(panel: str) -> list[dict[str, str]]:
    found = re.search(r"text/csv;charset=utf-8;base64,([^\"]+)", panel)
    assert found
    return list(csv.DictReader(io.StringIO(base64.b64decode(found[1]).decode())))


def test_ways_are_explained_with_their_cost() -> None:
    said = words(panels.ways_panel())
    assert all(f"{way.title} {way.cost} {way.sentence}" in said for way in WAYS)


def test_plan_says_what_is_known_before_the_start() -> None:
    panel = panels.plan_panel(plan())
    said = words(panel)
    assert "Before the start: 160 rows, parted in three" in said
    assert "learns from 96 rows, chooses its best state by 32 held-out rows" in said and "on 32 test rows" in said
    assert "constant answer fact: 50.0 %" in said and "about 61 s" in said
    assert "epochs , steps in all 3, 9" in said
    assert "rows whose text stands twice 1" in said and "texts with different labels 2" in said
    assert "texts cut at 128 tokens 3" in said and "longest text 27 tokens" in said
    assert "Two texts stand with different labels." in said
    assert table(panel)[1] == {"label": "opinion", "rows": "80", "train": "48", "held_out": "16", "test": "16"}


def test_plan_of_numbers_has_no_labels() -> None:
    numbers = plan(labels=(), measure="R2", constant=-0.01, answer="3.2", seconds=None)
    said = words(panels.plan_panel(numbers))
    assert "constant answer 3.2: -0.010" in said and "not measured" in said and "to learn" not in said


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.2, "1 s"), (89, "89 s"), (90, "1 min 30 s"), (599, "9 min 59 s"), (3500, "58 min")]
)
def test_durations(seconds: float, said: str) -> None:
    assert panels.duration(seconds) == said


def test_running_job_shows_steps_confusions_and_moving_probabilities() -> None:
    panel = panels.live_panel(running())
    said = words(panel)
    assert "LoRA (fact, opinion) learns" in said and "6 / 9" in said
    assert "2 of 3 epochs are done. 40 s so far. About 21 s left." in said and "is epoch 2: that one is kept" in said
    assert 'data-state="running"' in panel and f'data-token="{running().token}"' in panel
    assert 'data-spoken="LoRA (fact, opinion) learns, epoch 2: accuracy 75.0 %"' in panel
    assert [int(each) for each in re.findall(r'<td class="amount[^>]*>(\d+)</td>', panel)] == [12, 4, 4, 12]
    assert re.findall(r'aria-valuenow="([\d.]+)"><span title', panel) == ["80.0", "20.0", "30.0", "70.0"]
    assert re.findall(r'<i style="left:([\d.]+)%"', panel) == ["50.00", "50.00", "60.00", "40.00"]
    assert panel.count('class="bar right"') == 2


def test_first_epoch_has_no_ticks_and_no_labels_no_texts() -> None:
    first = running(watched=(WatchedText("A b.", (), ((0.4, 0.7),)),), epochs=(), losses=(), epoch=0, best=0)
    panel = panels.live_panel(first)
    assert "<i style" not in panel and "truth: (none)" in words(panel) and "train-curve" not in panel
    numbers = running(plan=plan(labels=(), measure="R2", recipe=replace(RECIPE, kind="number")), confusion=None)
    assert "Five held-out sentences" not in panels.live_panel(numbers)


@pytest.mark.parametrize(
    ("job", "said"),
    [
        (running(state="queued", place=3, plan=plan()), "In the queue: 2 before it."),
        (running(state="queued", place=1), "It is the next to begin."),
        (running(state="paused"), "LoRA (fact, opinion) is paused"),
        (TrainingJob("t", "failed", "It ran out of memory. Train on fewer rows."), "The model failed"),
        (running(plan=plan(recipe=replace(RECIPE, seed=2))), "LoRA, seed 2 (fact, opinion)"),
    ],
)
def test_states_have_a_sentence_each(job: TrainingJob, said: str) -> None:
    assert said in words(panels.live_panel(job))


def test_failure_is_an_alert_with_its_sentence() -> None:
    panel = panels.live_panel(TrainingJob("t", "failed", "It ran out of memory. Train on fewer rows."))
    assert 'class="message error" role="alert">It ran out of memory. Train on fewer rows.' in panel


def test_curves_are_where_the_numbers_are() -> None:
    loss, score = curves_of(running())
    train, held_out = loss.lines
    assert (train.kind, held_out.kind, train.dots) == ("train", "held-out", ())
    assert [each.words for each in loss.marks] == ["0.00", "0.50", "1.00"]  # the next round number above 0.65
    width, height = RIGHT - LEFT, BOTTOM - TOP
    assert held_out.dots == (
        (round(LEFT + width * 3 / 9, 1), round(BOTTOM - height * 0.6, 1)),
        (round(LEFT + width * 6 / 9, 1), round(BOTTOM - height * 0.4, 1)),
    )
    assert score.even is not None and score.even.at == round(BOTTOM - height * 0.5, 1)
    assert score.even.words == "dashed: the constant answer, 50%" and score.last == "9 steps"
    assert [y for _, y in score.lines[0].dots] == [round(BOTTOM - height * each, 1) for each in (0.625, 0.75)]
    assert "at last 75%" in score.said


def test_long_curves_keep_their_last_point_and_numbers_alone() -> None:
    losses = tuple(LossPoint(step, 0.5 if step != 7 else float("nan")) for step in range(1, 1002))
    (loss,) = curves_of(running(losses=losses, steps=1001, epochs=()))
    points = loss.lines[0].points.split()
    assert len(points) <= MOST_POINTS + 1 and points[-1].startswith(f"{RIGHT},") and "nan" not in loss.lines[0].points


def test_frozen_features_show_what_was_tried() -> None:
    recipe = replace(RECIPE, way="frozen")
    tried = (EpochPoint(1, 1, 0.6, 0.7, "C = 0.1"), EpochPoint(2, 1, 0.5, 0.8, "C = 1"))
    job = running(plan=plan(recipe=recipe), epochs=tried, losses=(), steps=1, step=1)
    loss, score = curves_of(job)
    assert loss.last == score.last == "2 tried" and len(loss.lines) == 1
    assert score.lines[0].dots[1][0] == RIGHT and "Kept: C = 1." in words(panels.live_panel(job))
    assert "Held-out rows, last strength" in words(panels.live_panel(job))


def test_curve_of_numbers_may_lie_below_nothing() -> None:
    numbers = plan(labels=(), measure="R2", constant=0.0)
    _, score = curves_of(running(plan=numbers, epochs=(EpochPoint(1, 3, 2.0, -0.5, ""),)))
    assert [each.words for each in score.marks] == ["-0.50", "0.25", "1.00"]
    assert score.lines[0].dots[0][1] == BOTTOM


def test_end_shows_figures_mistakes_and_the_model() -> None:
    panel = panels.ended_panels(done())
    said = words(panel)
    assert "Accuracy on 32 test rows: 87.5 % (71.9 to 95.0)" in said
    assert "constant answer fact reaches 50.0 % on them: the whole interval lies above it." in said
    assert "87.5 % 64.0 to 96.5" in said and "Calibration error 0.050 (0.000 to 0.200): chance explains it." in said
    assert "truth fact → answer opinion 93.0 % The play is three hours long." in said
    assert f'data-train-use="{done().model}"' in panel and "All of it is 45.0 MB; what was learnt is 0.3 MB" in said
    assert "the model, zip (42.0 MB)" in said and "for 58 min more" in said
    assert table(panel)[0]["label"] == "fact"


def test_layers_stand_with_how_far_they_moved() -> None:
    panel = panels.ended_panels(done())
    said = words(panel)
    assert "same 480 tokens of 32 held-out texts" in said
    assert "embeddings 1.000 1.000 after layer 0 0.987 0.912" in said
    moved = panel[panel.index("How far each layer moved") :]
    assert table(moved)[1] == {"layer": "0", "cosine": "0.987", "cka": "0.9123"}
    assert "How far each layer moved" not in panels.ended_panels(done(movement=None))


def test_end_that_is_not_better_than_a_constant_answer_says_so() -> None:
    job = done()
    assert job.test
    poor = replace(job.test, score=Interval(0.6, 0.42, 0.76), confusion=None, calibration=None, error=0.4)
    panel = panels.ended_panels(done(test=poor, mistakes=(), archive_bytes=0, kept_seconds=None))
    assert 'class="check off"' in panel and "the interval does not lie above it." in words(panel)
    assert "None: every test row got its label." in panel and "zip" not in panel
    assert "Root of the mean squared error: 0.400." in panel


def test_job_that_runs_or_failed_has_no_end() -> None:
    assert panels.ended_panels(running()) == panels.ended_panels(TrainingJob("t", "failed", "No.")) == ""
    assert "Use this model" in panels.ended_panels(done(state="stopped", test=None))


def test_jobs_stand_side_by_side_with_accuracy_time_and_bytes() -> None:
    other = running(token="b2" * 16, plan=plan(recipe=replace(RECIPE, way="frozen", seed=1)))
    panel = panels.compared_panel([other, done()], other.token)
    said = words(panel)
    assert "LoRA (fact, opinion) base is done 87.5 % (71.9 to 95.0) 50.0 % 62 s 0.3 MB show" in said
    assert "Frozen features, seed 1 (fact, opinion) base learns" in said
    first, second = table(panel)
    assert (first["way"], first["seed"], first["score"]) == ("frozen", "1", "")
    assert (second["score"], second["seconds"], second["learnt_bytes"]) == ("0.875", "61.5", "310000")
    assert 'data-busy="yes"' in panel and f'data-models="{done().model}"' in panel
    assert f'data-train-open="{other.token}" disabled' in panel and f'data-train-open="{done().token}">' in panel
    empty = panels.compared_panel([], "")
    assert 'data-gone="[]"' in empty and 'data-busy=""' in empty and "<table" not in empty


def test_marks_change_with_what_is_shown() -> None:
    jobs = [running(), running(step=7), running(epoch=3), running(seconds_left=None), done(), done(archive_bytes=0)]
    assert len({panels.mark_of(job) for job in jobs}) == len(jobs)
    assert panels.mark_of(running()) == panels.mark_of(running(seconds=41.0))
    assert panels.compared_mark([running()], "x") != panels.compared_mark([done()], "x")
    assert panels.compared_mark([running()], "x") == panels.compared_mark([running(step=7)], "x")


def test_many_labels_are_counted_in_the_title() -> None:
    names = plan(labels=tuple(replace(plan().labels[0], label=f"label number {n}") for n in range(9)))
    assert panels.title_of(running(plan=names)) == "LoRA (9 labels)"
    assert panels.title_of(running(plan=plan(labels=()))) == "LoRA (numbers)"
    wide = running(plan=plan(), confusion=np.array([[1, 0], [0, 0]]))
    assert "--a:1.000" in panels.live_panel(wide) and panels.live_panel(wide).count("--a:0.000") == 3


def test_continued_pretraining_shows_both_models_side_by_side() -> None:
    job = read_on()
    panel = panels.ended_panels(job)
    said = words(panel)
    assert "Perplexity on 32 test passages: 105.2 → 78.4" in said and "most confident mistakes" not in said
    assert "Of 480 tokens, each hidden once: before, 105.2 (76.2 to 148.1); after, 78.4 (55.7 to 110.6)." in said
    assert "After over before: 0.746 (0.629 to 0.882); the whole interval lies below 1." in said
    assert "We walked into the [MASK]. hidden: fen , 6.2 % before, 37.5 % after" in said
    assert "1 sea 25.0 % fen 37.5 % 2 lake 25.0 % bog 37.5 %" in said
    assert "Masked-token accuracy on 32 test rows: 32.0 %" in said
    worse = replace(job.masked, ratio=Interval(1.02, 0.9, 1.1))
    assert "the interval does not lie below 1." in words(panels.ended_panels(read_on(masked=worse)))
    live = words(panels.live_panel(job))
    assert "Continued pre-training (text) is done" in live and "Perplexity on the held-out passages: 1.5." in live


def test_other_seeds_are_thin_lines_beside_the_score() -> None:
    job = running()
    first = (EpochPoint(1, 3, 0.5, 0.875, ""),)
    other = running(token="b2" * 16, plan=plan(recipe=replace(RECIPE, seed=1)), epochs=first)
    jobs = [
        job,
        other,
        running(token="c3" * 16, plan=plan(recipe=replace(RECIPE, seed=2)), epochs=()),
        running(token="d4" * 16, plan=plan(recipe=replace(RECIPE, rank=4))),
        running(token="e5" * 16, plan=plan(rows=161)),
        TrainingJob("f6" * 16, "failed"),
    ]
    seeds = same_but_seed(job, jobs)
    assert [each.token[:2] for each in seeds] == ["b2", "c3"] and not same_but_seed(jobs[-1], jobs)
    loss, score = curves_of(job, seeds)
    assert [line.kind for line in score.lines] == ["seed", "held-out"] and len(loss.lines) == 2
    assert score.lines[0].points == f"{round(LEFT + (RIGHT - LEFT) / 3, 1)},{round(BOTTOM - (BOTTOM - TOP) * 0.875, 1)}"
    assert score.title.endswith("; thin, other seeds") and "other seeds, at last 88%" in score.said
    assert panels.mark_of(job, seeds) != panels.mark_of(job, [other])
    assert 'class="seed"' in panels.live_panel(job, seeds)


def test_learning_curve_of_jobs_that_learnt_from_fewer_rows() -> None:
    job = done()
    shares = [(0.5, 48), (0.25, 24), (1.0, 96)]
    jobs = [done(token=f"{n}" * 32, plan=plan(recipe=replace(RECIPE, share=s), train=n)) for s, n in shares]
    found = smaller_shares(job, [job, *jobs, TrainingJob("f6" * 16, "failed")])
    assert [each.plan.train for each in found if each.plan] == [24, 48]
    said = words(panels.ended_panels(job, found))
    assert "this way reaches on the held-out rows: 24 rows 75.0 % 48 rows 75.0 % 96 rows 75.0 %" in said
    assert "Of so many rows" not in words(panels.ended_panels(job))
    assert panels.title_of(found[0]) == "LoRA, 25% of the rows (fact, opinion)"
