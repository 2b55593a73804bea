"""The model that an adapter was made on: a directory, a bundled model, or one of the hub."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bert_demo.core.errors import ModelLoadError
from bert_demo.models.loading.hub_cache import cached
from bert_demo.models.loading.validate import INDEX, WEIGHTS
from bert_demo.registry.models import CATALOGUE, find
from bert_demo.registry.names import hub_parts

Bring = Callable[[str, str], Path]
"""(hub id, revision) -> the directory of that model. Raises ModelLoadError."""


def from_cache(source: str, revision: str) -> Path:
    """What was downloaded before. Raises ModelLoadError."""
    if place := cached(source, revision):
        return place.directory
    raise ModelLoadError(f"The model {source!r} of the hub is not on this computer.")


def base_of(directory: Path, named: str, revision: str, bring: Bring) -> tuple[Path, str]:
    """The directory of an adapter's base, and what it is called: a directory or a hub id.

    directory: of the adapter; named: what adapter_config.json calls the base. Looked for as seen from the adapter, of
    that name beside it, as seen from the working directory, among the bundled models, and on the hub, in this order.
    Raises ModelLoadError.
    """
    places = [directory / named, directory.parent / Path(named).name, Path(named)]
    card = find(named)
    if card is not None and card.bundled:
        places.append(Path(card.source))
    for place in places:
        if (place / WEIGHTS).is_file() or (place / INDEX).is_file():
            return place, str(place)
    where = f"The adapter in {directory.name} belongs to {named[:80]!r}, which is not beside it."
    source = _full_id(named)
    if source is None:
        raise ModelLoadError(f"{where} Put a directory of that name there.")
    try:
        return bring(source, revision), source
    except ModelLoadError as error:
        raise type(error)(f"{where} {error}") from error


def _full_id(named: str) -> str | None:
    """The hub id of a base; the first models of the hub are also called by the second part of theirs alone."""
    sources = [card.source for card in CATALOGUE if card.of_hub and card.source.partition("/")[2] == named]
    if sources:
        return sources[0]
    parts = hub_parts(named)
    return parts[0] if parts else None
