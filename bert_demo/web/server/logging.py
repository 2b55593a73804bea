"""Plain structured logs: one line of JSON for each event, to standard error, and nothing that a visitor wrote."""

from __future__ import annotations

import io
import json
import logging
import re
import sys
import threading
import traceback
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

_log = logging.getLogger(__name__)
_ROOT = Path(__file__).resolve().parents[3]
OURS = re.compile(r"(bert_demo|uvicorn|py\.warnings)(\.|$)")
"""Loggers whose messages are known to hold no words of visitors."""
UNSAID = "its words are left out: they may repeat a visitor's"
INNERMOST = 12
"""Frames that are logged of an error."""


class JsonFormatter(logging.Formatter):
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
    """Let everything that this process logs come out as such lines, and what libraries print to standard error too."""
    stream = sys.stderr.stream if isinstance(sys.stderr, Printed) else sys.stderr
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("bert_demo").setLevel(level.upper())
    logging.captureWarnings(True)
    sys.stderr = Printed(stream)


class Printed(io.TextIOBase):
    """What stands for standard error: where a library prints, as gradio does with an error, a line says so, without its
    words, and with the error that is being handled. stream: the real one."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self._handled = threading.local()

    def writable(self) -> bool:
        """It is."""
        return True

    def fileno(self) -> int:
        """The real one's, for what writes past Python."""
        return self.stream.fileno()

    def write(self, text: str) -> int:
        """Log that something was printed; of one error once, though its traceback is written line by line."""
        error = sys.exc_info()[1]
        if error is None:
            if text.strip():
                _log.warning("a library printed to standard error; %s", UNSAID)
        elif getattr(self._handled, "latest", None) != id(error):
            self._handled.latest = id(error)
            _log.error("a library met an error", exc_info=error)
        return len(text)
