"""A model of `transformers` from its directory, checked before and after: the only serving file that loads weights."""

from __future__ import annotations

import copy
import threading
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
import transformers
from transformers import AutoConfig
from transformers.utils import logging as transformers_logging

from bert_demo.core.errors import BrokenModelError, ModelSizeError, NoSuchModelError
from bert_demo.core.settings import Settings
from bert_demo.models.loading import validate
from bert_demo.models.loading.adapter_config import UNNAMED, described
from bert_demo.models.loading.download import OnBytes, fetch
from bert_demo.models.loading.family_settings import fit
from bert_demo.models.loading.hub_cache import Place
from bert_demo.models.loading.lora import Adapter, find_adapter
from bert_demo.models.loading.own_tokenizers import own_tokenizer, spell, tokenizer_class
from bert_demo.models.loading.reasons import check_shapes, named
from bert_demo.models.loading.tokenizer_files import read_settings, settle
from bert_demo.models.loading.validate import Stored
from bert_demo.models.loading.weights import check_kinds, check_weights, missing, other_heads
from bert_demo.registry.families import FAMILIES
from bert_demo.registry.models import ModelCard
from bert_demo.registry.task_heads import HeadCard

_TOKENIZERS = ("tokenizer.json", "vocab.txt", "vocab.json", "sentencepiece.bpe.model", "spiece.model")
_one_at_a_time = threading.Lock()
"""`from_pretrained` puts other functions in place of some of transformers' and torch's while it runs, for all threads;
two at once can leave them there."""
_HERE: dict[str, Any] = {"trust_remote_code": False, "local_files_only": True}


@dataclass(frozen=True, slots=True)
class Found:
    """A model on this disk that passed every check that needs no weights.

    memory: bytes of its weights once they are loaded; fingerprint: tells these files from all others of this run;
    stored: the tensors of its weights; configured: the directory of its config.json, and fields: what an adapter
    without one puts over that.
    """

    card: ModelCard
    place: Place
    adapter: Adapter | None
    head: HeadCard
    memory: int
    fingerprint: Hashable
    stored: Mapping[str, Stored]
    configured: Path
    fields: Mapping[str, Any]

    @property
    def weights(self) -> Path:
        """The directory of the weights: that of an adapter's base."""
        return self.adapter.base if self.adapter else self.place.directory

    @property
    def tokenizer(self) -> Path:
        """The directory of the tokenizer: that of an adapter's base, unless one was saved beside the adapter."""
        return _tokenizer_place(self.place.directory, self.weights)


class Read(NamedTuple):
    """What the files hold. notes: sentences about what was followed where they say two things, or was left out."""

    config: Any
    tokenizer: Any
    model: Any
    notes: tuple[str, ...] = ()


def find_model(
    card: ModelCard,
    most_bytes: int | None = None,
    on_bytes: OnBytes = lambda done, planned: None,
    token: bool | None = None,
) -> Found:
    """The files of a model, downloaded if it is one of the hub and not here, and checked.

    most_bytes: of a model of the hub, and of any model's weights; None for that of the default settings. Raises
    subclasses of ModelLoadError.
    """
    most = Settings().max_model_mb * 10**6 if most_bytes is None else most_bytes
    if not card.of_hub:
        if not Path(card.source).is_dir():
            raise NoSuchModelError(f"There is no directory {card.name[:80]!r}.")
        place = Place(Path(card.source), card.revision)
    else:
        place = fetch(card.source, card.revision, most, on_bytes, token)
    adapter = find_adapter(
        str(place.directory), lambda source, revision: fetch(source, revision, most, on_bytes, token).directory
    )
    weights = adapter.base if adapter else place.directory
    configured, fields = described(adapter, place.directory, card.name)
    config = validate.read_config(configured, card.name, fields)
    files = validate.weight_files(weights, card.name)
    stored = validate.read_headers(files, card.name)
    memory = validate.check_size(config, stored, card.name)
    if sum(file.stat().st_size for file in files) > most:
        raise ModelSizeError(f"The model {card.name!r} is larger than the {most / 1e6:,.0f} MB that this server takes.")
    if not _has_tokenizer(_tokenizer_place(place.directory, weights)):
        raise BrokenModelError(f"The model {card.name!r} is incomplete: it has no tokenizer. Save it beside the model.")
    head = validate.head_of(config, stored, card.name)
    check_kinds(stored, card.name)
    return Found(
        card, place, adapter, head, memory, _fingerprint([place.directory, weights]), stored, configured, fields
    )


def _tokenizer_place(own: Path, weights: Path) -> Path:
    return own if _has_tokenizer(own) else weights


