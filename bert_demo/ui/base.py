"""What a tab is, how its answer is computed beside the event loop, and how an error becomes a sentence on the page."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

import gradio as gr

from bert_demo.errors import DemoError, TextError
from bert_demo.line import was_logged
from bert_demo.plots.markup import message, working
from bert_demo.ui.running import Latest, Watch, said, visitor_of

if TYPE_CHECKING:
    from bert_demo.service import BertService

_log = logging.getLogger(__name__)
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
    """What the visitor asked: the input bar at the last Analyse.

    turn: counts the times, so that asking the same again is a change and is answered again; refused: the sentence for
    a question that is too long to be kept, whose text stays in the browser; sent: the page's own count of what it sent
    when the bar asked this.
    """

    text: str
    pair: str
    model: str
    turn: int = 0
    refused: str = ""
    sent: int = 0

    def overtakes(self, turn: int) -> bool:
        """Whether a question of the bar that the page sent before this one arrives only now."""
        return 0 < turn < self.sent

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
            self.sent,
        )


Hidden = tuple[tuple[int, int], ...]
"""(start, end) characters of the words that a visitor has hidden in the fill-mask lens."""
MOST_HIDDEN = 10_000
"""More words than a text has."""


@dataclass
class Parts:
    """The components of a built tab.

    body: the column that holds the pictures, hidden while an error stands in their place (controls stay outside it);
    controls: its own inputs; outputs: its pictures, in the order of `answer`; reruns: events of its controls that ask
    for a new answer; preview: values of `outputs` from (estimate, controls) while the computation goes on; asked_for:
    the sentence shown instead of an answer until one of `reruns` asks for it, for what is too dear for every Analyse;
    targets: the dropdown that names the model's labels.
    """

    body: gr.Column
    controls: list[Any] = field(default_factory=list)
    outputs: list[Any] = field(default_factory=list)
    reruns: list[Any] = field(default_factory=list)
    preview: Callable[[Any, Sequence[Any]], list[Any]] | None = None
    asked_for: str = ""
    targets: gr.Dropdown | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """What a tab may reach beyond its own components: the input bar, and the states that, when an event changes them,
    make every lens answer anew that does not wait to be asked (asked), or those that hide words (hidden); `head`: the
    layer and the head that the lens Attention has open."""

    service: Callable[[], BertService]
    text: gr.Textbox
    bar: list[Any]
    asked: gr.State
    hidden: gr.State
    head: list[Any] = field(default_factory=list)


class Tab(Protocol):
    """A lens: a row of TABS."""

    name: str
    title: str
    task: str | None

    def build(self) -> Parts:
        """Create the components inside the current gradio context."""
        ...

    def answer(
        self, service: BertService, ask: Ask, hidden: Hidden, controls: Sequence[Any], watch: Watch
    ) -> list[Any]:
        """Values of `outputs`. Runs in a worker thread; raises DemoError."""
        ...

    def wire(self, page: Page, parts: Parts) -> list[Any]:
        """Connect what the tab does beside its answer. Returns the events that Stop and a new question end."""
        ...

    def working(self, done: int, planned: int) -> str:
        """HTML shown while the answer is computed."""
        ...


def explain(error: BaseException) -> str:
    """The sentence shown for an error: a DemoError's own, a plain one for anything unforeseen (which is logged)."""
    if isinstance(error, DemoError):
        return message(str(error), "error")
    if not was_logged(error):
        _log.error("unforeseen %s", type(error).__name__, exc_info=error)
    return message("Something went wrong inside the demo. It was logged; please try another text.", "error")


def answer_with_notice(
    tab: Tab, service: BertService, ask: Ask, hidden: Hidden, controls: Sequence[Any], watch: Watch
) -> tuple[str, list[Any]]:
    """The tab's values, and a line that says when another model had to answer."""
    if ask.refused:
        raise TextError(ask.refused)
    notice = ""
    if tab.task is not None:
        model = service.choose(tab.task, ask.model)
        if model != ask.model:
            notice = message(f"{ask.model} has no {tab.task} head; this lens is answered by {model}.")
            ask = replace(ask, model=model)
    return notice, tab.answer(service, ask, hidden, controls, watch)


