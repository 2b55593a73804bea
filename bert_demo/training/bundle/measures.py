"""Which measurement stands behind the card of each bundled model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bert_demo.training.bundle import measure, measure_bilingual, measure_entities
from bert_demo.training.loop import Report
from bert_demo.training.publishing.card import Figures

Measure = Callable[[Path, Path, Report], Figures]
MEASURES: dict[str, Measure] = {
    "base": measure.measure_base,
    "sentiment": measure.measure_sentiment,
    "topics": measure.measure_topics,
    "spam": measure.measure_spam,
    "entities": measure_entities.measure_entities,
    "bilingual": measure_bilingual.measure_bilingual,
    "sentiment-zh": measure_bilingual.measure_sentiment,
    "topics-zh": measure_bilingual.measure_topics,
}
