"""The files that visitors let the page make: each in a folder of its own, and no more on the disk than BUDGET."""

from __future__ import annotations

import secrets
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from bert_demo.errors import InputError

BUDGET = 2**30
"""Bytes of all made files together."""
KEPT = 1800
"""Seconds that a made file is kept."""
_lock = threading.Lock()
_made: dict[Path, float] = {}


def make_file(cache: Path, name: str, write: Callable[[IO[bytes]], None]) -> Path:
    """A new file of that name below `cache`, with what `write` writes. What goes wrong meanwhile leaves nothing behind.

    Raises InputError while too much of what was made before lies there.
    """
    _sweep()
    if sum(file.stat().st_size for folder in list(_made) for file in _files(folder)) > BUDGET:
        raise InputError("Too many files were made here in the last half hour. Try again later.")
    folder = cache / secrets.token_hex(16)
    folder.mkdir(parents=True)
    with _lock:
        _made[folder] = time.monotonic()
    path = folder / name
    try:
        with path.open("wb") as stream:
            write(stream)
    except BaseException:
        _drop(folder)
        raise
    return path


def _files(folder: Path) -> list[Path]:
    """What lies there; gradio may take it away meanwhile."""
    try:
        return [file for file in folder.iterdir() if file.is_file()]
    except OSError:
        return []


def _sweep() -> None:
    """Take away what is old, and the folders whose file is gone."""
    now = time.monotonic()
    for folder, begun in list(_made.items()):
        if now - begun > KEPT:
            _drop(folder)


def _drop(folder: Path) -> None:
    with _lock:
        _made.pop(folder, None)
    shutil.rmtree(folder, ignore_errors=True)
