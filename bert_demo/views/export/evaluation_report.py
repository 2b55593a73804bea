"""An evaluation as one page of HTML: no scripts, no fonts, nothing that a network would have to bring."""

from __future__ import annotations

from typing import IO

from markupsafe import Markup

from bert_demo.results.evaluation import Evaluation
from bert_demo.results.intervals import Interval
from bert_demo.views.templates import render

SIDE = 300
"""Of the diagram, in its own units."""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = Markup(
    "body{font:16px/1.5 system-ui,sans-serif;max-width:960px;margin:24px auto;padding:0 16px;color:#1d2126}"
    "table{border-collapse:collapse;margin:8px 0 20px}"
    "th,td{border-bottom:1px solid #ddd;padding:4px 12px 4px 0;text-align:left;vertical-align:top}"
    "td.text{white-space:pre-wrap;overflow-wrap:anywhere}caption{text-align:left;color:#5d6771}"
    "small{color:#5d6771}svg{max-width:100%;height:auto;font-size:12px}h2{margin-top:32px}"
)


def write_report(result: Evaluation, stream: IO[bytes]) -> None:
    """Figures, labels, confusions, calibration with its diagram, slices, and all wrong answers."""
    means = [
        ("macro precision", result.macro_precision),
        ("macro recall", result.macro_recall),
        ("macro F1", result.macro_f1),
        *([("micro F1", result.micro_f1)] if result.micro_f1 else []),
    ]
    points = [
        tuple(round(value, 2) for value in (SIDE * each.confidence, *(SIDE * (1 - up) for up in _heights(each.right))))
        for each in result.calibration.bins
    ]
    page = render("evaluation_report.report", result=result, means=means, points=points, style=_STYLE, policy=_POLICY)
    stream.write(page.encode("utf-8", "replace"))


def _heights(interval: Interval) -> tuple[float, float, float]:
    return interval.value, interval.low, interval.high
