"""The sizes that the model list names are those of the published shapes, reckoned anew."""

from __future__ import annotations

import pytest
import torch
from transformers import (
    AutoModelForMaskedLM,
    AutoModelForPreTraining,
    AutoModelForSequenceClassification,
    BertConfig,
    DistilBertConfig,
    PreTrainedConfig,
    RobertaConfig,
)

from bert_demo.registry.models import CATALOGUE, ModelCard

LARGE = {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096}
MINI = {"hidden_size": 256, "num_hidden_layers": 4, "num_attention_heads": 4, "intermediate_size": 1024}
TINY = {"hidden_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 512}
ROBERTA = {"vocab_size": 50265, "max_position_embeddings": 514, "type_vocab_size": 1}
SHAPES: dict[str, PreTrainedConfig] = {
    "google-bert/bert-base-uncased": BertConfig(),
    "google-bert/bert-base-cased": BertConfig(vocab_size=28996),
    "google-bert/bert-large-uncased": BertConfig(**LARGE),
    "google-bert/bert-base-multilingual-cased": BertConfig(vocab_size=119547),
    "google-bert/bert-base-chinese": BertConfig(vocab_size=21128),
    "google/bert_uncased_L-2_H-128_A-2": BertConfig(**TINY),
    "distilbert/distilbert-base-uncased": DistilBertConfig(),
    "FacebookAI/roberta-base": RobertaConfig(**ROBERTA),
    "distilbert/distilbert-base-uncased-finetuned-sst-2-english": DistilBertConfig(num_labels=2),
    "nlptown/bert-base-multilingual-uncased-sentiment": BertConfig(vocab_size=105879, num_labels=5),
    "mrm8488/bert-mini-finetuned-age_news-classification": BertConfig(**MINI, num_labels=4),
    "bhadresh-savani/distilbert-base-uncased-emotion": DistilBertConfig(num_labels=6),
    "SamLowe/roberta-base-go_emotions": RobertaConfig(**ROBERTA, num_labels=28),
}
"""As the repositories' config.json give them."""


def weights_of(config: PreTrainedConfig, classifier: bool, pretraining: bool) -> int:
    """Parameters, each counted once, of a model of that shape; nothing is allocated."""
    kind = AutoModelForPreTraining if pretraining else AutoModelForMaskedLM
    with torch.device("meta"):
        model = (AutoModelForSequenceClassification if classifier else kind).from_config(config)
    return sum(each.numel() for each in model.parameters())


@pytest.mark.parametrize("card", [card for card in CATALOGUE if card.of_hub], ids=lambda card: card.name)
def test_megabytes_are_four_bytes_for_each_weight_of_the_published_shape(card: ModelCard) -> None:
    count = weights_of(SHAPES[card.name], bool(card.labels), "next-sentence" in card.tasks)
    assert card.megabytes == pytest.approx(4 * count / 1e6, rel=0.02)


def test_megabytes_are_not_named_where_nothing_is_downloaded() -> None:
    assert {card.megabytes for card in CATALOGUE if card.bundled} == {0}
