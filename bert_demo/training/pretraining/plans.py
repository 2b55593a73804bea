"""What each bundled encoder learns on with: a row a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bert_demo.core.settings import ASSETS
from bert_demo.training.pretraining import corpus
from bert_demo.training.pretraining.packing import Mixture
from bert_demo.training.pretraining.text import Encode, encode_paragraphs

LENGTH = 128
MICRO_TOKENS = 4096
"""Tokens that go through the encoder at once; a step is several such batches."""


@dataclass(frozen=True, slots=True)
class Plan:
    """start: the weights to begin with where none are named; texts: files below the data directory, one named
    twice is read twice as often; mixture: how text is cut into pieces; tokens: the target, where the rate is zero;
    encode: how documents become token ids and sentences; pairs: whether there is a next-sentence head; thinned: texts
    of which only every so many documents are read, by their names.
    """

    name: str
    start: Path | None
    texts: tuple[str, ...]
    mixture: Mixture
    tokens: int
    learning_rate: float
    encode: Encode = corpus.encode
    batch_tokens: int = 8192
    warmup: int = 2_000_000
    mask_share: float = 0.2
    pairs: bool = True
    thinned: Mapping[str, int] = field(default_factory=dict)


ENGLISH = ("general/wiki_leads.txt.xz", "general/books_pd.txt.xz", "general/movie_reviews_unlabelled.txt.xz")
MANDARIN = tuple(
    f"zh/general/{name}.txt.xz"
    for name, times in (
        ("wiki_articles", 4),
        ("wiki_passages", 4),
        ("news", 2),
        ("abstracts", 1),
        ("literature_modern_pd", 2),
        ("literature_classic_pd", 1),
        ("stories", 2),
        ("laws", 1),
        ("tech_articles", 1),
    )
    for _ in range(times)
)
"""An encyclopaedia is what the rest is measured on, and there is little of it."""

PLANS: Mapping[str, Plan] = {
    plan.name: plan
    for plan in (
        Plan(
            "base",
            ASSETS / "models" / "base",
            ENGLISH,
            Mixture(LENGTH - 3, single_probability=0.6, pair_probability=0.2, short_pairs=0.5),
            tokens=120_000_000,
            learning_rate=5e-4,
        ),
        Plan(
            "bilingual",
            None,
            (*MANDARIN, *ENGLISH),
            Mixture(LENGTH - 2, single_probability=0.5),
            tokens=60_000_000,
            learning_rate=5e-4,
            encode=encode_paragraphs,
            batch_tokens=4096,
            pairs=False,
            thinned=dict.fromkeys(ENGLISH, 3),
        ),
    )
}
