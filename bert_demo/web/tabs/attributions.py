"""The lens Attributions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.core.scheduler import Cost
from bert_demo.core.validation import BASELINES, OUTPUTS
from bert_demo.registry.attribution_methods import CARDS
from bert_demo.views.export.word_strips import attributed_words_png
from bert_demo.views.markup import working
from bert_demo.views.panels import attributions as plots
from bert_demo.web.components import downloads
from bert_demo.web.components.downloads import Downloads, FileRequest, NamedFile, no_such_file
from bert_demo.web.components.target_choice import EVERY, PREDICTED, target_choice
from bert_demo.web.components.word_change import LEVELS, PIECES, TOLERANCE, WordChange, attributed, rule_of
from bert_demo.web.job_runner import JobProgress
from bert_demo.web.lens_groups import Group
from bert_demo.web.page_assets import beside
from bert_demo.web.tab import ON_PICK, Ask, Hidden, Page, Parts, html

if TYPE_CHECKING:
    from bert_demo.results import Attribution
    from bert_demo.service.bert_service import BertService

MOST_LABELS = 12


class AttributionsTab:
    """Which words carried the decision, and whether the scores add up."""

    name = "attributions"
    title = "Attributions"
    group = Group.EXPLAIN
    place = 70
    task: str | None = "text-classification"
    cost = Cost.SLOW
    assets = beside(__file__, downloads.__file__)

    def build(self) -> Parts:
        """Choices above; words and ledger side by side."""
        with gr.Row(elem_classes="controls"):
            target = target_choice([PREDICTED, EVERY], "target")
            baseline = gr.Dropdown(
                list(BASELINES), value="pad", label="Baseline (special tokens kept)", min_width=140, elem_id="baseline"
            )
            output = gr.Dropdown(list(OUTPUTS), value="logit", label="Score", min_width=140, elem_id="output")
            method = gr.Dropdown(
                [(each.title, each.name) for each in CARDS.values()],
                value="integrated_gradients",
                label="Method",
                min_width=140,
                elem_id="method",
            )
            level = gr.Radio(list(LEVELS.items()), value="words", label="Show", min_width=330, elem_id="level")
        with gr.Column() as body, gr.Row(elem_classes="lens"):
            with gr.Column(scale=5, min_width=300):
                self.words = html(elem_id="attributed", js_on_load=ON_PICK)
                self.change = WordChange(self.words, [target, baseline, output, method, level])
                waterfall = html(elem_id="waterfall")
            with gr.Column(scale=3, min_width=300):
                ledger = html(elem_id="ledger")
        self.downloads = Downloads(self.name)
        controls = [target, baseline, output, method, level]
        outputs = [self.words, waterfall, ledger]
        reruns = [each.input for each in controls]
        return Parts(body, controls, outputs, reruns, preview=self.preview, targets=target)

    def answer(
        self, service: BertService, ask: Ask, hidden: Hidden, controls: Sequence[Any], progress: JobProgress
    ) -> list[Any]:
        """Coloured words, the ledger, the labels; a target that this model lacks falls back to the predicted one."""
        target, baseline, output, method, level = controls
        labels = service.labels(ask.model)
        choices = (method, baseline, output, TOLERANCE)
        rule = rule_of(level)
        if target == EVERY:
            ranked = [each.label for each in service.classify(ask.text, ask.pair, ask.model).labels]
            shown = ranked[:MOST_LABELS] if len(labels) > MOST_LABELS else labels
            results = [
                service.attribute(ask.text, ask.pair, ask.model, label, *choices, on_progress=progress, words=rule)
                for label in shown
            ]
            panel = plots.labels_panel(results, level != PIECES, CARDS[method].title, len(labels))
            best = next(each for each in results if each.target == ranked[0])
            return [panel, "", plots.ledger_panel(best)]
        return _panels(attributed(service, ask, controls, progress), level != PIECES)

    def preview(self, estimate: Attribution, controls: Sequence[Any]) -> list[Any]:
        """The same panels from an estimate that is still being refined."""
        return _panels(estimate, controls[-1] != PIECES)

    def wire(self, page: Page, parts: Parts) -> list[Any]:
        """Words that are clicked, and the picture of the words as a file."""

        def make(request: FileRequest, progress: JobProgress, ask: Ask, *controls: Any) -> NamedFile:
            if (request.what, request.kind) != ("words", "png"):
                raise no_such_file()
            result = attributed(page.service(), ask, controls, progress)
            by_word = controls[-1] != PIECES
            return NamedFile(
                "attributions.png", lambda stream: attributed_words_png([result], by_word, stream, request.dark)
            )

        return [
            self.downloads.wire(make, [page.asked, *parts.controls], Cost.SLOW),
            *self.change.wire(page),
        ]

    def working(self, done: int, planned: int) -> str:
        """Passes done of those planned."""
        return plots.progress_panel(done, planned) if planned else working("Reading the text \N{HORIZONTAL ELLIPSIS}")


def _panels(result: Attribution, by_word: bool) -> list[str]:
    title = CARDS[result.method].title
    return [
        plots.words_panel(result, by_word, title),
        plots.waterfall_panel(result, by_word) if result.additive else "",
        plots.ledger_panel(result),
    ]
