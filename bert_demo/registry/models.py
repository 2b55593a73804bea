"""The models that the page offers: one row each. Adding a model is adding a row."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bert_demo.core.settings import ASSETS
from bert_demo.core.training_place import OWN
from bert_demo.registry.go_emotions import GO_EMOTIONS
from bert_demo.registry.languages import mostly_chinese


@dataclass(frozen=True, slots=True)
class ModelCard:
    """Where a model comes from and what it is for.

    source: a directory or a hub id; tasks: "fill-mask", "text-classification", "next-sentence", "token-classification";
    labels: of the classifier of texts or tokens, in the order of its logits.
    """

    name: str
    source: str
    revision: str
    tasks: tuple[str, ...]
    labels: tuple[str, ...]
    language: str
    licence: str
    description: str
    mask: str = "[MASK]"
    """How a text spells a mask for it."""
    directory: bool = False
    """Whether `source` is a directory that a visitor named, not a repository of the hub."""
    megabytes: int = 0
    """What is downloaded: four bytes for each weight of the published shape. 0: nothing, or not known."""
    for_chinese: str = ""
    """The model that the page asks in its place where a text is mostly Chinese."""

    @property
    def of_hub(self) -> bool:
        """Whether it comes from the hub. A branch may have any name, "local" too."""
        return not self.bundled and not self.directory

    @property
    def bundled(self) -> bool:
        """Whether the weights travel with the project."""
        return self.source.startswith(str(ASSETS))

    @property
    def trained_here(self) -> bool:
        """Whether a visitor made it; it is known to whoever knows its name, and to nobody else."""
        return self.name.startswith(OWN)

    @property
    def at_start(self) -> bool:
        """Whether a server reads it when it starts; others are read when somebody asks for them."""
        return self.bundled and self.name in AT_START

    def text(self) -> str:
        """The model card of a bundled model as Markdown, without its front matter; "" for others."""
        readme = Path(self.source) / "README.md"
        if not self.bundled or not readme.is_file():
            return ""
        return readme.read_text(encoding="utf-8").removeprefix("---\n").partition("---\n")[2]


def _bundled(
    name: str, tasks: tuple[str, ...], labels: tuple[str, ...], description: str, for_chinese: str = ""
) -> ModelCard:
    """A row for a model with weights in assets; one that has no model for Chinese text reads Chinese itself."""
    return ModelCard(
        name=name,
        source=str(ASSETS / "models" / name),
        revision="bundled",
        tasks=tasks,
        labels=labels,
        language="English, lower-cased" if for_chinese else "Chinese" if labels else "Chinese, English",
        licence="Apache-2.0" if for_chinese else "MIT",
        description=description,
        mask="[MASK]" if for_chinese else "<mask>",
        for_chinese=for_chinese,
    )


def _hub(
    name: str,
    megabytes: int,
    language: str,
    description: str,
    labels: tuple[str, ...] = (),
    licence: str = "Apache-2.0",
    mask: str = "[MASK]",
) -> ModelCard:
    """A row for a repository of the hub that has safetensors on its main branch; a classifier where it has labels."""
    tasks: tuple[str, ...] = ("text-classification",) if labels else ("fill-mask",)
    if name.startswith("google"):
        tasks = ("fill-mask", "next-sentence")
    return ModelCard(name, name, "main", tasks, labels, language, licence, description, mask, megabytes=megabytes)


AT_START = ("sentiment", "topics", "spam", "base")
CATALOGUE: tuple[ModelCard, ...] = (
    _bundled(
        "sentiment",
        ("text-classification",),
        ("negative", "positive"),
        "Is a sentence or a review positive or negative? Adapters on base, trained on SST-2 and IMDB reviews.",
        "sentiment-zh",
    ),
    _bundled(
        "topics",
        ("text-classification",),
        ("World", "Sports", "Business", "Sci/Tech"),
        "Which news topic is it? Adapters on base, trained on AG News.",
        "topics-zh",
    ),
    _bundled(
        "spam",
        ("text-classification",),
        ("ham", "spam"),
        "Is a text message spam? Adapters on base, trained on the SMS Spam Collection.",
        "bilingual",
    ),
    _bundled(
        "entities",
        ("token-classification",),
        ("O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG"),
        "Which words name a person, a place or an organisation? Adapters on base, trained on UNER and WNUT17.",
        "bilingual",
    ),
    _bundled(
        "base",
        ("fill-mask", "next-sentence"),
        (),
        "What word stands behind the mask, and does the second text follow? 6 layers, 12 heads, pre-trained on "
        "Wikipedia, novels and reviews.",
        "bilingual",
    ),
    _bundled(
        "bilingual",
        ("fill-mask",),
        (),
        "What word stands behind the mask, in Chinese or English? 6 layers, 12 heads, a beginner in both: it was "
        "trained on few texts.",
    ),
    _bundled(
        "sentiment-zh",
        ("text-classification",),
        ("negative", "positive"),
        "Is a Chinese review positive or negative? Adapters on bilingual, trained on reviews of hotels, meals, goods.",
    ),
    _bundled(
        "topics-zh",
        ("text-classification",),
        (
            "finance",
            "realty",
            "stocks",
            "education",
            "science",
            "society",
            "politics",
            "sports",
            "game",
            "entertainment",
        ),
        "Which of ten topics has a Chinese headline? Adapters on bilingual, trained on headlines of THUCNews.",
    ),
    _hub(
        "google-bert/bert-base-uncased",
        440,
        "English, lower-cased",
        "The BERT of the paper (Devlin et al. 2019): 12 layers, 12 heads, 110 million weights.",
    ),
    _hub("google-bert/bert-base-cased", 436, "English", "The same, which tells capitals from small letters."),
    _hub(
        "google-bert/bert-large-uncased",
        1345,
        "English, lower-cased",
        "The large BERT of the paper: 24 layers, 16 heads, 340 million weights; 1.3 GB to download.",
    ),
    _hub(
        "google-bert/bert-base-multilingual-cased",
        714,
        "104 languages",
        "BERT trained on Wikipedia in 104 languages: 12 layers, 12 heads.",
    ),
    _hub("google-bert/bert-base-chinese", 412, "Chinese", "BERT for Chinese, which reads it character by character."),
    _hub(
        "google/bert_uncased_L-2_H-128_A-2",
        18,
        "English, lower-cased",
        "The smallest of Google's small BERTs (Turc et al. 2019): 2 layers, 2 heads, 4 million weights.",
    ),
    _hub(
        "distilbert/distilbert-base-uncased",
        268,
        "English, lower-cased",
        "A BERT of 6 layers taught by one of 12 (Sanh et al. 2019).",
    ),
    _hub(
        "FacebookAI/roberta-base",
        499,
        "English",
        "BERT trained longer on more (Liu et al. 2019).",
        licence="MIT",
        mask="<mask>",
    ),
    _hub(
        "distilbert/distilbert-base-uncased-finetuned-sst-2-english",
        268,
        "English, lower-cased",
        "Is a sentence positive or negative? DistilBERT trained on SST-2, sentences of film reviews.",
        ("NEGATIVE", "POSITIVE"),
    ),
    _hub(
        "nlptown/bert-base-multilingual-uncased-sentiment",
        669,
        "Dutch, English, French, German, Italian, Spanish",
        "How many stars would a product review give? Multilingual BERT trained on reviews in six languages.",
        ("1 star", "2 stars", "3 stars", "4 stars", "5 stars"),
        "MIT",
    ),
    _hub(
        "mrm8488/bert-mini-finetuned-age_news-classification",
        45,
        "English, lower-cased",
        "Which news topic is it? A small BERT of 4 layers (Turc et al. 2019) trained on AG News; 45 MB to download.",
        ("World", "Sports", "Business", "Sci/Tech"),
        "not stated",
    ),
    _hub(
        "bhadresh-savani/distilbert-base-uncased-emotion",
        268,
        "English, lower-cased",
        "Which of six emotions does a short text show? DistilBERT trained on tweets.",
        ("sadness", "joy", "love", "anger", "fear", "surprise"),
    ),
    _hub(
        "SamLowe/roberta-base-go_emotions",
        499,
        "English",
        "Which of 28 emotions, each judged by itself, does a text show? RoBERTa trained on comments from Reddit.",
        GO_EMOTIONS,
        "MIT",
    ),
)
"""Bundled models first. Those of the hub are downloaded when somebody first chooses them."""

DEFAULT_FOR_TASK = {
    "text-classification": "sentiment",
    "fill-mask": "base",
    "next-sentence": "base",
    "token-classification": "entities",
}


def default_for(task: str, text: str = "") -> str:
    """The bundled model that answers in the place of one that cannot: for Chinese text one that reads it, if any."""
    model = DEFAULT_FOR_TASK[task]
    other = find(for_text(model, text))
    return other.name if other and task in other.tasks else model


def for_text(model: str, text: str) -> str:
    """`model`, or where the text is mostly Chinese the one that its row names for that."""
    card = find(model)
    return card.for_chinese if card and card.for_chinese and mostly_chinese(text) else model


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


def alike(one: ModelCard, other: ModelCard) -> bool:
    """Whether a text for one is a text for the other: the same task, labels, mask and, but for its case, language."""
    uses = [
        (card.tasks[:1], [label.lower() for label in card.labels], card.mask, card.language.partition(",")[0])
        for card in (one, other)
    ]
    return uses[0] == uses[1]


def find(name: str) -> ModelCard | None:
    """The row of that name, or None."""
    return next((card for card in CATALOGUE if card.name == name), None)
