"""The typed endpoints over HTTP and MCP: every row of api.ENDPOINTS under its own name."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Callable
from typing import Any

import gradio as gr
from gradio.context import LocalContext

from bert_demo.api import ENDPOINTS, Api
from bert_demo.errors import DemoError, ModelComingError
from bert_demo.line import was_logged
from bert_demo.ui.running import AGAIN, PATIENCE, put

_log = logging.getLogger(__name__)


def add_endpoints(service: Callable[[], Any]) -> None:
    """Add the endpoints to the page that is being built."""
    api = Api(service)
    for name in ENDPOINTS:
        gr.api(_spoken(name, getattr(api, name)), api_name=name, concurrency_limit=None)


def _spoken(name: str, endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """The endpoint with its DemoError as an answer a client can read, and nothing of the visitor's text logged.

    It waits for its turn in the line; a client that leaves takes it out of there.
    """

    @functools.wraps(endpoint)
    async def call(*arguments: Any, **named: Any) -> Any:
        try:
            while True:
                try:
                    return await _answer(name, lambda: endpoint(*arguments, **named))
                except ModelComingError:
                    await asyncio.sleep(AGAIN)
                    if not _is_there():
                        return None
        except DemoError as error:
            raise gr.Error(f"{type(error).__name__}: {error}", print_exception=False) from None
        except Exception as error:
            if not was_logged(error):
                _log.error("unforeseen %s in %s", type(error).__name__, endpoint.__name__, exc_info=error)
            raise gr.Error("Something went wrong inside the demo; it was logged.", print_exception=False) from None

    return call


async def _answer(name: str, work: Callable[[], Any]) -> Any:
    """What the work gives in its turn; None when the client leaves before."""
    ticket = put(_visitor(), name, work, f"/{name}")
    task = asyncio.wrap_future(ticket.future)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())  # of a client that has left nobody asks
    try:
        while not (await asyncio.wait({task}, timeout=PATIENCE))[0] and _is_there():
            pass
        return task.result() if task.done() else None
    finally:
        ticket.leave()


def _visitor() -> str:
    """The caller's address: simple calls over HTTP have a session each."""
    request = LocalContext.request.get(None)
    client = getattr(request, "client", None)
    return f"address {client.host}" if client else "a caller"


def _is_there() -> bool:
    """Whether gradio still waits for the event; it marks those of a client that has closed its stream."""
    blocks, event = LocalContext.blocks.get(None), LocalContext.event_id.get(None)
    if blocks is None or event is None:
        return True
    job = blocks._queue.event_ids_to_events.get(event)
    return job is None or bool(job.alive)
