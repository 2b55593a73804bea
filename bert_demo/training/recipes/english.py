"""`base` and its adapters: words -> base -> sentiment, topics, spam."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bert_demo.data.corpus import HOLD_OUT_EVERY
from bert_demo.training.finetuning import classifier
from bert_demo.training.loop import Schedule
from bert_demo.training.pretraining import masked_lm
from bert_demo.training.publishing.card import ADAPTED, WHOLE
from bert_demo.training.recipes.recipe import PLACE, RANK, SENTIMENT_RANK, History, Places, Recipe


def _texts(places: Places) -> tuple[Path, ...]:
    names = ("wiki_leads", "books_pd", "movie_reviews_unlabelled")
    return tuple(places.data / "general" / f"{name}.txt.xz" for name in names)


def _words(places: Places) -> masked_lm.MaskedLMTask:
    return masked_lm.MaskedLMTask(str(places.encoder), _texts(places), places.output / "words")


def _base(places: Places) -> masked_lm.MaskedLMTask:
    return masked_lm.MaskedLMTask(
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
    f"{HOLD_OUT_EVERY}th document of each was left out, to measure on."
)


def _classifier(
    name: str,
    task: Callable[[Places], Any],
    rate: float,
    about: str,
    limits: str,
    data: str,
    example: str,
    history: History | None = None,
) -> Recipe:
    schedule = Schedule(0, rate, warmup=0.06, decay=0.7, head_factor=1.0)
    return Recipe(
        name,
        task,
        schedule,
        about,
        f"{limits} {_LIMITS}",
        data,
        ADAPTED.format(place=f"assets/models/{name}", base=PLACE.format("base"), example=example),
        history=history,
    )


ENGLISH: Mapping[str, Recipe] = {
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
        note="Novels and reviews are named twice, to be read twice as often.",
        history=History(
            "12cdbe0b8003eae08dae6fdb7de8d34c6ee90168ce21ade995efb97b8870e918",
            "several runs. The weights before it (step `words`, 3,900 steps) were made in one run that was broken off "
            "and continued four times with other shares of single sentences and other masks; of the 4,500 steps the "
            "first 2,400 were a run of their own, with its own decay, each text named once and 0.3 of pairs.",
        ),
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
        "they train longer, and that rows are drawn towards padding (`steady`).",
        "A warm and funny film.",
        History(
            "4455941cde54f041bfcec10f1c86a6c3abf56aca33e249babab5f29aeee99f2f",
            "three runs, one after the other: 0.58 of an epoch with the rate falling to nothing, on from there to 1.8, "
            "both without `steady`, and 700 steps with it, at 0.0001 falling to nothing.",
        ),
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
