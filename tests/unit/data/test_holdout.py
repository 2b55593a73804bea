"""What is kept from training: every so many-th text, without twins and without phrases of what is kept."""

from __future__ import annotations

from bert_demo.data.holdout import for_calibration, hold_out, joined, without
from bert_demo.data.labelled import Labelled

TEXTS = (
    "a warm and funny film",
    "warm and funny",
    "it was not a good film at all",
    "dull",
    "not a good film",
    "so dull",
)


def test_hold_out_leaves_no_twin_in_training() -> None:
    """Every second text is held out; one that differs from one of those in digits and marks alone is dropped."""
    texts = ("Call 0800 now!", "call 0900, now", "see you", "yes", "YES!!", "no")
    training, held = hold_out(Labelled(texts, (1, 1, 0, 0, 0, 0)), 2)
    assert held == Labelled(("call 0900, now", "yes", "no"), (1, 0, 0))
    assert training == Labelled(("see you",), (0,))


def test_for_calibration_takes_no_text_that_stands_inside_another() -> None:
    assert for_calibration(Labelled(TEXTS, (1, 1, 0, 0, 0, 0)), 2) == Labelled(("dull", "so dull"), (0, 0))
    swapped = Labelled((TEXTS[0], TEXTS[2], TEXTS[4], TEXTS[1]), (1, 0, 0, 1))
    assert for_calibration(swapped, 2) == Labelled(("it was not a good film at all",), (0,))


def test_without_drops_phrases_of_four_words_of_what_is_kept() -> None:
    data = Labelled((TEXTS[0], TEXTS[2], TEXTS[4], TEXTS[1]), (1, 0, 0, 1))
    assert without(data, ("it was not a good film at all",)) == Labelled((TEXTS[0], TEXTS[1]), (1, 1))


def test_joined() -> None:
    assert joined([Labelled(("a",), (1,)), Labelled(("b", "c"), (0, 1))]) == Labelled(("a", "b", "c"), (1, 0, 1))
