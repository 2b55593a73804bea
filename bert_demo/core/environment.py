"""What this process tells the libraries around it, before they are imported: no telemetry, and where to write."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from bert_demo.core.errors import ChoiceError, DemoError
from bert_demo.core.settings import Settings

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
    user's beside the temporary files serves instead. Raises ChoiceError where nothing can be written, and for a hub
    (HF_ENDPOINT) that no address can name: huggingface_hub would fail while it is imported.
    """
    _check_hub(os.environ.get("HF_ENDPOINT", ""))
    os.environ.update(SILENT)
    for name in ("NO_PROXY", "no_proxy"):  # gradio asks its own server whether it is there; a proxy does not know it
        os.environ[name] = ",".join(filter(None, [os.environ.get(name), "127.0.0.1,localhost"]))
    try:
        if settings.cache_dir:
            _write_below(Path(settings.cache_dir).expanduser().absolute())
        elif not _home_is_writable():
            _write_beside_temporary_files()
    except (OSError, RuntimeError, ValueError) as error:
        where = f"BERT_DEMO_CACHE_DIR is {settings.cache_dir!r}, which" if settings.cache_dir else "No directory"
        reason = getattr(error, "strerror", None) or "there is no such place"
        raise ChoiceError(
            f"{where} can{'not' if settings.cache_dir else ''} be written to ({reason}). Set BERT_DEMO_CACHE_DIR to a "
            "directory that this user may write to."
        ) from None


def exit_with(error: DemoError, before: str = "") -> NoReturn:
    """End the process with the sentence of an error that the host can mend, and status 2."""
    print(f"{before}{error}", file=sys.__stderr__)  # the log may stand for the other
    sys.exit(2)


def _write_below(place: Path) -> None:
    """Make `place` the one directory that is written to."""
    temporary = place / "temporary"
    for each in (temporary, *map(Path, _places(place).values())):
        each.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=each):
            pass
    os.environ["TMPDIR"] = str(temporary)
    tempfile.tempdir = None
    sys.dont_write_bytecode = True
    os.environ.update(_places(place))


def _write_beside_temporary_files() -> None:
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
