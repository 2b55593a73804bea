"""What a tab is: its row, its components, and the event handlers that every tab has."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import gradio as gr

from bert_demo.core.errors import DemoError, TextError
from bert_demo.core.scheduler import Cost
from bert_demo.registry.task_heads import other_answers
from bert_demo.views.markup import message
from bert_demo.views.panels import readability as panels
from bert_demo.views.panels.input_bar import answered
from bert_demo.web.job_runner import JobProgress, LatestJob, Question
from bert_demo.web.lens_groups import Group
from bert_demo.web.visitor import visitor_of

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService

ON_PICK = """
element.addEventListener('click', (event) => {
  const target = event.target.closest('[data-pick]');
  if (target && element.contains(target)) trigger('pick', JSON.parse(target.dataset.pick));
});
"""
"""js_on_load of an HTML component whose [data-pick] elements send their JSON to Python as the event 'pick'."""


def html(value: str = "", **settings: Any) -> gr.HTML:
    """An HTML component that looks as our style sheet says, without gradio's prose rules."""
    return gr.HTML(value, apply_default_css=False, **settings)


@dataclass(frozen=True, slots=True)
class Ask:
    """What the visitor asked: the input bar at the last Run.

    turn: counts the times, so that asking the same again is a change and is answered again; refused: the sentence for
    a question that is too long to be kept, whose text stays in the browser; before: the model that was chosen before
    the page itself chose one for Chinese text, "" where it did not; insists: the visitor chose the model for this
    Chinese text.
    """

    text: str
    pair: str
    model: str
    turn: int = 0
    refused: str = ""
    before: str = ""
    insists: bool = False

    def again(
        self, text: str | None = None, pair: str | None = None, model: str | None = None, refused: str = ""
    ) -> Ask:
        """The next turn, with what is given changed."""
        return Ask(
            self.text if text is None else text,
            self.pair if pair is None else pair,
            self.model if model is None else model,
            self.turn + 1,
            refused,
            self.before,
            self.insists,
        )


Hidden = tuple[tuple[int, int], ...]
"""(start, end) characters of the words that a visitor has hidden in the fill-mask lens."""
SMALL = re.compile(r"[0-9]{1,6}")
"""A number of an address that is taken for one."""
MOST_HIDDEN = 10_000
"""More words than a text has."""


@dataclass(frozen=True, slots=True)
class Link:
    """A component whose value stands in an address. read: its value from there, None for what means nothing."""

    component: Any
    read: Callable[[str], Any]


def number_of(value: str) -> int | None:
    """The number that an address names, if it is one."""
    return int(value) if SMALL.fullmatch(value) else None


@dataclass
class Parts:
    """The components of a built tab.

    body: the column that holds the pictures, hidden while an error stands in their place (controls stay outside it);
    controls: its own inputs; outputs: its pictures, in the order of `answer`; reruns: events of its controls that ask
    for a new answer; preview: values of `outputs` from (estimate, controls) while the computation goes on; asked_for:
    the sentence shown when the lens is opened, instead of an answer, until Enter or one of `reruns` asks for it, for
    what is too dear to be computed at a look; buttons: those that Enter presses too, where they are seen;
    targets: the dropdown that names the model's labels; hides: whether the lens reads the words that are hidden in
    Fill-mask; cost: of (controls), where it depends on them; kind: of the work, if another than the tab's name (that of
    the endpoint, where no two may run at once); links: what stands in an address, by its name there.
    """

    body: gr.Column
    controls: list[Any] = field(default_factory=list)
    outputs: list[Any] = field(default_factory=list)
    reruns: list[Any] = field(default_factory=list)
    preview: Callable[[Any, Sequence[Any]], list[Any]] | None = None
    asked_for: str = ""
    buttons: Sequence[gr.Button] = ()
    targets: gr.Dropdown | None = None
    hides: bool = False
    cost: Callable[[Sequence[Any]], Cost] | None = None
    kind: str = ""
    links: Mapping[str, Link] = field(default_factory=dict)
    own_texts: bool = False
    clears: Sequence[Any] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """What a tab may reach beyond its own components: the input bar, and the components that, when an event changes
    them, make the open lens answer anew, or one that hides words (hidden); cleared: the listener of the event on which
    the browser takes away what belongs to an older question, when the tab is open; renewed: of that on which the server
    does, where it alone knows what is to stand there; `head`: the layer and the head that the lens Attention has
    open."""

    service: Callable[[], BertService]
    text: gr.Textbox
    bar: list[Any]
    asked: gr.JSON
    hidden: gr.JSON
    cleared: Callable[..., Any]
    renewed: Callable[..., Any]
    head: list[Any] = field(default_factory=list)


