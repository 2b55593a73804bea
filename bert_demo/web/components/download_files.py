"""The files that visitors let the page make: each in a folder of its own, and no more on the disk than BUDGET."""

from __future__ import annotations

import logging
import secrets
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from bert_demo.core.errors import DemoError

BUDGET = 2**30
"""Bytes of all made files together."""
KEPT = 1800
"""Seconds that a made file is kept."""
_log = logging.getLogger(__name__)
_lock = threading.Lock()
_made: dict[Path, float] = {}


def make_file(cache: Path, name: str, write: Callable[[IO[bytes]], object]) -> Path:
    """A new file of that name below `cache`, with what `write` writes. What goes wrong meanwhile leaves nothing behind.

    What is old goes before, and beyond BUDGET the oldest. Raises DemoError where the disk takes no more.
    """
    _make_room()
    path = cache / secrets.token_hex(16) / name
    with _lock:
        _made[path.parent] = time.monotonic()
    try:
        path.parent.mkdir(parents=True)
        with path.open("wb") as stream:
            write(stream)
    except OSError as error:
        _drop(path.parent)
        _log.warning("a file cannot be stored (%s)", error.strerror)
        raise DemoError("The server has no room for the file just now. Try again later.") from None
    except BaseException:
        _drop(path.parent)
        raise
    return path


def made_folders() -> tuple[Path, ...]:
    """The folders of the files that are kept, the oldest first."""
    with _lock:
        return tuple(_made)


def _size(folder: Path) -> int:
    """Bytes of what lies there; gradio may take it away meanwhile."""
    try:
        return sum(file.stat().st_size for file in folder.iterdir())
    except OSError:
        return 0


def _make_room() -> None:
    now = time.monotonic()
    with _lock:
        made = list(_made.items())
    sizes = [_size(folder) for folder, _ in made]
    for place, (folder, begun) in enumerate(made):
        if now - begun > KEPT or sum(sizes[place:]) > BUDGET:
            _drop(folder)


def _drop(folder: Path) -> None:
    with _lock:
        _made.pop(folder, None)
    shutil.rmtree(folder, ignore_errors=True)
