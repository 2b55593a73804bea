"""Where what visitors train lies on the disk, and which names lead there."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
from pathlib import Path

from bert_demo.core.settings import Settings

OWN = "own:"
"""What the name of a made model begins with. Behind it stands a hash of its job's token: the name, which stands in
addresses, lets ask the model; the token lets see its rows, stop and delete it."""
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


def model_name(token: str) -> str:
    """The name of the model that a job makes."""
    return OWN + hashlib.sha256(f"model of {token}".encode()).hexdigest()[:32]


def is_model_name(model: object) -> bool:
    """Whether it may be the name of a made model."""
    return isinstance(model, str) and model.startswith(OWN) and is_token(model.removeprefix(OWN))


def token_of(model: object, root: Path) -> str | None:
    """The token of the job below `root` that makes the model of that name, None where there is none."""
    if not is_model_name(model):
        return None
    try:
        return next(
            (each.name for each in root.iterdir() if is_token(each.name) and model_name(each.name) == model), None
        )
    except OSError:
        return None


def note_asked(job: Path) -> None:
    """Somebody asked for the job or its model, which are kept for as long from now on."""
    with contextlib.suppress(OSError):
        (job / ASKED).touch()
