"""The models that are loaded: each once, the least recently used guests given up first."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

from bert_demo.backends.base import Backend
from bert_demo.backends.hub import HubBackend
from bert_demo.catalogue import CATALOGUE, ModelCard, find, unlisted
from bert_demo.errors import ChoiceError

MODELS_HELD = 6
_HUB_ID = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}(@[\w./-]{1,100})?")


class Shelf:
    """Models by name. any_model: whether hub ids and directories may be named too. Safe in several threads."""

    def __init__(self, any_model: bool) -> None:
        self._any = any_model
        self._backends: OrderedDict[str, Backend] = OrderedDict()
        self._lock = threading.Lock()
        self._loading: dict[str, threading.Lock] = {}

    def backend(self, model: str) -> Backend:
        """The loaded model of that name; loads it if need be. Raises ChoiceError, ModelLoadError."""
        card = self._card(model)
        with self._lock:
            if card.name in self._backends:
                self._backends.move_to_end(card.name)
                return self._backends[card.name]
            loading = self._loading.setdefault(card.name, threading.Lock())
        with loading:
            with self._lock:
                if card.name in self._backends:
                    return self._backends[card.name]
            backend = HubBackend(card)
            with self._lock:
                self._backends[card.name] = backend
                guests = [name for name in self._backends if find(name) is None]
                for name in guests[: max(0, len(self._backends) - MODELS_HELD)]:
                    del self._backends[name]
        return backend

    def _card(self, model: Any) -> ModelCard:
        names = ", ".join(card.name for card in CATALOGUE)
        if not isinstance(model, str) or not model.strip():
            raise ChoiceError(f"model must be a name. Choose one of: {names}.")
        if card := find(model):
            return card
        if self._any:
            if _is_directory(model) or (_HUB_ID.fullmatch(model) and ".." not in model):
                return unlisted(model)
            hint = " Or name a hub id such as google-bert/bert-base-uncased, or a directory."
        else:
            hint = " This server offers no others."
        raise ChoiceError(f"There is no model {model[:80]!r} here. Choose one of: {names}.{hint}")


def _is_directory(name: str) -> bool:
    try:
        return Path(name).is_dir()
    except (OSError, ValueError):
        return False
