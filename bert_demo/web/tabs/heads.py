"""The lens What heads do: what each head does on the text, and which heads are known to find which relation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.core.errors import ChoiceError
from bert_demo.core.scheduler import Cost
from bert_demo.registry.known_heads.sentences import gold_of, gold_sentences, look
from bert_demo.registry.known_heads.tables import table_of
from bert_demo.results import Attention, HeadTable, KnownHead
from bert_demo.views.markup import data, esc, working
from bert_demo.views.panels import head_profiles as plots
from bert_demo.views.panels import known_heads
from bert_demo.views.panels.glossary import relations_panel
from bert_demo.web.components.window_choice import window_choice, window_of
from bert_demo.web.event_detail import detail
from bert_demo.web.job_outputs import passes_notice
from bert_demo.web.job_runner import JobProgress, LatestJob
from bert_demo.web.lens_groups import Group
from bert_demo.web.page_assets import beside
from bert_demo.web.tab import ON_PICK, Ask, Hidden, Page, Parts, html

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService


class Picked:
    """The relation that a visitor picked last, and the one that an answer shows. gradio keeps one for each visitor; an
    answer that was on its way when it was picked reads it at its end, so that the answer does not undo the choice."""

    def __init__(self) -> None:
        self.relation = self.shown = ""


class HeadsTab:
    """A tour of known heads, a table of all heads, and the layers beside what papers found."""

    name = "heads"
    title = "What heads do"
    group = Group.LOOK_INSIDE
    place = 60
    task: str | None = None
    cost = Cost.INTERACTIVE
    assets = beside(__file__)

    def build(self) -> Parts:
        """The tour with its choices above; all heads; the layers."""
        with gr.Row(elem_classes="controls"):
            self.relation = gr.Dropdown(
                [],
                label="Relation that a head finds",
                allow_custom_value=True,  # one of the model before may still come with the next question
                min_width=220,
                elem_id="relation",
            )
            self.answers = gr.Textbox(
                label="Right answers for your sentence (optional; Enter)",
                placeholder="the>dog, her>book#2",
                lines=1,
                max_lines=3,
                min_width=220,
                elem_id="answers",
            )
            self.window = window_choice()
        with gr.Column() as body:
            self.tour = html(elem_id="tour", js_on_load=ON_PICK)
            self.sentences = html(_sentences(), elem_id="tour-sentences", js_on_load=ON_PICK)
            self.table = html(
                elem_id="all-heads",
                js_on_load=f"{ON_PICK}window.bertLens('heads').then(() => window.bertHeads.follow(element, watch));",
            )
            self.layers = html(elem_id="head-layers")
            self.relations = html(elem_id="relations")
        self.picked = gr.State(Picked())
        controls = [self.relation, self.window, self.picked]
        outputs = [self.relation, self.answers, self.window, self.tour, self.table, self.layers, self.relations]
        return Parts(body, controls, outputs, [self.window.input])

    def answer(
        self, service: BertService, ask: Ask, hidden: Hidden, controls: Sequence[Any], progress: JobProgress
    ) -> list[Any]:
        """Relations on offer, no typed answers, windows, tour, all heads, layers, what the codes of relations mean."""
        relation, window, picked = controls
        windows = service.count_windows(ask.text, ask.pair, ask.model)
        window = window_of(window, windows)
        weights = service.attention(ask.text, ask.pair, ask.model, window=window, words="tokenizer")
        known = fitting(ask.model, weights)
        profiles = service.head_profiles(ask.text, ask.pair, ask.model, window=window, known=weights)
        panels = [plots.heads_panel(profiles, known), plots.layers_panel(profiles)]
        choices = [_label(known, row) for row in _ranked(known)]
        while True:
            now = picked.relation
            chosen = _chosen(choices, now) or _first(known, ask, relation)
            shown = toured(weights, ask, chosen, "")
            if picked.relation == now:  # else another one was picked meanwhile
                break
        picked.shown = chosen or ""
        value = {} if chosen == relation else {"value": chosen}  # what is picked from now on stays
        return [
            gr.Dropdown(choices=choices, visible=bool(choices), **value),
            gr.Textbox(value="", visible=bool(choices)),
            gr.Dropdown(choices=list(range(windows)), value=window, visible=windows > 1),
            shown,
            *panels,
            relations_panel(),
        ]

    def wire(self, page: Page, parts: Parts) -> list[Any]:
        """Relations and typed answers change the tour alone; a clicked head opens in Attention, a sentence is asked."""
        shown: dict[str, Any] = {"api_visibility": "private", "trigger_mode": "multiple"}
        asked = gr.on(
            [self.relation.input, self.answers.submit],
            LatestJob("tour", Cost.INTERACTIVE).handler(
                self._tour(page), passes_notice("Looking \N{HORIZONTAL ELLIPSIS}")
            ),
            [page.asked, self.relation, self.window, self.picked, self.answers],
            self.tour,
            **shown,
        )
        for place in (self.tour, self.table):
            place.pick(None, None, page.head, js="() => window.bertAttention.opened()", **shown)
        self.sentences.pick(
            _take,
            [page.asked],
            [*page.bar[:2], page.asked, page.hidden],
            concurrency_limit=None,
            **shown,
        )
        return [asked]

    def _tour(self, page: Page) -> Callable[..., str]:
        def tour_of(
            progress: JobProgress, ask: Ask, relation: str | None, window: Any, picked: Picked, answers: str
        ) -> str:
            if relation != picked.shown:  # typed answers come with a relation that nobody chose
                picked.relation = relation or ""
            service = page.service()
            window = window_of(window, service.count_windows(ask.text, ask.pair, ask.model))
            found = service.attention(ask.text, ask.pair, ask.model, window=window, words="tokenizer")
            return toured(found, ask, relation, answers or "")

        return tour_of

    def working(self, done: int, planned: int) -> str:
        """While the model loads."""
        return working("Looking at every head \N{HORIZONTAL ELLIPSIS}")


def fitting(model: str, found: Attention) -> HeadTable | None:
    """The known heads of the asked model; None where there is no table, or it names heads that the model lacks.

    found: all heads of the model on any text.
    """
    known = table_of(model)
    if known is None:
        return None
    rows = [*known.rows, *(known.beside.rows if known.beside else ())]
    there = all(row.layer in found.layers and row.head in found.heads for row in rows)
    return known if there and known.rows else None


def toured(found: Attention, ask: Ask, relation: str | None, answers: str) -> str:
    """The tour's panel; answers that name no word are told in it. found: all heads on a window of the asked text."""
    known = fitting(ask.model, found)
    if known is None:
        return known_heads.without_table(ask.model)
    code = _code(relation or "")
    there = known.row(code) or known.lone(code)
    row = there or known.rows[0]
    wrong = "" if there or not code else f"No head is known for a relation {code[:40]!r}: choose one of the list."
    try:
        links, source = look(found, ask.text, ask.pair, row, answers)
    except ChoiceError as error:
        links, source = look(found, ask.text, ask.pair, row)
        wrong = f"{wrong} {error}".strip()
    return known_heads.known_head_panel(known, row, links, source, wrong)


