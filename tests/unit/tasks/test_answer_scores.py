"""Exact match and F1 of answers, worked by hand by the rules of SQuAD 2.0's evaluation script (evaluate-v2.0.py)."""

from __future__ import annotations

import pytest

from bert_demo.tasks.answer_scores import exact_match, f1, normalised


@pytest.mark.parametrize(
    ("answer", "compared"),
    [
        ("The  Eiffel-Tower!", "eiffeltower"),  # punctuation goes before words are parted
        ("an apple, a day", "apple day"),
        ("Vitamin A", "vitamin"),  # the letter is an article here
        ("theatre\tof the\nAbsurd", "theatre of absurd"),
        ("\u201cquoted\u201d na\u00efve", "\u201cquoted\u201d na\u00efve"),  # only ASCII punctuation goes
        ("The.", ""),
    ],
)
def test_answers_are_compared_without_case_articles_and_punctuation(answer: str, compared: str) -> None:
    assert normalised(answer) == compared


BAY = "Levi's Stadium in the San Francisco Bay Area at Santa Clara, California"


@pytest.mark.parametrize(
    ("found", "answers", "exact", "f"),
    [
        ("the Denver Broncos.", ["Denver Broncos"], 1, 1),
        ("Denver Broncos team", ["Denver Broncos"], 0, 2 * 2 / (3 + 2)),
        ("Santa Clara, California", [BAY], 0, 2 * 3 / (3 + 11)),
        ("Santa Clara, California", [BAY, "Santa Clara"], 0, 0.8),  # the best of all that are right
        ("New York, New York", ["New York"], 0, 2 * 2 / (4 + 2)),  # a word counts as often as both have it
        ("308", ["308", "136"], 1, 1),
        ("136", ["308"], 0, 0),
        ("", [], 1, 1),
        ("308", [], 0, 0),
        ("", ["308"], 0, 0),
        ("", ["the"], 1, 1),  # nothing is left of it, as if there were no answer
        ("a", ["the", "308"], 0, 0),  # beside others it does not count
        ("\u9ed1\u8c79\u961f", ["\u9ed1\u8c79"], 0, 0),  # no blanks: one word each
    ],
)
def test_scores_are_those_of_squads_script(found: str, answers: list[str], exact: float, f: float) -> None:
    assert exact_match(found, answers) == exact
    assert f1(found, answers) == pytest.approx(f)
