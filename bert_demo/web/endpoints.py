"""The endpoints over HTTP: a function of gradio made from each row of api.ENDPOINTS."""

from __future__ import annotations

import asyncio
import inspect
import logging
import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.api.endpoint import Endpoint
from bert_demo.api.endpoints import ENDPOINTS
from bert_demo.api.run import run
from bert_demo.core.errors import DemoError, ModelComingError
from bert_demo.core.scheduler import was_logged
from bert_demo.web.gradio_patches.caller import address_of_caller, caller_is_there
from bert_demo.web.job_runner import AGAIN, PATIENCE, submit

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService

WIDTH = 112
"""Characters of a line in a docstring: gradio shows the first line of an argument."""
INDENT = " " * 4
_log = logging.getLogger(__name__)


def add_endpoints(service: Callable[[], BertService]) -> None:
    """Add the endpoints to the page that is being built."""
    for endpoint in ENDPOINTS:
        gr.api(function(endpoint, service), api_name=endpoint.name, concurrency_limit=None)


def function(endpoint: Endpoint, service: Callable[[], BertService]) -> Callable[..., Any]:
    """A function with the endpoint's signature and documentation, which waits for its turn.

    Its DemoError is an answer that a client can read, and nothing of the visitor's text is logged.
    """
    names = tuple(endpoint.request.model_fields)

    async def call(*values: Any, **named: Any) -> Any:
        arguments = dict(zip(names, values, strict=False)) | named
        try:
            while True:
                try:
                    return await _answer(endpoint, arguments, service)
                except ModelComingError:
                    await asyncio.sleep(AGAIN)
                    if not caller_is_there():
                        return None
        except DemoError as error:
            raise gr.Error(f"{type(error).__name__}: {error}", print_exception=False) from None
        except Exception as error:
            if not was_logged(error):
                _log.error("unforeseen %s in %s", type(error).__name__, endpoint.name, exc_info=error)
            raise gr.Error("Something went wrong inside the demo; it was logged.", print_exception=False) from None

    call.__name__ = call.__qualname__ = endpoint.name
    call.__doc__ = documentation(endpoint)
    signature = _signature(endpoint)
    call.__signature__ = signature  # type: ignore[attr-defined]
    call.__annotations__ = {name: each.annotation for name, each in signature.parameters.items()} | {"return": Any}
    return call


def documentation(endpoint: Endpoint) -> str:
    """The docstring: the description, each argument, and what is returned."""
    lines = [endpoint.description]
    fields = endpoint.request.model_fields.items()
    if fields:
        lines += ["", "Args:"]
    for name, each in fields:
        lines += _wrapped(f"{name}: {each.description}", 2 * INDENT)
    if endpoint.returns:
        lines += ["", "Returns:", *(line for part in endpoint.returns.split("\n") for line in _wrapped(part, INDENT))]
    return "\n".join(lines)


def _wrapped(text: str, further: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=INDENT, subsequent_indent=further, break_on_hyphens=False)


def _signature(endpoint: Endpoint) -> inspect.Signature:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Signature(
        [
            inspect.Parameter(
                name, kind, default=endpoint.defaults.get(name, inspect.Parameter.empty), annotation=each.annotation
            )
            for name, each in endpoint.request.model_fields.items()
        ],
        return_annotation=Any,
    )


async def _answer(endpoint: Endpoint, arguments: dict[str, Any], service: Callable[[], BertService]) -> Any:
    """The answer when its turn comes; None when the client leaves before."""
    name = endpoint.name

    def work() -> Any:
        return run(endpoint, service(), arguments)

    job = submit(address_of_caller(), name, endpoint.cost_for(arguments), work, f"/{name}")
    task = asyncio.wrap_future(job.future)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())  # of a client that has left nobody asks
    try:
        while not (await asyncio.wait({task}, timeout=PATIENCE))[0] and caller_is_there():
            pass
        return task.result() if task.done() else None
    finally:
        job.cancel()
