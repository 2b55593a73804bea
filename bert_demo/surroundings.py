"""What this process tells the libraries around it, before they are imported: no telemetry, and where to write."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from bert_demo.errors import ChoiceError
from bert_demo.settings import Settings

SILENT = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
}
"""Nothing is reported to anyone, and no bars are drawn into the log."""


def prepare(settings: Settings) -> None:
    """Set the variables that gradio, huggingface_hub and matplotlib read once, at import; call it before.

    With `cache_dir` everything is written there. Without, each library keeps its ordinary place (the user's cache, the
    system's directory of temporary files), unless the user has no home that can be written: then a directory of this
    user's beside the temporary files serves instead. Raises OSError where nothing can be written at all, and
    ChoiceError for a hub (HF_ENDPOINT) that no address can name: huggingface_hub would fail while it is imported.
    """
    _check_hub(os.environ.get("HF_ENDPOINT", ""))
    os.environ.update(SILENT)
    for name in ("NO_PROXY", "no_proxy"):  # gradio asks its own server whether it is there; a proxy does not know it
        os.environ[name] = ",".join(filter(None, [os.environ.get(name), "127.0.0.1,localhost"]))
    if settings.cache_dir:
        place = Path(settings.cache_dir).expanduser().absolute()
        temporary = place / "temporary"
        temporary.mkdir(parents=True, exist_ok=True)
        os.environ["TMPDIR"] = str(temporary)
        tempfile.tempdir = None
        sys.dont_write_bytecode = True
        os.environ.update(_places(place))
    elif not _home_is_writable():
        user = os.getuid() if hasattr(os, "getuid") else 0
        place = Path(tempfile.gettempdir()) / f"bert-demo-{user}"
        place.mkdir(mode=0o700, exist_ok=True)
        if place.is_symlink() or place.stat().st_uid != user:
            place = Path(tempfile.mkdtemp(prefix="bert-demo-"))
        for name, value in _places(place).items():
            os.environ.setdefault(name, value)


def _check_hub(address: str) -> None:
    try:
        parts = urlsplit(address)
        named = parts.scheme in ("http", "https") and parts.hostname and not re.search(r"\s", address)
        named = named and parts.port != 0
    except ValueError:
        named = False
    if address and not named:
        raise ChoiceError("HF_ENDPOINT must be an address such as https://huggingface.co; what is set there is none.")


def _places(place: Path) -> dict[str, str]:
    return {
        "GRADIO_TEMP_DIR": str(place / "gradio"),
        "GRADIO_EXAMPLES_CACHE": str(place / "gradio" / "examples"),
        "HF_HOME": str(place / "huggingface"),
        "MPLCONFIGDIR": str(place / "matplotlib"),
        "XDG_CACHE_HOME": str(place / "other"),
    }


def _home_is_writable() -> bool:
    try:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        cache.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return False
    return os.access(cache, os.W_OK | os.X_OK)
