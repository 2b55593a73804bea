"""Languages that a model's card may name: the script of each, and words by which a text shows its language."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

SCRIPTS = {
    "LATIN": "Latin",
    "CJK": "Chinese",
    "HIRAGANA": "Japanese",
    "KATAKANA": "Japanese",
    "HANGUL": "Korean",
    "ARABIC": "Arabic",
    "CYRILLIC": "Cyrillic",
    "GREEK": "Greek",
    "HEBREW": "Hebrew",
    "DEVANAGARI": "Devanagari",
    "BENGALI": "Bengali",
    "TAMIL": "Tamil",
    "TELUGU": "Telugu",
    "THAI": "Thai",
    "GEORGIAN": "Georgian",
    "ARMENIAN": "Armenian",
    "ETHIOPIC": "Ethiopic",
}
"""By the first word of a letter's name in Unicode."""
_WITHOUT_SPACES = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")
"""How the names of letters begin whose scripts put no space between words."""
_OTHER_WORDS = re.compile(r"[^\W\d_\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")


@dataclass(frozen=True, slots=True)
class Language:
    """A language with its script and some of its most frequent words, of which none is an English word."""

    name: str
    script: str
    words: frozenset[str] = frozenset()


def _of(name: str, words: str, script: str = "Latin") -> Language:
    return Language(name, script, frozenset(words.split()))


LANGUAGES = {
    language.name: language
    for language in (
        _of("English", "the and is was of to it this that with not for you but are have in i my he she they we be"),
        _of("German", "der das und ist nicht ein eine ich sehr mit auf für von es sie wir aber auch dem wie zu kein"),
        _of("French", "le la les et est une des dans pour que qui pas très je il nous mais avec sur du ce c'est un"),
        _of("Spanish", "el la los las es una muy que en por con para pero del y se como más lo este esta un"),
        _of("Italian", "il la che è una per molto di del della sono ma gli questo un non ho era"),
        _of("Dutch", "de het een en niet van ik met dat voor zeer maar ook zijn op deze wat"),
        _of("Portuguese", "o os uma não é com para muito mas da em que foi um eu este esta"),
        _of("Chinese", "", "Chinese"),
    )
}


def is_ideograph(letter: str) -> bool:
    """Whether it is one of the unified ideographs that Chinese is written in, without spaces."""
    return "\u3400" <= letter <= "\u9fff" or "\uf900" <= letter <= "\ufaff" or "\U00020000" <= letter <= "\U0003ffff"


def without_spaces(letter: str) -> bool:
    """Whether its script puts no space between words, as those of Chinese, Japanese and Thai."""
    return letter >= "\u0e00" and unicodedata.name(letter, "").startswith(_WITHOUT_SPACES)


def mostly_chinese(text: str) -> bool:
    """Whether a text has at least as many Chinese words, of two ideographs each, as others, and no kana or Hangul."""
    ideographs = sum(map(is_ideograph, text))
    scripts = {script_of(letter) for letter in text} if ideographs else set()
    if not ideographs or scripts & {"Japanese", "Korean"}:
        return False
    return ideographs >= 2 * len(_OTHER_WORDS.findall(text))


def script_of(letter: str) -> str | None:
    """The script of a letter; None for what is no letter, or of a script that has no row."""
    if not letter.isalpha():
        return None
    return SCRIPTS.get(unicodedata.name(letter, "").replace("-", " ").partition(" ")[0])


def named(card: str) -> tuple[Language, ...]:
    """The languages that a card's line names ("English, lower-cased"); none for "104 languages" and for "unknown"."""
    parts = (part.strip() for part in card.split(","))
    return tuple(LANGUAGES[part] for part in parts if part in LANGUAGES)


def language_of(words: Iterable[str]) -> Language | None:
    """The language that the frequent words of a text show, where it is not English: more of them than English ones, at
    least two, and one word in five. words: in small letters."""
    seen = list(words)
    counts = {name: sum(word in language.words for word in seen) for name, language in LANGUAGES.items()}
    english = counts.pop("English")
    best = max(counts, key=lambda name: counts[name])
    enough = counts[best] >= max(2, len(seen) / 5, english + 1)
    return LANGUAGES[best] if enough else None
