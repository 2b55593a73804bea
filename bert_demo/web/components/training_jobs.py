"""The jobs of a visitor: the browser keeps their tokens, asks how they are and acts on them; the server has no list."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import gradio as gr

from bert_demo.core.errors import ChoiceError, DemoError
from bert_demo.core.scheduler import Cost
from bert_demo.core.training_place import OWN
from bert_demo.registry.training_ways import TEXT
from bert_demo.results.training import TrainingJob
from bert_demo.views.markup import message
from bert_demo.views.panels import training as panels
from bert_demo.views.panels.training_curves import same_but_seed, smaller_shares
from bert_demo.web.components.downloads import Downloads, FileRequest, NamedFile, no_such_file
from bert_demo.web.components.model_choices import MOST_OWN, model_choices
from bert_demo.web.components.training_choices import FITS
from bert_demo.web.event_settings import AT_ONCE, PRIVATE, QUIET
from bert_demo.web.job_runner import JobProgress
from bert_demo.web.tab import Page, html

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService

SEEDS, SHARES = 2, (0.25, 0.5)
"""More seeds at one press, and the shares of the rows that make a learning curve."""
MOST = MOST_OWN
"""Jobs of a page that are asked after."""
_LONGEST = 200
ACTIONS, MORE = ("stop", "pause", "resume", "forget"), ("seeds", "shares")
_CONNECT = """
window.bertLens('train').then(() => {
  for (const name of ['poll', 'act', 'use', 'keep', 'more']) window.bertTrain.sends(name, () => trigger(name, {}));
  window.bertTrain.connect();
});
"""
_STARTED = "window.bertLens('train').then(() => window.bertTrain.starts(element, watch));"


@dataclass(frozen=True, slots=True)
class Sent:
    """What a browser sends of its jobs. token: of the one that is shown; tokens: of all, the newest first; live,
    compared: marks of what it shows; models: how many are in its list; action: of ACTIONS or MORE, or ""."""

    token: str
    tokens: tuple[str, ...]
    live: str = ""
    compared: str = ""
    models: str = ""
    action: str = ""

    @classmethod
    def of(cls, sent: Any) -> Sent:
        """Whatever was sent."""
        given = sent if isinstance(sent, dict) else {}

        def text(name: str) -> str:
            value = given.get(name)
            return value[:2000] if isinstance(value, str) else ""

        tokens = given.get("tokens")
        tokens = tokens if isinstance(tokens, list) else []
        kept = tuple(each for each in tokens[:MOST] if isinstance(each, str) and 0 < len(each) <= _LONGEST)
        action = text("action")
        return cls(
            text("token")[:_LONGEST],
            kept,
            text("live"),
            text("compared"),
            text("models"),
            action if action in (*ACTIONS, *MORE) else "",
        )


class TrainingJobs:
    """started: where a start writes; below it the job that is shown, its end, and all jobs side by side."""

    def __init__(self) -> None:
        with gr.Column(elem_classes="out-of-sight") as self.begun:
            self.started = html(elem_id="train-started", js_on_load=_STARTED)
        self._sent = gr.JSON(visible=False)
        self._live = html(elem_id="train-live")
        self._buttons = html(panels.buttons_panel(), elem_id="train-buttons")
        self._said = html(elem_id="train-said", elem_classes="asked-for")
        self._ended = html(elem_id="train-ended")
        self._compared = html(elem_id="train-compared")
        self._place = html(elem_id="train-jobs", elem_classes="out-of-sight", js_on_load=_CONNECT)
        self.downloads = Downloads("train")

    def more_like_it(self, handler: Any, outputs: Sequence[Any]) -> None:
        """`handler` gets what the browser sends of its jobs when more trainings like it are wanted."""
        self._place.more(handler, self._sent, outputs, js="() => [window.bertTrain.sent()]", **AT_ONCE)

    def wire(self, page: Page) -> list[Any]:
        """Asking after the jobs, acting on one, using its model, its file. Returns the events that Stop ends."""
        shown = [self._live, self._ended, self._compared, self._said, page.bar[2]]
        sent = "() => [window.bertTrain.sent()]"

        def poll(given: Any) -> list[Any]:
            return shown_jobs(page.service(), Sent.of(given))

        def act(given: Any) -> list[Any]:
            return acted(page.service(), Sent.of(given))

        for event in (
            self._place.poll(poll, self._sent, shown, js=sent, **QUIET),
            self._place.act(act, self._sent, shown, js=sent, **AT_ONCE),
        ):
            event.then(None, js="() => window.bertTrain.came()", **PRIVATE)
        bar = [*page.bar, page.asked]
        use = "(...bar) => window.bertTrain.use(...bar)"
        used = self._place.use(None, bar, [page.bar[2], page.asked, page.hidden], js=use, **PRIVATE)
        used.then(None, js="() => window.bertTrain.settle()", **PRIVATE)

        def make(request: FileRequest, progress: JobProgress, given: Any) -> NamedFile:
            return archive(page.service(), request, Sent.of(given).token)

        self._place.keep(None, None, self._sent, js=sent, **PRIVATE)
        return [self.downloads.wire(make, [self._sent], Cost.BATCH)]


def shown_jobs(service: BertService, sent: Sent, said: Any = None) -> list[Any]:
    """The job that is shown, its end, all side by side, a sentence, the list of models: each only where it changed."""
    asked = [status(service, token) for token in sent.tokens]
    jobs = [job for job in asked if job.state != "gone"]
    gone = [job.token for job in asked if job.state == "gone"]
    opened = next((job for job in jobs if job.token == sent.token), None)
    live, ended = gr.skip(), gr.skip()
    if opened is None:
        live, ended = ("", "") if not sent.token else (message(status(service, sent.token).sentence), "")
    else:
        seeds = same_but_seed(opened, jobs)
        shares = [each for each in smaller_shares(opened, jobs) if {each.state, opened.state} == {"done"}]
        if panels.mark_of(opened, (*seeds, *shares)) != sent.live:
            live = panels.live_panel(opened, seeds, shares)
            ended = panels.ended_panels(opened, shares)
    compared: Any = gr.skip()
    if panels.compared_mark(jobs, sent.token) != sent.compared:
        compared = panels.compared_panel(jobs, sent.token, gone)
    models = gr.skip()
    if panels.models_of(jobs) != sent.models:
        models = gr.Dropdown(choices=[*model_choices(), *_own_choices(jobs)])
    return [live, ended, compared, gr.skip() if said is None else said, models]


def linked_model(service: BertService | None, model: str) -> Any:
    """What the list of models gets from an address: the name, and for a model trained here the row that has its title,
    which the list lacks until the lens is opened. service: None where it is not made yet."""
    if service is None or not model.startswith(OWN):
        return model
    job = service.trained_by(model)
    return gr.Dropdown(choices=[*model_choices(), *_own_choices([job])], value=model) if job else model


def _own_choices(jobs: Sequence[TrainingJob]) -> list[tuple[str, str]]:
    return [(f"mine: {panels.title_of(job)}", job.model) for job in jobs if job.model]


def acted(service: BertService, sent: Sent) -> list[Any]:
    """The same after an action on the job that is shown; what cannot be done is said."""
    said = ""
    try:
        if sent.action and sent.token:
            service.train_stop(sent.token, sent.action)
    except DemoError as error:
        said = message(str(error), "error")
    return shown_jobs(service, sent, said)


def more_like_it(service: BertService, sent: Sent, on_progress: Any) -> list[TrainingJob]:
    """The training that is shown once more, with each of the next SEEDS seeds that are free, or on each of SHARES.

    Raises ChoiceError where it is gone, all are there already or a page would have more than MOST jobs, and what
    `train` raises; none of them is begun then.
    """
    shown, rows = status(service, sent.token), service.train_rows(sent.token)
    plan = shown.plan
    if plan is None or not rows:
        raise ChoiceError("The training is gone. Start another.")
    recipe, jobs = plan.recipe, [status(service, token) for token in sent.tokens]
    asked = {name: getattr(recipe, name) for name in (*FITS[recipe.way], "share")}
    asked |= {"way": recipe.way, "start": recipe.start, "kind": "single" if recipe.kind == TEXT else recipe.kind}
    if sent.action == "shares":
        there = {each.plan.recipe.share for each in smaller_shares(shown, jobs) if each.plan}
        wanted = [{"share": share} for share in SHARES if share < recipe.share and share not in there]
    else:
        taken = {each.plan.recipe.seed for each in same_but_seed(shown, jobs) if each.plan}
        free = [seed for seed in range(recipe.seed + 1, recipe.seed + MOST + SEEDS + 1) if seed not in taken]
        wanted = [{"seed": seed} for seed in free[:SEEDS]]
    if len(sent.tokens) + len(wanted) > MOST:
        raise ChoiceError(f"A page keeps {MOST} trainings. Delete some first.")
    if not wanted:
        raise ChoiceError("These trainings are there already.")
    made: list[TrainingJob] = []
    try:
        for other in wanted:
            made.append(service.train(rows, **asked | other, on_progress=on_progress))
    except BaseException:
        for job in made:
            service.train_stop(job.token, "forget")
        raise
    return made


def status(service: BertService, token: str) -> TrainingJob:
    """How a job is; gone for what is no token."""
    try:
        return service.train_status(token)
    except ChoiceError as error:
        return TrainingJob(token, "gone", str(error))


def archive(service: BertService, request: FileRequest, token: str) -> NamedFile:
    """The zip of the job that is shown. Raises ChoiceError."""
    path = service.train_archive(token) if (request.what, request.kind) == ("model", "zip") else None
    if path is None:
        raise no_such_file()
    return NamedFile("trained-model.zip", _copy(path))


def _copy(path: Path) -> Callable[[IO[bytes]], None]:
    def write(stream: IO[bytes]) -> None:
        with path.open("rb") as source:
            shutil.copyfileobj(source, stream)

    return write
