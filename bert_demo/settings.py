"""Settings, read once from the environment. Every field is an environment variable BERT_DEMO_<FIELD>."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from bert_demo.errors import ChoiceError

ASSETS = Path(__file__).resolve().parent.parent / "assets"


LOOPBACK = ("127.0.0.1", "localhost", "::1")
LOG_LEVELS = ("debug", "info", "warning", "error")


def _help(default: object, text: str, secret: bool = False) -> object:
    return field(default=default, repr=not secret, metadata={"help": text})


@dataclass(frozen=True, slots=True)
class Settings:
    """How this server behaves. Build it with `Settings()` in code, `Settings.from_environment()` in an app."""

    host: str = _help("127.0.0.1", "address to listen on; 0.0.0.0 for everyone")  # type: ignore[assignment]
    port: int = _help(7860, "port to listen on")  # type: ignore[assignment]
    open_browser: bool = _help(False, "open the page in a browser at start")  # type: ignore[assignment]
    models: str = _help(  # type: ignore[assignment]
        "any",
        'which models visitors may name: "catalogue", "hub" (public hub ids too) or "any" (directories '
        "of this computer, and what its login at the hub may read, too)",
    )
    max_characters: int = _help(20_000, "longest text in characters, both texts together")  # type: ignore[assignment]
    max_top_k: int = _help(100, "most candidates for one mask")  # type: ignore[assignment]
    max_steps: int = _help(256, "most integration steps (or samples, or orders) for one window")  # type: ignore[assignment]
    cache_mb: int = _help(256, "memory for results that may be asked for again, in MB; 0 for none")  # type: ignore[assignment]
    batch_tokens: int = _help(  # type: ignore[assignment]
        1024, "most tokens of different visitors' texts that are computed in one batch; 0: each text by itself"
    )
    threads: int = _help(0, "threads of torch; 0 leaves torch's own choice")  # type: ignore[assignment]
    device: str = _help(  # type: ignore[assignment]
        "auto", 'where models compute: "cpu", "cuda", or "auto", a GPU where torch sees one that gives the same numbers'
    )
    password: str = _help(  # type: ignore[assignment]
        "", "asked of whoever opens the page or calls an endpoint, with any user name; empty for none", secret=True
    )
    requests_per_minute: int = _help(  # type: ignore[assignment]
        30_000, "most requests of one network address in a minute; a whole school may share an address"
    )
    max_body_mb: int = _help(1, "largest request in MB; an uploaded file has 1 MB at most")  # type: ignore[assignment]
    slow_seconds: int = _help(  # type: ignore[assignment]
        20, "seconds within which the headers of a request must arrive, and then its body"
    )
    behind_proxy: bool = _help(  # type: ignore[assignment]
        False, "take a visitor's address from the last entry of X-Forwarded-For, written by the proxy in front"
    )
    cache_dir: str = _help(  # type: ignore[assignment]
        "", "the one directory that is written to (downloads, uploads, temporary files); empty for the user's own"
    )
    log_level: str = _help(  # type: ignore[assignment]
        "info", 'what is logged: "debug", "info" (each request), "warning" or "error"'
    )
    max_model_mb: int = _help(2_500, "largest model that is downloaded or loaded, in MB of its files")  # type: ignore[assignment]
    models_mb: int = _help(4_000, "memory for loaded models, in MB; the least recently used go first")  # type: ignore[assignment]

    def __post_init__(self) -> None:
        if self.models not in ("any", "hub", "catalogue"):
            raise ChoiceError(f'models must be "any", "hub" or "catalogue", not "{self.models}".')
        if self.log_level not in LOG_LEVELS:
            raise ChoiceError(f"log_level must be one of {', '.join(LOG_LEVELS)}, not {self.log_level!r}.")
        if self.device not in ("auto", "cpu", "cuda"):
            raise ChoiceError(f'device must be "auto", "cpu" or "cuda", not {self.device!r}.')
        least = {"port": 0, "max_characters": 1, "max_top_k": 1, "max_steps": 8, "cache_mb": 0, "threads": 0}
        least |= {"requests_per_minute": 60, "max_body_mb": 1, "slow_seconds": 1}
        least |= {"batch_tokens": 0}
        least |= {"max_model_mb": 1, "models_mb": 1}
        for name, minimum in least.items():
            if getattr(self, name) < minimum:
                raise ChoiceError(f"{name} must be at least {minimum}, not {getattr(self, name)}.")
        if self.port > 65535:
            raise ChoiceError(f"port must be at most 65535, not {self.port}.")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read BERT_DEMO_* variables. On a Space, unless set, the host is 0.0.0.0, only the catalogue is served, and
        visitors are told apart by what the proxy in front says. Elsewhere a host that others can reach serves, unless
        set, no directories of this computer.

        Raises ChoiceError for a value that does not fit or a BERT_DEMO_ variable that is not a setting.
        """
        given = os.environ if environment is None else environment
        values: dict[str, object] = {}
        if "SPACE_ID" in given:
            values |= {"host": "0.0.0.0", "models": "catalogue", "behind_proxy": True}
        elif given.get("BERT_DEMO_HOST", "127.0.0.1") not in LOOPBACK:
            values |= {"models": "hub"}
        known = {f"BERT_DEMO_{each.name.upper()}": each for each in fields(cls)}
        for variable in given:
            if variable.startswith("BERT_DEMO_") and variable not in known:
                raise ChoiceError(f"{variable} is no setting. Settings: {', '.join(sorted(known))}.")
        for variable, each in known.items():
            if variable in given:
                values[each.name] = _parse(variable, given[variable], type(each.default))
        return cls(**values)  # type: ignore[arg-type]


def _parse(variable: str, text: str, kind: type) -> object:
    if kind is bool:
        if text.lower() not in ("0", "1", "true", "false"):
            raise ChoiceError(f'{variable} must be 1 or 0, not "{text}".')
        return text.lower() in ("1", "true")
    if kind is int:
        try:
            return int(text)
        except ValueError:
            raise ChoiceError(f'{variable} must be a whole number, not "{text}".') from None
    return text
