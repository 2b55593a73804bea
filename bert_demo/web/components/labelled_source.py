"""A visitor's labelled rows: a file that the browser reads, or rows that are pasted; what of them was understood."""

from __future__ import annotations

import base64
import binascii
import gzip
import io
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.core.errors import BadDataError
from bert_demo.core.scheduler import Cost
from bert_demo.core.settings import ASSETS
from bert_demo.data.labelled import MOST_BYTES, LabelledTexts, checked, understand
from bert_demo.data.reading import FOUND, Reading
from bert_demo.data.uploads import understand_file
from bert_demo.results.label_issues import MOST_OTHERS
from bert_demo.tasks.labelled_rows import MOST_ROWS
from bert_demo.views.panels.understood import source_panel, understood_panel
from bert_demo.web.components.understood_rows import LONGEST, asked_rows, reading_of, understood_rows
from bert_demo.web.event_settings import AT_ONCE, PRIVATE, QUIET
from bert_demo.web.job_outputs import passes_notice
from bert_demo.web.job_runner import JobProgress, LatestJob
from bert_demo.web.tab import Ask, Page, html

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService

_CONNECT = """
window.bertLens('LENS').then(() => {
  const rows = window.bertRows.of('LENS');
  for (const name of ['read', 'changed', 'set']) rows.sends(name, () => trigger(name, {}));
  rows.connect(element);
});
"""
_PLACE = (
    "a text<TAB>its label\nor CSV: text,label (with or without that header)\n\nSeveral labels of one text: joy;love"
)


Shown = Callable[..., str]
"""From (service, ask, pasted rows, file, choices): what was understood, as HTML. Raises DemoError."""


@dataclass(frozen=True, slots=True)
class RowSets:
    """Sets of rows that a click takes. said: the words before them; offers: (name, title); rows_of: the rows of a name,
    as the field shows them, raising DemoError."""

    said: str
    offers: tuple[tuple[str, str], ...]
    rows_of: Callable[[Any], str]


class LabelledSource:
    """Where rows come from, what was understood of them, and the components whose values say both.

    lens: whose rows they are; shown: what was understood, and most: rows that may be brought; kept: what becomes of
    them, in words; example: the field holds labelled_example.csv at first, which has a button of its own, else the
    first of the sets, which the browser asks for when the lens is opened; controls: the pasted rows, the file, the
    choices; changed: the listener of the event that other rows, or others of the choices, are there.
    """

    def __init__(
        self,
        sets: RowSets,
        lens: str = "evaluate",
        shown: Shown | None = None,
        most: int = MOST_ROWS,
        kept: str = "kept nowhere",
        example: bool = True,
    ) -> None:
        self._lens, self._sets, self._shown = lens, sets, shown or shown_rows
        own = "" if lens == "evaluate" else f"{lens}-"
        with gr.Column(elem_classes="sheet rows-sheet", elem_id=f"{own}rows-sheet"), gr.Row(elem_classes="lens"):
            with gr.Column(scale=4, min_width=280):
                self._place = html(
                    source_panel(most, MOST_BYTES, kept, example, sets.said, sets.offers),
                    elem_id=f"{own}rows-source",
                    js_on_load=_CONNECT.replace("LENS", lens),
                )
                self._rows = gr.Textbox(
                    (ASSETS / "labelled_example.csv").read_text(encoding="utf-8") if example else "",
                    label="Or paste rows",
                    placeholder=_PLACE,
                    lines=5,
                    max_lines=9,
                    elem_id="evaluated-rows" if lens == "evaluate" else f"{lens}-rows",
                    elem_classes="pasted-rows",
                )
            with gr.Column(scale=5, min_width=280):
                self._understood = html(elem_id=f"{own}understood")
        self._file, self._choices = gr.JSON(visible=False), gr.JSON(visible=False)
        self.controls = [self._rows, self._file, self._choices]
        self.changed = self._place.changed

    def wire(self, page: Page) -> None:
        """Other rows or choices, and another model, are read at once; nothing is computed."""
        rows_of = f"window.bertRows.of('{self._lens}')"

        def read(progress: JobProgress, ask: Ask, rows: Any, file: Any, choices: Any) -> str:
            return self._shown(page.service(), ask, rows, file, choices)

        job = LatestJob("understand" if self._lens == "evaluate" else f"understand_{self._lens}", Cost.INTERACTIVE)
        run = job.handler(read, passes_notice("Reading the rows \N{HORIZONTAL ELLIPSIS}"))
        given = [page.asked, *self.controls]
        kept = self._place.read(None, self._rows, self.controls, js=f"(rows) => {rows_of}.kept(rows)", **AT_ONCE)
        kept.then(run, given, self._understood, **AT_ONCE)
        page.renewed(run, given, self._understood, **QUIET)
        wanted = f"() => [{rows_of}.wanted()]"
        brought = self._place.set(_rows_of(self._sets), self._choices, self._rows, js=wanted, **AT_ONCE)
        brought.then(None, js=f"() => {rows_of}.brought()", **PRIVATE)


