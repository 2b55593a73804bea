"""What a visitor may name as a model, and what the name stands for; no other name reaches the disk or the hub.

settings.models: "catalogue" (names of the catalogue alone), "hub" (hub ids too), "any" (directories too).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from bert_demo.core.errors import ChoiceError, NoSuchModelError
from bert_demo.core.training_place import MODEL, is_model_name, token_of
from bert_demo.registry.models import CATALOGUE, ModelCard, directory_card, find, hub_card

LONGEST = 1_000
"""Characters of the longest name of a directory."""
_PART = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,94}[A-Za-z0-9_])?"
_HUB_ID = re.compile(rf"({_PART}/{_PART})(?:@([A-Za-z0-9_][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*)*))?")
_MOST_REVISION = 100


def card_of(model: Any, allowed: str, trained: Path | None = None) -> ModelCard:
    """The row of a name: of the catalogue, of a directory, or of a hub id with or without "@revision".

    trained: where the models lie that visitors trained here; they have names that nobody can guess. Raises ChoiceError
    for whatever else it is, without looking at disk or network, and NoSuchModelError for a trained model that is gone.
    """
    if not isinstance(model, str) or not model.strip():
        raise ChoiceError(f"model must be a name. Choose one of: {_bundled()}.")
    if card := find(model):
        return card
    if trained is not None and is_model_name(model):
        token = token_of(model, trained)
        return _trained(model, trained / token / MODEL if token else None)
    if allowed == "any" and _is_directory(model):
        return directory_card(model)
    if allowed != "catalogue" and (parts := hub_parts(model)):
        return hub_card(model, *parts)
    hints = {
        "any": " Or name a hub id such as google-bert/bert-base-uncased, or a directory.",
        "hub": " Or name a hub id such as google-bert/bert-base-uncased.",
        "catalogue": f" This server offers no others but those of its list, such as {_offered()}.",
    }
    raise ChoiceError(f"There is no model {model[:80]!r} here. Choose one of: {_bundled()}.{hints[allowed]}")


def _trained(name: str, directory: Path | None) -> ModelCard:
    if directory is None or not directory.is_dir():
        raise NoSuchModelError("The model that was trained here is gone, or not made yet. Train it again, or wait.")
    said = "A model trained here on a visitor's own rows."
    return ModelCard(name, str(directory), "trained", (), (), "unknown", "unknown", said, directory=True)


def _bundled() -> str:
    return ", ".join(card.name for card in CATALOGUE if card.bundled)


def _offered() -> str:
    return " or ".join([card.name for card in CATALOGUE if not card.bundled][:2])


def shown_source(card: ModelCard) -> str:
    """Where a model comes from, in the words of an answer."""
    return "bundled" if card.bundled else "trained here" if card.trained_here else card.source


def hub_parts(name: str) -> tuple[str, str] | None:
    """(id, revision), where the name is what a repository of the hub can be called."""
    match = _HUB_ID.fullmatch(name)
    if match is None or ".." in name or "--" in match[1] or match[1].endswith(".git"):
        return None
    revision = match[2] or "main"
    parts = revision.split("/")
    if len(revision) > _MOST_REVISION or any(part.endswith((".", ".lock")) for part in parts):
        return None
    return match[1], revision


def _is_directory(name: str) -> bool:
    """Whether it is a directory of this computer. A name of another computer, as Windows writes it, is not asked."""
    if len(name) > LONGEST or name.startswith(("\\\\", "//")) or not name.isprintable():
        return False
    try:
        return Path(name).is_dir()
    except (OSError, ValueError):
        return False