class Tab(Protocol):
    """A lens: a class of a file in `tabs`, found there.

    name: in addresses, and of its work in the metrics; group: what it is for; place: in the row of its group, from the
    left; task: the head that it needs, if any; cost: of an answer; assets: its scripts and styles.
    """

    name: str
    title: str
    group: Group
    place: int
    task: str | None
    cost: Cost
    assets: tuple[Path, ...]

    def build(self) -> Parts:
        """Create the components inside the current gradio context."""
        ...

    def answer(
        self, service: BertService, ask: Ask, hidden: Hidden, controls: Sequence[Any], progress: JobProgress
    ) -> list[Any]:
        """Values of `outputs`. Runs in a worker thread; raises DemoError."""
        ...

    def wire(self, page: Page, parts: Parts) -> list[Any]:
        """Connect what the tab does beside its answer. Returns the events that Stop and a new question end."""
        ...

    def working(self, done: int, planned: int) -> str:
        """HTML shown while the answer is computed."""
        ...


def answer_with_notice(
    tab: Tab,
    service: BertService,
    ask: Ask,
    hidden: Hidden,
    controls: Sequence[Any],
    progress: JobProgress,
    own_texts: bool = False,
) -> tuple[str, list[Any]]:
    """The tab's values, and lines that say when another model had to answer, and what it cannot read of the text; the
    lines hold the mark of the question. own_texts: as in Parts."""
    if ask.refused and not own_texts:
        raise TextError(ask.refused)
    notice, mark = "", answered(ask.text, ask.pair, ask.model)
    if tab.task is not None:
        model = service.choose(tab.task, ask.model, "" if own_texts else ask.text)
        if model != ask.model:
            notice = message(other_answers(ask.model, tab.task, model))
            ask = replace(ask, model=model)
    values = tab.answer(service, ask, hidden, controls, progress)
    if own_texts:
        return notice, values
    notice += unread_notice(service, ask)
    notice += masks_notice(service, ask) if tab.task == "text-classification" else ""
    return notice + mark, values


def unread_notice(service: BertService, ask: Ask) -> str:
    """What the model cannot read of the texts, as HTML; nothing for a text that a lens has to refuse by itself."""
    try:
        return panels.unread_notice(service.readability(ask.text, ask.pair or None, ask.model))
    except DemoError:
        return ""


def masks_notice(service: BertService, ask: Ask) -> str:
    """That there are masks in a text which is put into classes, in the same way."""
    try:
        return panels.masks_notice(service.readability(ask.text, ask.pair or None, ask.model))
    except DemoError:
        return ""


def lens_handler(
    tab: Tab, parts: Parts, service: Callable[[], BertService], latest: LatestJob
) -> Callable[..., AsyncIterator[Any]]:
    """The event handler of a tab: inputs (asked, hidden, *controls), outputs (notice, body, *parts.outputs)."""
    preview, cost = parts.preview, parts.cost

    def work(progress: JobProgress, ask: Ask, hidden: Hidden, *controls: Any) -> list[Any]:
        progress.notice, values = answer_with_notice(tab, service(), ask, hidden, controls, progress, parts.own_texts)
        return values

    return latest.handler(
        work,
        tab.working,
        len(parts.outputs),
        preview=preview and (lambda estimate, ask, hidden, *controls: preview(estimate, controls)),
        question=lambda ask, hidden, *controls: question_of(ask, controls),
        cost=lambda ask, hidden, *controls: cost(controls) if cost else None,
    )


def clear_handler(parts: Parts, latest: LatestJob) -> Callable[..., Awaitable[list[Any]]]:
    """The event handler, inputs (asked, *controls), that takes a lens's old answer away, ends its computation, and says
    how to ask; unless the lens was asked just this, as by a button that follows a choice at once.

    It is a coroutine: what waits for a thread could be told to the page behind the next answer, and take that away.
    """

    async def clear(request: gr.Request, ask: Ask, *controls: Any) -> list[Any]:
        if latest.replace(visitor_of(request), question_of(ask, controls)):
            return [message(parts.asked_for), gr.Column(visible=False)]
        return [gr.skip(), gr.skip()]

    return clear


def question_of(ask: Ask, controls: Sequence[Any]) -> Question:
    """What a lens is asked, to be compared."""
    return Question(ask.turn, hashlib.sha256(repr((ask, *controls)).encode("utf-8", "backslashreplace")).digest())
