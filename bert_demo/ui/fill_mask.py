"""The lens Fill-mask."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.errors import ChoiceError, DemoError, MaskError
from bert_demo.methods import CARDS
from bert_demo.plots import fill_mask as plots
from bert_demo.plots.attributions import ledger_panel, words_panel
from bert_demo.plots.markup import message, working
from bert_demo.ui.base import MOST_HIDDEN, ON_PICK, Ask, Hidden, Page, Parts, html, panel_runner
from bert_demo.ui.laboratory import Laboratory
from bert_demo.ui.running import Watch

if TYPE_CHECKING:
    from bert_demo.service import BertService

_SELECTED = "(asked, hidden, _) => [asked, hidden, window.bertDemo.selectedWord()]"


class FillMaskTab:
    """What the model would write in place of a word."""

    name = "fill-mask"
    title = "Fill-mask"
    task: str | None = "fill-mask"

    def build(self) -> Parts:
        """The text as words to click, and a panel for each mask."""
        with gr.Row(elem_classes="controls"):
            self.top_k = gr.Slider(1, 20, value=5, step=1, label="Candidates for each mask (top_k)", elem_id="top-k")
            self.mask_selected = gr.Button("Mask the selected word", size="sm", elem_id="mask-selected")
        self.selection = gr.JSON(visible=False)
        with gr.Column() as body:
            self.words = html(elem_id="words", js_on_load=ON_PICK)
            self.slots = html(elem_id="slots", js_on_load=ON_PICK)
            with gr.Row(elem_classes="controls"):
                self.candidate = gr.Textbox("", label="Why this word?", lines=1, min_width=140, elem_id="why")
                self.against = gr.Textbox("", label="rather than (optional)", lines=1, min_width=140, elem_id="why-not")
                self.number = gr.Number(1, label="Mask", precision=0, minimum=1, min_width=70, scale=0)
                self.explain = gr.Button("Explain", size="sm", min_width=90, scale=0, elem_id="explain-word")
            self.why = html(elem_id="why-panel")
        self.laboratory = Laboratory(self.top_k)
        self.linked = [self.laboratory.experiment]
        return Parts(body, [self.top_k], [self.words, self.slots, self.why], [self.top_k.change])

    def answer(
        self, service: BertService, ask: Ask, hidden: Hidden, controls: Sequence[Any], watch: Watch
    ) -> list[Any]:
        """The words, and the candidates or an offer to mask a word."""
        mask = service.mask_token(ask.model)
        words = plots.words_panel(ask.text, service.words(ask.text, ask.model), hidden, mask)
        if ask.pair and mask in ask.pair:
            raise MaskError("This lens reads the first text only. Put the mask there.")
        note = message("The second text is not read by this lens.") if ask.pair else ""
        if not hidden and mask not in ask.text:
            return [words, note + plots.no_mask_panel(mask), ""]
        result = service.fill_mask(ask.text, ask.model, int(controls[0]), hide=hidden)
        return [words, note + plots.result_panel(result), ""]

    def wire(self, page: Page, parts: Parts) -> list[Any]:
        """Clicks on words hide them; clicks on candidates write them into the text, and every lens follows."""
        shown: dict[str, Any] = {"api_visibility": "private", "trigger_mode": "multiple"}
        quiet = {**shown, "concurrency_limit": None}
        self.words.pick(_hide, None, [page.hidden], **quiet)
        self.mask_selected.click(
            self._hide_selected(page), [page.asked, page.hidden, self.selection], [page.hidden], js=_SELECTED, **quiet
        )
        self.slots.pick(
            self._fill(page),
            [page.asked, page.hidden, self.top_k],
            [page.text, page.asked, page.hidden],
            **shown,
        ).then(None, page.bar, js="(...bar) => window.bertDemo.remember(...bar)", api_visibility="private")

        asked = gr.on(
            [self.explain.click, self.candidate.submit, self.against.submit],
            panel_runner("attribute_mask", self._why(page), "Explaining \N{HORIZONTAL ELLIPSIS}"),
            [page.asked, page.hidden, self.candidate, self.against, self.number],
            self.why,
            **shown,
        )
        return [asked, *self.laboratory.wire(page)]

    def _why(self, page: Page) -> Callable[..., str]:
        def why(watch: Watch, ask: Ask, hidden: Hidden, candidate: str, against: str, number: float) -> str:
            return reasons(page.service(), ask, hidden, candidate, against, int(number or 1), watch)

        return why

    def _hide_selected(self, page: Page) -> Callable[..., Hidden]:
        def hide(ask: Ask, hidden: Hidden, selection: Any) -> Hidden:
            if not isinstance(selection, dict) or selection.get("text") != ask.text:
                gr.Info("The text was changed. Press Analyse first, then select a word.")
                return hidden
            try:
                words = page.service().words(ask.text, page.service().choose("fill-mask", ask.model))
                found = touched(words, int(selection["start"]), int(selection["end"]))
            except DemoError as error:
                raise gr.Error(str(error), print_exception=False) from None
            if not found:
                gr.Info("Select a word in the text, or put the cursor into one.")
            return tuple(sorted({*hidden, *found}))

        return hide

    def _fill(self, page: Page) -> Callable[..., list[Any]]:
        def fill(ask: Ask, hidden: Hidden, top_k: float, event: gr.EventData) -> list[Any]:
            try:
                slot, token = int(event._data["slot"]), int(event._data["token"])
                text = filled(page.service(), ask, hidden, int(top_k), slot, token)
            except (DemoError, KeyError, TypeError, ValueError) as error:
                said = str(error) if isinstance(error, DemoError) else "This is no candidate."
                raise gr.Error(said, print_exception=False) from None
            return [text, ask.again(text), ()]

        return fill

    def working(self, done: int, planned: int) -> str:
        """While the model loads."""
        return working("Guessing \N{HORIZONTAL ELLIPSIS}")


def reasons(
    service: BertService, ask: Ask, hidden: Hidden, candidate: str, against: str, number: int, watch: Watch
) -> str:
    """Which words made the model write `candidate` behind mask `number` (from 1), as words and a ledger.

    Raises ChoiceError for a mask that is not there, and what `attribute_mask` raises.
    """
    model = service.choose("fill-mask", ask.model)
    found = service.fill_mask(ask.text, model, 1, hide=hidden)
    text = found.text
    if not 1 <= number <= len(found.slots):
        raise ChoiceError(f"There is no mask {number}: the text has {len(found.slots)}, counted from 1.")
    result = service.attribute_mask(text, candidate, against, number - 1, model, on_progress=watch)
    title = CARDS[result.method].title
    return f'<div class="why">{words_panel(result, True, title, clickable=False)}{ledger_panel(result)}</div>'


def filled(service: BertService, ask: Ask, hidden: Hidden, top_k: int, slot: int, token: int) -> str:
    """The visitor's text with one candidate in place of its mask; other hidden words stay as masks to fill next.

    Raises ChoiceError when the candidate is not among those shown.
    """
    result = service.fill_mask(ask.text, service.choose("fill-mask", ask.model), top_k, hide=hidden)
    slots = result.slots[slot : slot + 1]
    found = next((each for part in slots for each in part.candidates if each.token == token), None)
    if found is None:
        raise ChoiceError("This candidate is no longer shown. Press Analyse and choose again.")
    return found.sequence


def _hide(event: gr.EventData) -> Hidden:
    spans = event._data.get("hide", []) if isinstance(event._data, dict) else []
    return tuple((int(start), int(end)) for start, end in spans[:MOST_HIDDEN])


def touched(words: Sequence[tuple[int, int]], start: int, end: int) -> Hidden:
    """The words that a selection covers in part; for a cursor (start == end), the word it stands in or behind."""
    if start == end:
        return tuple(word for word in words if word[0] <= start <= word[1])[-1:]
    return tuple(word for word in words if word[0] < end and word[1] > start)
