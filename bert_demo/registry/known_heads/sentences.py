"""How a known head does on one text: its links between words, and the right answers where somebody gave them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from bert_demo.core.errors import ChoiceError
from bert_demo.core.settings import ASSETS
from bert_demo.registry.known_heads.tables import REVERSED, UNIVERSAL
from bert_demo.registry.known_heads.words import asking_word, group_pieces, most_attended
from bert_demo.results import TO_HEAD, Attention, HeadEvaluation, KnownHead
from bert_demo.results.attention_views import by_words

_NOT_JUDGED = ("punct", "root")
_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Gold:
    """A text with its arcs, made by hand. spans: (start, end) characters of each word; heads: from 0, -1 for a root;
    tour: whether the page offers it as a sentence of the tour."""

    text: str
    spans: tuple[tuple[int, int], ...]
    heads: tuple[int, ...]
    relations: tuple[str, ...]
    tour: bool

    def arcs(self, relation: str) -> list[tuple[int, int]]:
        """(word that asks, right word) of one relation, or of "all"; Stanford names are read as Universal ones."""
        words = [self.text[start:end] for start, end in self.spans]
        wanted = UNIVERSAL.get(relation, relation)
        found = []
        for word, (head, name) in enumerate(zip(self.heads, self.relations, strict=True)):
            if name == wanted or (wanted == "all" and name not in _NOT_JUDGED):
                asks = asking_word(words, word, name)
                found.append((head, asks) if relation in REVERSED else (asks, head))
        return found


@cache
def gold_sentences() -> tuple[Gold, ...]:
    """assets/tour.json: each word as form/number of its head, from 1/relation. Raises ValueError: the file is wrong."""
    rows = json.loads((ASSETS / "tour.json").read_text(encoding="utf-8"))
    return tuple(_gold(row["text"], row["words"].split(), bool(row.get("tour"))) for row in rows)


def _gold(text: str, words: Sequence[str], tour: bool) -> Gold:
    spans, end = [], 0
    parts = [word.rsplit("/", 2) for word in words]
    for form, _, _ in parts:
        start = text.index(form, end)
        if text[end:start].strip():
            raise ValueError(f"{text!r}: {text[end:start]!r} is no word")
        end = start + len(form)
        spans.append((start, end))
    heads = tuple(int(head) - 1 for _, head, _ in parts)
    return Gold(text, tuple(spans), heads, tuple(relation for _, _, relation in parts), tour)


def gold_of(text: str) -> Gold | None:
    """The arcs of a text that somebody has marked, or None."""
    return next((gold for gold in gold_sentences() if gold.text == text), None)


def look(
    result: Attention, text: str, pair: str | None, known: KnownHead, answers: str = ""
) -> tuple[HeadEvaluation, str]:
    """One head on one text, and where the right answers come from: "typed", "gold" or "" for none.

    result: attention that holds that head; answers: what the visitor typed, such as "the>dog, her>book#2". Raises
    ChoiceError for an answer that names no word.
    """
    texts = [text, pair or ""]
    golds = [gold_of(each) if each else None for each in texts]
    names, groups, keys = group_pieces(result.tokens, texts, [gold.spans if gold else None for gold in golds])
    tokens = result.head(known.layer, known.head).astype(np.float64)
    weights = by_words(tokens, groups)
    rest = sorted(set(range(len(tokens))) - {place for group in groups for place in group})
    outside = np.array([tokens[np.ix_(group, rest)].sum(-1).mean() for group in groups])
    picks = most_attended(weights)[0 if known.direction == TO_HEAD else 1]
    arcs: list[tuple[int, int]] = []
    if answers.strip():
        arcs = parse_answers(answers, names)
    else:
        place = {key: word for word, key in enumerate(keys) if key is not None}
        for part, gold in enumerate(golds):
            for asks, right in gold.arcs(known.relation) if gold else ():
                if (part, asks) in place and (part, right) in place:
                    arcs.append((place[part, asks], place[part, right]))
    source = "typed" if answers.strip() else "gold" if any(golds) else ""
    here = (known.layer, known.head, known.direction)
    named = tuple(dict.fromkeys(result.tokens[place].text for place in rest))
    return HeadEvaluation(
        result.model, result.revision, *here, tuple(names), weights, picks, outside, tuple(arcs), known.offset, named
    ), source


def parse_answers(answers: str, words: Sequence[str]) -> list[tuple[int, int]]:
    """ "the>dog, her>book#2" -> [(word that asks, right word), ...]; #2 is the second word of that spelling.

    Raises ChoiceError: too long, not of this form, no such word, or a word that would be its own answer.
    """
    if len(answers) > _LONGEST:
        raise ChoiceError(f"The answers have {len(answers)} characters; at most {_LONGEST} are read.")
    arcs = []
    for part in filter(None, (each.strip() for each in re.split(r"[,;\n]", answers))):
        sides = [each.strip() for each in part.split(">")]
        if len(sides) != 2 or not all(sides):
            raise ChoiceError(f"{part!r} is no answer. Write dependent>head, such as the>dog, with commas between.")
        asks, right = (_find(side, words) for side in sides)
        if asks == right:
            raise ChoiceError(f"{part!r} links a word with itself. Name another word, such as book#2 for the second.")
        arcs.append((asks, right))
    return arcs


def _find(name: str, words: Sequence[str]) -> int:
    form, sign, number = name.rpartition("#")
    if not sign or not form or not re.fullmatch(r"[0-9]{1,4}", number):
        form, number = name, "1"
    places = [place for place, word in enumerate(words) if word.lower() == form.lower()]
    if not 1 <= int(number) <= len(places):
        count = f"{form!r} only {len(places)} times" if places else f"no word {form!r}"
        raise ChoiceError(f"The text has {count}. Write a word as the list below shows it.")
    return places[int(number) - 1]
