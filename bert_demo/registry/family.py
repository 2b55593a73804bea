"""What a row of the table of families says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Family:
    """What sets a family apart from BERT; a row that says nothing is BERT's.

    model_type: as in config.json; prefix: of its classes in transformers; tokenizer: "wordpiece", "bytes", "unigram" or
    "letters"; tokenizer_class: of its own tokenizer in transformers;
    embeddings: path from the encoder to what makes states of ids; layers: from there to the list of its layers;
    shared_layers: they are one, or few, called again and again; stack: path to what runs the layers, where it cannot
    run none; attention: path from a layer to what computes attention; projection: path from a layer to the linear map
    behind its heads; head_parts: of how many equal parts what that map reads is made, the first of which are the heads;
    channels_first: it reads (rows, width, n); scores: transformers gives the attention before its softmax;
    widening: path from the encoder to what widens embeddings before layer 0; beside: to what works beside layer 0
    alone; final_norm: to the normalisation behind the last layer;
    plain_layers: they are of the shape of BERT's, and the classifier reads the first position alone;
    attention_interface: attention is computed by the function that the configuration names;
    first_position: first row of the position embeddings that a token has; None for the one behind the padding id;
    positions: kinds of positions (position_embedding_type) that transformers computes for it;
    segments: rows of the segment embeddings of its published models, 0 for none; next_sentence: has such a head;
    names: what its config.json calls BERT's hidden_size and the like; settings: fields of the configuration that are
    set at load; note: a sentence for the card of each of its models.
    """

    model_type: str
    prefix: str
    tokenizer: str = "wordpiece"
    tokenizer_class: str = "BertTokenizer"
    embeddings: str = "embeddings"
    layers: str = "encoder.layer"
    shared_layers: bool = False
    stack: str = ""
    attention: str = "attention.self"
    projection: str = "attention.output.dense"
    head_parts: int = 1
    channels_first: bool = False
    scores: bool = False
    widening: str = ""
    beside: str = ""
    final_norm: str = ""
    plain_layers: bool = False
    attention_interface: bool = True
    first_position: int | None = 0
    positions: tuple[str, ...] = ("absolute",)
    segments: int = 2
    next_sentence: bool = False
    names: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""

    def number(self, config: Mapping[str, Any], name: str, default: int) -> int:
        """A number of a config.json by BERT's name for it."""
        return int(config.get(name, config.get(self.names.get(name, name), default)))

    def position(self, padding: int) -> int:
        """The first row of the position embeddings that a token has, of a model with that padding id."""
        return padding + 1 if self.first_position is None else self.first_position
