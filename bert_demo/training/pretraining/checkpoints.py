"""States of a run on disk: written whole or not at all, the newest two kept."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import torch

from bert_demo.core.errors import BadDataError

KEPT = 2
_NAME = re.compile(r"step-(\d{8})\.pt")


def saved_steps(directory: Path) -> list[tuple[int, Path]]:
    """(step, file) of every checkpoint in `directory`, the oldest first."""
    names = ((_NAME.fullmatch(path.name), path) for path in directory.glob("step-*.pt"))
    return sorted((int(match[1]), path) for match, path in names if match)


def save(directory: Path, step: int, state: dict[str, Any]) -> Path:
    """Write a checkpoint beside its place, move it there, and remove all but the newest `KEPT`."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"step-{step:08}.pt"
    part = path.with_suffix(".part")
    with part.open("wb") as stream:
        torch.save({**state, "step": step}, stream)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(path)
    for _, old in saved_steps(directory)[:-KEPT]:
        old.unlink()
    return path


def newest(directory: Path) -> dict[str, Any] | None:
    """The state of the newest checkpoint, None where there is none. Raises BadDataError for one that is no state."""
    found = saved_steps(directory)
    if not found:
        return None
    path = found[-1][1]
    try:
        state: dict[str, Any] = torch.load(path, weights_only=True)
    except Exception as error:  # pickle, zip and torch each raise kinds of their own
        raise BadDataError(
            f"{path} cannot be read ({type(error).__name__}). Remove it to go on from the one before."
        ) from error
    return state
