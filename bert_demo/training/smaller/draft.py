"""A classifier that is being made smaller, between its files and its files."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from bert_demo.core.errors import MissingHeadError, ModelKindError
from bert_demo.models.base import Model
from bert_demo.models.loading.activation import activation_of
from bert_demo.models.loading.load import find_model, read_model
from bert_demo.models.transformers_model import load
from bert_demo.registry.models import ModelCard, directory_card
from bert_demo.training.own.publish import TOKENIZER_FILES
from bert_demo.training.own.starting import PROBLEMS

NUMBERED = ("vocab.txt", "added_tokens.json")
"""Files that say the numbers of entries, which are others once entries are struck."""
_OTHERS = ("sentence_transformers", "sbert_ce_default_activation_function")
"""Where a configuration says what is made of logits; here problem_type alone says it."""


@dataclass
class Draft:
    """module: of transformers, in float32, its own; tokenizer: as the model reads; source: the directory of the
    tokenizer's files; stored: the type in which weights are saved; renumbered: whether its entries have new numbers."""

    module: Any
    tokenizer: Tokenizer
    source: Path
    revision: str
    several: bool
    stored: torch.dtype = torch.float32
    renumbered: bool = False

    @property
    def labels(self) -> tuple[str, ...]:
        """In the order of the logits."""
        config = self.module.config
        return tuple(str(config.id2label[place]) for place in range(config.num_labels))


def draft_of(card: ModelCard) -> Draft:
    """Read a classifier, an adapter merged into it. Raises ModelError."""
    found = find_model(card)
    if "text-classification" not in found.head.tasks:
        raise MissingHeadError(f"The model {card.name} has no labels. Choose a classifier such as sentiment.")
    read = read_model(found)
    activation, _ = activation_of(read.config, found.place.directory)
    if activation == "none":
        raise MissingHeadError(f"The model {card.name} gives numbers, not labels. Choose a classifier, as sentiment.")
    config = read.model.config
    config.problem_type = PROBLEMS["several" if activation == "sigmoid" else "single"]
    config.name_or_path = ""  # a place on this computer
    for name in _OTHERS:
        if hasattr(config, name):
            setattr(config, name, None)
    tokenizer = read.tokenizer.backend_tokenizer
    return Draft(read.model, tokenizer, found.tokenizer, found.place.revision, activation == "sigmoid")


def save(draft: Draft, directory: Path) -> None:
    """Write weights, configuration and tokenizer, as plain transformers loads them."""
    directory.mkdir()
    kept = [(each, each.data) for each in draft.module.parameters()]
    for each, data in kept:  # not the buffers, such as angles of rotary positions, which are made anew at load
        each.data = data.to(draft.stored)
    draft.module.save_pretrained(directory)
    for each, data in kept:
        each.data = data
    for name in TOKENIZER_FILES:
        if (draft.source / name).is_file() and not (draft.renumbered and name in NUMBERED):
            shutil.copyfile(draft.source / name, directory / name)
    if draft.renumbered:
        draft.tokenizer.save(str(directory / "tokenizer.json"))
        _forget_numbers(directory / "tokenizer_config.json")


def _forget_numbers(path: Path) -> None:
    """What the configuration of a tokenizer says of numbers stands in tokenizer.json, too."""
    if path.is_file():
        settings = json.loads(path.read_text(encoding="utf-8"))
        settings.pop("added_tokens_decoder", None)
        path.write_text(json.dumps(settings, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def loaded(directory: Path) -> Model:
    """What was saved, as every lens and command loads it."""
    return load(directory_card(str(directory)))


@torch.inference_mode()
def check_saved(draft: Draft, model: Model) -> None:
    """Raise ModelKindError unless what was loaded gives the logits of what was saved."""
    rows = draft.module.get_input_embeddings().num_embeddings
    ids = torch.randint(0, rows, (2, 8), generator=torch.Generator().manual_seed(0))
    wanted, found = (each(input_ids=ids).logits for each in (draft.module, model.encoder.module))
    if not torch.allclose(wanted, found, rtol=1e-4, atol=1e-5):
        raise ModelKindError("transformers does not load this kind of model as it was made smaller. Try another way.")
