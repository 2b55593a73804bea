"""How every bundled model is made, and what its card says beside the figures: one row each, in the order of making.

words -> base -> sentiment, topics, spam. A step whose model is there already is not made again; a broken-off one goes
on from its checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from bert_demo.training import classifier, mlm
from bert_demo.training.card import ADAPTED, WHOLE
from bert_demo.training.loop import Schedule

ENCODER = "sentence-transformers/all-MiniLM-L6-v2"
SECRETS = ("start", "output")
RANK = 32
SENTIMENT_RANK = 64
BASE = "assets/models/base"
"""Where the adapters say that their model is: `peft` looks there from the directory that holds the project."""


@dataclass(frozen=True, slots=True)
class Places:
    """Directories: the encoder to start from, the collections, and where everything is made."""

    encoder: Path
    data: Path
    output: Path

    def model(self, name: str) -> Path:
        """Where a finished model goes."""
        return self.output / "models" / name


@dataclass(frozen=True, slots=True)
class Recipe:
    """A step. task, schedule: what is trained and how; the rest is for the card."""

    name: str
    task: Callable[[Places], Any]
    schedule: Schedule
    about: str
    limits: str
    data: str
    code: str
    note: str = ""


def settings(task: Any, schedule: Schedule) -> str:
    """A task's settings in words, files by their names, without this machine's directories."""

    def shown(value: Any) -> str:
        if isinstance(value, tuple):
            return " + ".join(map(shown, value))
        is_path = isinstance(value, Path) or (isinstance(value, str) and Path(value).exists())
        return Path(value).name if is_path else str(value)

    parts = [
        f"{each.name.replace('_', ' ')} {shown(value)}"
        for each in fields(task)
        if each.name not in SECRETS and (value := getattr(task, each.name))
    ]
    parts += [
        f"AdamW, learning rate {schedule.learning_rate:g} (head times {schedule.head_factor:g})",
        f"{schedule.steps:,} steps" if schedule.steps else f"batches of {classifier.BATCH}",
        f"seed {schedule.seed}",
    ]
    return ", ".join(parts)


def _texts(places: Places) -> tuple[Path, ...]:
    names = ("wiki_leads", "books_pd", "movie_reviews_unlabelled")
    return tuple(places.data / "general" / f"{name}.txt.xz" for name in names)


def _words(places: Places) -> mlm.MaskedLMTask:
    return mlm.MaskedLMTask(str(places.encoder), _texts(places), places.output / "words")


def _base(places: Places) -> mlm.MaskedLMTask:
    return mlm.MaskedLMTask(
        str(places.model("words")),
        (*_texts(places), *_texts(places)[1:]),
        places.output / "base",
        pair_probability=0.2,
        blend=(str(places.encoder), 0.35),
    )


def _sentiment(places: Places) -> classifier.ClassifierTask:
    sst, imdb = places.data / "sst2" / "train.tsv.xz", places.data / "imdb" / "train_10000.tsv.xz"
    return classifier.ClassifierTask(
        str(places.model("base")),
        (sst,),
        ("negative", "positive"),
        places.output / "sentiment",
        parted=(imdb,),
        natural=(sst,),
        epochs=1.8,
        rank=SENTIMENT_RANK,
        origin=str(places.encoder),
        smoothing=0.05,
        steady=0.5,
    )


def _topics(places: Places) -> classifier.ClassifierTask:
    return classifier.ClassifierTask(
        str(places.model("base")),
        (places.data / "ag_news" / "train_subset.csv.xz",),
        ("World", "Sports", "Business", "Sci/Tech"),
        places.output / "topics",
        length=96,
        rank=RANK,
        origin=str(places.encoder),
        smoothing=0.05,
    )


def _spam(places: Places) -> classifier.ClassifierTask:
    return classifier.ClassifierTask(
        str(places.model("base")),
        (),
        ("ham", "spam"),
        places.output / "spam",
        parted=(places.data / "sms_spam" / "sms_first80.tsv.xz",),
        length=96,
        epochs=6.0,
        rank=RANK,
        origin=str(places.encoder),
    )


_LIMITS = "It knows English only, learnt from small collections, and gives a label also to a text that fits none."
_GENERAL = (
    "the openings of English Wikipedia articles of 2015 (CC BY-SA 3.0), 95 English novels of 1839 to 1928 "
    "(public domain) and unlabelled film reviews of the Large Movie Review Dataset (Maas et al. 2011, no licence "
    "stated); every "
    f"{mlm.HOLD_OUT_EVERY}th document of each was left out, to measure on."
)


def _classifier(
    name: str, task: Callable[[Places], Any], rate: float, about: str, limits: str, data: str, example: str
) -> Recipe:
    schedule = Schedule(0, rate, warmup=0.06, decay=0.7, head_factor=1.0)
    return Recipe(
        name,
        task,
        schedule,
        about,
        f"{limits} {_LIMITS}",
        data,
        ADAPTED.format(place=f"assets/models/{name}", base=BASE, example=example),
    )


RECIPES: Mapping[str, Recipe] = {
    "words": Recipe(
        "words",
        _words,
        Schedule(3900, 5e-4, head_factor=2.0),
        "A first masked-language model, the step before `base`.",
        "anything but continuing with the next step.",
        _GENERAL,
        WHOLE.format(task="fill-mask", place="assets/models/words", example="Water freezes into [MASK]."),
    ),
    "base": Recipe(
        "base",
        _base,
        Schedule(4500, 3e-4, head_factor=2.0),
        "BERT with both heads of its pre-training on one encoder (6 layers, 12 heads, 384 hidden): it guesses the word "
        "behind [MASK] and says whether a second passage follows the first. It serves fill-mask, next sentence, "
        "attention and features.",
        "facts. Its guesses reflect the texts that it read, with their errors and prejudices; it knows English only, "
        "reads lower-cased text, and was trained on a small fraction of what the published BERT models saw.",
        _GENERAL,
        WHOLE.format(task="fill-mask", place="assets/models/base", example="Water freezes into [MASK]."),
        note="Novels and reviews are named twice, to be read twice as often. The weights before it (step `words`, "
        "3,900 steps) were made in one run that was broken off and continued four times with other shares of single "
        "sentences and other masks; of the 4,500 steps the first 2,400 were a run of their own, with its own decay, "
        "each text named once and 0.3 of pairs. The commands give a like model.",
    ),
    "sentiment": _classifier(
        "sentiment",
        _sentiment,
        1.5e-4,
        "Is a sentence or a review negative or positive? The first use that every course on BERT shows.",
        "judging people, or anything that matters to them, by what they wrote.",
        "SST-2 (Socher et al. 2013, in GLUE's layout), as it is and in everyday spelling, and reviews of the "
        "Large Movie Review Dataset (Maas et al. 2011); neither states a licence for the texts. SST-2 dev was "
        "looked at four times before: to choose the share of the blend in `base`, how the adapters begin, that "
        "they train longer, and that rows are drawn towards padding (`steady`). The weights here were made in "
        "three goes: 0.58 of an epoch with the rate falling to nothing, on from there to 1.8, both without "
        "`steady`, and 700 steps with it, at 0.0001 falling to nothing.",
        "A warm and funny film.",
    ),
    "topics": _classifier(
        "topics",
        _topics,
        5e-4,
        "Which of four news topics is a text about: World, Sports, Business or Sci/Tech?",
        "news of today: its collection is of 2004 and 2005.",
        "a part of the training set of AG's news topics (Zhang et al. 2015; research and other non-commercial use).",
        "The striker scored twice in the final.",
    ),
    "spam": _classifier(
        "spam",
        _spam,
        5e-4,
        "Is a text message spam, or ham, as wanted messages are called?",
        "filtering real mail: the messages were written about 2010, in Britain and Singapore.",
        "messages of the SMS Spam Collection (Almeida and Hidalgo 2011, offered free of charge by its authors; the "
        "copy is from a repository under the Learn.co Educational Content License). Every tenth message was left out, "
        "and with it whatever differs from it in nothing but case, digits and punctuation.",
        "Text WIN to 80086 now to claim your free prize!",
    ),
}
