"""Panels, the diagram and the files of an evaluation: the values that they hold, read back."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from html import unescape
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from bert_demo import BertService
from bert_demo.data.parquet import read_parquet, write_parquet
from bert_demo.results.evaluation import Evaluation
from bert_demo.tasks.evaluation import figures
from bert_demo.tasks.labelled_rows import Labelled
from bert_demo.tasks.model_comparison import compare
from bert_demo.views.export.evaluation import columns_of, write_csv, write_json_lines
from bert_demo.views.export.evaluation_report import write_report
from bert_demo.views.figures.reliability import reliability_figure
from bert_demo.views.panels import evaluation as panels
from bert_demo.views.panels import tuning as panels_of_tuning
from bert_demo.views.panels.model_comparison import comparison_panel

ROWS = [
    ("A warm and funny film.", "positive"),
    ("=1+1 is a dull film", "negative"),
    ("@everyone: a joy to watch", "negative"),
    ("-3, boring", "positive"),
    ("+ a lovely, tender story", "positive"),
    ("Nothing happens\nfor two hours.", "negative"),
]
LINES = (2, 3, 4, 5, 6, 7)


@pytest.fixture(scope="module")
def found(service: BertService) -> Evaluation:
    return service.evaluate(ROWS, lines=LINES)


def attributes(panel: str, name: str) -> list[str]:
    return [unescape(each) for each in re.findall(rf' {name}="([^"]*)"', panel)]


def test_figures_are_written_with_their_intervals(found: Evaluation) -> None:
    panel = panels.figures_panel(found)
    right = sum(row.right for row in found.answered)
    assert f"<b>{100 * right / 6:.1f} %</b> <small>{100 * found.accuracy.low:.1f} to" in panel
    packed = re.search(r"data:application/json;charset=utf-8;base64,([^\"]+)", panel)
    assert packed is not None
    table = json.loads(base64.b64decode(packed[1]))
    assert [row["label"] for row in table] == ["negative", "positive"]
    for row, label in zip(table, found.labels, strict=True):
        assert (row["support"], row["predicted"], row["f1"]) == (label.support, label.predicted, label.f1.value)
        assert (row["recall_low"], row["recall_high"]) == (label.recall.low, label.recall.high)


def test_cells_of_the_matrix_say_which_side_is_the_truth_and_show_their_rows(found: Evaluation) -> None:
    panel = panels.matrix_panel(found)
    assert "Rows are the <b>truth</b>" in panel and "answer of the model" in panel
    shows = list(map(json.loads, attributes(panel, "data-show")))
    assert shows == [{"truth": row, "answer": column} for row in (0, 1) for column in (0, 1)]
    counts = re.findall(r'aria-label="(\d+) rows: truth (\w+), answer (\w+)"', panel)
    names = ("negative", "positive")
    assert found.confusion is not None
    assert counts == [(str(found.confusion[a, b]), names[a], names[b]) for a in (0, 1) for b in (0, 1)]


def test_independent_labels_have_a_small_matrix_each(service: BertService, tiny_models: dict[str, str]) -> None:
    rows = [("the cat sat", "low;high"), ("a dog ran", ""), ("a film", "high")]
    found = service.evaluate(rows, tiny_models["several"])
    panel = panels.matrix_panel(found)
    shows = list(map(json.loads, attributes(panel, "data-show")))
    counts = [int(each) for each in re.findall(r'aria-label="(\d+) rows: ', panel)]
    assert len(shows) == len(counts) == 12 and panel.count("<caption>") == 3
    truth, answers = found.truth, found.answers
    for show, count in zip(shows, counts, strict=True):
        at = show["label"]
        assert count == int(((truth[:, at] == show["has"]) & (answers[:, at] == show["given"])).sum())
    listed = panels.rows_panel(found)
    at = attributes(listed, "data-at")
    assert dict(zip(at, attributes(listed, "data-truth"), strict=True)) == {"0": "0 2", "1": "", "2": "2"}


def test_rows_know_their_sides_and_texts(found: Evaluation) -> None:
    panel = panels.rows_panel(found)
    opened = list(map(json.loads, attributes(panel, "data-open")))
    assert opened == [{"text": row.text, "pair": ""} for row in found.answered]
    assert attributes(panel, "data-at") == [str(row.row) for row in found.answered]
    index = {"negative": "0", "positive": "1"}
    assert attributes(panel, "data-truth") == [index[row.truth[0]] for row in found.answered]
    assert attributes(panel, "data-answer") == [index[row.answer[0]] for row in found.answered]
    assert panel.count(" data-wrong") == len(found.mistakes)


def test_slices_show_their_rows(service: BertService) -> None:
    rows = [(f"Not a {word} film.", "negative") for word in ("good", "fine", "warm", "dull", "long")]
    others = [(f"A {word} story", "positive") for word in ("good", "fine", "warm", "sad", "wise")]
    found = service.evaluate([*rows, *others])
    panel = panels.slices_panel(found)
    places = [json.loads(each)["places"] for each in attributes(panel, "data-show")]
    assert places == [list(each.places) for each in found.slices] and [0, 1, 2, 3, 4] in places
    few = panels.slices_panel(service.evaluate(ROWS))
    assert "too few rows" in few and not attributes(few, "data-show")


def test_diagram_has_a_point_for_each_bin(found: Evaluation) -> None:
    line, points = reliability_figure(found.calibration).data
    bins = found.calibration.bins
    assert list(line.x) == list(line.y) == [0, 1]
    assert list(points.x) == [each.confidence for each in bins]
    assert list(points.y) == [each.right.value for each in bins]
    assert [y + up for y, up in zip(points.y, points.error_y.array, strict=True)] == pytest.approx(
        [each.right.high for each in bins]
    )
    assert [y - down for y, down in zip(points.y, points.error_y.arrayminus, strict=True)] == pytest.approx(
        [each.right.low for each in bins]
    )


def test_csv_reads_back_and_no_cell_is_a_formula(found: Evaluation, service: BertService) -> None:
    stream = io.BytesIO()
    write_csv(found, stream)
    rows = list(csv.DictReader(io.StringIO(stream.getvalue().decode("utf-8"), newline="")))
    assert [int(row["line"]) for row in rows] == list(LINES)
    for row, (text, label) in zip(rows, ROWS, strict=True):
        assert row["text"] == (f"'{text}" if text[0] in "=+-@" else text)
        assert (row["truth"], row["right"]) == (label, str(row["answer"] == label))
        scores = {each.label: each.score for each in service.classify(text).labels}
        for name, score in scores.items():
            assert float(row[f"p({name})"]) == pytest.approx(score, abs=1e-5)
        assert row["answer"] == max(scores, key=scores.__getitem__)
    assert not any(cell[:1] in tuple("=+-@") for row in rows for cell in row.values())


def test_json_lines_have_the_texts_as_they_are(found: Evaluation) -> None:
    stream = io.BytesIO()
    write_json_lines(found, stream)
    records: list[dict[str, Any]] = [json.loads(line) for line in stream.getvalue().decode("utf-8").splitlines()]
    assert [(each["text"], *each["truth"]) for each in records] == ROWS
    assert [list(each["probabilities"].values()) for each in records] == found.probabilities.tolist()


def test_second_texts_have_a_column_of_their_own(service: BertService) -> None:
    found = service.evaluate([("A film.", "It is warm.", "positive"), ("A film.", "=It is dull.", "negative")])
    stream = io.BytesIO()
    write_csv(found, stream)
    rows = list(csv.DictReader(io.StringIO(stream.getvalue().decode("utf-8"), newline="")))
    assert [row["second_text"] for row in rows] == ["It is warm.", "'=It is dull."]
    assert panels.rows_panel(found).count('class="own"') == 4


class Page(HTMLParser):
    """The tags of a page, what they point to, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.points: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.points += [f"{name}={value}" for name, value in attributes if name in ("src", "href", "action", "srcset")]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_report_is_one_file_that_asks_no_network(found: Evaluation, service: BertService) -> None:
    rows = [(f"<script>alert({n})</script> a {word} film", label) for n, (word, label) in enumerate(
        [("warm", "negative"), ("dull", "negative"), ("warm", "positive")] * 8
    )]  # fmt: skip
    for result in (found, service.evaluate(rows)):
        stream = io.BytesIO()
        write_report(result, stream)
        written = stream.getvalue().decode("utf-8")
        page = Page(written)
        assert written.startswith("<!DOCTYPE html>") and not page.points and "script" not in page.tags
        assert not re.search(r"url\(|@import|https?://", written) and "default-src &#39;none&#39;" in written
        assert f"{100 * result.accuracy.value:.1f} %" in page.text
        assert page.tags.count("circle") == len(result.calibration.bins)
        for row in result.mistakes:
            assert row.text in page.text
        assert ("What could be set better" in page.text) == (result.tuning is not None)


