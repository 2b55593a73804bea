"""A clicked word is masked, deleted or replaced, and the text asked again beside what the ledger had said."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.core.errors import DemoError
from bert_demo.core.scheduler import Cost
from bert_demo.core.validation import CHANGES, WORDS
from bert_demo.views.markup import message
from bert_demo.views.panels import attributions as plots
from bert_demo.web.components.target_choice import EVERY
from bert_demo.web.event_detail import detail
from bert_demo.web.event_settings import AT_ONCE, QUIET
from bert_demo.web.job_outputs import passes_notice
from bert_demo.web.job_runner import JobProgress, LatestJob
from bert_demo.web.tab import ON_PICK, Ask, Page, html
from bert_demo.web.visitor import visitor_of

if TYPE_CHECKING:
    from bert_demo.results import Attribution
    from bert_demo.service.bert_service import BertService

TOLERANCE = 0.01
PIECES, PARTED = "pieces", "tokenizer"
LEVELS = {"words": "words", "words of the tokenizer": PARTED, PIECES: PIECES}
"""What is shown, as it is called and as it is known."""
SUGGESTIONS = 6
LONGEST_WORD = 100_000
"""Characters; what is longer is no word of a text, and would be kept for nothing."""
CLICK = message("Click a word above: it is masked, deleted or replaced, and the model asked again.")
EACH = message("The ledger beside is that of the predicted label. Choose one label as the target to change words.")


class WordChange:
    """What is done with a clicked word, and the panel of what it did. words: the panel whose words are clicked;
    choices: target, baseline, output, method and level of the lens."""

    def __init__(self, words: gr.HTML, choices: Sequence[Any]) -> None:
        self._words, self._choices = words, list(choices)
        with gr.Row(elem_classes="controls"):
            self._change = gr.Radio(list(CHANGES), value="mask", label="A clicked word is", min_width=200)
            self._by = gr.Textbox("", label="replaced by", lines=1, min_width=120, elem_id="replacement")
        self._panel = html(CLICK, elem_id="what-if", js_on_load=ON_PICK)
        self._word = gr.JSON(visible=False)

    def wire(self, page: Page) -> list[Any]:
        """A click, another change or a suggestion asks; a new question asks for another click."""
        given = [page.asked, self._word, self._change, self._by, *self._choices]

        def changed(progress: JobProgress, ask: Ask, word: Any, change: str, by: str, *choices: Any) -> str:
            return changed_word_panel(page.service(), ask, word, change, by, choices, progress)

        run = LatestJob("what_if", Cost.SLOW).handler(changed, passes_notice("Asking again \N{HORIZONTAL ELLIPSIS}"))
        chosen = partial(gr.on, [choice.input for choice in self._choices])
        every, each, one = (json.dumps(text) for text in (EVERY, EACH, CLICK))
        for listen in (page.cleared, chosen):
            listen(
                None,
                self._choices[0],
                [self._word, self._panel],
                js=f"(target) => [null, target === {every} ? {each} : {one}]",
                **QUIET,
            )
        clicked = self._words.pick(clicked_word, self._word, self._word, **AT_ONCE)
        offered = self._panel.pick(_offer, None, [self._change, self._by], **AT_ONCE)
        return [
            clicked.then(run, given, self._panel, **AT_ONCE),
            offered.then(run, given, self._panel, **AT_ONCE),
            gr.on([self._change.input, self._by.submit], run, given, self._panel, **AT_ONCE),
        ]


def attributed(service: BertService, ask: Ask, choices: Sequence[Any], progress: JobProgress) -> Attribution:
    """What the lens shows of one label. choices: target, baseline, output, method and level (of LEVELS); a target that
    this model lacks falls back to the predicted one. Raises DemoError."""
    target, baseline, output, method, level = choices
    model = service.choose("text-classification", ask.model, ask.text)
    chosen = target if target in service.labels(model) else None
    return service.attribute(
        ask.text,
        ask.pair,
        model,
        chosen,
        method,
        baseline,
        output,
        TOLERANCE,
        on_progress=progress,
        on_estimate=progress.estimate,
        words=rule_of(level),
    )


def rule_of(level: str) -> str:
    """What a word is at a level of LEVELS: one of `validation.WORDS`."""
    return PARTED if level == PARTED else WORDS[0]


def changed_word_panel(
    service: BertService, ask: Ask, picked: Any, change: str, by: str, choices: Sequence[Any], progress: JobProgress
) -> str:
    """The panel of one changed word. picked: its number and text; choices: target, baseline, output, method, level.

    A word that is not there any more (the text was changed meanwhile) asks for another click. Raises DemoError.
    """
    number, text = (picked.get(name) for name in ("word", "is")) if isinstance(picked, dict) else (None, None)
    if type(number) is not int or not isinstance(text, str):
        return CLICK
    claimed = attributed(service, ask, choices, progress)
    if not 0 <= number < len(claimed.words) or claimed.words[number].text != text:
        return CLICK
    offers = _suggestions(service, ask, claimed, number)
    if change == "replace" and not by.strip():
        return plots.offers_panel(text, offers)
    asked = (number, change, by, ask.pair, claimed.model, claimed.target, choices[2])
    found = service.what_if(ask.text, *asked, words=rule_of(choices[-1]))
    score = claimed.words[number].score if claimed.signed else None
    return plots.what_if_panel(found, score, offers)


def _suggestions(service: BertService, ask: Ask, claimed: Attribution, word: int) -> list[str]:
    """What a masked-language model would write in the word's place; nothing for a word of the second text."""
    tokens = [claimed.tokens[place] for place in claimed.words[word].positions]
    if tokens[0].segment:
        return []
    span = (tokens[0].start, tokens[-1].end)
    try:
        found = service.fill_mask(ask.text, service.choose("fill-mask", ask.model, ask.text), SUGGESTIONS, hide=(span,))
    except DemoError:  # a text too long or with too many masks for that lens
        return []
    return [each.token_str for slot in found.slots if slot.original is not None for each in slot.candidates]


def clicked_word(event: gr.EventData, before: dict[str, Any] | None, request: gr.Request) -> dict[str, Any] | None:
    """The clicked word; unless one that was clicked later is there already."""
    turn = visitor_of(request).turn
    later = before.get("turn") if isinstance(before, dict) else 0
    if isinstance(later, int) and 0 < turn < later:
        return before
    word, text = detail(event, "word"), detail(event, "is")
    meant = isinstance(word, int) and isinstance(text, str) and len(text) <= LONGEST_WORD
    return {"word": word, "is": text, "turn": turn} if meant else None


def _offer(event: gr.EventData) -> list[Any]:
    offer = detail(event, "offer") or ""
    return ["replace", str(offer)[:100]]
