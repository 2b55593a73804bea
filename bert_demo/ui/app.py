"""The page: one input bar above TABS, the opening example painted in, the endpoints of the API beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.errors import DemoError
from bert_demo.plots.markup import message
from bert_demo.settings import ASSETS, Settings
from bert_demo.ui.ablation import AblationTab
from bert_demo.ui.attention import AttentionTab
from bert_demo.ui.attention_views import DISPLAYS
from bert_demo.ui.attributions import AttributionsTab
from bert_demo.ui.bar import PRIVATE, QUIET, Bar, again
from bert_demo.ui.base import Page, Parts, Tab, answer_with_notice, away, html, runner
from bert_demo.ui.classify import ClassifyTab
from bert_demo.ui.deferred import Deferred
from bert_demo.ui.endpoints import add_endpoints
from bert_demo.ui.examples import SMALL, from_address, load_examples
from bert_demo.ui.experiments import BY_NAME
from bert_demo.ui.fill_mask import FillMaskTab
from bert_demo.ui.heads import HeadsTab
from bert_demo.ui.inside import InsideTab
from bert_demo.ui.layers import LayersTab
from bert_demo.ui.methods import MethodsTab
from bert_demo.ui.next_sentence import NextSentenceTab
from bert_demo.ui.paint import paint
from bert_demo.ui.running import Latest, Watch
from bert_demo.ui.serving import logs
from bert_demo.ui.serving.server import Serving, end_politely, leave
from bert_demo.ui.sessions import keep_little, no_statistics
from bert_demo.ui.targets import Targets, labels_of

if TYPE_CHECKING:
    from bert_demo.service import BertService

TABS: tuple[Callable[[], Tab], ...] = (
    ClassifyTab,
    FillMaskTab,
    NextSentenceTab,
    AttentionTab,
    HeadsTab,
    AblationTab,
    AttributionsTab,
    LayersTab,
    MethodsTab,
    InsideTab,
)
"""The lenses in the order of the page. Adding one is a file and a line here."""

FILES_CHECKED, FILES_KEPT = 600, 1800
"""Seconds between two looks for old files that visitors had made, and seconds that such a file is kept."""

STYLES = (
    "style.css",
    "attention.css",
    "ablation.css",
    "heads.css",
    "inside.css",
    "laboratory.css",
    "next_sentence.css",
)
SCRIPTS = (
    "queue.js",
    "app.js",
    "attention.js",
    "attention_steps.js",
    "attention_files.js",
    "ablation.js",
    "head_search.js",
    "heads.js",
    "inside.js",
    "laboratory.js",
)


MOST_EVENTS = 512
"""Events that gradio holds at once; those that compute wait for their turn in `running.LINE`."""


class App:
    """The built page and what is needed to paint the opening example into it."""

    def __init__(self, service: Deferred) -> None:
        self.service = service
        self.examples = load_examples()
        self.opening = self.examples[0].ask
        self.lenses: list[tuple[Tab, gr.HTML, Parts]] = []
        with gr.Blocks(
            title="BERT under the lens", analytics_enabled=False, delete_cache=(FILES_CHECKED, FILES_KEPT)
        ) as self.blocks:
            progress = html(elem_id="progress")
            html(_HEADER, elem_id="header")
            self.bar = Bar(self.opening, self.examples)
            tabs = [tab() for tab in TABS]
            self.tabs = gr.Tabs(selected=tabs[0].name, elem_id="lenses", overflow_behavior="wrap")
            with self.tabs:
                built = [self._build_lens(tab) for tab in tabs]
            runs = [event for each in built for event in self._wire_lens(*each)]
            self.targets = Targets([parts.targets for _, _, parts in built if parts.targets is not None])
            self.targets.wire(self.bar.asked, service)
            self.bar.wire(
                self.tabs, runs, [notice for _, notice, parts in self.lenses if not parts.asked_for], service.most
            )
            self._restore_links()
            add_endpoints(service)
            for event in self.blocks.fns.values():
                event.show_progress, event.show_progress_on = "hidden", [progress]

    def paint_opening(self, service: BertService) -> None:
        """Compute all lenses of the opening example and make them part of the page that is served from then on."""
        paint(self.targets.values(labels_of(service, self.opening)))
        for tab, notice, parts in self.lenses:
            if parts.asked_for:
                continue
            controls = [control.value for control in parts.controls]
            said, values = answer_with_notice(tab, service, self.opening, self.examples[0].hide, controls, Watch())
            paint([(notice, said), *zip(parts.outputs, values, strict=True)])
        self.blocks.config = self.blocks.get_config_file()

    def _build_lens(self, tab: Tab) -> tuple[Tab, gr.HTML, Parts]:
        with gr.Tab(tab.title, id=tab.name, elem_id=f"tab-{tab.name}") as panel:
            notice = html(elem_classes="notice", elem_id=f"notice-{tab.name}")
            parts = tab.build()
            if parts.asked_for:
                notice.value = message(parts.asked_for)
                notice.elem_classes = [*notice.elem_classes, "asked-for"]
        panel.select(None, js=f"() => window.bertDemo.address({{tab: '{tab.name}'}})", **PRIVATE)
        self.lenses.append((tab, notice, parts))
        return self.lenses[-1]

    def _wire_lens(self, tab: Tab, notice: gr.HTML, parts: Parts) -> list[Any]:
        """Outside the tabs: a component that is made between them, if only as a value, would count as a tab."""
        bar = self.bar
        changes = [bar.asked.change, *([bar.hidden.change] if getattr(tab, "hides", tab.task == "fill-mask") else [])]
        latest = Latest(tab.name)
        run = gr.on(
            [*([] if parts.asked_for else changes), *parts.reruns],
            runner(tab, parts, self.service, latest),
            [bar.asked, bar.hidden, *parts.controls],
            [notice, parts.body, *parts.outputs],
            trigger_mode="multiple",
            **QUIET,
        )
        if tab.task == "fill-mask":
            run.then(None, js="() => window.bertDemo.hidden()", **PRIVATE)
        if parts.asked_for:
            self._wait_until_asked(notice, parts, latest)
        texts = [bar.text, bar.pair, bar.model]
        page = Page(self.service, bar.text, texts, bar.asked, bar.hidden, self._open_head())
        beside = tab.wire(page, parts)
        if beside:
            bar.asked.change(None, cancels=beside, **PRIVATE)
        return [run, *beside]

    def _open_head(self) -> list[Any]:
        return next(tab.places for tab, _, _ in self.lenses if isinstance(tab, AttentionTab))

    def _wait_until_asked(self, notice: gr.HTML, parts: Parts, latest: Latest) -> None:
        """A new text or another choice takes an old answer away."""
        changes = [self.bar.asked.change, *(control.input for control in parts.controls)]
        inputs = [self.bar.asked, *parts.controls]
        gr.on(changes, away(parts, latest), inputs, [notice, parts.body], trigger_mode="multiple", **QUIET)

    def _restore_links(self) -> None:
        tabs = {tab.name for tab, _, _ in self.lenses}

        def restore(there: bool, request: gr.Request) -> list[Any]:
            query = dict(request.query_params)
            selected = gr.Tabs(selected=query["tab"]) if query.get("tab") in tabs else gr.skip()
            linked = bool({"text", "pair", "model", "hide"} & set(query))
            if there and not linked:
                return [gr.skip()] * 5 + [selected, *_linked(query)]
            ask, hide = from_address(query, self.opening, self.examples[0].hide)
            asked = again(ask, self.service.most, ask.text, ask.pair, ask.model)
            return [ask.text, ask.pair, ask.model, asked, hide, selected, *_linked(query)]

        bar = self.bar
        there = gr.JSON(visible=False)
        places = [component for tab, _, _ in self.lenses for component in getattr(tab, "linked", [])]
        self.blocks.load(
            restore,
            there,
            [bar.text, bar.pair, bar.model, bar.asked, bar.hidden, self.tabs, *places],
            concurrency_limit=None,
            js="() => [window.bertDemo.painted()]",
            **PRIVATE,
        ).then(None, js="() => window.bertDemo.ready()", **PRIVATE)


def _linked(query: dict[str, str]) -> list[Any]:
    numbers = [int(query[name]) if SMALL.fullmatch(query.get(name, "")) else gr.skip() for name in ("layer", "head")]
    lab, view = query.get("lab"), query.get("view")
    return [lab if lab in BY_NAME else gr.skip(), *numbers, view if view in DISPLAYS.values() else gr.skip()]


def build_app(service: Deferred) -> App:
    """Build the page; nothing is computed yet."""
    return App(service)


def launch(app: App, settings: Settings) -> None:
    """Serve the page, then load the models behind it, and stay until interrupted."""
    logs.set_up(settings.log_level)
    serving = Serving(app.blocks, app.service, settings, MOST_EVENTS)
    serve(app, settings, serving)

    def warm(service: BertService) -> None:
        app.paint_opening(service)
        serving.health.prove(service)

    app.service.start(warm, serving.health.failed)
    end_politely()
    app.blocks.block_thread()
    leave()


def serve(app: App, settings: Settings, serving: Serving | None = None) -> str:
    """Open the port and return the address. No telemetry, no run history, nothing from other hosts, no way past the
    queue. Raises DemoError when the port cannot be opened."""
    no_statistics()
    serving = serving or Serving(app.blocks, app.service, settings, MOST_EVENTS)
    app.blocks.queue(default_concurrency_limit=None, max_size=MOST_EVENTS, api_open=False)
    try:
        _, address, _ = app.blocks.launch(
            server_name=settings.host,
            server_port=settings.port or None,
            inbrowser=settings.open_browser,
            max_threads=MOST_EVENTS,
            prevent_thread_lock=True,
            quiet=True,
            share=False,
            show_error=True,
            run_history=False,
            enable_monitoring=False,
            mcp_server=True,
            app_kwargs=serving.additions(),
            ssr_mode=False,
            footer_links=["api"],
            max_file_size="1mb",
            theme=gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]),
            css_paths=[ASSETS / name for name in STYLES],
            head="".join(_script(name) for name in SCRIPTS),
        )
    except OSError as error:
        raise DemoError(
            f"Port {settings.port} cannot be opened ({error}). Set BERT_DEMO_PORT to another one, such as "
            f"{settings.port + 1}."
        ) from error
    serving.opened(app.blocks.server)
    keep_little(app.blocks)
    print(f"The demo is open at {address}", flush=True)
    return str(address)


def _script(name: str) -> str:
    return f"<script>{(ASSETS / name).read_text(encoding='utf-8')}</script>"


_HEADER = """<header><h1>BERT under the lens</h1><p>one sentence, every view, each with its own check</p>
<button type="button" id="theme" onclick="window.bertDemo.theme()" aria-label="light or dark"
title="light or dark">&#9680;</button></header>"""