def test_parquet_has_the_texts_as_they_are(found: Evaluation) -> None:
    columns, rows = read_parquet(write_parquet(columns_of(found)))
    assert columns == ("line", "text", "truth", "answer", "right", "p(negative)", "p(positive)")
    assert [(row[1], row[2]) for row in rows] == ROWS and [int(row[0]) for row in rows] == list(LINES)
    assert [[float(row[5]), float(row[6])] for row in rows] == found.probabilities.tolist()


def test_labels_of_one_name_have_a_column_each() -> None:
    stream = io.BytesIO()
    write_csv(twice(), stream)
    assert stream.getvalue().decode().splitlines()[0].endswith("p(a) 0,p(b),p(a) 2")


def twice() -> Evaluation:
    """Of a model that calls two labels the same."""
    encoding: Any = type("E", (), {"tokens": (), "windows": ((),)})
    model: Any = type("M", (), {"labels": ("a", "b", "a"), "activation": "softmax"})
    model.info = type("I", (), {"name": "m", "revision": "r"})
    truth = np.eye(3, dtype=bool)
    return figures(model, [("x", "a")] * 3, Labelled((encoding,) * 3, truth), truth * 0.7 + 0.1, (1, 2, 3))


def test_tuning_says_that_it_was_chosen_on_the_other_half(service: BertService, tiny_models: dict[str, str]) -> None:
    rows = [(f"the cat {n}", ("low", "high")[n % 2]) for n in range(24)]
    one = panels_of_tuning.tuning_panel(service.evaluate(rows, tiny_models["labels"]))
    assert (
        "Chosen on one half of your rows (12," in one and "reported on the other (12)" in one and "Temperature" in one
    )
    several = panels_of_tuning.tuning_panel(service.evaluate(rows, tiny_models["several"]))
    assert several.count("<tr>") >= 6 and "reported on the other (12)" in several
    assert "takes 20 rows" in panels_of_tuning.tuning_panel(service.evaluate(rows[:5], tiny_models["labels"]))


def judged(scores: list[float]) -> Evaluation:
    """Of four rows of the second of two labels, with its probabilities."""
    encoding: Any = type("E", (), {"tokens": (), "windows": ((),)})
    model: Any = type("M", (), {"labels": ("a", "b"), "activation": "softmax"})
    model.info = type("I", (), {"name": "m", "revision": "r"})
    truth = np.tile([False, True], (4, 1))
    both = np.column_stack([1 - np.array(scores), scores])
    return figures(model, [("x", "b")] * 4, Labelled((encoding,) * 4, truth), both, (1, 2, 3, 4))


def test_comparison_shows_the_rows_of_each() -> None:
    first, second = judged([0.9, 0.2, 0.8, 0.7]), judged([0.9, 0.7, 0.3, 0.4])
    panel = comparison_panel(compare(first, second))
    shows = [json.loads(each)["places"] for each in attributes(panel, "data-show")]
    assert shows[:2] == [[2, 3], [1]] and shows[2:] == [[2], [3], [1]]
    assert "chance explains it" in panel and "Both right: 1. Neither: 0. Answered otherwise: 3." in panel
