"""Models of `transformers`, from a directory or the hub, put together of their parts."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Any

from transformers.utils.output_capturing import maybe_install_capturing_hooks

from bert_demo.core.errors import BrokenModelError
from bert_demo.core.settings import Settings
from bert_demo.models.base import Capabilities, Model, TaskHeads
from bert_demo.models.collation import Collator
from bert_demo.models.encoder import TransformersEncoder
from bert_demo.models.loading.activation import activation_of
from bert_demo.models.loading.family_settings import shortened
from bert_demo.models.loading.load import Found, find_model, longest_text, read_model
from bert_demo.models.loading.load import load_model as load_model
from bert_demo.models.loading.reasons import named
from bert_demo.models.task_heads import KINDS
from bert_demo.models.tokenizer import FastTokenizer
from bert_demo.models.trial import LONG, try_out
from bert_demo.registry.models import ModelCard
from bert_demo.registry.names import shown_source
from bert_demo.registry.task_heads import ADVICE, BY_POSITION
from bert_demo.results import ModelInfo

MAX_TOKENS = int(Settings.model_fields["max_tokens"].default)
REMEMBERED = 200
"""Trials whose outcome is kept, by the files that were tried."""
_log = logging.getLogger(__name__)
_lock = Lock()
_tried: OrderedDict[Hashable, tuple[Capabilities, bool]] = OrderedDict()


def load(card: ModelCard, found: Found | None = None, batch_tokens: int = 0, max_tokens: int = MAX_TOKENS) -> Model:
    """An encoder with its tokenizer, in float32, on the processor.

    batch_tokens: tokens of all texts that are computed together when several threads ask; 0 for each text when it
    comes; max_tokens: that it reads at once, if it can read so many. Raises subclasses of ModelLoadError.
    """
    found = found or find_model(card)
    config, tokenizer, module, notes = read_model(found)
    tasks = found.head.tasks
    labels: tuple[str, ...] = ()
    if {"text-classification", "token-classification"} & set(tasks):
        labels = tuple(str(config.id2label[index]) for index in range(config.num_labels))
    if "question-answering" in tasks and config.num_labels != 2:
        raise BrokenModelError(
            f"The config.json of the model {card.name!r} is wrong: num_labels is {config.num_labels}, and a head that "
            "finds answers has two outputs, where they begin and where they end."
        )
    activation, said = activation_of(config, found.place.directory)
    notes = (*notes, said) if said and "text-classification" in tasks else notes
    encoder = TransformersEncoder(module, Collator(tokenizer), batch_tokens)
    own = longest_text(config, tokenizer)
    notes = (*notes, shortened(own, max_tokens))
    with named("weights", found.place.directory, card.name):
        capabilities = _capabilities(found, encoder, tokenizer, min(own, max_tokens))
    info = ModelInfo(
        name=card.name,
        source=shown_source(card),
        revision=found.place.revision,
        tasks=tasks,
        labels=labels,
        language=card.language,
        licence=card.licence,
        description=" ".join(filter(None, (_described(card, tasks, labels), *notes))),
        layers=int(config.num_hidden_layers),
        heads=capabilities.heads,
        limit=capabilities.limit,
    )
    return Model(
        info=info,
        activation=activation,
        tokenizer=FastTokenizer(tokenizer, capabilities.limit),
        encoder=encoder,
        heads=TaskHeads({task: KINDS[task](encoder) for task in tasks}, card.name, ADVICE),
        capabilities=capabilities,
    )


def _capabilities(found: Found, encoder: TransformersEncoder, tokenizer: Any, limit: int) -> Capabilities:
    """The outcome of the trial, or of the last one with these files."""
    # at the first call that asks for weights transformers would do it, and what changes meanwhile cannot be copied
    maybe_install_capturing_hooks(encoder.module.base_model)
    with _lock:
        known = _tried.get((found.fingerprint, limit))
    if known is None:
        special = set(tokenizer.all_special_ids)
        ordinary = [number for number in range(len(tokenizer)) if number not in special]
        ordinary += ordinary[-1:] * (LONG - len(ordinary))
        found_now = try_out(encoder, bool(set(BY_POSITION) & set(found.head.tasks)), ordinary, limit)
        known = found_now, encoder.collator.pads
        for ability, sentence in found_now.lacking.items():
            _log.warning("a %s lacks %s: %s", encoder.module.config.model_type, ability, sentence)
    with _lock:
        _tried[found.fingerprint, limit] = known
        if len(_tried) > REMEMBERED:
            _tried.popitem(last=False)
    capabilities, encoder.collator.pads = known
    return capabilities


def _described(card: ModelCard, tasks: tuple[str, ...], labels: tuple[str, ...]) -> str:
    """The catalogue's line, and that the model is another than the catalogue says, where it is."""
    if not card.tasks or (set(card.tasks), card.labels) == (set(tasks), labels):
        return card.description
    _log.warning("the tasks or labels of a model of the catalogue have changed: %s", card.name)
    return f"{card.description} (Its tasks or labels have changed since; those of the loaded model are shown.)"
