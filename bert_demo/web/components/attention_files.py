"""All heads as files, made when they are asked for: arrays, tables, one sheet, a drawing of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import gradio as gr

from bert_demo.core.errors import ChoiceError
from bert_demo.core.scheduler import Cost
from bert_demo.results import Attention
from bert_demo.views.export.attention_files import OnProgress, arrays, drawings, tables
from bert_demo.views.export.contact_sheet import sheet
from bert_demo.views.markup import working
from bert_demo.web.components.download_files import make_file
from bert_demo.web.components.window_choice import window_of
from bert_demo.web.event_settings import PRIVATE, QUIET
from bert_demo.web.job_runner import JobProgress, LatestJob
from bert_demo.web.tab import Ask, Page, html

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService

MOST_NUMBERS = 20_000_000
"""Weights that are written as CSV at most, which takes seconds and about 100 MB: 512 tokens of 72 heads."""


@dataclass(frozen=True, slots=True)
class Format:
    """A row of FORMATS: how it is called, the file's name, and what writes it."""

    title: str
    name: str
    write: Callable[[Attention, IO[bytes], OnProgress], None]


FORMATS = {
    "npz": Format("arrays (npz)", "attention.npz", arrays),
    "csv": Format("tables (CSV, zip)", "attention-tables.zip", tables),
    "svg": Format("one sheet (SVG)", "attention.svg", sheet),
    "png": Format("drawings (PNG, zip)", "attention-drawings.zip", drawings),
}


class Files:
    """The choice of a format, a button, and the file that it has made last."""

    def __init__(self) -> None:
        with gr.Row(elem_classes="controls", elem_id="head-files"):
            self.format = gr.Dropdown(
                [(each.title, key) for key, each in FORMATS.items()],
                value="npz",
                label="All heads as a file",
                min_width=150,
                elem_id="file-format",
            )
            self.make = gr.Button("Run", size="sm", min_width=76, scale=0, elem_id="make-file")
        self.notice = html(elem_id="file-said", elem_classes="asked-for")
        with gr.Column(visible=False) as self.body:
            self.file = gr.File(interactive=False, show_label=False, elem_id="made-file")

    def wire(self, page: Page, window: gr.Dropdown) -> list[Any]:
        """A click makes the file of the last question; a new question or another window takes it away.

        Returns what Stop ends.
        """
        cache = Path(self.file.GRADIO_CACHE)

        def make(progress: JobProgress, ask: Ask, window: Any, kind: str) -> list[Any]:
            return [str(made(whole_attention(page.service(), ask, window), kind, cache, progress))]

        for listen in (page.cleared, window.input):
            listen(
                None,
                None,
                [self.notice, self.body, self.file],
                js="() => ['', {__type__: 'update', visible: false}, null]",
                **QUIET,
            )
        run = LatestJob("attention_file", Cost.SLOW).handler(make, _working, 1)
        outputs = [self.notice, self.body, self.file]
        settings: dict[str, Any] = {"trigger_mode": "multiple", **PRIVATE}
        return [self.make.click(run, [page.asked, window, self.format], outputs, **settings)]


def made(result: Attention, kind: str, cache: Path, progress: JobProgress) -> Path:
    """Write a file of FORMATS into a folder of its own; one that is stopped is taken away.

    Raises ChoiceError for an unknown kind and for more weights than are written as CSV, CancelledError.
    """
    check_size(kind, result)

    def write(stream: IO[bytes]) -> None:
        FORMATS[kind].write(result, stream, progress)
        progress(*progress.passes)  # stopped in the last moment, it would be given to nobody and kept

    return make_file(cache, FORMATS[kind].name, write)


def _working(done: int, planned: int) -> str:
    return working(
        f"Making the file: {done} of {planned} heads" if planned else "Making the file \N{HORIZONTAL ELLIPSIS}"
    )


def check_size(kind: str, result: Attention) -> None:
    """Raises ChoiceError for an unknown kind, and for more weights than are written as CSV."""
    if not isinstance(kind, str) or kind not in FORMATS:
        raise ChoiceError(f"There is no such file. Choose one of: {', '.join(FORMATS)}.")
    if kind == "csv" and result.weights.size > MOST_NUMBERS:
        raise ChoiceError(
            f"{result.weights.size:,} weights are too many for CSV (up to {MOST_NUMBERS:,}). Shorten the text, or take "
            "the npz file, which holds them all."
        )


def whole_attention(service: BertService, ask: Ask, window: Any) -> Attention:
    """All heads of the window, or of the last one when there are fewer."""
    window = window_of(window, service.count_windows(ask.text, ask.pair, ask.model))
    return service.attention(ask.text, ask.pair, ask.model, window=window)