def _rows_of(sets: RowSets) -> Callable[[Any], Any]:
    """The handler of a clicked set; what no button sends changes nothing."""

    def rows(name: Any) -> Any:
        return sets.rows_of(name) if name in [each for each, _ in sets.offers] else gr.skip()

    return rows


def shown_rows(service: BertService, ask: Ask, rows: Any, file: Any, choices: Any) -> str:
    """What was understood, as HTML; or what has to be said first. Raises ModelError, MissingHeadError."""
    labels, several = service.judged_labels(service.choose("text-classification", ask.model))
    reading, name = _reading(choices, labels), name_of(file)
    try:
        found = _understood(rows, file, labels, several, reading)
    except BadDataError as error:
        return understood_panel(asked_rows(error, labels, reading, MOST_ROWS))
    return understood_panel(understood_rows(found, name, reading, MOST_ROWS))


def rows_of(service: BertService, model: str, rows: Any, file: Any, choices: Any) -> LabelledTexts:
    """The rows for a model, read as a visitor chose. Raises BadDataError, ModelError, MissingHeadError."""
    labels, several = service.judged_labels(model)
    reading = _reading(choices, labels)
    return checked(_understood(rows, file, labels, several, reading), reading.skip)


def texts_of(service: BertService, model: str, file: Any) -> tuple[str, ...]:
    """The texts of a second file, with everything found; its bad rows are left out. Raises BadDataError."""
    labels, several = service.judged_labels(model)
    content, name = content_of(file), name_of(file)
    found = understand_file(content, name, labels, several, FOUND, MOST_OTHERS)
    pairs = found.pairs or ("",) * len(found.texts)
    return tuple("\n".join(filter(None, both)) for both in zip(found.texts, pairs, strict=True))


def _reading(choices: Any, labels: Sequence[str]) -> Reading:
    """The choices; what was said of the labels of another model means nothing."""
    reading = reading_of(choices)
    return replace(reading, mapping=tuple(each for each in reading.mapping if each[1] in labels))


def _understood(rows: Any, file: Any, labels: Sequence[str], several: bool, reading: Reading) -> LabelledTexts:
    if name_of(file):
        return understand_file(content_of(file), name_of(file), labels, several, reading, MOST_ROWS)
    return understand(rows, labels, several, reading, MOST_ROWS)


def name_of(file: Any) -> str:
    """What a visitor's file is called, "" where there is none."""
    name = file.get("name") if isinstance(file, dict) else None
    return " ".join(name.split())[:LONGEST] if isinstance(name, str) else ""


def content_of(file: dict[str, Any]) -> bytes:
    """The bytes of a file, which the browser sends as base64, packed where it can. Raises BadDataError: damaged, more
    than MOST_BYTES."""
    try:
        content = base64.b64decode(str(file.get("data", "")), validate=True)
        if file.get("packed") is True:
            with gzip.open(io.BytesIO(content)) as stream:
                content = stream.read(MOST_BYTES + 1)
    except (binascii.Error, ValueError, OSError, EOFError, zlib.error) as error:
        raise BadDataError("The file did not arrive whole. Open it again.") from error
    if len(content) > MOST_BYTES:
        raise BadDataError(f"The file has more than {MOST_BYTES:,} bytes; that is the limit. Send fewer rows.")
    return content
