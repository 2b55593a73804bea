"""Settings, read once from the environment. Every field is an environment variable BERT_DEMO_<FIELD>."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from bert_demo.errors import ChoiceError

ASSETS = Path(__file__).resolve().parent.parent / "assets"


def _help(default: object, text: str) -> object:
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True, slots=True)
class Settings:
    """How this server behaves. Build it with `Settings()` in code, `Settings.from_environment()` in an app."""

    host: str = _help("127.0.0.1", "address to listen on; 0.0.0.0 for everyone")  # type: ignore[assignment]
    port: int = _help(7860, "port to listen on")  # type: ignore[assignment]
    open_browser: bool = _help(False, "open the page in a browser at start")  # type: ignore[assignment]
    models: str = _help(  # type: ignore[assignment]
        "any", 'which models visitors may name: "any" (hub ids and directories too) or "catalogue"'
    )
    max_characters: int = _help(20_000, "longest text in characters, both texts together")  # type: ignore[assignment]
    max_top_k: int = _help(100, "most candidates for one mask")  # type: ignore[assignment]
    max_steps: int = _help(256, "most integration steps (or samples, or orders) for one window")  # type: ignore[assignment]
    cache_mb: int = _help(256, "memory for results that may be asked for again, in MB; 0 for none")  # type: ignore[assignment]
    threads: int = _help(0, "threads of torch; 0 leaves torch's own choice")  # type: ignore[assignment]

    def __post_init__(self) -> None:
        if self.models not in ("any", "catalogue"):
            raise ChoiceError(f'models must be "any" or "catalogue", not "{self.models}".')
        least = {"port": 0, "max_characters": 1, "max_top_k": 1, "max_steps": 8, "cache_mb": 0, "threads": 0}
        for name, minimum in least.items():
            if getattr(self, name) < minimum:
                raise ChoiceError(f"{name} must be at least {minimum}, not {getattr(self, name)}.")
        if self.port > 65535:
            raise ChoiceError(f"port must be at most 65535, not {self.port}.")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read BERT_DEMO_* variables. On a Space the host is 0.0.0.0 and only the catalogue is served unless set.

        Raises ChoiceError for a value that does not fit or a BERT_DEMO_ variable that is not a setting.
        """
        given = os.environ if environment is None else environment
        values: dict[str, object] = {}
        if "SPACE_ID" in given:
            values |= {"host": "0.0.0.0", "models": "catalogue"}
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
