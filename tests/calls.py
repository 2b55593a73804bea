"""The endpoints as functions, as HTTP and commands ask them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bert_demo import BertService
from bert_demo.api.endpoints import BY_NAME
from bert_demo.api.run import run

ENDPOINT_NAMES = tuple(BY_NAME)


class Calls:
    """`Calls(service).classify("A warm film.")` gives JSON."""

    def __init__(self, service: BertService) -> None:
        self._service = service

    def __getattr__(self, name: str) -> Callable[..., Any]:
        endpoint = BY_NAME[name]

        def call(*values: Any, **named: Any) -> Any:
            return run(endpoint, self._service, dict(zip(endpoint.request.model_fields, values, strict=False)) | named)

        return call
