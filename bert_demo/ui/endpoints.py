"""The typed endpoints over HTTP and MCP: every row of api.ENDPOINTS under its own name."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any

import gradio as gr

from bert_demo.api import ENDPOINTS, Api
from bert_demo.errors import DemoError

_log = logging.getLogger(__name__)
AT_ONCE = 4
DEAR = {"prune": 1}
"""Endpoints of minutes: so many calls at once, so that they leave the processor to the others."""


def add_endpoints(service: Callable[[], Any]) -> None:
    """Add the endpoints to the page that is being built."""
    api = Api(service)
    for name in ENDPOINTS:
        gr.api(_spoken(getattr(api, name)), api_name=name, concurrency_limit=DEAR.get(name, AT_ONCE))


def _spoken(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """The endpoint with its DemoError as an answer a client can read, and nothing of the visitor's text logged."""

    @functools.wraps(endpoint)
    def call(*arguments: Any, **named: Any) -> Any:
        try:
            return endpoint(*arguments, **named)
        except DemoError as error:
            raise gr.Error(f"{type(error).__name__}: {error}", print_exception=False) from None
        except Exception as error:
            _log.error("unforeseen %s in %s", type(error).__name__, endpoint.__name__, exc_info=error)
            raise gr.Error("Something went wrong inside the demo; it was logged.", print_exception=False) from None

    return call
