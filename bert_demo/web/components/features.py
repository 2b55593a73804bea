"""Features to take away: a view of the lens Inside; files are made when they are asked for."""

from __future__ import annotations

from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import gradio as gr

from bert_demo.core.scheduler import Cost
from bert_demo.results.representations import Features
from bert_demo.views.export.features import write_csv, write_npz
from bert_demo.views.panels import features as plots
from bert_demo.views.panels.input_bar import answered
from bert_demo.web.components.download_files import make_file
from bert_demo.web.components.layer_choice import state_choice, state_of
from bert_demo.web.event_settings import AT_ONCE, QUIET
from bert_demo.web.job_outputs import passes_notice
from bert_demo.web.job_runner import JobProgress, LatestJob
from bert_demo.web.tab import Ask, Page, html, question_of
from bert_demo.web.visitor import visitor_of

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService

POOLED = {"no: a row for each token": "", "mean of all tokens": "mean", "[CLS] alone": "cls"}
FORMATS = {"arrays (npz)": "npz", "table (CSV)": "csv"}
_HEAD = (
    "<h2>Take the features away</h2><p class='note'>The vectors that the model makes of the text above, for a "
    "classifier, a search or a plot of your own.</p>"
)


class FeaturesView:
    """A state, pooled or not, a button; a preview with the code; a file."""

    def __init__(self) -> None:
        with gr.Column(visible=False, elem_id="view-features") as self.column:
            html(_HEAD)
            with gr.Row(elem_classes="controls own-texts"):
                self.state = state_choice("feature-state")
                self.pooled = gr.Dropdown(
                    list(POOLED.items()), value="", label="Pooled", min_width=160, elem_id="feature-pooled"
                )
                self.button = gr.Button("Run", variant="primary", min_width=120, scale=0, elem_id="features-button")
            self.notice = html(elem_id="features-said", elem_classes="asked-for")
            with gr.Column(visible=False) as self.body:
                self.preview = html(elem_id="features")
                self._files()

    def _files(self) -> None:
        with gr.Row(elem_classes="controls", elem_id="feature-files"):
            self.format = gr.Dropdown(
                list(FORMATS.items()), value="npz", label="All of it as a file", min_width=150, elem_id="feature-format"
            )
            self.make = gr.Button("Run", size="sm", min_width=76, scale=0, elem_id="make-features")
        self.file_notice = html(elem_id="feature-file-said", elem_classes="asked-for")
        with gr.Column(visible=False) as self.filed:
            self.file = gr.File(interactive=False, show_label=False, elem_id="feature-file")

    def wire(self, page: Page) -> list[Any]:
        """Show and Make; a new question, or another choice, takes both answers away."""
        inputs = [page.asked, self.state, self.pooled]
        files = [self.notice, self.file_notice, self.filed, self.file]
        gone = "'', '', {__type__: 'update', visible: false}, null"
        choices = [self.state.input, self.pooled.input, self.format.input]
        gr.on(choices, None, None, files, js=f"() => [{gone}]", **QUIET)
        page.cleared(
            None, None, [*files, self.body], js=f"() => [{gone}, {{__type__: 'update', visible: false}}]", **QUIET
        )
        job = LatestJob("features", Cost.BATCH)

        async def clear(request: gr.Request, ask: Ask, state: Any, pooled: str) -> Any:
            """The preview stays where it is of just this: the word of a choice may come after that of the button. See
            web.tab.clear_handler."""
            asked_anew = job.replace(visitor_of(request), question_of(ask, (state, pooled)))
            return gr.Column(visible=False) if asked_anew else gr.skip()

        gr.on([self.state.input, self.pooled.input], clear, inputs, self.body, trigger_mode="multiple", **QUIET)

        def show(progress: JobProgress, ask: Ask, state: Any, pooled: str) -> list[Any]:
            return [panel(page.service(), ask, state, pooled)]

        cache = Path(self.file.GRADIO_CACHE)

        def make(progress: JobProgress, ask: Ask, state: Any, pooled: str, kind: str) -> list[Any]:
            return [str(made(page.service(), ask, state, pooled, kind, cache))]

        shown = job.handler(
            show,
            passes_notice("Reading the text \N{HORIZONTAL ELLIPSIS}"),
            1,
            question=lambda ask, *choices: question_of(ask, choices),
        )
        filed = LatestJob("features", Cost.BATCH).handler(
            make, passes_notice("Making the file \N{HORIZONTAL ELLIPSIS}"), 1
        )
        return [
            self.button.click(shown, inputs, [self.notice, self.body, self.preview], **AT_ONCE),
            self.make.click(filed, [*inputs, self.format], [self.file_notice, self.filed, self.file], **AT_ONCE),
        ]


def asked_features(service: BertService, ask: Ask, state: Any, pooled: str) -> Features:
    """The features that the choices name. Raises DemoError."""
    layer = state_of(service, ask.model, state)
    return service.features(ask.text, ask.pair or None, ask.model, layer, pooled or None)


def panel(service: BertService, ask: Ask, state: Any, pooled: str) -> str:
    """The preview and the lines of code. Raises DemoError."""
    found = asked_features(service, ask, state, pooled)
    lines = service.feature_lines(ask.text, ask.pair or None, ask.model, known=found)
    return answered(ask.text, ask.pair, ask.model) + plots.features_panel(found) + plots.code_panel(lines)


def made(service: BertService, ask: Ask, state: Any, pooled: str, kind: str, cache: Path) -> Path:
    """Write the features as npz or CSV into a folder of its own. Raises DemoError."""
    found = asked_features(service, ask, state, pooled)

    def write(stream: IO[bytes]) -> None:
        if kind == "csv":
            write_csv(found, stream)
        else:
            write_npz(found, ask.text, ask.pair or None, stream)

    return make_file(cache, f"features-state{found.layer}{f'-{found.pooling}' if found.pooling else ''}.{kind}", write)
