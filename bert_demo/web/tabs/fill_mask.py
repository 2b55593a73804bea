"""The lens Fill-mask."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.core.errors import ChoiceError, DemoError, MaskError
from bert_demo.core.scheduler import Cost
from bert_demo.registry.attribution_methods import CARDS
from bert_demo.views.markup import message, working
from bert_demo.views.panels import fill_mask as plots
from bert_demo.views.panels.attributions import ledger_panel, words_panel
from bert_demo.web.components import downloads, masked_lm_laboratory
from bert_demo.web.components.masked_lm_experiments import BY_NAME
from bert_demo.web.components.masked_lm_laboratory import Laboratory
from bert_demo.web.event_detail import detail
from bert_demo.web.job_outputs import passes_notice
from bert_demo.web.job_runner import JobProgress, LatestJob
from bert_demo.web.lens_groups import Group
from bert_demo.web.page_assets import beside
from bert_demo.web.tab import MOST_HIDDEN, ON_PICK, Ask, Hidden, Link, Page, Parts, html

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService

_SELECTED = "(asked, hidden, _) => [asked, hidden, window.bertDemo.selectedWord()]"


class FillMaskTab:
    """What the model would write in place of a word."""

    name = "fill-mask"
    title = "Fill-mask"
    group = Group.PREDICT
    place = 20
    task: str | None = "fill-mask"
    cost = Cost.INTERACTIVE
    assets = beside(__file__, masked_lm_laboratory.__file__, downloads.__file__)

    def build(self) -> Parts:
        """The text as words to click, and a panel for each mask."""
        with gr.Row(elem_classes="controls"):
            self.top_k = gr.Slider(1, 20, value=5, step=1, label="How many guesses for each mask", elem_id="top-k")
            self.mask_selected = gr.Button(
                "Mask the word selected in the text above", size="sm", elem_id="mask-selected"
            )
        self.selection = gr.JSON(visible=False)
        with gr.Column() as body:
            self.words = html(elem_id="words", js_on_load=ON_PICK)
            self.slots = html(elem_id="slots", js_on_load=ON_PICK)
            with gr.Row(elem_classes="controls"):
                self.candidate = gr.Textbox("", label="Why this word?", lines=1, min_width=140, elem_id="why")
                self.against = gr.Textbox("", label="rather than (optional)", lines=1, min_width=140, elem_id="why-not")
                self.number = gr.Number(1, label="Mask", precision=0, minimum=1, min_width=70, scale=0)
                self.explain = gr.Button("Run", size="sm", min_width=90, scale=0, elem_id="explain-word")
            self.why = html(elem_id="why-panel")
        self.laboratory = Laboratory(self.top_k)
        links = {"lab": Link(self.laboratory.experiment, lambda name: name if name in BY_NAME else None)}
        outputs = [self.words, self.slots, self.why]
        return Parts(body, [self.top_k], outputs, [self.top_k.change], hides=True, links=links)

    def answer(
        self, service: BertService, ask: Ask, hidden: Hidden, controls: Sequence[Any], progress: JobProgress
    ) -> list[Any]:
        """The words, and the candidates or an offer to mask a word."""
        mask = service.mask_token(ask.model)
        words = plots.words_panel(ask.text, clickable(service.words(ask.text, ask.model), hidden), hidden, mask)
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
        self.words.pick(hidden_spans, None, [page.hidden], **quiet)
        self.mask_selected.click(
            self._hide_selected(page), [page.asked, page.hidden, self.selection], [page.hidden], js=_SELECTED, **quiet
        )
        self.slots.pick(
            self._fill(page),
            [page.asked, page.hidden, self.top_k],
            [page.text, page.asked, page.hidden],
            **shown,
        )

        asked = gr.on(
            [self.explain.click, self.candidate.submit, self.against.submit],
            LatestJob("attribute_mask", Cost.SLOW).handler(
                self._why(page), passes_notice("Explaining \N{HORIZONTAL ELLIPSIS}")
            ),
            [page.asked, page.hidden, self.candidate, self.against, self.number],
            self.why,
            **shown,
        )
        return [asked, *self.laboratory.wire(page)]

    def _why(self, page: Page) -> Callable[..., str]:
        def why(progress: JobProgress, ask: Ask, hidden: Hidden, candidate: str, against: str, number: float) -> str:
            return reasons(page.service(), ask, hidden, candidate, against, int(number or 1), progress)

        return why

    def _hide_selected(self, page: Page) -> Callable[..., Hidden]:
        def hide(ask: Ask, hidden: Hidden, selection: Any) -> Hidden:
            if not isinstance(selection, dict) or selection.get("text") != ask.text:
                gr.Info("The text was changed. Press Enter first, then select a word.")
                return hidden
            try:
                words = page.service().words(ask.text, page.service().choose("fill-mask", ask.model, ask.text))
                found = touched(clickable(words, hidden), int(selection["start"]), int(selection["end"]))
            except DemoError as error:
                raise gr.Error(str(error), print_exception=False) from None
            if not found:
                gr.Info("Select a word in the text field at the top of the page, or put the cursor into one.")
            return tuple(sorted({*hidden, *found}))

        return hide

    def _fill(self, page: Page) -> Callable[..., list[Any]]:
        def fill(ask: Ask, hidden: Hidden, top_k: float, event: gr.EventData) -> list[Any]:
            try:
                slot, token = int(detail(event, "slot")), int(detail(event, "token"))
                text = filled(page.service(), ask, hidden, int(top_k), slot, token)
            except (DemoError, KeyError, TypeError, ValueError) as error:
                sentence = str(error) if isinstance(error, DemoError) else "This is no candidate."
                raise gr.Error(sentence, print_exception=False) from None
            return [text, ask.again(text), ()]

        return fill

    def working(self, done: int, planned: int) -> str:
        """While the model loads."""
        return working("Guessing \N{HORIZONTAL ELLIPSIS}")


def reasons(
    service: BertService, ask: Ask, hidden: Hidden, candidate: str, against: str, number: int, progress: JobProgress
) -> str:
    """Which words made the model write `candidate` behind mask `number` (from 1), as words and a ledger.

    Raises ChoiceError for a mask that is not there, and what `attribute_mask` raises.
    """
    model = service.choose("fill-mask", ask.model, ask.text)
    found = service.fill_mask(ask.text, model, 1, hide=hidden)
    text = found.text
    if not 1 <= number <= len(found.slots):
        raise ChoiceError(f"There is no mask {number}: the text has {len(found.slots)}, counted from 1.")
    result = service.attribute_mask(text, candidate, against, number - 1, model, on_progress=progress)
    title = CARDS[result.method].title
    return f'<div class="why">{words_panel(result, True, title, clickable=False)}{ledger_panel(result)}</div>'


def filled(service: BertService, ask: Ask, hidden: Hidden, top_k: int, slot: int, token: int) -> str:
    """The visitor's text with one candidate in place of its mask; other hidden words stay as masks to fill next.

    Raises ChoiceError when the candidate is not among those shown.
    """
    result = service.fill_mask(ask.text, service.choose("fill-mask", ask.model, ask.text), top_k, hide=hidden)
    slots = result.slots[slot : slot + 1]
    found = next((each for part in slots for each in part.candidates if each.token == token), None)
    if found is None:
        raise ChoiceError("This candidate is no longer shown. Press Enter and choose again.")
    return found.sequence


def hidden_spans(event: gr.EventData) -> Hidden:
    """The words that a click hides, as (start, end) characters; no more than MOST_HIDDEN."""
    spans = detail(event, "hide") or []
    return tuple((int(start), int(end)) for start, end in spans[:MOST_HIDDEN])


def clickable(words: Sequence[tuple[int, int]], hidden: Hidden) -> Hidden:
    """The words to click: those of the text, and in the place of what it overlaps each hidden span that is none of
    them, such as a word of the tokenizer in a link."""
    others = [span for span in hidden if span not in words]
    free = (word for word in words if not any(start < word[1] and word[0] < end for start, end in others))
    return tuple(sorted([*free, *others]))


def touched(words: Sequence[tuple[int, int]], start: int, end: int) -> Hidden:
    """The words that a selection covers in part; for a cursor (start == end), the word it stands in or behind."""
    if start == end:
        return tuple(word for word in words if word[0] <= start <= word[1])[-1:]
    return tuple(word for word in words if word[0] < end and word[1] > start)
