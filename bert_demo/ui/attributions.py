"""The lens Attributions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.errors import DemoError
from bert_demo.methods import CARDS
from bert_demo.plots import attributions as plots
from bert_demo.plots.markup import message, working
from bert_demo.ui.bar import QUIET
from bert_demo.ui.base import ON_PICK, Ask, Hidden, Page, Parts, html, panel_runner
from bert_demo.ui.running import Watch, visitor_of
from bert_demo.ui.targets import target_choice
from bert_demo.validation import BASELINES, CHANGES, OUTPUTS

if TYPE_CHECKING:
    from bert_demo.results import Attribution
    from bert_demo.service import BertService

PREDICTED = "the predicted label"
EVERY = "every label"
MOST_LABELS = 12
TOLERANCE = 0.01
SUGGESTIONS = 6
_CLICK = message("Click a word above: it is masked, deleted or replaced, and the model asked again.")
_EACH = message("The ledger beside is that of the predicted label. Choose one label as the target to change words.")
_AT_ONCE: dict[str, Any] = {"api_visibility": "private", "trigger_mode": "multiple"}
"""A second click is answered though the first one is not: gradio's own "once" would drop it."""


class AttributionsTab:
    """Which words carried the decision, and whether the scores add up."""

    name = "attributions"
    title = "Attributions"
    task: str | None = "text-classification"

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
            level = gr.Radio(["words", "pieces"], value="words", label="Show", min_width=140, elem_id="level")
        with gr.Column() as body, gr.Row(elem_classes="lens"):
            with gr.Column(scale=5, min_width=300):
                self.words = html(elem_id="attributed", js_on_load=ON_PICK)
                with gr.Row(elem_classes="controls"):
                    self.change = gr.Radio(list(CHANGES), value="mask", label="A clicked word is", min_width=200)
                    self.by = gr.Textbox("", label="replaced by", lines=1, min_width=120, elem_id="replacement")
                self.changed = html(_CLICK, elem_id="what-if", js_on_load=ON_PICK)
                waterfall = html(elem_id="waterfall")
            with gr.Column(scale=3, min_width=300):
                ledger = html(elem_id="ledger")
        self.word = gr.State(None)
        controls = [target, baseline, output, method, level]
        self.choices = [target, baseline, output, method]
        outputs = [self.words, waterfall, ledger]
        reruns = [each.input for each in controls]
        return Parts(body, controls, outputs, reruns, preview=self.preview, targets=target)

    def answer(
        self, service: BertService, ask: Ask, hidden: Hidden, controls: Sequence[Any], watch: Watch
    ) -> list[Any]:
        """Coloured words, the ledger, the labels; a target that this model lacks falls back to the predicted one."""
        target, baseline, output, method, level = controls
        labels = service.labels(ask.model)
        chosen = target if target in labels else None
        choices = (method, baseline, output, TOLERANCE)
        if target == EVERY:
            ranked = [each.label for each in service.classify(ask.text, ask.pair, ask.model).labels]
            shown = ranked[:MOST_LABELS] if len(labels) > MOST_LABELS else labels
            results = [
                service.attribute(ask.text, ask.pair, ask.model, label, *choices, on_progress=watch) for label in shown
            ]
            panel = plots.labels_panel(results, level == "words", CARDS[method].title, len(labels))
            best = next(each for each in results if each.target == ranked[0])
            return [panel, "", plots.ledger_panel(best)]
        result = service.attribute(
            ask.text, ask.pair, ask.model, chosen, *choices, on_progress=watch, on_estimate=watch.estimate
        )
        return _panels(result, level == "words")

    def preview(self, estimate: Attribution, controls: Sequence[Any]) -> list[Any]:
        """The same panels from an estimate that is still being refined."""
        return _panels(estimate, controls[-1] == "words")

    def wire(self, page: Page, parts: Parts) -> list[Any]:
        """A clicked word is masked, deleted or replaced, and the text asked again beside what the ledger had said."""
        given = [page.asked, self.word, self.change, self.by, *self.choices]

        def changed(watch: Watch, ask: Ask, word: Any, change: str, by: str, *choices: Any) -> str:
            return tried(page.service(), ask, word, change, by, choices, watch)

        run = panel_runner("what_if", changed, "Asking again \N{HORIZONTAL ELLIPSIS}")
        gr.on(
            [page.asked.change, *[choice.input for choice in self.choices]],
            lambda target: (None, _EACH if target == EVERY else _CLICK),
            self.choices[0],
            [self.word, self.changed],
            **QUIET,
        )
        return [
            self.words.pick(_word, self.word, self.word, **_AT_ONCE).then(run, given, self.changed, **_AT_ONCE),
            self.changed.pick(_offer, None, [self.change, self.by], **_AT_ONCE).then(
                run, given, self.changed, **_AT_ONCE
            ),
            gr.on([self.change.input, self.by.submit], run, given, self.changed, **_AT_ONCE),
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


def tried(
    service: BertService, ask: Ask, picked: Any, change: str, by: str, choices: Sequence[Any], watch: Watch
) -> str:
    """The panel of one changed word. picked: its number and text; choices: target, baseline, output, method.

    A word that is not there any more (the text was changed meanwhile) asks for another click. Raises DemoError.
    """
    if not isinstance(picked, dict):
        return _CLICK
    target, baseline, output, method = choices
    model = service.choose("text-classification", ask.model)
    target = target if target in service.labels(model) else None
    claimed = service.attribute(
        ask.text, ask.pair, model, target, method, baseline, output, TOLERANCE, on_progress=watch
    )
    number = picked["word"]
    if not 0 <= number < len(claimed.words) or claimed.words[number].text != picked["is"]:
        return _CLICK
    offers = _suggestions(service, ask, claimed, number)
    if change == "replace" and not by.strip():
        return plots.offers_panel(picked["is"], offers)
    found = service.what_if(ask.text, number, change, by, ask.pair, model, claimed.target, output)
    worth = claimed.words[number].score if claimed.signed else None
    return plots.what_if_panel(found, worth, offers)


def _suggestions(service: BertService, ask: Ask, claimed: Attribution, word: int) -> list[str]:
    """What a masked-language model would write in the word's place; nothing for a word of the second text."""
    tokens = [claimed.tokens[place] for place in claimed.words[word].positions]
    if tokens[0].segment:
        return []
    span = (tokens[0].start, tokens[-1].end)
    try:
        found = service.fill_mask(ask.text, service.choose("fill-mask", ask.model), SUGGESTIONS, hide=(span,))
    except DemoError:  # a text too long or with too many masks for that lens
        return []
    return [each.token_str for slot in found.slots if slot.original is not None for each in slot.candidates]


LONGEST_WORD = 100_000
"""Characters; what is longer is no word of a text, and would be kept for nothing."""


def _word(event: gr.EventData, before: dict[str, Any] | None, request: gr.Request) -> dict[str, Any] | None:
    """The clicked word; unless one that was clicked later is there already."""
    turn = visitor_of(request).turn
    if before is not None and 0 < turn < before["turn"]:
        return before
    chosen = event._data if isinstance(event._data, dict) else {}
    word, text = chosen.get("word"), chosen.get("is")
    meant = isinstance(word, int) and isinstance(text, str) and len(text) <= LONGEST_WORD
    return {"word": word, "is": text, "turn": turn} if meant else None


def _offer(event: gr.EventData) -> list[Any]:
    offer = event._data.get("offer", "") if isinstance(event._data, dict) else ""
    return ["replace", str(offer)[:100]]
