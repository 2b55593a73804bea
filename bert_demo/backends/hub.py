"""Models of `transformers`, from a directory or the hub, as the service asks them."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Sequence

import torch

from bert_demo.backends import encoding
from bert_demo.backends.base import Embedded, Encoding
from bert_demo.backends.checks import HEADS
from bert_demo.backends.device import Movable, at_home
from bert_demo.backends.gates import layers_apart
from bert_demo.backends.headwise import Headwise
from bert_demo.backends.inside import Inside
from bert_demo.backends.loading import Found, find_model, first_position, read_model
from bert_demo.backends.loading import load_model as load_model
from bert_demo.backends.loading import reads_at_once as reads_at_once
from bert_demo.backends.together import Batched
from bert_demo.backends.variants import (
    hidden_states,
    install_hooks,
    with_embeddings,
    without_first_layers,
)
from bert_demo.catalogue import ModelCard
from bert_demo.errors import MissingHeadError
from bert_demo.results import ModelInfo

_log = logging.getLogger(__name__)


class HubBackend(Headwise, Inside, Batched, Movable):
    """A model of the BERT family with its tokenizer, in float32, its attention computed step by step ("eager").

    Raises ModelLoadError when it cannot be loaded or is of another family.
    """

    def __init__(self, card: ModelCard, found: Found | None = None) -> None:
        found = found or find_model(card)
        config, self._tokenizer, self._model = read_model(found)
        self._memo = {}
        tasks = HEADS[found.head]
        self.labels: tuple[str, ...] = ()
        if "text-classification" in tasks:
            self.labels = tuple(str(config.id2label[index]) for index in range(config.num_labels))
        single = config.num_labels == 1 or config.problem_type == "multi_label_classification"
        self.activation = "sigmoid" if single else "softmax"
        self.layers = int(config.num_hidden_layers)
        self.heads = int(config.num_attention_heads)
        self.limit = reads_at_once(config, self._tokenizer)
        self._first_position = first_position(config)
        install_hooks(self._model)
        self.mask_token: str | None = self._tokenizer.mask_token
        self.unknown: int | None = self._tokenizer.unk_token_id
        self.control_tokens: tuple[str, ...] = tuple(
            token for token in self._tokenizer.all_special_tokens if token != self.mask_token
        )
        self.info = ModelInfo(
            name=card.name,
            source="bundled" if card.bundled else card.source,
            revision=found.place.revision,
            tasks=tasks,
            labels=self.labels,
            language=card.language,
            licence=card.licence,
            description=self._described(card, tasks),
        )

    def _described(self, card: ModelCard, tasks: tuple[str, ...]) -> str:
        """The catalogue's line, and that the model is another than the catalogue says, where it is."""
        if not card.tasks or (set(card.tasks), card.labels) == (set(tasks), self.labels):
            return card.description
        _log.warning("the tasks or labels of a model of the catalogue have changed: %s", card.name)
        return f"{card.description} (Its tasks or labels have changed since; those of the loaded model are shown.)"

    def memory(self) -> int:
        """Bytes of its weights, each counted once."""
        held = {each.data_ptr(): each.nbytes for each in (*self._model.parameters(), *self._model.buffers())}
        return sum(held.values())

    def encode(self, text: str, pair: str | None = None) -> Encoding:
        """Tokenise; texts beyond `limit` tokens are cut into overlapping windows."""
        return encoding.encode(self._tokenizer, text, pair, self.limit)

    def embedded(self, encoding: Encoding, window: int, baseline: str, mask: int | None = None) -> Embedded:
        """The window and its baseline at the embedding module. Raises MissingHeadError."""
        self._need("text-classification" if mask is None else "fill-mask")
        positions = encoding.windows[window]
        inputs = self._inputs(encoding, positions)
        kept = torch.tensor([[encoding.tokens[each].special or each == mask for each in positions]], device=self.device)
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
        function = at_home(self.device, with_embeddings(self._model, ids, column, **inputs))
        return Embedded(embeddings.cpu(), empty.cpu(), function, None if masked is None else masked.cpu())

    def embedded_layers(self, encoding: Encoding, baseline: str) -> tuple[Embedded, ...]:
        """The first window and its baseline before each layer, and behind the last. Raises MissingHeadError."""
        first = self.embedded(encoding, 0, baseline)
        inputs = self._inputs(encoding, encoding.windows[0])
        ids = inputs.pop("input_ids")
        apart = layers_apart(self._model)
        rest = [without_first_layers(apart, layer) for layer in range(1, self.layers + 1)]
        if None in rest:
            raise MissingHeadError(f"The layers of {self.info.name} share their weights and cannot be explained alone.")
        with torch.no_grad():
            states = hidden_states(self._model, ids, inputs, torch.cat((first.inputs, first.baseline)).to(self.device))
        return (
            first,
            *(
                Embedded(state[:1], state[1:], at_home(self.device, with_embeddings(model, ids, None, **inputs)))
                for state, model in zip((state.cpu() for state in states[1:]), rest, strict=True)
            ),
        )

    def token_str(self, token: int) -> str:
        """A vocabulary entry as the fill-mask pipeline writes it."""
        return str(self._tokenizer.decode([token]))

    def decoded(self, ids: Sequence[int]) -> str:
        """The text that token ids spell, as the tokenizer writes it."""
        return str(self._tokenizer.decode(list(ids)))

    def token_ids(self, word: str) -> tuple[int, ...]:
        """The ids of a word's pieces, as they are behind another word; an entry such as "##ing" stands for itself."""
        pieces = self.word_pieces(word)
        if len(pieces) == 1:
            return pieces
        entry = self._tokenizer.backend_tokenizer.token_to_id(word)
        return pieces if entry is None else (int(entry),)

    def _rows(self, encoding: Encoding, positions: tuple[int, ...]) -> dict[str, list[int]]:
        rows = {"input_ids": [encoding.tokens[position].id for position in positions]}
        if "token_type_ids" in self._tokenizer.model_input_names:
            rows["token_type_ids"] = [encoding.segments[position] for position in positions]
        return rows

    def _inputs(self, encoding: Encoding, positions: tuple[int, ...]) -> dict[str, torch.Tensor]:
        rows = self._rows(encoding, positions)
        return {name: torch.tensor([row], device=self.device) for name, row in rows.items()}

    def _embed(self, ids: torch.Tensor, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        module = self._model.base_model.embeddings
        accepted = inspect.signature(module.forward).parameters
        given = {name: value for name, value in inputs.items() if name in accepted}
        if self._first_position and "position_ids" in accepted:  # the family counts from the padding, and skips it
            given["position_ids"] = torch.arange(ids.shape[1], device=ids.device)[None] + self._first_position
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
