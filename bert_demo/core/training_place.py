"""Where what visitors train lies on the disk, and which names lead there."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from pathlib import Path

from bert_demo.core.settings import Settings

OWN = "own:"
"""What the name of a made model begins with; the token of its job stands behind it."""
MODEL = "model"
"""The directory of the made model inside that of its job."""
ASKED = "asked"
"""The file whose time says when somebody last asked for a job or its model."""
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}", re.ASCII)


def training_root(settings: Settings) -> Path:
    """The directory of all jobs: below `cache_dir`, or the user's own cache."""
    if settings.cache_dir:
        return Path(settings.cache_dir).expanduser().absolute() / "training"
    try:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:  # a user without a home
        cache = Path(tempfile.gettempdir())
    return cache / "bert-demo" / "training"


def is_token(value: object) -> bool:
    """Whether it may be the token of a job; no other text becomes a part of a path."""
    return isinstance(value, str) and _TOKEN.fullmatch(value) is not None


def token_of(model: object) -> str | None:
    """The token in the name of a made model, None for other names."""
    token = model.removeprefix(OWN) if isinstance(model, str) and model.startswith(OWN) else None
    return token if is_token(token) else None


def note_asked(job: Path) -> None:
    """Somebody asked for the job or its model, which are kept for as long from now on."""
    with contextlib.suppress(OSError):
        (job / ASKED).touch()
