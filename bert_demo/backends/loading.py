"""A model of `transformers` from its directory, checked before and after: the only serving file that loads weights."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoConfig,
    AutoModelForMaskedLM,
    AutoModelForNextSentencePrediction,
    AutoModelForPreTraining,
    AutoModelForSequenceClassification,
    AutoTokenizer,
)
from transformers.utils import logging as transformers_logging

from bert_demo.backends import checks
from bert_demo.backends.adapters import Adapter, find_adapter
from bert_demo.backends.download import OnBytes, fetch
from bert_demo.backends.hub_cache import Place
from bert_demo.catalogue import ModelCard
from bert_demo.errors import BrokenModelError, ModelKindError, ModelLoadError, ModelSizeError, NoSuchModelError
from bert_demo.settings import Settings

_LOADERS: dict[str, Any] = {
    "ForSequenceClassification": AutoModelForSequenceClassification,
    "ForMaskedLM": AutoModelForMaskedLM,
    "ForNextSentencePrediction": AutoModelForNextSentencePrediction,
    "BertForPreTraining": AutoModelForPreTraining,
}
_TOKENIZERS = ("tokenizer.json", "vocab.txt", "vocab.json", "sentencepiece.bpe.model", "spiece.model")
_WITH_PADDED_POSITIONS = ("roberta", "xlm-roberta", "camembert")
_one_at_a_time = threading.Lock()
"""`from_pretrained` puts other functions in place of some of transformers' and torch's while it runs, for all threads;
two at once can leave them there."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """A model on this disk that passed every check that needs no weights.

    head: a key of `checks.HEADS`; memory: bytes of its weights once they are loaded.
    """

    card: ModelCard
    place: Place
    adapter: Adapter | None
    head: str
    memory: int


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
    adapter = find_adapter(str(place.directory))
    weights = adapter.base if adapter else place.directory
    config = checks.read_config(place.directory, card.name)
    files = checks.weight_files(weights, card.name)
    stored = checks.read_headers(files, card.name)
    memory = checks.check_size(config, stored, card.name)
    if sum(file.stat().st_size for file in files) > most:
        raise ModelSizeError(f"The model {card.name!r} is larger than the {most / 1e6:,.0f} MB that this server takes.")
    if not any((weights / name).is_file() for name in _TOKENIZERS):
        raise BrokenModelError(f"The model {card.name!r} is incomplete: it has no tokenizer. Save it beside the model.")
    return Found(card, place, adapter, checks.head_of(config, stored, card.name), memory)


def load_model(card: ModelCard) -> tuple[Any, Any, Any, str]:
    """Configuration, tokenizer, model, and the commit (of a hub) that all three came from.

    A directory with a LoRA adapter and a config.json is its base with the adapter merged in. Raises ModelLoadError.
    """
    found = find_model(card)
    config, tokenizer, model = read_model(found)
    return config, tokenizer, model, found.place.revision


def read_model(found: Found) -> tuple[Any, Any, Any]:
    """Configuration, tokenizer and model, in float32, its attention "eager". Raises ModelLoadError."""
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    name = found.card.name
    try:
        with _one_at_a_time:
            config, tokenizer, model, missing = _read(found)
    except ModelLoadError:
        raise
    except MemoryError as error:
        raise ModelSizeError(f"This server has no memory left for the model {name!r}.") from error
    except Exception as error:  # safetensors, tokenizers and transformers each raise kinds of their own
        _log.warning("a model did not load: %s", type(error).__name__)
        raise BrokenModelError(
            f"The model {name!r} could not be loaded: its weights, its tokenizer and its config.json do not fit each "
            "other. Save or download it again."
        ) from error
    _check_weights(model, missing, name)
    _check_tokenizer(tokenizer, config, name)
    tokenizer.backend_tokenizer.no_truncation()
    tokenizer.backend_tokenizer.no_padding()
    return config, tokenizer, model.eval().requires_grad_(False)


def _read(found: Found) -> tuple[Any, Any, Any, set[str]]:
    where: dict[str, Any] = {"trust_remote_code": False, "local_files_only": True}
    adapter = found.adapter
    source = str(adapter.base if adapter else found.place.directory)
    config = AutoConfig.from_pretrained(str(found.place.directory), **where)
    tokenizer = AutoTokenizer.from_pretrained(source, **where)
    model, told = _LOADERS[found.head].from_pretrained(
        source,
        config=config,
        use_safetensors=True,
        dtype=torch.float32,
        attn_implementation="eager",
        output_loading_info=True,
        **where,
    )
    missing = set(_names(told))
    if adapter is not None:
        missing -= adapter.replaced()
        adapter.merge_into(model)
    return config, tokenizer, model, missing


def _names(told: Mapping[str, Any]) -> list[str]:
    return [*told["missing_keys"], *(each[0] for each in told["mismatched_keys"])]


def _check_weights(model: Any, missing: set[str], name: str) -> None:
    """Nothing made up, nothing that is no number, and attention that shows its weights. Raises ModelLoadError."""
    if missing:
        some = ", ".join(sorted(missing)[:2])
        raise BrokenModelError(
            f"The weights of the model {name!r} are incomplete: {len(missing)} are missing ({some[:120]}), and without "
            "them it would answer at random. Choose a model that was saved with its head."
        )
    if not all(bool(torch.isfinite(each).all()) for each in model.parameters()):
        raise BrokenModelError(f"The model {name!r} is damaged: some of its weights are no numbers.")
    if model.config._attn_implementation != "eager":
        raise ModelKindError(f"The model {name!r} cannot give its attention weights (no eager attention).")


def _check_tokenizer(tokenizer: Any, config: Any, name: str) -> None:
    if not tokenizer.is_fast:
        raise ModelKindError(f"The model {name!r} has no fast tokenizer, which the page needs to place tokens.")
    numbers = tokenizer.get_vocab().values()
    if max(numbers) >= config.vocab_size or 2 * len(numbers) < config.vocab_size:
        raise BrokenModelError(
            f"The tokenizer of the model {name!r} does not belong to it: it has {len(numbers):,} entries, numbered "
            f"up to {max(numbers):,}, and the model's vocabulary {config.vocab_size:,}."
        )
    if reads_at_once(config, tokenizer) < 8:
        raise BrokenModelError(f"The model {name!r} reads fewer than 8 tokens at once, which is too few for any lens.")


def first_position(config: Any) -> int:
    """The first row of the position embeddings that a token can have: some families count on from the padding."""
    return int(config.pad_token_id) + 1 if config.model_type in _WITH_PADDED_POSITIONS else 0


def reads_at_once(config: Any, tokenizer: Any) -> int:
    """Tokens that a model reads in one window, special tokens included."""
    positions = int(config.max_position_embeddings) - first_position(config)
    return min(positions, int(tokenizer.model_max_length))
