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
)

DEFAULT_FOR_TASK = {"text-classification": "sentiment", "fill-mask": "base", "next-sentence": "base"}


def unlisted(name: str) -> ModelCard:
    """A row for a directory, or for a hub id with or without "@revision"."""
    if Path(name).is_dir():
        return ModelCard(name, name, "local", (), (), "unknown", "unknown", "A local directory.")
    source, _, revision = name.partition("@")
    return ModelCard(name, source, revision or "main", (), (), "unknown", "unknown", "A model of the hub.")


def find(name: str) -> ModelCard | None:
    """The row of that name, or None."""
    return next((card for card in CATALOGUE if card.name == name), None)
