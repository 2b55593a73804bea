"""The catalogue."""

from __future__ import annotations

from bert_demo import results
from bert_demo.api.endpoint import Endpoint
from bert_demo.api.endpoints.fields import Request
from bert_demo.core.scheduler import Cost


class Models(Request):
    """Nothing."""


# fmt: off
ROWS: tuple[Endpoint, ...] = (
    Endpoint(
        "models", Models, Cost.INTERACTIVE, list[results.ModelInfo],
        description="The catalogue: every model by name, with its tasks, labels, language and licence.",
    ),
)
# fmt: on
