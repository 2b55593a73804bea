"""A clicked stretch of a text, and why the model takes it for what it does."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.core.scheduler import Cost
from bert_demo.core.validation import RUNNER_UP
from bert_demo.registry.attribution_methods import CARDS
from bert_demo.views.markup import message
from bert_demo.views.panels import attributions as plots
from bert_demo.views.panels.entities import reason_panel
from bert_demo.web.event_detail import detail
from bert_demo.web.event_settings import AT_ONCE, QUIET
from bert_demo.web.job_outputs import passes_notice
from bert_demo.web.job_runner import JobProgress, LatestJob
from bert_demo.web.tab import Ask, Page, html
from bert_demo.web.visitor import visitor_of

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService

CLICK = message("Click an entity, or a word that is none: then it stands here why the model takes it for that.")
NEXT, NOTHING = "the runner-up", "nothing"
FIRST, ALL = "first pieces", "all pieces"
METHOD = "integrated_gradients"


class EntityReason:
    """The panel that explains a clicked stretch. text: the panel whose stretches are clicked."""

    def __init__(self, text: gr.HTML) -> None:
        self._text = text
        with gr.Row(elem_classes="controls"):
            self._against = gr.Radio([NEXT, NOTHING], value=NEXT, label="Explained against", min_width=200)
            self._pieces = gr.Radio([FIRST, ALL], value=FIRST, label="Over", min_width=200)
        self.panel = html(CLICK, elem_id="entity-reason")
        self._picked = gr.State(None)

    def wire(self, page: Page) -> list[Any]:
        """A click or another choice asks; a new question asks for another click."""
        given = [page.asked, self._picked, self._against, self._pieces]

        def explained(progress: JobProgress, ask: Ask, picked: Any, against: str, pieces: str) -> str:
            return explained_stretch(page.service(), ask, picked, against, pieces, progress)

        run = LatestJob("attribute_entity", Cost.SLOW).handler(
            explained, passes_notice("Explaining \N{HORIZONTAL ELLIPSIS}")
        )
        page.renewed(lambda: (None, CLICK), None, [self._picked, self.panel], **QUIET)
        clicked = self._text.pick(picked_stretch, self._picked, self._picked, **AT_ONCE)
        changed = partial(gr.on, [self._against.input, self._pieces.input])
        return [
            clicked.then(run, given, self.panel, **AT_ONCE),
            changed(run, given, self.panel, **AT_ONCE),
        ]


def explained_stretch(
    service: BertService, ask: Ask, picked: Any, against: str, pieces: str, progress: JobProgress
) -> str:
    """The panels of a clicked stretch; one that is not there any more asks for another click. Raises DemoError."""
    if not isinstance(picked, dict) or ask.text[picked["start"] : picked["end"]] != picked["is"]:
        return CLICK
    over = "all" if pieces == ALL else "first"
    result = service.attribute_entity(
        ask.text,
        picked["start"],
        picked["end"],
        against=RUNNER_UP if against == NEXT else None,
        pieces=over,
        model=service.choose("token-classification", ask.model),
        on_progress=progress,
    )
    title = CARDS[METHOD].title
    words = plots.words_panel(result, True, title, clickable=False, picture=False)
    return reason_panel(result, picked["is"], over) + words + plots.ledger_panel(result)


def picked_stretch(event: gr.EventData, before: dict[str, Any] | None, request: gr.Request) -> dict[str, Any] | None:
    """The clicked stretch; unless one that was clicked later is there already."""
    turn = visitor_of(request).turn
    if before is not None and 0 < turn < before["turn"]:
        return before
    start, end, text = (detail(event, name) for name in ("start", "end", "is"))
    meant = isinstance(start, int) and isinstance(end, int) and isinstance(text, str) and 0 <= start < end
    return {"start": start, "end": end, "is": text[:100_000], "turn": turn} if meant else None