def runner(
    tab: Tab, parts: Parts, service: Callable[[], BertService], latest: Latest
) -> Callable[..., AsyncIterator[list[Any]]]:
    """The event handler of a tab: inputs (asked, hidden, *controls), outputs (notice, body, *parts.outputs).

    It yields a word of progress, and the latest estimate, twice a second and, at last, the answer. Closing it (Stop, or
    a visitor who leaves), or asking anew in the same lens, raises CancelledError inside the computation at its next
    batch.
    """
    nothing = [gr.skip()] * (len(parts.outputs) + 2)

    def told(watch: Watch, controls: Sequence[Any]) -> list[Any]:
        notice = said(watch, tab.working)
        estimate = watch.take()
        if estimate is None or parts.preview is None:
            return [notice, *nothing[1:]]
        return [notice, gr.Column(visible=True), *parts.preview(estimate, controls)]

    async def run(request: gr.Request, ask: Ask, hidden: Hidden, *controls: Any) -> AsyncIterator[list[Any]]:
        def work(watch: Watch) -> tuple[str, list[Any]]:
            return answer_with_notice(tab, service(), ask, hidden, controls, watch)

        watch, done = Watch(), None
        try:
            async for done in latest.follow(visitor_of(request), watch, work, question_of(ask, controls)):
                if done is None:
                    yield told(watch, controls)
                else:
                    yield [done[0], gr.Column(visible=True), *done[1]]
        except Exception as error:
            done = error
            yield [explain(error), gr.Column(visible=False), *nothing[2:]]
        if done is None or watch.replaced:  # gradio sends the last once more, when a newer answer may be there already
            yield nothing

    return run


def away(parts: Parts, latest: Latest) -> Callable[..., list[Any]]:
    """The event handler, inputs (asked, *controls), that takes a lens's old answer away, ends its computation, and says
    how to ask; unless the lens was asked just this, as by a button that follows a choice at once."""

    def renounce(request: gr.Request, ask: Ask, *controls: Any) -> list[Any]:
        if latest.renounce(visitor_of(request), question_of(ask, controls)):
            return [message(parts.asked_for), gr.Column(visible=False)]
        return [gr.skip(), gr.skip()]

    return renounce


def question_of(ask: Ask, controls: Sequence[Any]) -> bytes:
    """What a lens is asked, to be compared; as a hash, since it is kept for each visitor."""
    return hashlib.sha256(repr((ask, *controls)).encode("utf-8", "backslashreplace")).digest()


def panel_runner(name: str, make: Callable[..., str], patience: str) -> Callable[..., AsyncIterator[Any]]:
    """The event handler of the panel `name` beside a lens's answer: make(watch, *inputs) gives its HTML, `patience`
    stands there meanwhile, with the passes. Stopped, left or asked anew, it ends like a lens."""
    latest = Latest(name)

    def told(done: int, planned: int) -> str:
        return working(f"{patience} {done} of {planned} passes") if planned else working(patience)

    async def run(request: gr.Request, *inputs: Any) -> AsyncIterator[Any]:
        watch, done = Watch(), None
        try:
            async for done in latest.follow(visitor_of(request), watch, lambda watch: make(watch, *inputs)):
                yield said(watch, told) if done is None else done
        except Exception as error:
            done = error
            yield explain(error)
        if done is None or watch.replaced:
            yield gr.skip()

    return run


def panels_runner(
    name: str, make: Callable[..., list[Any]], told: Callable[[int, int], str], count: int
) -> Callable[..., AsyncIterator[list[Any]]]:
    """The same for what is dear and fills several outputs: a line of progress, the column of the pictures, and `count`
    pictures, which make(watch, *inputs) gives. told(done, planned) is the HTML of the progress."""
    latest = Latest(name)
    nothing = [gr.skip()] * count

    async def run(request: gr.Request, *inputs: Any) -> AsyncIterator[list[Any]]:
        watch, done = Watch(), None
        try:
            async for done in latest.follow(visitor_of(request), watch, lambda watch: make(watch, *inputs)):
                if done is None:
                    yield [said(watch, told), gr.skip(), *nothing]
                else:
                    yield ["", gr.Column(visible=True), *done]
        except Exception as error:
            done = error
            yield [explain(error), gr.Column(visible=False), *nothing]
        if done is None or watch.replaced:
            yield [gr.skip(), gr.skip(), *nothing]

    return run
