"""Settings, read once from the environment. Every field is an environment variable BERT_DEMO_<FIELD>."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bert_demo.core.errors import ChoiceError

ASSETS = Path(__file__).resolve().parents[2] / "assets"
PREFIX = "BERT_DEMO_"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Settings(BaseSettings):
    """How this server behaves. Build it with `Settings()` in code, `Settings.from_environment()` in an app."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_prefix=PREFIX)

    host: str = Field("127.0.0.1", description="address to listen on; 0.0.0.0 for everyone")
    port: int = Field(7860, ge=0, le=65535, description="port to listen on")
    open_browser: bool = Field(False, description="open the page in a browser at start")
    models: Literal["any", "hub", "catalogue"] = Field(
        "any",
        description='which models visitors may name: "catalogue", "hub" (public hub ids too) or "any" (directories '
        "of this computer, and what its login at the hub may read, too)",
    )
    max_characters: int = Field(20_000, ge=1, description="longest text in characters, both texts together")
    max_tokens: int = Field(
        512,
        ge=64,
        le=8192,
        description="most tokens that a model reads at once, if it can read so many; longer texts are read in windows",
    )
    max_top_k: int = Field(100, ge=1, description="most candidates for one mask")
    max_steps: int = Field(256, ge=8, description="most integration steps (or samples, or orders) for one window")
    cache_mb: int = Field(256, ge=0, description="memory for results that may be asked for again, in MB; 0 for none")
    batch_tokens: int = Field(
        1024,
        ge=0,
        description="most tokens of different visitors' texts that are computed in one batch; 0: each text by itself",
    )
    threads: int = Field(0, ge=0, description="threads of torch; 0 leaves torch's own choice")
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto",
        description='where models compute: "cpu", "cuda", or "auto", a GPU where torch sees one that gives the same '
        "numbers",
    )
    password: str = Field(
        "",
        repr=False,
        description="asked of whoever opens the page or calls an endpoint, with any user name; empty for none",
    )
    requests_per_minute: int = Field(
        30_000,
        ge=60,
        description="most requests of one network address in a minute; a whole school may share an address",
    )
    max_body_mb: int = Field(1, ge=1, description="largest request in MB; an uploaded file has 1 MB at most")
    slow_seconds: int = Field(
        20, ge=1, description="seconds within which the headers of a request must arrive, and then its body"
    )
    behind_proxy: bool = Field(
        False,
        description="take a visitor's address from the last entry of X-Forwarded-For, written by the proxy in front",
    )
    cache_dir: str = Field(
        "",
        description="the one directory that is written to (downloads, uploads, temporary files); empty for the user's "
        "own",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description='what is logged: "debug", "info" (each request), "warning" or "error"'
    )
    max_model_mb: int = Field(2_500, ge=1, description="largest model that is downloaded or loaded, in MB of its files")
    models_mb: int = Field(4_000, ge=1, description="memory for loaded models, in MB; the least recently used go first")
    train: bool = Field(True, description="let visitors train models on rows of their own; 0 turns the lens off")
    train_rows: int = Field(5_000, ge=10, description="most rows that a visitor's model learns from")
    train_tokens: int = Field(
        3_000_000, ge=1_000, description="most tokens that one training may read, all its epochs together"
    )
    train_minutes: int = Field(30, ge=1, description="minutes after which a training ends with the best model so far")
    train_mb: int = Field(4_000, ge=500, description="memory that the process of a training may take, in MB")
    train_queue: int = Field(10, ge=1, description="most trainings that wait; one computes at a time")
    train_keep_minutes: int = Field(
        60, ge=1, description="minutes after which a visitor's rows and models are deleted when nobody asks for them"
    )
    train_threads: int = Field(
        1, ge=1, le=64, description="threads of a training; other numbers give other last digits of its weights"
    )

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise ChoiceError(_sentence(error)) from None

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, *_: Any, **__: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is given in code: `from_environment` alone looks at the environment."""
        return (init_settings,)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read BERT_DEMO_* variables. On a Space, unless set, the host is 0.0.0.0, only the catalogue is served, and
        visitors are told apart by what the proxy in front says. Elsewhere a host that others can reach serves, unless
        set, no directories of this computer.

        Raises ChoiceError for a value that does not fit or a BERT_DEMO_ variable that is not a setting.
        """
        given = os.environ if environment is None else environment
        values: dict[str, Any] = {}
        if "SPACE_ID" in given:
            values |= {"host": "0.0.0.0", "models": "catalogue", "behind_proxy": True}
        elif given.get("BERT_DEMO_HOST", "127.0.0.1") not in LOOPBACK:
            values |= {"models": "hub"}
        known = {f"{PREFIX}{name.upper()}": name for name in cls.model_fields}
        for variable in given:
            if variable.startswith(PREFIX) and variable not in known:
                raise ChoiceError(f"{variable} is no setting. Settings: {', '.join(sorted(known))}.")
        return cls(**values | {name: given[variable] for variable, name in known.items() if variable in given})


def _sentence(error: ValidationError) -> str:
    """What is wrong with the first value that does not fit. A text is shown only where it is no secret."""
    first = error.errors(include_url=False)[0]
    name, value = str(first["loc"][0]), first["input"]
    variable, shown = f"{PREFIX}{name.upper()}", f'"{str(value)[:80]}"'
    match first["type"]:
        case "extra_forbidden":
            return f"{name} is no setting. Settings: {', '.join(Settings.model_fields)}."
        case "literal_error":
            *others, last = (f'"{each}"' for each in get_args(Settings.model_fields[name].annotation))
            return f"{variable} must be {', '.join(others)} or {last}, not {shown}."
        case "greater_than_equal":
            return f"{variable} must be at least {first['ctx']['ge']}, not {value}."
        case "less_than_equal":
            return f"{variable} must be at most {first['ctx']['le']}, not {value}."
        case "string_type":
            return f"{variable} must be a text."
        case "bool_parsing" | "bool_type":
            return f"{variable} must be 1 or 0, not {shown}."
    return f"{variable} must be a whole number, not {shown}."