def _has_tokenizer(directory: Path) -> bool:
    return any((directory / name).is_file() for name in _TOKENIZERS)


def _fingerprint(directories: Iterable[Path]) -> Hashable:
    """Names, sizes and times of the files in these directories; those of a hub's cache are named by their hash."""
    files = sorted(each.resolve() for directory in directories for each in directory.iterdir() if each.is_file())
    return tuple((str(each), (stat := each.stat()).st_size, stat.st_mtime_ns) for each in files)


def load_model(card: ModelCard) -> tuple[Any, Any, Any, str]:
    """Configuration, tokenizer, model, and the commit (of a hub) that all three came from.

    A directory with a LoRA adapter and a config.json is its base with the adapter merged in. Raises ModelLoadError.
    """
    found = find_model(card)
    read = read_model(found)
    return read.config, read.tokenizer, read.model, found.place.revision


def read_model(found: Found) -> Read:
    """Configuration, tokenizer and model, in float32, its attention "eager". Raises ModelLoadError."""
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    name = found.card.name
    directory = found.place.directory
    try:
        with _one_at_a_time, named("config.json", found.configured, name):
            config = AutoConfig.from_pretrained(str(found.configured), **_HERE, **found.fields)
            config.id2label = {int(number): label for number, label in config.id2label.items()}
            config.return_dict, config.chunk_size_feed_forward = True, 0  # the form of answers, and memory: no numbers
            own = fit(config, name)
            entries, config.vocab_size = config.vocab_size, _entries(found, config)
        place = found.tokenizer
        with _one_at_a_time, named("tokenizer", place, name):
            settings = read_settings(place, name)
            tokenizer: Any = own_tokenizer(place, settings, config.model_type, name)
            if tokenizer is None:
                tokenizer = tokenizer_class(place, config.model_type).from_pretrained(str(place), **_HERE)
            notes = (*own, *settle(tokenizer, settings, place, config, found.head, name))
        _check_length(config, tokenizer, name)
        with _one_at_a_time, named("weights", directory, name):
            model, lacking, unread = _read_weights(found, config, entries)
    except MemoryError as error:
        raise ModelSizeError(f"This server has no memory left for the model {name!r}.") from error
    check_weights(model, lacking, unread, name)
    if config.model_type == "roc_bert":
        with named("tokenizer", place, name):
            spell(model, tokenizer, place, name)
    if "id2label" in found.fields:
        notes = (*notes, UNNAMED)
    if others := other_heads(unread, model):
        notes = (*notes, f"Its files also hold weights that no lens here reads: {others}.")
    return Read(config, tokenizer, model.eval().requires_grad_(False), notes)


def _entries(found: Found, config: Any) -> int:
    """The entries of the vocabulary: those of an adapter's base, unless the adapter brings embeddings of another
    number, as peft saves them after `resize_token_embeddings`."""
    whole = found.adapter.replaced() if found.adapter else {}
    for name, shape in whole.items():
        for base, stored in found.stored.items():
            same = f".{name}".endswith(f".{base}") or f".{base}".endswith(f".{name}")
            if same and len(shape) == 2 and stored.shape == (config.vocab_size, shape[1]):
                return shape[0]
    return int(config.vocab_size)


def _read_weights(found: Found, config: Any, entries: int) -> tuple[Any, set[str], set[str]]:
    """The model, the names of the weights that its files lack, and of those in them that nobody read.

    entries: of the vocabulary of the weights on the disk.
    """
    wanted, config = config.vocab_size, copy.deepcopy(config)
    config.vocab_size = entries
    try:
        model, report = getattr(transformers, found.head.loader).from_pretrained(
            str(found.weights),
            config=config,
            use_safetensors=True,
            dtype=torch.float32,
            attn_implementation="eager",
            output_loading_info=True,
            **_HERE,
        )
    except RuntimeError:
        check_shapes(config, found.head.loader, found.stored, found.card.name)
        raise
    lacking = missing(model, report)
    if wanted != entries:
        model.resize_token_embeddings(wanted, mean_resizing=False)
    if found.adapter is not None:
        found.adapter.merge_into(model)
        lacking -= set(found.adapter.replaced())
    return model, lacking, set(report["unexpected_keys"])


def _check_length(config: Any, tokenizer: Any, name: str) -> None:
    if longest_text(config, tokenizer) < 8:
        raise BrokenModelError(f"The model {name!r} reads fewer than 8 tokens at once, which is too few for any lens.")


def longest_text(config: Any, tokenizer: Any) -> int:
    """Tokens that a model reads in one window, special tokens included."""
    first = FAMILIES[config.model_type].position(int(config.pad_token_id or 0))
    return min(int(config.max_position_embeddings) - first, int(tokenizer.model_max_length))