def _ranked(known: HeadTable | None) -> list[KnownHead]:
    """Those that find most arcs more than their offset does come first; all relations together last, and behind them
    those that are only published."""
    if known is None:
        return []
    measured = sorted(
        known.rows,
        key=lambda row: (row.relation == "all", (row.occurrences or 1) * ((row.baseline or 0) - row.accuracy)),
    )
    return [*measured, *(paper for paper, mine in known.pairs() if mine is None)]


def _first(known: HeadTable | None, ask: Ask, shown: str | None = None) -> str | None:
    """The relation to open on, where nobody chose one: that which is shown, but where the text has marked arcs and none
    of it; then the first that they hold, or the first of all."""
    ranked = _ranked(known)
    golds = [gold for gold in map(gold_of, (ask.text, ask.pair)) if gold]
    there = [_label(known, row) for row in ranked if any(gold.arcs(row.relation) for gold in golds)]
    every = [_label(known, row) for row in ranked]
    return next(iter([*filter(None, [_chosen(there or every, shown)]), *there, *every]), None)


def _chosen(choices: Sequence[str], label: str | None) -> str | None:
    """The choice of the same relation, which another table may name with other words."""
    return next((choice for choice in choices if label and _code(choice) == _code(label)), None)


def _label(known: HeadTable | None, row: KnownHead) -> str:
    lone = " (published)" if known and row not in known.rows else ""
    return f"{row.relation}: {row.dependent}, its {row.governor}{lone}"


def _code(label: Any) -> str:
    return str(label).partition(": ")[0]


def _sentences() -> str:
    buttons = "".join(
        f'<button type="button" class="offer" data-pick="{data({"sentence": number})}">{esc(gold.text)}</button>'
        for number, gold in enumerate(gold_sentences())
        if gold.tour
    )
    return f'<details class="tour-sentences"><summary>Sentences of the tour</summary>{buttons}</details>'


def _take(asked: Ask, event: gr.EventData) -> list[Any]:
    number = detail(event, "sentence")
    offered = {place: gold.text for place, gold in enumerate(gold_sentences()) if gold.tour}
    if number not in offered:
        raise gr.Error("This sentence is not one of the tour.", print_exception=False)
    return [offered[number], "", asked.again(offered[number], ""), ()]
