"""The models that are loaded, within a byte budget: the least recently used go first, never one that is in use.

Whoever asks for a model is lent a copy that shares everything; while a copy lives, its model stays. A model is loaded
once, however many ask for it, in a thread of its own, so that a visitor who leaves does not end what others wait for.
"""

from __future__ import annotations

import copy
import logging
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakSet

from bert_demo.core.errors import DemoError, HubError, ModelComingError, ModelLoadError, ModelsBusyError, ModelSizeError
from bert_demo.core.scheduler import check_cancelled
from bert_demo.core.settings import Settings
from bert_demo.core.training_place import note_asked, training_root
from bert_demo.models.base import Model
from bert_demo.models.device import chosen
from bert_demo.models.loading.load import Found, find_model
from bert_demo.models.moving import move
from bert_demo.models.transformers_model import load
from bert_demo.registry.models import ModelCard
from bert_demo.registry.names import card_of
from bert_demo.results import ModelInfo

AT_ONCE = 2
"""Models of the hub that are looked for or downloaded at a time."""
WAITING = 16
"""Models that may be on their way, the waiting ones included."""
STALLED = 90.0
"""Seconds after which nobody waits any longer for a download that does not move."""
INTERVAL = 0.25
"""Seconds between two looks at a model that is on its way."""
REMEMBERED = 30.0
"""Seconds for which a failure at the hub is told again without asking."""
FAILURES = 1_000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """A model on its way. done, planned: bytes of its download; planned is 0 while nothing is being downloaded."""

    name: str
    done: int
    planned: int


class _Held:
    """A loaded model, its bytes, and the copies that are lent."""

    def __init__(self, model: Model) -> None:
        self.model, self.bytes = model, model.encoder.memory()
        self.lent: WeakSet[Model] = WeakSet()

    def lend(self) -> Model:
        twin = copy.copy(self.model)
        self.lent.add(twin)
        return twin


class _Loading:
    """A model on its way, and what came of it.

    waits: whether it is still at the hub; moved: when its download last did, None until it has a place to begin;
    kept: a copy that keeps the model in use until all who wait have theirs.
    """

    def __init__(self, card: ModelCard) -> None:
        self.card, self.of_hub = card, card.of_hub
        self.waits = self.of_hub
        self.done = self.planned = 0
        self.moved: float | None = None
        self.ended = threading.Event()
        self.held: _Held | None = None
        self.kept: Model | None = None
        self.failure: tuple[type[DemoError], str] | None = None

    def moved_on(self, done: int, planned: int) -> None:
        """The download has come so far."""
        if (done, planned) != (self.done, self.planned):
            self.done, self.planned, self.moved = done, planned, time.monotonic()

    def wait(self, patience: float | None) -> _Held:
        """Raises what went wrong, HubError when nothing moves, ModelComingError when a download takes longer than
        `patience`, or CancelledError when whoever asks has left."""
        end = None if patience is None else time.monotonic() + patience
        while not self.ended.wait(INTERVAL):
            check_cancelled()
            if self.waits and end is not None and time.monotonic() > end:
                raise ModelComingError(f"{self._where()} Ask again in a moment.")
            if self.waits and self.moved is not None and time.monotonic() - self.moved > STALLED:
                raise HubError(
                    f"The model {self.card.name!r} does not come: the hub has sent nothing for {STALLED:.0f} seconds. "
                    "Try again later, or choose a bundled model."
                )
        if self.failure is not None:
            kind, sentence = self.failure
            raise kind(sentence)
        assert self.held is not None
        return self.held

    def _where(self) -> str:
        """How far it is, while it is at the hub."""
        if self.moved is None:
            return f"The model {self.card.name!r} waits until the download of another has ended."
        if not self.planned:
            return f"The hub is being asked for the model {self.card.name!r}."
        return (
            f"The model {self.card.name!r} is being downloaded: {self.done / 1e6:,.0f} of "
            f"{self.planned / 1e6:,.0f} MB are here."
        )


