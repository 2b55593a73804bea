"""Pruning: a part of the lens Without heads that measures a classifier on labelled texts of the visitor's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.errors import BadDataError
from bert_demo.labelled_rows import MOST_BYTES, MOST_ROWS, parted_label, read_bytes, read_labelled_rows
from bert_demo.plots import pruning as plots
from bert_demo.plots.attributions import progress_panel
from bert_demo.plots.markup import message, working
from bert_demo.settings import ASSETS
from bert_demo.ui.bar import QUIET
from bert_demo.ui.base import Ask, Page, html, panels_runner
from bert_demo.ui.running import Watch
from bert_demo.ui.worth import AT_ONCE

if TYPE_CHECKING:
    from bert_demo.service import BertService

_HEAD = (
    "<h2>How many heads can be spared?</h2><p class='note'>Heads are switched off, the least important first, and the "
    f"accuracy is measured on labelled texts: at most {MOST_ROWS} rows, kept nowhere.</p>"
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
                self.upload = gr.UploadButton(
                    "Open a file", file_types=[".csv", ".tsv", ".txt"], size="sm", min_width=110, scale=0
                )
                self.example = gr.Button("Use the example", size="sm", min_width=130, scale=0, elem_id="prune-example")
                self.button = gr.Button("Prune", variant="primary", min_width=110, scale=0, elem_id="prune-button")
            self.said = html(elem_id="prune-said", elem_classes="asked-for")
            with gr.Column(visible=False) as self.body, gr.Row(elem_classes="lens"):
                with gr.Column(scale=4, min_width=300, elem_classes="sheet"):
                    self.figure = gr.Plot(show_label=False, elem_id="prune-curve")
                with gr.Column(scale=3, min_width=300):
                    self.panel = html(elem_id="pruned")

    def wire(self, page: Page) -> list[Any]:
        """The buttons; a new question ends a computation and its line of progress, a finished curve stays."""

        def make(watch: Watch, ask: Ask, rows: str) -> list[Any]:
            return panels(page.service(), ask, rows, watch)

        example = (ASSETS / "labelled_example.csv").read_text(encoding="utf-8")
        self.example.click(lambda: example, None, self.rows, **QUIET)
        self.upload.upload(_read, self.upload, [self.rows, self.said], **QUIET)
        page.asked.change(lambda: "", None, self.said, **QUIET)
        run = panels_runner("prune", make, _told, 2)
        return [
            self.button.click(run, [page.asked, self.rows], [self.said, self.body, self.figure, self.panel], **AT_ONCE)
        ]


def panels(service: BertService, ask: Ask, rows: str, watch: Watch) -> list[Any]:
    """The curve and its numbers. Raises BadDataError, ModelError."""
    model = service.choose("text-classification", ask.model)
    said = "" if model == ask.model else message(f"{ask.model} has no labels; {model} is pruned.")
    labels, several = service.labels(model), service.judges_each_label(model)
    labelled = read_labelled_rows(rows, labels, several)
    curve = service.prune(labelled.rows, model, on_progress=watch, lines=labelled.lines)
    right = 0
    for number, (text, label) in enumerate(labelled.rows, start=1):
        found = service.classify(text, None, model).labels
        said_of_it = {each.label for each in found if each.score > 0.5} if several else {found[0].label}
        right += said_of_it == set(parted_label(label, labels) if several else [label])
        watch(*(watch.passes if number < len(labelled.rows) else (1, 1)))
    return [plots.curve_figure(curve), said + plots.prune_panel(curve, right / len(labelled.rows))]


def _read(upload: str | None) -> list[Any]:
    """The text of an uploaded file, which is not kept, and a sentence about what is wrong with it."""
    if upload is None:
        return [gr.skip(), gr.skip()]
    path = Path(upload)
    try:
        too_large = path.stat().st_size > MOST_BYTES
        text = read_bytes(path.read_bytes() if not too_large else bytes(MOST_BYTES + 1))
    except BadDataError as error:
        return [gr.skip(), message(str(error), "error")]
    finally:
        path.unlink(missing_ok=True)
    return [text, ""]


def _told(done: int, planned: int) -> str:
    if not planned:
        return working("Reading the rows \N{HORIZONTAL ELLIPSIS}")
    return progress_panel(done, planned, "over the texts, one for each text")
