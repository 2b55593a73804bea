"""A temperature, or thresholds, chosen on one half of labelled rows and reported on the other."""

from __future__ import annotations

from dataclasses import dataclass

from bert_demo.results.base import Wire
from bert_demo.results.intervals import Interval

LEAST_ROWS = 20
"""Fewer are not parted."""


@dataclass(frozen=True, slots=True)
class Temperature(Wire):
    """What the logits of a classifier are divided by.

    value: chosen on one half, where the truth is likeliest; at_edge: it is the lowest or highest that was tried, as
    where every answer of that half is right; log_loss, calibration_error: of the other half, before and after.
    """

    value: float
    at_edge: bool
    log_loss: tuple[float, float]
    calibration_error: tuple[Interval, Interval]


@dataclass(frozen=True, slots=True)
class Threshold(Wire):
    """Above which probability a label is given.

    value: chosen on one half, where its F1 is greatest; support: rows of that half that carry the label, and of none
    the threshold stays at 0.5; f1: of the other half, at 0.5 and at the threshold.
    """

    label: str
    value: float
    support: int
    f1: tuple[Interval, Interval]


@dataclass(frozen=True, slots=True)
class Tuning(Wire):
    """What could be set better, without another training.

    chosen_on, reported_on: rows of each half, which are drawn at random, always the same of as many rows; temperature:
    of a classifier with one label for each row; thresholds: of labels that are judged each by itself, then with the
    accuracy of whole rows and the macro F1 of the other half at 0.5 and at the thresholds.
    """

    chosen_on: int
    reported_on: int
    temperature: Temperature | None
    thresholds: tuple[Threshold, ...]
    accuracy: tuple[Interval, Interval] | None
    macro_f1: tuple[float, float] | None
