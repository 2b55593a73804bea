"""Easy sentences of our own with a masked word, in English and Chinese, and the words that are right there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

SENTENCES: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "en": (
        ("Water freezes into [MASK].", ("ice",)),
        ("Paris is the capital of [MASK].", ("france",)),
        ("He drank a cup of [MASK].", ("coffee", "tea", "water", "milk", "wine")),
        ("The sun rises in the [MASK].", ("east", "morning", "sky")),
        ("She opened the [MASK] with a key.", ("door", "box", "gate", "lock", "drawer")),
        ("The cat caught a [MASK].", ("mouse", "bird", "rat", "fish")),
        ("Bread is made from [MASK].", ("flour", "wheat", "grain", "dough")),
        ("A week has seven [MASK].", ("days",)),
        ("He went to the doctor because he was [MASK].", ("ill", "sick", "hurt", "injured")),
        ("Two plus two is [MASK].", ("four", "4")),
    ),
    "zh": (
        ("这家酒店的[MASK]很好。", ("服务", "房间", "环境", "位置", "早餐", "态度", "设施", "景色", "条件", "卫生")),
        ("北京是中国的[MASK]。", ("首都", "城市", "中心")),
        ("水在零度会结成[MASK]。", ("冰",)),
        ("太阳从[MASK]边升起。", ("东", "东方")),
        ("一年有十二个[MASK]。", ("月", "月份")),
        ("他口渴了,想喝[MASK]。", ("水", "茶", "酒", "咖啡", "牛奶")),
        ("他生病了,去[MASK]看病。", ("医院", "医生")),
        ("猫抓住了一只[MASK]。", ("老鼠", "鼠", "鸟", "猫")),
        ("她用钥匙打开了[MASK]。", ("门", "大门", "房门", "锁", "车门")),
        ("这部电影很[MASK],我想再看一遍。", ("好", "好看", "精彩", "有趣", "棒", "有意思")),
    ),
}
"""By language: a text and its right words. Written before any answer was seen."""


@dataclass(frozen=True, slots=True)
class ClozeAnswer:
    """The first answer of a model, its probability, whether it is right, and one that would be."""

    text: str
    answer: str
    score: float
    right: bool
    expected: str


def evaluate_sentences(
    languages: Sequence[str], mask: str, ask: Callable[[str], tuple[str, float]]
) -> tuple[ClozeAnswer, ...]:
    """Ask every sentence of the languages; `ask` returns the first word behind the mask and its probability."""
    found = []
    for text, words in (row for language in languages for row in SENTENCES[language]):
        spelt = text.replace("[MASK]", mask)
        answer, score = ask(spelt)
        found.append(ClozeAnswer(spelt, answer.strip(), score, answer.strip().lower() in words, words[0]))
    return tuple(found)