class ModelPool:
    """Models by name, as the settings allow them. Safe in several threads.

    patience: seconds that a call waits for a download; None for as long as it takes. A server sets it, since its
    threads are for the answers of all visitors; the download goes on.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.patience: float | None = None
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(AT_ONCE)
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._loading: dict[str, _Loading] = {}
        self._reserved: dict[str, int] = {}
        self._failed: OrderedDict[str, tuple[float, type[DemoError], str]] = OrderedDict()

    def lend(self, model: Any) -> Model:
        """A copy of the loaded model of that name; loads it if need be.

        Raises ChoiceError, subclasses of ModelLoadError, ModelsBusyError.
        """
        card = card_of(model, self._settings.models, training_root(self._settings))
        if card.trained_here:
            note_asked(Path(card.source).parent)
        with self._lock:
            if held := self._held.get(card.name):
                self._held.move_to_end(card.name)
                return held.lend()
            self._tell_again(card.name)
            loading = self._loading.get(card.name)
            if loading is None:
                if len(self._loading) >= WAITING:
                    raise ModelsBusyError("Many models are being loaded just now. Try again in a minute.")
                loading = self._loading[card.name] = _Loading(card)
                threading.Thread(target=self._load, args=(loading,), daemon=True).start()
        held = loading.wait(self.patience)
        with self._lock:
            return held.lend()

    def forget(self, name: str) -> None:
        """Give a model up whose files are gone. Calls that hold it end with it."""
        with self._lock:
            self._held.pop(name, None)

    def loading(self) -> tuple[Progress, ...]:
        """The models on their way, in the order in which they were asked for."""
        with self._lock:
            return tuple(Progress(each.card.name, each.done, each.planned) for each in self._loading.values())

    def held(self) -> dict[str, int]:
        """Bytes of each loaded model, the least recently used first."""
        with self._lock:
            return {name: held.bytes for name, held in self._held.items()}

    def in_use(self) -> tuple[str, ...]:
        """The loaded models of which a copy is lent."""
        with self._lock:
            return tuple(name for name, held in self._held.items() if held.lent)

    def reserved(self) -> int:
        """Bytes set aside for models that are being loaded."""
        with self._lock:
            return sum(self._reserved.values())

    def failures(self) -> tuple[str, ...]:
        """The names whose failure at the hub is told again without asking, the oldest first."""
        with self._lock:
            return tuple(self._failed)

    def known(self, name: Any) -> ModelInfo | None:
        """What a loaded model says of itself; None for one that is not loaded."""
        with self._lock:
            held = self._held.get(name) if isinstance(name, str) else None
            return held.model.info if held else None

    def _load(self, loading: _Loading) -> None:
        name = loading.card.name
        try:
            found = self._find(loading)
            self._make_room(found)
            model = load(loading.card, found, self._settings.batch_tokens, self._settings.max_tokens)
            move(model, chosen(self._settings.device))
            model.encoder.fast()  # made now, the first question does not wait for it
            with self._lock:
                del self._reserved[name]
                loading.held = self._held[name] = _Held(model)
                loading.kept = loading.held.lend()
        except DemoError as error:
            loading.failure = (type(error), str(error))
        except BaseException as error:  # a visitor gets a sentence, whatever happens in this thread
            _log.warning("a model did not load: %s", type(error).__name__)
            loading.failure = (ModelLoadError, f"The model {name!r} could not be loaded. Choose a bundled model.")
        with self._lock:
            self._reserved.pop(name, None)
            del self._loading[name]
            if loading.failure is not None and loading.of_hub and loading.failure[0] is not ModelsBusyError:
                self._failed[name] = (time.monotonic() + REMEMBERED, *loading.failure)
                if len(self._failed) > FAILURES:
                    self._failed.popitem(last=False)
        loading.ended.set()

    def _find(self, loading: _Loading) -> Found:
        most = self._settings.max_model_mb * 10**6
        if not loading.waits:
            return find_model(loading.card, most)
        token = None if self._settings.models == "any" else False
        with self._places:
            loading.moved = time.monotonic()
            found = find_model(loading.card, most, loading.moved_on, token)
        loading.waits = False
        return found

    def _make_room(self, found: Found) -> None:
        """Reserve memory for a model, giving up others that nobody uses: guests first, then bundled ones."""
        budget = self._settings.models_mb * 10**6
        if found.memory > budget:
            raise ModelSizeError(
                f"The model {found.card.name!r} needs {found.memory / 1e6:,.0f} MB of memory; this server has "
                f"{budget / 1e6:,.0f} MB for models."
            )
        with self._lock:
            lacking = sum(held.bytes for held in self._held.values()) + sum(self._reserved.values())
            lacking += found.memory - budget
            idle = [name for name, held in self._held.items() if not held.lent]
            idle.sort(key=lambda name: self._held[name].model.info.source == "bundled")
            if lacking > sum(self._held[name].bytes for name in idle):
                raise ModelsBusyError(
                    f"There is no memory for the model {found.card.name!r} while the loaded ones are in use. "
                    "Try again in a minute."
                )
            for name in idle:
                if lacking <= 0:
                    break
                lacking -= self._held[name].bytes
                del self._held[name]  # nothing else holds it, and it is in no cycle: its memory is free at once
            self._reserved[found.card.name] = found.memory

    def _tell_again(self, name: str) -> None:
        """Raise what went wrong a moment ago."""
        if (failure := self._failed.get(name)) is None:
            return
        until, kind, sentence = failure
        if time.monotonic() < until:
            raise kind(sentence)
        del self._failed[name]
