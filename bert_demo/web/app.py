"""The page: one input bar above TABS, the opening example painted in, the endpoints of the API beside it."""

from __future__ import annotations

import webbrowser
from functools import partial
from logging import getLogger
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.core.settings import Settings
from bert_demo.views.panels.glossary import meanings_panel
from bert_demo.views.panels.placeholder import placeholder
from bert_demo.web.components.input_bar import Bar
from bert_demo.web.components.model_choices import list_styles
from bert_demo.web.components.model_for_text import opened
from bert_demo.web.components.opening import CHOICES, LINE, TITLE, opening
from bert_demo.web.components.target_choice import Targets, labels_of
from bert_demo.web.components.training_jobs import linked_model
from bert_demo.web.deferred_service import Deferred
from bert_demo.web.endpoints import add_endpoints
from bert_demo.web.event_settings import PRIVATE, QUIET
from bert_demo.web.examples import from_address, load_examples
from bert_demo.web.job_runner import JobProgress, LatestJob
from bert_demo.web.lens_groups import group_styles
from bert_demo.web.page_assets import address_tag, deferred_scripts, page_assets, script_tags, style_tag, styles
from bert_demo.web.prerender import prerender
from bert_demo.web.questions import Lens, Questions
from bert_demo.web.server import logging
from bert_demo.web.server.app import create_app
from bert_demo.web.server.health import Health
from bert_demo.web.server.serve import leave, open_port, serve
from bert_demo.web.tab import Link, Page, Tab, answer_with_notice, clear_handler, html, lens_handler
from bert_demo.web.tabs import TABS

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService

_log = getLogger(__name__)
FILES_CHECKED, FILES_KEPT = 600, 1800
"""Seconds between two looks for old files that visitors had made, and seconds that such a file is kept."""


