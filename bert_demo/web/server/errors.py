"""What no one foresaw ends as a sentence: the log has the error, the client never its words."""

from __future__ import annotations

import errno
import json
import logging
import re
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bert_demo.web.server.refusal import refusal

_log = logging.getLogger(__name__)
BY_NAME = "/gradio_api/call/v2/"
"""Calls whose arguments come by name."""
UNFIT = re.compile(
    r"Parameter `.*` is not a valid key-word argument|No value provided for required argument: \w+", re.S
)
"""What gradio says of arguments by name that do not fit, before it would answer 500."""
ARGUMENTS = "The arguments of every endpoint are at /gradio_api/info."
MOST_REPEATED = 120
"""Characters of such a sentence, in which a name of the visitor's stands."""
NO_FILE = (errno.ENAMETOOLONG, errno.ENOTDIR, errno.ELOOP, errno.EISDIR)
"""What the disk says of an address that names no file."""
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)
"""What the disk says where nothing can be written."""
CANNOT_STORE = "The server has no room for the file just now. Paste the rows instead, or try again later."
MOST_CHARACTERS, MOST_FAULTS = 200, 20
"""Characters of a fault of a request, and faults, that an answer names."""


class Errors:
    """ASGI middleware that answers in place of an application that raised before its answer began."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request. Raises what was raised once an answer has begun: the server then cuts it off."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        begun = False

        async def send_noting_begin(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, send_noting_begin)
        except Exception as error:
            if begun:
                raise
            await answer_to(error, str(scope["path"]))(scope, receive, send)


def answer_to(error: Exception, path: str) -> Response:
    """The answer to a request on `path` that ended with an error; what is nobody's mistake is logged."""
    if isinstance(error, TypeError) and (unfit := UNFIT.match(str(error))) and BY_NAME in path:
        return refusal(422, f"{unfit[0][:MOST_REPEATED]}. {ARGUMENTS}")
    if isinstance(error, OSError) and error.errno in NO_FILE:
        return refusal(404, "There is nothing here.")
    _log.error("unforeseen %s", type(error).__name__, exc_info=error)
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        return refusal(507, CANNOT_STORE)
    return refusal(500, "Something went wrong inside the demo; it was logged.")


def invalid_request(_: Request, error: Exception) -> Response:
    """Which fields do not fit. FastAPI would repeat the body, and fail over characters that cannot be written."""
    found: list[Any] = list(error.errors()) if isinstance(error, RequestValidationError) else []
    faults = [
        {"loc": [str(part)[:MOST_CHARACTERS] for part in each["loc"]], "msg": each["msg"][:MOST_CHARACTERS]}
        for each in found
    ]
    return Response(json.dumps({"detail": faults[:MOST_FAULTS]}), 422, media_type="application/json")
