"""Rows to learn from: what is refused, in which sentence, and how they are parted."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, r2_score

from bert_demo.core.errors import BadDataError
from bert_demo.data.parts import constant_answer, part, score
from bert_demo.data.to_learn import rows_to_learn

GOOD = [(f"text {number}", "a" if number % 3 else "b") for number in range(60)]


def read(rows: Any, kind: str = "single", most: int = 5_000) -> Any:
    return rows_to_learn(rows, kind, most, 20_000)


@pytest.mark.parametrize(
    ("rows", "kind", "sentence"),
    [
        ([], "single", "There are no rows"),
        ("text", "single", "rows must be pairs of a text and its label"),
        ([("a", "b", "c")], "single", "rows must be pairs"),
        ([(f"text {n}", "a") for n in range(9)], "single", "All rows have the label 'a'. A classifier needs"),
        ([*GOOD, ("once", "c")], "single", "The label 'c' has 1 text. Each label needs at least 3"),
        ([*GOOD, ("once", "c"), ("Once ", "c"), ("twice", "c")], "single", "The label 'c' has 2 texts"),
        ([("same", "a"), (" SAME", "b")] * 5, "single", "All 10 texts are equal"),
        (
            [(f"text {n}", f"label {n}") for n in range(20)],
            "single",
            "20 different labels in 20 rows, such as 'label 0'",
        ),
        (GOOD * 400, "single", "There are 24,000 rows; at most 5,000"),
        ([*GOOD, ("x" * 20_001, "a")], "single", "Row 61: The text has 20,001 characters; the limit is 20,000"),
        ([*GOOD, (" ", "a")], "single", "Row 61: The text is empty"),
        ([*GOOD, ("x", " ")], "single", "Row 61 has no label"),
        ([*GOOD, ("x", None)], "single", "Row 61: the label must be a name or a number"),
        ([(text, "") for text, _ in GOOD], "several", "No row has a label"),
        ([(text, f"{label};all") for text, label in GOOD], "several", "Every row has the label 'all'"),
        (GOOD, "number", "Row 1: 'b' is no number below a billion"),
        ([(text, "nan") for text, _ in GOOD], "number", "Row 1: 'nan' is no number"),
        ([(text, 3) for text, _ in GOOD], "number", "All rows have the number 3"),
        ([(f"text {n}", n) for n in range(5)], "number", "There are 5 different texts; at least 6"),
    ],
)
def test_bad_rows_are_a_sentence_before_the_start(rows: Any, kind: str, sentence: str) -> None:
    with pytest.raises(BadDataError, match=re.escape(sentence)):
        read(rows, kind)


def test_labels_that_nothing_explains_are_pointed_out() -> None:
    assert (
        "nothing says what they mean"
        in read([(text, len(label)) for text, label in GOOD] + [(f"other {n}", 0) for n in range(9)]).notes[0]
    )
    assert not any("nothing says" in note for note in read(GOOD).notes)


def test_rows_are_read_with_their_duplicates_and_conflicts() -> None:
    found = read([*GOOD, ("TEXT  1", "b"), ("text 2", "a")])
    assert (found.labels, found.duplicates, found.conflicts) == (("a", "b"), 2, 1)
    assert found.truth[:3].tolist() == [[0, 1], [1, 0], [1, 0]]
    several = read([(text, f"{label};x" if place % 2 else "") for place, (text, label) in enumerate(GOOD)], "several")
    assert several.labels == ("a", "b", "x") and several.truth[:2].tolist() == [[0, 0, 0], [1, 0, 1]]


@pytest.mark.parametrize("kind", ["single", "several", "number"])
@pytest.mark.parametrize("seed", range(5))
def test_parts_hold_each_row_once_and_no_text_twice(kind: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    label = {"single": lambda n: "abc"[n % 3], "several": lambda n: ["", "a;b", "b"][n % 3], "number": float}[kind]
    rows = read([(f"text {rng.integers(150)}", label(n)) for n in range(300)], kind)
    parts = part(rows, seed)
    every = [*parts.train, *parts.held_out, *parts.test]
    assert sorted(every) == list(range(300))
    texts = [{rows.groups[row] for row in rows_of} for rows_of in (parts.train, parts.held_out, parts.test)]
    assert not texts[0] & texts[1] and not texts[0] & texts[2] and not texts[1] & texts[2]
    assert len(texts[1]) == pytest.approx(0.15 * len(set(rows.groups)), abs=3)
    assert abs(len(texts[1]) - len(texts[2])) < 4
    assert parts == part(rows, seed) and parts != part(rows, seed + 1)


def test_many_rows_keep_more_to_learn_from() -> None:
    parts = part(read([(f"text {n}", "ab"[n % 2]) for n in range(600)]), 0)
    assert [len(each) for each in (parts.train, parts.held_out, parts.test)] == [480, 60, 60]


def test_parts_of_the_smallest_rows_have_each_label() -> None:
    rows = read([(f"{label} {n}", label) for label in "ab" for n in range(3)])
    parts = part(rows, 0)
    for rows_of in (parts.train, parts.held_out, parts.test):
        assert rows.truth[list(rows_of)].sum(0).tolist() == [1, 1]


def test_constant_answer_and_score_are_those_of_scikit_learn() -> None:
    truth = np.eye(3)[[0, 1, 1, 2, 1]]
    constant = constant_answer(truth, "single")
    assert constant.tolist() == [0, 1, 0]
    assert score(np.tile(constant, (5, 1)), truth, "single") == accuracy_score([0, 1, 1, 2, 1], [1] * 5) == 0.6
    numbers, answers = np.array([[1.0], [2.0], [4.0]]), np.array([[1.5], [2.0], [3.0]])
    assert score(answers, numbers, "number") == pytest.approx(r2_score(numbers, answers))
    assert constant_answer(numbers, "number")[0] == pytest.approx(7 / 3)