class App:
    """The built page and what is needed to paint the opening example into it."""

    def __init__(self, service: Deferred) -> None:
        self.service = service
        self.examples = load_examples()
        self.opening = self.examples[0].ask
        self.first_words = placeholder(TITLE, LINE, self.opening.text)
        assets = page_assets(tab.assets for tab in TABS)
        made = style_tag(group_styles(TABS), list_styles("model"))
        self.scripts = deferred_scripts({tab.name: tab.assets for tab in TABS})
        self.styles, self.head = styles(assets), f"{address_tag(self.scripts)}{script_tags(assets)}{made}"
        with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=(FILES_CHECKED, FILES_KEPT)) as self.blocks:
            progress = html(elem_id="progress")
            html(opening(self.examples), elem_id="header")
            html(meanings_panel(), elem_id="glossary")
            tabs = [tab() for tab in TABS]
            self.bar = Bar(self.opening, self.examples, {tab.name: tab.title for tab in tabs}, service.most)
            self.tabs = gr.Tabs(selected=tabs[0].name, elem_id="lenses", overflow_behavior="wrap")
            with self.tabs:
                self.lenses = [self._build_lens(tab) for tab in tabs]
            self.questions = Questions(self.lenses)
            runs = [event for lens in self.lenses for event in self._wire_lens(lens)]
            self.questions.wire(self.bar.asked, self.bar.hidden)
            self.targets = Targets([lens.parts.targets for lens in self.lenses if lens.parts.targets is not None])
            self.targets.wire(self.questions.labels, self.bar.asked, service)
            self.bar.wire(runs)
            self._restore_links()
            add_endpoints(service)
            for event in self.blocks.fns.values():
                event.show_progress, event.show_progress_on = "hidden", [progress]

    def prerender_opening(self, service: BertService) -> None:
        """Compute the first lens of the opening example and make it part of the page that is served from then on; the
        others answer when they are opened."""
        prerender(self.targets.values(labels_of(service, self.opening)))
        first, parts = self.lenses[0], self.lenses[0].parts
        controls = [control.value for control in parts.controls]
        above, values = answer_with_notice(
            first.tab, service, self.opening, self.examples[0].hide, controls, JobProgress()
        )
        prerender([(first.notice, above), *zip(parts.outputs, values, strict=True)])
        self.blocks.config = self.blocks.get_config_file()
        answer = service.classify(self.opening.text, self.opening.pair, self.opening.model)
        self.first_words = placeholder(TITLE, LINE, self.opening.text, first.tab.name, answer)

    def _build_lens(self, tab: Tab) -> Lens:
        with gr.Tab(tab.title, id=tab.name, elem_id=f"tab-{tab.name}") as panel:
            notice = html(elem_classes="notice", elem_id=f"notice-{tab.name}")
            html(CHOICES, elem_classes="choices-line")
            parts = tab.build()
            parts.body.elem_classes = ["lens-answer"]
        js = f"() => window.bertDemo.opened('{tab.name}')"
        shown = f"() => window.bertDemo.questions.shown('{tab.name}')"
        panel.select(None, None, [notice, parts.body], js=js, **PRIVATE).then(None, js=shown, **PRIVATE)
        return Lens(tab, notice, parts)

    def _wire_lens(self, lens: Lens) -> list[Any]:
        """Outside the tabs: a component that is made between them, if only as a value, would count as a tab."""
        bar, tab, parts = self.bar, lens.tab, lens.parts
        latest = LatestJob(parts.kind or tab.name, tab.cost, tab.name)
        run = self.questions.on("run", lens)(
            lens_handler(tab, parts, self.service, latest),
            [bar.asked, bar.hidden, *parts.controls],
            [lens.notice, parts.body, *parts.outputs],
            trigger_mode="multiple",
            **QUIET,
        )
        if tab.task == "fill-mask":
            run.then(None, js="() => window.bertDemo.hidden()", **PRIVATE)
        if parts.asked_for:
            self._wait_until_asked(lens, latest)
        texts = [bar.text, bar.pair, bar.model]
        cleared, renewed = (self.questions.on(what, lens) for what in ("clear", "renew"))
        page = Page(self.service, bar.text, texts, bar.asked, bar.hidden, cleared, renewed, self._open_head())
        beside = tab.wire(page, parts)
        self.questions.end_with(lens, run, beside)
        return [run, *beside]

    def _open_head(self) -> list[Any]:
        return [self.links[name].component for name in ("layer", "head")]

    def _wait_until_asked(self, lens: Lens, latest: LatestJob) -> None:
        """Another choice takes an old answer away."""
        parts = lens.parts
        for listen in parts.clears or [partial(gr.on, [control.input for control in parts.controls])]:
            listen(
                clear_handler(parts, latest),
                [self.bar.asked, *parts.controls],
                [lens.notice, parts.body],
                trigger_mode="multiple",
                **QUIET,
            )

    @property
    def links(self) -> dict[str, Link]:
        """What stands in an address beside the question, of all lenses."""
        return {name: link for lens in self.lenses for name, link in lens.parts.links.items()}

    def _restore_links(self) -> None:
        tabs, links = {lens.tab.name for lens in self.lenses}, self.links

        def restore(there: bool, request: gr.Request) -> list[Any]:
            query = dict(request.query_params)
            selected = gr.Tabs(selected=query["tab"]) if query.get("tab") in tabs else gr.skip()
            read = [link.read(query.get(name, "")) for name, link in links.items()]
            linked = [gr.skip() if value is None else value for value in read]
            question = bool({"text", "pair", "model", "hide"} & set(query))
            if there and not question:
                return [gr.skip()] * 6 + [selected, *linked]
            ask, hide = from_address(query, self.opening, self.examples[0].hide)
            ask, said = opened(ask, "model" in query)
            model = linked_model(self.service.made, ask.model)
            return [ask.text, ask.pair, model, said or gr.skip(), ask.again(), hide, selected, *linked]

        bar = self.bar
        there = gr.JSON(visible=False)
        places = [link.component for link in links.values()]
        self.blocks.load(
            restore,
            there,
            [bar.text, bar.pair, bar.model, bar.changed, bar.asked, bar.hidden, self.tabs, *places],
            concurrency_limit=None,
            js="() => [window.bertDemo.painted()]",
            **PRIVATE,
        ).then(None, [bar.text, bar.pair, bar.model], js="(...bar) => window.bertDemo.ready(...bar)", **PRIVATE)


def build_app(service: Deferred) -> App:
    """Build the page; nothing is computed yet."""
    return App(service)


def launch(app: App, settings: Settings) -> None:
    """Serve the page, load the models behind it, and stay until interrupted. Raises DemoError when the port cannot be
    opened."""
    logging.set_up(settings.log_level)
    health = Health(app.service)
    with open_port(settings) as listening:
        application = create_app(
            app.blocks,
            app.service,
            settings,
            health,
            placeholder=lambda: app.first_words,
            scripts=app.scripts.values(),
            theme=gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]),
            css=app.styles,
            head=app.head,
        )

        def opened(address: str) -> None:
            _log.info("open", extra={"fields": {"host": settings.host, "port": listening.getsockname()[1]}})
            print(f"The demo is open at {address}", flush=True)
            app.service.start(app.prerender_opening, health.prove, health.failed)
            if settings.open_browser:
                webbrowser.open(address)

        serve(application, settings, listening, opened)
    leave()
