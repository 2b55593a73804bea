"""Passages ranked for the text of the bar: a part of the lens Classify."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.core.errors import ChoiceError
from bert_demo.core.scheduler import Cost
from bert_demo.registry.task_heads import other_answers
from bert_demo.views.markup import message
from bert_demo.views.panels.ranking import BEST, KNOWN_BY, lifted_panel, ranking_panel
from bert_demo.web.event_detail import detail
from bert_demo.web.event_settings import AT_ONCE, QUIET
from bert_demo.web.job_outputs import passes_notice
from bert_demo.web.job_runner import JobProgress, LatestJob
from bert_demo.web.tab import ON_PICK, Ask, Page, html
from bert_demo.web.visitor import visitor_of

if TYPE_CHECKING:
    from bert_demo.results.ranking import Ranking
    from bert_demo.service.bert_service import BertService

EXAMPLE = "A warm and funny comedy.\nA dull and endless drama."


class Reranking:
    """Passages to write, a button, the ranking, and what lifted one of two clicked passages above the other."""

    def __init__(self) -> None:
        with gr.Accordion("Rank passages for this text", open=False, elem_id="ranking"):
            self.passages = gr.Textbox(
                EXAMPLE, label="Passages, one on each line", lines=3, max_lines=10, elem_id="passages"
            )
            self.run = gr.Button("Run", variant="primary", min_width=110, scale=0, elem_id="rank-run")
            self.panel = html(elem_id="ranked", js_on_load=ON_PICK)
            self._picked = gr.State(None)

    def wire(self, page: Page) -> list[Any]:
        """The button asks, and so does a clicked passage; a new question takes the answer away."""

        def ranked(progress: JobProgress, ask: Ask, passages: str, picked: Any) -> str:
            return ranked_passages(page.service(), ask, passages, picked, progress)

        run = LatestJob("rerank", Cost.SLOW).handler(ranked, passes_notice("Ranking \N{HORIZONTAL ELLIPSIS}"))
        page.cleared(None, None, self.panel, js="() => ''", **QUIET)
        given = [page.asked, self.passages, self._picked]
        clicked = self.panel.pick(picked_passages, self._picked, self._picked, **AT_ONCE)
        return [
            self.run.click(run, given, self.panel, **AT_ONCE),
            clicked.then(run, given, self.panel, **AT_ONCE),
        ]


def ranked_passages(service: BertService, ask: Ask, passages: str, picked: Any, progress: JobProgress) -> str:
    """The ranking and, of two or more passages, the difference of two: the clicked ones, else the best. Raises
    DemoError."""
    texts = [line.strip() for line in str(passages or "").splitlines() if line.strip()]
    if not texts:
        raise ChoiceError("There is no passage. Write one on each line.")
    model = service.choose("text-classification", ask.model)
    notice = "" if model == ask.model else message(other_answers(ask.model, "text-classification", model))
    ranking = service.rerank(ask.text, texts, model, on_progress=progress)
    if len(texts) < 2:
        return notice + ranking_panel(ranking)
    chosen = chosen_ranks(ranking, picked)
    first, second = (ranking.passages[rank].text for rank in chosen)
    lifted = service.attribute_ranking(ask.text, first, second, model, on_progress=progress)
    return notice + ranking_panel(ranking, chosen) + lifted_panel(lifted, chosen)


def chosen_ranks(ranking: Ranking, picked: Any) -> tuple[int, int]:
    """The ranks, from 0, of the two passages that are compared, the higher first: those that were clicked last and are
    still there, beside them the best."""
    rank_of = {(each.place, each.text[:KNOWN_BY]): rank for rank, each in enumerate(ranking.passages)}
    known = [(each["place"], each["is"]) for each in (picked or {}).get("passages", ())]
    ranks = [rank_of[each] for each in known if each in rank_of]
    one, other, *_ = dict.fromkeys([*ranks, *BEST])
    return min(one, other), max(one, other)


def picked_passages(event: gr.EventData, before: dict[str, Any] | None, request: gr.Request) -> dict[str, Any] | None:
    """The passage that was clicked, and the one before it; unless one that was clicked later is there already."""
    turn = visitor_of(request).turn
    if before is not None and 0 < turn < before["turn"]:
        return before
    place, text = detail(event, "place"), detail(event, "is")
    if type(place) is not int or not isinstance(text, str):
        return before
    one = {"place": place, "is": text[:KNOWN_BY]}
    others = [each for each in (before or {"passages": []})["passages"] if each != one]
    return {"passages": [one, *others[:1]], "turn": turn}
