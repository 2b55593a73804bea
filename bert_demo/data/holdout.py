"""Which labelled texts are kept from training: to measure on, and to fit a temperature on."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bert_demo.data.labelled import Labelled

HOLD_OUT_EVERY = 10
CALIBRATE_EVERY = 20
PHRASE_WORDS = 4
"""From so many words on, a text that stands inside another counts as a part of it."""
_NOT_LETTERS = re.compile(r"[\W\d_]+")


def hold_out(data: Labelled, every: int = HOLD_OUT_EVERY) -> tuple[Labelled, Labelled]:
    """(training, held out): every `every`-th text is held out.

    A training text that differs from a held-out one in nothing but case, digits and punctuation (messages written from
    one template, say) is in neither.
    """
    keys = [_NOT_LETTERS.sub("", text.lower()) or text for text in data.texts]
    held = {key for number, key in enumerate(keys, start=1) if number % every == 0}
    training = (place for place, key in enumerate(keys) if key not in held)
    return data.chosen(training), data.chosen(range(every - 1, len(keys), every))


def for_calibration(data: Labelled, every: int = CALIBRATE_EVERY) -> Labelled:
    """Each `every`-th text, but none that stands inside another text, as SST-2's phrases do."""
    rest = "\n".join(text for number, text in enumerate(data.texts, start=1) if number % every)
    return data.chosen(place for place in range(every - 1, len(data.texts), every) if data.texts[place] not in rest)


def without(data: Labelled, kept: Sequence[str]) -> Labelled:
    """The texts that are neither among those kept nor, from PHRASE_WORDS words on, a part of one of them."""
    whole, joined = set(kept), "\n".join(kept)

    def unseen(text: str) -> bool:
        return text not in whole and (len(text.split()) < PHRASE_WORDS or text not in joined)

    return data.chosen(place for place, text in enumerate(data.texts) if unseen(text))


def joined(parts: Sequence[Labelled]) -> Labelled:
    """All texts of several collections, one after the other."""
    return Labelled(tuple(t for part in parts for t in part.texts), tuple(y for part in parts for y in part.labels))
