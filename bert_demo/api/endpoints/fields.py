"""Arguments that several requests share."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field


class Request(BaseModel):
    """The arguments of a call, declared: HTTP, MCP, commands and documents are made from it.

    A value that does not fit is refused by the service, in a sentence (core/validation.py).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")


def argument(description: str, default: Any = ..., **bounds: Any) -> Any:
    """An argument and its sentence; without a default it must be given. bounds: as pydantic names them."""
    return Field(default, description=description, **bounds)


Model = Annotated[str, Field(description="a bundled name, a hub id, or a directory.")]
Pair = Annotated[str | None, Field(description="an optional second text.")]
Words = Annotated[
    str,
    Field(
        description="spaces (what stands between them, punctuation apart) or tokenizer (as it parts the text).",
        json_schema_extra={"enum": ["spaces", "tokenizer"]},
    ),
]
Baseline = Annotated[str, Field(description="pad, mask or zero.", json_schema_extra={"enum": ["pad", "mask", "zero"]})]
