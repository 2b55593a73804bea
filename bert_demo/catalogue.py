"""The models that the page offers: one row each. Adding a model is adding a row."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bert_demo.settings import ASSETS


@dataclass(frozen=True, slots=True)
class ModelCard:
    """Where a model comes from and what it is for.

    source: a directory or a hub id; tasks: "fill-mask", "text-classification", "next-sentence";
    labels: of the classifier, in the order of its logits.
    """

    name: str
    source: str
    revision: str
    tasks: tuple[str, ...]
    labels: tuple[str, ...]
    language: str
    licence: str
    description: str
    directory: bool = False
    """Whether `source` is a directory that a visitor named, not a repository of the hub."""

    @property
    def of_hub(self) -> bool:
        """Whether it comes from the hub. A branch may have any name, "local" too."""
        return not self.bundled and not self.directory

    @property
    def bundled(self) -> bool:
        """Whether the weights travel with the project."""
        return self.source.startswith(str(ASSETS))

    def text(self) -> str:
        """The model card of a bundled model as Markdown, without its front matter; "" for others."""
        readme = Path(self.source) / "README.md"
        if not self.bundled or not readme.is_file():
            return ""
        return readme.read_text(encoding="utf-8").removeprefix("---\n").partition("---\n")[2]


def _bundled(name: str, tasks: tuple[str, ...], labels: tuple[str, ...], description: str) -> ModelCard:
    return ModelCard(
        name=name,
        source=str(ASSETS / "models" / name),
        revision="bundled",
        tasks=tasks,
        labels=labels,
        language="English, lower-cased",
        licence="Apache-2.0",
        description=description,
    )


def _hub(
    name: str, language: str, description: str, labels: tuple[str, ...] = (), licence: str = "Apache-2.0"
) -> ModelCard:
    """A row for a repository of the hub that has safetensors on its main branch; a classifier where it has labels."""
    tasks: tuple[str, ...] = ("text-classification",) if labels else ("fill-mask",)
    if name.startswith("google"):
        tasks = ("fill-mask", "next-sentence")
    return ModelCard(name, name, "main", tasks, labels, language, licence, description)


GO_EMOTIONS = (
    "admiration", "amusement", "anger", "annoyance", "approval", "caring", "confusion", "curiosity", "desire",
    "disappointment", "disapproval", "disgust", "embarrassment", "excitement", "fear", "gratitude", "grief", "joy",
    "love", "nervousness", "optimism", "pride", "realization", "relief", "remorse", "sadness", "surprise", "neutral",
)  # fmt: skip

CATALOGUE: tuple[ModelCard, ...] = (
    _bundled(
        "sentiment",
        ("text-classification",),
        ("negative", "positive"),
        "Is a sentence or a review positive or negative? Adapters on base, trained on SST-2 and IMDB reviews.",
    ),
    _bundled(
        "topics",
        ("text-classification",),
        ("World", "Sports", "Business", "Sci/Tech"),
        "Which news topic is it? Adapters on base, trained on AG News.",
    ),
    _bundled(
        "spam",
        ("text-classification",),
        ("ham", "spam"),
        "Is a text message spam? Adapters on base, trained on the SMS Spam Collection.",
    ),
    _bundled(
        "base",
        ("fill-mask", "next-sentence"),
        (),
        "What word stands behind the mask, and does the second text follow? 6 layers, 12 heads, pre-trained on "
        "Wikipedia, novels and reviews.",
    ),
    _hub(
        "google-bert/bert-base-uncased",
        "English, lower-cased",
        "The BERT of the paper (Devlin et al. 2019): 12 layers, 12 heads, 110 million weights.",
    ),
    _hub("google-bert/bert-base-cased", "English", "The same, which tells capitals from small letters."),
    _hub(
        "google-bert/bert-large-uncased",
        "English, lower-cased",
        "The large BERT of the paper: 24 layers, 16 heads, 340 million weights; 1.3 GB to download.",
    ),
    _hub(
        "google-bert/bert-base-multilingual-cased",
        "104 languages",
        "BERT trained on Wikipedia in 104 languages: 12 layers, 12 heads.",
    ),
    _hub("google-bert/bert-base-chinese", "Chinese", "BERT for Chinese, which reads it character by character."),
    _hub(
        "google/bert_uncased_L-2_H-128_A-2",
        "English, lower-cased",
        "The smallest of Google's small BERTs (Turc et al. 2019): 2 layers, 2 heads, 4 million weights.",
    ),
    _hub(
        "distilbert/distilbert-base-uncased",
        "English, lower-cased",
        "A BERT of 6 layers taught by one of 12 (Sanh et al. 2019).",
    ),
    _hub("FacebookAI/roberta-base", "English", "BERT trained longer on more (Liu et al. 2019).", licence="MIT"),
    _hub(
        "distilbert/distilbert-base-uncased-finetuned-sst-2-english",
        "English, lower-cased",
        "Is a sentence positive or negative? DistilBERT trained on SST-2, sentences of film reviews.",
        ("NEGATIVE", "POSITIVE"),
    ),
    _hub(
        "nlptown/bert-base-multilingual-uncased-sentiment",
        "Dutch, English, French, German, Italian, Spanish",
        "How many stars would a product review give? Multilingual BERT trained on reviews in six languages.",
        ("1 star", "2 stars", "3 stars", "4 stars", "5 stars"),
        "MIT",
    ),
    _hub(
        "mrm8488/bert-mini-finetuned-age_news-classification",
        "English, lower-cased",
        "Which news topic is it? A small BERT of 4 layers (Turc et al. 2019) trained on AG News; 45 MB to download.",
        ("World", "Sports", "Business", "Sci/Tech"),
        "not stated",
    ),
    _hub(
        "bhadresh-savani/distilbert-base-uncased-emotion",
        "English, lower-cased",
        "Which of six emotions does a short text show? DistilBERT trained on tweets.",
        ("sadness", "joy", "love", "anger", "fear", "surprise"),
    ),
    _hub(
        "SamLowe/roberta-base-go_emotions",
        "English",
        "Which of 28 emotions, each judged by itself, does a text show? RoBERTa trained on comments from Reddit.",
        GO_EMOTIONS,
        "MIT",
    ),
)
"""Bundled models first. Those of the hub are downloaded when somebody first chooses them."""

DEFAULT_FOR_TASK = {"text-classification": "sentiment", "fill-mask": "base", "next-sentence": "base"}


def unlisted(name: str) -> ModelCard:
    """A row for a directory, or for a hub id with or without "@revision"."""
    if Path(name).is_dir():
        return directory_card(name)
    source, _, revision = name.partition("@")
    return hub_card(name, source, revision or "main")


def directory_card(name: str) -> ModelCard:
    """A row for a directory."""
    return ModelCard(name, name, "local", (), (), "unknown", "unknown", "A local directory.", directory=True)


def hub_card(name: str, source: str, revision: str) -> ModelCard:
    """A row for a hub id that is not in the catalogue."""
    return ModelCard(name, source, revision, (), (), "unknown", "unknown", "A model of the hub.")


def find(name: str) -> ModelCard | None:
    """The row of that name, or None."""
    return next((card for card in CATALOGUE if card.name == name), None)
