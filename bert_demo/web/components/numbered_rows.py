"""A visitor's rows for a model that gives a number: understood as labelled ones are, with a number for each text."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bert_demo.core.errors import BadDataError
from bert_demo.data.numbers import NumberedTexts, checked_numbers, understand_numbers
from bert_demo.data.reading import Reading
from bert_demo.results.regression_evaluation import RegressionEvaluation
from bert_demo.tasks.labelled_rows import MOST_ROWS
from bert_demo.views.panels.understood import ShownRow, UnderstoodRows, understood_panel
from bert_demo.web.components.labelled_source import content_of, name_of, shown_rows
from bert_demo.web.components.understood_rows import FIRST, asked_rows, choices_of, cut, reading_of, sentences
from bert_demo.web.job_runner import JobProgress
from bert_demo.web.tab import Ask

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService


def shown_rows_or_numbers(service: BertService, ask: Ask, rows: Any, file: Any, choices: Any) -> str:
    """What was understood, as HTML, as the model needs a label or a number. Raises ModelError, MissingHeadError."""
    if not service.gives_number(service.choose("text-classification", ask.model)):
        return shown_rows(service, ask, rows, file, choices)
    reading = _reading(choices)
    try:
        found = _understood(rows, file, reading)
    except BadDataError as error:
        return understood_panel(asked_rows(error, (), reading, MOST_ROWS))
    return understood_panel(_shown(found, name_of(file), reading))


def evaluated_numbers(
    service: BertService, model: str, rows: Any, file: Any, choices: Any, progress: JobProgress
) -> RegressionEvaluation:
    """The figures of the rows. Raises BadDataError, ModelError, MissingHeadError."""
    reading = _reading(choices)
    found = checked_numbers(_understood(rows, file, reading), MOST_ROWS, reading.skip)
    return service.evaluate_regression(found.rows, model, progress, found.lines)


def _reading(choices: Any) -> Reading:
    """The choices; numbers have no labels to be explained."""
    return replace(reading_of(choices), mapping=())


def _understood(rows: Any, file: Any, reading: Reading) -> NumberedTexts:
    if name_of(file):
        return understand_numbers(content_of(file), name_of(file), reading, MOST_ROWS)
    if not isinstance(rows, str):
        raise BadDataError("The rows must be text: one text and its number on each line.")
    return understand_numbers(rows, "", reading, MOST_ROWS)


def _shown(found: NumberedTexts, name: str, reading: Reading) -> UnderstoodRows:
    low, high = min(found.numbers), max(found.numbers)
    mean = sum(found.numbers) / len(found.numbers)
    numbers = f"Numbers from {low:g} to {high:g}, {mean:.4g} on average."
    rows = zip(found.lines, found.texts, found.pairs or [None] * len(found.texts), found.numbers, strict=True)
    return UnderstoodRows(
        source=f"of {cut(name)}" if name else "",
        rows=len(found.texts),
        most=MOST_ROWS,
        said=sentences(found.origin, found.dialect, str(found.columns), numbers),
        choices=choices_of(found.origin, found.dialect, found.columns, reading, bool(name)),
        first=tuple(
            ShownRow(line, cut(text), pair and cut(pair), (f"{number:g}",))
            for (line, text, pair, number), _ in zip(rows, range(FIRST), strict=False)
        ),
        bad=tuple((each.line, each.reason) for each in found.bad),
        skip=reading.skip,
        changed=reading != Reading(),
        what="number",
    )
