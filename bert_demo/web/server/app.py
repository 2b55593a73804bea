"""The application that is served: the page in it, what every request passes before, health, metrics and tools."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from typing import Any

import gradio as gr
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from gradio.utils import get_upload_folder
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from bert_demo import __version__
from bert_demo.api.endpoints import ENDPOINTS
from bert_demo.core.settings import Settings
from bert_demo.web import metrics
from bert_demo.web.deferred_service import Deferred
from bert_demo.web.gradio_patches.queue import bound_unread_answers, events_under_way, widen_queue
from bert_demo.web.gradio_patches.sessions import keep_little
from bert_demo.web.job_runner import SCHEDULER
from bert_demo.web.page_assets import Script
from bert_demo.web.server.access_log import AccessLog
from bert_demo.web.server.client_address import ClientAddress, visitor_address
from bert_demo.web.server.closed_routes import ClosedRoutes
from bert_demo.web.server.compressed_files import CompressedFiles
from bert_demo.web.server.compression import Compression
from bert_demo.web.server.concurrency import ConcurrencyLimit, LimitConcurrency
from bert_demo.web.server.connections import READING
from bert_demo.web.server.endpoint_calls import EndpointCalls, events_of
from bert_demo.web.server.errors import Errors, invalid_request
from bert_demo.web.server.health import Health
from bert_demo.web.server.json_body import JSONBody
from bert_demo.web.server.mcp_server.calls import Tools
from bert_demo.web.server.mcp_server.transport import PATH, MCPTransport
from bert_demo.web.server.password import Password
from bert_demo.web.server.placeholder import Placeholder
from bert_demo.web.server.rate_limit import LimitRate, RateLimit
from bert_demo.web.server.request_size import RequestSize
from bert_demo.web.server.security_headers import SecurityHeaders
from bert_demo.web.server.upload_check import UploadCheck

MOST_EVENTS = 512
"""Events that gradio holds at once, and as many may wait; those that compute wait for their turn in the scheduler."""
OF_SESSION = 64
"""Questions that one page may have under way; each is two events, or a few more."""


def middleware(
    blocks: gr.Blocks, settings: Settings, concurrency: ConcurrencyLimit, placeholder: Callable[[], str]
) -> list[Middleware]:
    """What every request passes, from the outside to the inside. Each can be taken out alone."""
    rate = RateLimit(settings.requests_per_minute)
    return [
        Middleware(SecurityHeaders),
        Middleware(AccessLog),
        Middleware(Compression),
        Middleware(CompressedFiles),
        Middleware(Errors),
        Middleware(ClientAddress, behind_proxy=settings.behind_proxy),
        Middleware(LimitRate, limit=rate),
        *([Middleware(Password, password=settings.password, limit=rate)] if settings.password else []),
        Middleware(ClosedRoutes),
        Middleware(RequestSize, limit=settings.max_body_mb * 2**20, seconds=settings.slow_seconds),
        Middleware(UploadCheck, folder=get_upload_folder(), limit=rate),
        Middleware(JSONBody),
        Middleware(EndpointCalls, find=events_of(blocks)),
        Middleware(LimitConcurrency, limit=concurrency),
        Middleware(Placeholder, markup=placeholder),
    ]


def create_app(
    blocks: gr.Blocks,
    service: Deferred,
    settings: Settings,
    health: Health,
    placeholder: Callable[[], str] = lambda: "",
    scripts: Iterable[Script] = (),
    **page: Any,
) -> FastAPI:
    """The application. placeholder: gives the markup until the page's scripts have run; scripts: those that the page
    loads later; page: how gradio shows the page (theme, css, head, ...), for `gr.mount_gradio_app`.

    No telemetry, no run history, nothing from other hosts, no way past the queue.
    """
    tools = Tools(ENDPOINTS, service)
    questions = ConcurrencyLimit(
        lambda: chain(events_under_way(blocks, visitor_address), tools.under_way()), OF_SESSION, 2 * MOST_EVENTS
    )
    tools.refuse = questions.refuse
    transport = MCPTransport(tools.server(__version__))
    app = FastAPI(
        openapi_url=None, lifespan=transport.lifespan, middleware=middleware(blocks, settings, questions, placeholder)
    )
    _add_health_and_metrics(app, service, health)
    app.router.routes += [
        Route(f"{PATH}/schema", lambda _: JSONResponse(tools.schema())),
        Route(PATH, transport),
        Mount(PATH, transport),
        *(_script_route(each) for each in scripts),
    ]
    blocks.mcp_server = True  # the page about the API names the address of the tools
    widen_queue(blocks, MOST_EVENTS)
    blocks.queue(default_concurrency_limit=None, max_size=MOST_EVENTS, api_open=False)
    gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        server_name=settings.host,
        server_port=settings.port,
        app_kwargs={
            "middleware": [Middleware(Errors)],  # gradio's own application would answer first
            "exception_handlers": {RequestValidationError: invalid_request},
        },
        show_error=True,
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
        footer_links=["api"],
        max_file_size="1mb",
        **page,
    )
    bound_unread_answers(blocks, 2 * READING * settings.slow_seconds)
    keep_little(blocks, app)
    return app


def _script_route(script: Script) -> Route:
    return Route(f"/{script.address}", lambda _: Response(script.text, media_type="text/javascript"))


def _add_health_and_metrics(app: FastAPI, service: Deferred, health: Health) -> None:
    def models() -> Mapping[str, int]:
        return service.made.models_held() if service.made else {}

    def cache() -> int:
        return service.made.cache_bytes() if service.made else 0

    holdings = metrics.Holdings(SCHEDULER.waiting, models, cache)

    @app.get("/healthz")
    async def healthz() -> Response:
        """Whether every bundled model answered, and one did a moment ago: 200 or 503."""
        ready, status = health.look()
        return JSONResponse(status, 200 if ready else 503, headers={"cache-control": "no-store"})

    @app.get("/metrics")
    async def metrics_page() -> Response:
        """Prometheus' text format."""
        content = await asyncio.to_thread(metrics.page, holdings)
        return Response(content, media_type="text/plain; version=0.0.4; charset=utf-8")
