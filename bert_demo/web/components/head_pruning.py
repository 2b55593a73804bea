"""Pruning: a part of the lens Without heads that measures a classifier on labelled texts of the visitor's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.core.errors import BadDataError
from bert_demo.core.scheduler import Cost
from bert_demo.core.settings import ASSETS
from bert_demo.data.labelled import FILE_TYPES, MOST_BYTES, MOST_ROWS, read_labelled_rows, read_upload
from bert_demo.views.figures.head_pruning import curve_figure
from bert_demo.views.markup import message, working
from bert_demo.views.panels.attributions import progress_panel
from bert_demo.views.panels.head_pruning import prune_panel
from bert_demo.web.event_settings import AT_ONCE, QUIET
from bert_demo.web.job_runner import JobProgress, LatestJob
from bert_demo.web.tab import Ask, Page, html

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService

_HEAD = (
    "<h2>How many attention heads can be spared?</h2><p class='note'>Heads are switched off, the least important "
    f"first, and the accuracy is measured on labelled texts: at most {MOST_ROWS} rows, kept nowhere.</p>"
)
_PLACE = (
    "a text<TAB>its label\nor CSV: text,label (with or without that header)\n\nSeveral labels of one text: joy;love"
)


class Pruning:
    """Rows to paste, upload or take from the example; a button; the curve."""

    def __init__(self) -> None:
        with gr.Column(elem_classes="lens-section"):
            html(_HEAD)
            self.rows = gr.Textbox(
                "", label="Labelled texts", placeholder=_PLACE, lines=4, max_lines=10, elem_id="labelled-rows"
            )
            with gr.Row(elem_classes="controls", elem_id="prune-tools"):
                self.upload = gr.UploadButton("Open a file", file_types=FILE_TYPES, size="sm", min_width=110, scale=0)
                self.example = gr.Button("Use the example", size="sm", min_width=130, scale=0, elem_id="prune-example")
                self.button = gr.Button("Run", variant="primary", min_width=110, scale=0, elem_id="prune-button")
            self.notice = html(elem_id="prune-said", elem_classes="asked-for")
            with gr.Column(visible=False) as self.body, gr.Row(elem_classes="lens"):
                with gr.Column(scale=4, min_width=300, elem_classes="sheet"):
                    self.figure = gr.Plot(show_label=False, elem_id="prune-curve")
                with gr.Column(scale=3, min_width=300):
                    self.panel = html(elem_id="pruned")

    def wire(self, page: Page) -> list[Any]:
        """The buttons; a new question ends a computation and its line of progress, a finished curve stays."""

        def make(progress: JobProgress, ask: Ask, rows: str) -> list[Any]:
            return panels(page.service(), ask, rows, progress)

        example = (ASSETS / "labelled_example.csv").read_text(encoding="utf-8")
        self.example.click(lambda: example, None, self.rows, **QUIET)
        self.upload.upload(_read, self.upload, [self.rows, self.notice], **QUIET)
        page.cleared(None, None, self.notice, js="() => ''", **QUIET)
        run = LatestJob("prune", Cost.EXCLUSIVE).handler(make, _working, 2)
        return [
            self.button.click(
                run, [page.asked, self.rows], [self.notice, self.body, self.figure, self.panel], **AT_ONCE
            )
        ]


def panels(service: BertService, ask: Ask, rows: str, progress: JobProgress) -> list[Any]:
    """The curve and its numbers. Raises BadDataError, ModelError."""
    model = service.choose("text-classification", ask.model, ask.text)
    notice = "" if model == ask.model else message(f"{ask.model} has no labels; {model} is pruned.")
    labels, several = service.labels(model), service.judges_each_label(model)
    labelled = read_labelled_rows(rows, labels, several)
    curve = service.prune(labelled.rows, model, on_progress=progress, lines=labelled.lines)
    right = 0
    for number, (text, *pair, _) in enumerate(labelled.rows, start=1):
        found = service.classify(text, pair[0] if pair else None, model).labels
        said_of_it = {each.label for each in found if each.score > 0.5} if several else {found[0].label}
        right += said_of_it == {labels[place] for place in labelled.labels[number - 1]}
        progress(*(progress.passes if number < len(labelled.rows) else (1, 1)))
    return [curve_figure(curve), notice + prune_panel(curve, right / len(labelled.rows))]


def _read(upload: str | None) -> list[Any]:
    """The text of an uploaded file, which is not kept, and a sentence about what is wrong with it."""
    if upload is None:
        return [gr.skip(), gr.skip()]
    path = Path(upload)
    try:
        too_large = path.stat().st_size > MOST_BYTES
        text = read_upload(path.read_bytes() if not too_large else bytes(MOST_BYTES + 1))
    except BadDataError as error:
        return [gr.skip(), message(str(error), "error")]
    finally:
        path.unlink(missing_ok=True)
    return [text, ""]


def _working(done: int, planned: int) -> str:
    if not planned:
        return working("Reading the rows \N{HORIZONTAL ELLIPSIS}")
    return progress_panel(done, planned, "over the texts, one for each text")
