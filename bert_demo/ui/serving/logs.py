"""Plain structured logs: one line of JSON for each event, to standard error, and nothing that a visitor wrote."""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

_log = logging.getLogger(__name__)
_ROOT = Path(__file__).resolve().parents[3]
OURS = re.compile(r"(bert_demo|uvicorn|py\.warnings)(\.|$)")
"""Loggers whose messages are known to hold no words of visitors."""
UNSAID = "its words are left out: they may repeat a visitor's"
INNERMOST = 12
"""Frames that are logged of an error."""


class Line(logging.Formatter):
    """time, level, logger, message, and the event's own fields; of an error its type and where it happened.

    What an error says is left out: it may repeat what a visitor wrote.
    """

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        fields: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage() if OURS.match(record.name) else UNSAID,
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            fields |= {"error": type(record.exc_info[1]).__name__, "at": places(record.exc_info[2])}
        return json.dumps(fields, ensure_ascii=False)


def places(trace: TracebackType | None) -> list[str]:
    """file:line function of the innermost frames, without any of their values."""
    frames = traceback.extract_tb(trace)[-INNERMOST:]
    return [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]


def _short(name: str) -> str:
    path = Path(name)
    return str(path.relative_to(_ROOT)) if path.is_relative_to(_ROOT) else "/".join(path.parts[-2:])


def set_up(level: str) -> None:
    """Let everything that this process logs come out as such lines, what gradio would print of an error included."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Line())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("bert_demo").setLevel(level.upper())
    logging.captureWarnings(True)
    _take_over_tracebacks()


def take_over_uvicorn() -> None:
    """uvicorn brings handlers of its own, and an access log with queries and addresses: neither stays."""
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = name != "uvicorn.access"


class _Tracebacks:
    """What gradio knows as the module `traceback`: an error that it would print is logged without its words."""

    def print_exc(self, *_: Any, **__: Any) -> None:
        error = sys.exc_info()[1]
        _log.error("gradio met an error", exc_info=error)

    def __getattr__(self, name: str) -> Any:
        return getattr(traceback, name)


def _take_over_tracebacks() -> None:
    import gradio.queueing
    import gradio.route_utils
    import gradio.routes

    for module in (gradio.queueing, gradio.routes, gradio.route_utils):
        module.traceback = _Tracebacks()
