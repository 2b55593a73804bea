"""Files of what the lens Attention shows: the overview, what is open, its weights, the numbers of its steps."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING

from bert_demo.results import Attention
from bert_demo.results.attention_views import look
from bert_demo.views.export import attention_head as head_files
from bert_demo.views.export import attention_steps as steps_files
from bert_demo.views.export.attention_overview import overview_picture
from bert_demo.views.panels.attention_head import title_panel
from bert_demo.web.components.attention_views import Wanted, attention_of, steps_of
from bert_demo.web.components.downloads import FileRequest, NamedFile, no_such_file
from bert_demo.web.tab import Ask

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService

PICTURES = ("png", "svg")


def attention_file(service: BertService, ask: Ask, wanted: Wanted, request: FileRequest) -> NamedFile:
    """The file that a button of the lens asks for. Raises ChoiceError for one that there is not, DemoError."""
    parts = {"overview": _overview, "picture": _picture, "weights": _weights, "steps": _steps}
    if request.what not in parts:
        raise no_such_file()
    result, wanted = attention_of(service, ask, wanted)
    return parts[request.what](service, ask, wanted, result, request)


def _overview(service: BertService, ask: Ask, wanted: Wanted, result: Attention, request: FileRequest) -> NamedFile:
    if request.kind not in PICTURES:
        raise no_such_file()
    profiles = service.head_profiles(ask.text, ask.pair, ask.model, result.window, known=result)
    return NamedFile(
        f"attention-overview.{request.kind}",
        lambda stream: overview_picture(result, request.kind, stream, request.dark, profiles),
    )


def _picture(service: BertService, ask: Ask, wanted: Wanted, result: Attention, request: FileRequest) -> NamedFile:
    kind, dark, choice = request.kind, request.dark, wanted.choice
    if kind not in PICTURES:
        raise no_such_file()
    name = f"attention-{wanted.display}-{choice.layer}-{choice.head}.{kind}"
    if wanted.display == "steps":
        steps = steps_of(service, ask, wanted, result)
        return NamedFile(name, lambda stream: steps_files.steps_picture(steps, kind, stream, dark))
    view = look(result, choice)
    if wanted.display == "heatmap":
        return NamedFile(name, lambda stream: head_files.heatmap_picture(view, kind, stream, dark))
    words = [word for word in request.words if 0 <= word < len(view.names)]
    return NamedFile(name, lambda stream: head_files.arcs_picture(view, words, kind, stream, dark))


def _weights(service: BertService, ask: Ask, wanted: Wanted, result: Attention, request: FileRequest) -> NamedFile:
    choice, view = wanted.choice, look(result, wanted.choice)
    name = f"attention-{choice.shown}-{choice.layer}-{choice.head}.{request.kind}"
    if request.kind == "csv":
        return NamedFile(name, lambda stream: head_files.weights_csv(view, stream))
    if request.kind != "npz":
        raise no_such_file()
    profiles = service.head_profiles(ask.text, ask.pair, ask.model, result.window, known=result)
    about = texts_of(title_panel(choice, view, result.model, wanted.display, profiles))
    return NamedFile(name, lambda stream: head_files.weights_npz(view, about, stream))


def _steps(service: BertService, ask: Ask, wanted: Wanted, result: Attention, request: FileRequest) -> NamedFile:
    writers = {"csv": steps_files.steps_csv, "json": steps_files.steps_json, "npz": steps_files.steps_npz}
    if request.kind not in writers or wanted.display != "steps":
        raise no_such_file()
    steps = steps_of(service, ask, wanted, result)
    name = f"steps-{steps.layer}-{steps.head}-{steps.query}.{request.kind}"
    return NamedFile(name, lambda stream: writers[request.kind](steps, stream))


class _Texts(HTMLParser):
    """The texts of headings and paragraphs, one for each."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open = 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in ("h2", "p"):
            self._open += 1
            self.found.append("")

    def handle_endtag(self, tag: str) -> None:
        self._open -= tag in ("h2", "p")

    def handle_data(self, data: str) -> None:
        if self._open:
            self.found[-1] += data


def texts_of(panel: str) -> list[str]:
    """The title of a panel and its sentences, without their markup."""
    parser = _Texts()
    parser.feed(panel)
    return parser.found
