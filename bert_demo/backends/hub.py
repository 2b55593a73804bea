"""Models of `transformers`, from a directory or the hub: the only serving file that loads weights."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
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
from transformers.utils.hub import resolve_revision

from bert_demo.backends import encoding
from bert_demo.backends.adapters import find_adapter
from bert_demo.backends.base import Embedded, Encoding
from bert_demo.backends.headwise import Headwise
from bert_demo.backends.inside import Inside
from bert_demo.backends.variants import (
    following_logits,
    head_at,
    hidden_states,
    install_hooks,
    masked_logits,
    with_embeddings,
    without_first_layers,
)
from bert_demo.catalogue import ModelCard
from bert_demo.errors import MissingHeadError, ModelLoadError
from bert_demo.results import ModelInfo

FAMILY = ("bert", "distilbert", "roberta", "albert", "electra", "mobilebert", "xlm-roberta", "camembert")
_HEADS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "ForSequenceClassification": (AutoModelForSequenceClassification, ("text-classification",)),
    "ForMaskedLM": (AutoModelForMaskedLM, ("fill-mask",)),
    "ForNextSentencePrediction": (AutoModelForNextSentencePrediction, ("next-sentence",)),
    "BertForPreTraining": (AutoModelForPreTraining, ("fill-mask", "next-sentence")),
}
_WITH_PADDED_POSITIONS = ("roberta", "xlm-roberta", "camembert")
_log = logging.getLogger(__name__)


class HubBackend(Headwise, Inside):
    """A model of the BERT family with its tokenizer, in float32, its attention computed step by step ("eager").

    Raises ModelLoadError when it cannot be loaded or is of another family.
    """

    def __init__(self, card: ModelCard) -> None:
        config, self._tokenizer, self._model, revision = load_model(card)
        tasks = _HEADS[_head_of(config, card)][1]
        self.labels: tuple[str, ...] = ()
        if "text-classification" in tasks:
            self.labels = tuple(str(config.id2label[index]) for index in range(config.num_labels))
        if config.problem_type == "regression":
            self._refuse_regression(card)
        single = config.num_labels == 1 or config.problem_type == "multi_label_classification"
        self.activation = "sigmoid" if single else "softmax"
        self.layers = int(config.num_hidden_layers)
        self.heads = int(config.num_attention_heads)
        self.limit = reads_at_once(config, self._tokenizer)
        padded = config.model_type in _WITH_PADDED_POSITIONS
        self._first_position = int(config.pad_token_id) + 1 if padded else 0
        install_hooks(self._model)
        self.mask_token: str | None = self._tokenizer.mask_token
        self.unknown: int | None = self._tokenizer.unk_token_id
        self.control_tokens: tuple[str, ...] = tuple(
            token for token in self._tokenizer.all_special_tokens if token != self.mask_token
        )
        self.info = ModelInfo(
            name=card.name,
            source="bundled" if card.bundled else card.source,
            revision=revision,
            tasks=tasks,
            labels=self.labels,
            language=card.language,
            licence=card.licence,
            description=card.description,
        )

    @staticmethod
    def _refuse_regression(card: ModelCard) -> None:
        raise ModelLoadError(f"The model {card.name!r} predicts a number, not labels; this demo shows classifiers.")

    def encode(self, text: str, pair: str | None = None) -> Encoding:
        """Tokenise; texts beyond `limit` tokens are cut into overlapping windows."""
        return encoding.encode(self._tokenizer, text, pair, self.limit)

    @torch.inference_mode()
    def label_logits(self, encoding: Encoding) -> np.ndarray:
        """(windows, labels) logits of the classifier. Raises MissingHeadError."""
        self._need("text-classification")
        rows = [self._model(**self._inputs(encoding, window)).logits[0] for window in encoding.windows]
        return np.asarray(torch.stack(rows))

    @torch.inference_mode()
    def mask_probabilities(self, encoding: Encoding, window: int, positions: tuple[int, ...]) -> np.ndarray:
        """(positions, vocabulary) probabilities; the head runs at those positions only. Raises MissingHeadError."""
        self._need("fill-mask")
        columns = torch.tensor([encoding.windows[window].index(position) for position in positions])
        model = head_at(self._unwatched(), torch.zeros_like(columns), columns)
        output = model(**self._inputs(encoding, encoding.windows[window]))
        return np.asarray(masked_logits(output)[:, 0].softmax(-1))

    @torch.inference_mode()
    def attentions(self, encoding: Encoding, window: int) -> np.ndarray:
        """(layers, heads, n, n) attention weights of one window, as `output_attentions` gives them."""
        inputs = self._inputs(encoding, encoding.windows[window])
        layers = self._model.base_model(**inputs, output_attentions=True).attentions
        return np.asarray(torch.cat(layers))

    def embedded(self, encoding: Encoding, window: int, baseline: str, mask: int | None = None) -> Embedded:
        """The window and its baseline at the embedding module. Raises MissingHeadError."""
        self._need("text-classification" if mask is None else "fill-mask")
        positions = encoding.windows[window]
        inputs = self._inputs(encoding, positions)
        kept = torch.tensor([[encoding.tokens[each].special or each == mask for each in positions]])
        ids = inputs.pop("input_ids")
        with torch.no_grad():
            embeddings = self._embed(ids, inputs)
            token = self._tokenizer.mask_token_id
            masked = None if token is None else self._embed(torch.where(kept, ids, token), inputs)
            if baseline == "zero":
                empty = torch.where(kept.unsqueeze(-1), embeddings, 0.0)
            elif baseline == "mask" and masked is not None:
                empty = masked
            else:
                empty = self._embed(torch.where(kept, ids, self._tokenizer.pad_token_id), inputs)
        column = None if mask is None else positions.index(mask)
        return Embedded(embeddings, empty, with_embeddings(self._model, ids, column, **inputs), masked)

    def embedded_layers(self, encoding: Encoding, baseline: str) -> tuple[Embedded, ...]:
        """The first window and its baseline before each layer, and behind the last. Raises MissingHeadError."""
        first = self.embedded(encoding, 0, baseline)
        inputs = self._inputs(encoding, encoding.windows[0])
        ids = inputs.pop("input_ids")
        rest = [without_first_layers(self._model, layer) for layer in range(1, self.layers + 1)]
        if None in rest:
            raise MissingHeadError(f"The layers of {self.info.name} share their weights and cannot be explained alone.")
        with torch.no_grad():
            states = hidden_states(self._model, ids, inputs, torch.cat((first.inputs, first.baseline)))
        return (
            first,
            *(
                Embedded(state[:1], state[1:], with_embeddings(model, ids, None, **inputs))
                for state, model in zip(states[1:], rest, strict=True)
            ),
        )

    def token_str(self, token: int) -> str:
        """A vocabulary entry as the fill-mask pipeline writes it."""
        return str(self._tokenizer.decode([token]))

    def decoded(self, ids: Sequence[int]) -> str:
        """The text that token ids spell, as the tokenizer writes it."""
        return str(self._tokenizer.decode(list(ids)))

    def token_ids(self, word: str) -> tuple[int, ...]:
        """The ids of a word's pieces; a vocabulary entry such as "##ing" is taken as it stands."""
        entry = self._tokenizer.backend_tokenizer.token_to_id(word)
        if entry is not None:
            return (int(entry),)
        return tuple(self._tokenizer(word, add_special_tokens=False, verbose=False)["input_ids"])

    @torch.inference_mode()
    def next_sentence_logits(self, encoding: Encoding) -> np.ndarray:
        """(2,) logits: follows, does not. Raises MissingHeadError."""
        self._need("next-sentence")
        both = "fill-mask" in self.info.tasks  # then that head, which nobody asks, reads one position instead of all
        model = head_at(self._model, slice(None), 0) if both else self._model
        return np.asarray(following_logits(model(**self._inputs(encoding, encoding.windows[0])))[0])

    def _inputs(self, encoding: Encoding, positions: tuple[int, ...]) -> dict[str, torch.Tensor]:
        inputs = {"input_ids": torch.tensor([[encoding.tokens[position].id for position in positions]])}
        if "token_type_ids" in self._tokenizer.model_input_names:
            inputs["token_type_ids"] = torch.tensor([[encoding.segments[position] for position in positions]])
        return inputs

    def _embed(self, ids: torch.Tensor, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        module = self._model.base_model.embeddings
        accepted = inspect.signature(module.forward).parameters
        given = {name: value for name, value in inputs.items() if name in accepted}
        if self._first_position and "position_ids" in accepted:  # the family counts from the padding, and skips it
            given["position_ids"] = torch.arange(ids.shape[1])[None] + self._first_position
        embeddings: torch.Tensor = module(input_ids=ids, **given)
        return embeddings

    def _need(self, task: str) -> None:
        if task not in self.info.tasks:
            has = " and ".join(self.info.tasks)
            raise MissingHeadError(f"The model {self.info.name} has no {task} head (it has: {has}). {_ADVICE[task]}")


_ADVICE = {
    "text-classification": 'Choose a fine-tuned classifier such as "sentiment".',
    "fill-mask": 'Choose a masked-language model such as "base".',
    "next-sentence": "Choose a model saved with that head (BertForNextSentencePrediction or BertForPreTraining).",
}


def load_model(card: ModelCard) -> tuple[Any, Any, Any, str]:
    """Configuration, tokenizer, model, and the commit (of a hub) that all three came from.

    A directory with a LoRA adapter and a config.json is its base with the adapter merged in. Raises ModelLoadError.
    """
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    where: dict[str, Any] = {"trust_remote_code": False}
    if not Path(card.source).is_dir():
        where["revision"] = resolve_revision(card.source, card.revision)
    try:
        config, tokenizer, model = _read(card, where)
    except ModelLoadError:
        raise
    except Exception as error:  # safetensors, the hub's client and transformers each raise kinds of their own
        _log.warning("model %s did not load: %s", card.name, type(error).__name__)
        raise ModelLoadError(
            f"The model {card.name!r} could not be loaded ({_reason(error)}). Check its name and the network, "
            "or choose a bundled model."
        ) from error
    if not tokenizer.is_fast:
        raise ModelLoadError(f"The model {card.name!r} has no fast tokenizer, which the page needs to place tokens.")
    tokenizer.backend_tokenizer.no_truncation()
    tokenizer.backend_tokenizer.no_padding()
    if model.config._attn_implementation != "eager":
        raise ModelLoadError(f"The model {card.name!r} cannot give its attention weights (no eager attention).")
    revision = where.get("revision", card.revision)
    return config, tokenizer, model.eval().requires_grad_(False), str(getattr(revision, "resolved", revision))


def _read(card: ModelCard, where: dict[str, Any]) -> tuple[Any, Any, Any]:
    adapter = find_adapter(card.source)
    source = str(adapter.base) if adapter else card.source
    config = AutoConfig.from_pretrained(card.source, **where)
    loader = _HEADS[_head_of(config, card)][0]
    tokenizer = AutoTokenizer.from_pretrained(source, **where)
    options = {"use_safetensors": True, "dtype": torch.float32, "attn_implementation": "eager", **where}
    if adapter is None:
        return config, tokenizer, loader.from_pretrained(source, **options)
    model = loader.from_pretrained(source, config=config, **options)
    adapter.merge_into(model)
    return config, tokenizer, model


def _head_of(config: Any, card: ModelCard) -> str:
    if config.model_type not in FAMILY:
        raise ModelLoadError(
            f"The model {card.name!r} is a {config.model_type}, not of the BERT family ({', '.join(FAMILY)})."
        )
    for architecture in config.architectures or ():
        for ending in _HEADS:
            if architecture.endswith(ending):
                return ending
    raise ModelLoadError(
        f"The model {card.name!r} has no head that a lens can use: it needs one for sequence classification, masked "
        "language modelling or next-sentence prediction."
    )


def reads_at_once(config: Any, tokenizer: Any) -> int:
    """Tokens that a model reads in one window, special tokens included."""
    positions = int(config.max_position_embeddings)
    if config.model_type in _WITH_PADDED_POSITIONS:
        positions -= int(config.pad_token_id) + 1
    return min(positions, int(tokenizer.model_max_length))


def _reason(error: Exception) -> str:
    text = str(error)
    for sign, reason in (
        ("safetensors", "it has no safetensors file"),
        ("is not a valid model identifier", "there is no such model"),
        ("is not a local folder", "there is no such model"),
        ("model_type", "it holds no configuration of a model"),
        ("gated", "it is gated: accept its terms and log in"),
        ("couldn't connect", "the hub cannot be reached"),
        ("offline", "the hub cannot be reached"),
    ):
        if sign in text:
            return reason
    return f"{type(error).__name__}"
