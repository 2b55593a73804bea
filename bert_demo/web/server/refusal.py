"""The answer to a request that is not let in."""

from __future__ import annotations

import json

from starlette.responses import Response


def refusal(status: int, sentence: str, wait: float = 0.0) -> Response:
    """An ASGI answer in the form in which gradio's page shows it.

    status: of HTTP; sentence: what is wrong and what to do; wait: seconds after which to ask again, for 429.
    """
    headers = {}
    if status in (408, 413):
        headers["connection"] = "close"
    if status == 429:
        headers["retry-after"] = str(max(1, round(wait)))
    if status == 401:
        headers["www-authenticate"] = 'Basic realm="BERT under the lens", charset="UTF-8"'
    return Response(json.dumps({"detail": sentence}), status, headers, "application/json")
