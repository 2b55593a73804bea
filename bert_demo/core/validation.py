"""What a request may hold. Each check returns the value in its proper type or raises an InputError."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from bert_demo.core.errors import ChoiceError, TextError

BASELINES = ("pad", "mask", "zero")
OUTPUTS = ("logit", "probability", "margin")
CHANGES = ("mask", "delete", "replace")
ACTIVATIONS = ("none", "sigmoid", "softmax")
"""What is made of a classifier's logits; "none" leaves the raw numbers."""
AGGREGATIONS = ("first", "average", "max", "simple", "none")
"""How the pieces of a word become one entity's, the default first."""
PIECES = ("first", "all")
"""Whose log-probabilities are explained: of each word its first piece, which the aggregation "first" reads, or all."""
RUNNER_UP = "runner-up"
"""In the place of a type that another is held against: the likeliest other one."""
WORDS = ("spaces", "tokenizer")
"""What a word is: what stands between spaces, its punctuation apart, or what the tokenizer parts before it cuts."""
_SURROGATE = re.compile("[\ud800-\udfff]")


def checked_text(value: Any, most: int, which: str = "text") -> str:
    """A string with at least one visible character, no lone surrogate, and no more than `most` characters."""
    if not isinstance(value, str):
        raise TextError(f"The {which} must be a string, not {_kind(value)}.")
    if len(value) > most:
        raise TextError(f"The {which} has {len(value):,} characters; the limit is {most:,}. Shorten it.")
    if half := _SURROGATE.search(value):
        raise TextError(f"The {which} holds half of a surrogate pair at character {half.start()}. Paste it as UTF-8.")
    if not value.strip():
        raise TextError(f"The {which} is empty. Type at least one word.")
    return value


def checked_pair(text: Any, pair: Any, most: int) -> tuple[str, str | None]:
    """A text and an optional second one; None and "" mean that there is none. The limit holds for both together."""
    first = checked_text(text, most)
    if pair is None or pair == "":
        return first, None
    second = checked_text(pair, most, "second text")
    if len(first) + len(second) > most:
        raise TextError(f"Both texts have {len(first) + len(second):,} characters; the limit is {most:,}. Shorten one.")
    return first, second


def refuse_control_tokens(text: str, tokens: Sequence[str], which: str = "text") -> None:
    """Refuse a text that spells a token by which the model is steered: it would be read as that token, not as text."""
    for token in tokens:
        if token in text:
            raise TextError(
                f"The {which} spells {token}, which the model would take for its own control token. {_advice(token)}"
            )


def _advice(token: str) -> str:
    """What to do about a text that spells it: it may stand between two texts, be HTML, or be meant as letters."""
    if token in ("<s>", "</s>"):
        return (
            "Is it HTML, which strikes words out so, take its tags away; put a second text into the second field; to "
            f"have letters, write {_apart(token)}."
        )
    if "SEP" in token.upper():
        return (
            "To read what stands before and behind it as a pair, put what stands behind it into the second field; to "
            f"have letters, write {_apart(token)}."
        )
    return f"To have letters, write {_apart(token)}."


def _apart(token: str) -> str:
    """The token with a space inside its brackets, such as [ SEP ]; of one without brackets, behind its first letter."""
    if not token[:1].isalnum() and not token[-1:].isalnum() and len(token) > 2:
        return f"{token[0]} {token[1:-1]} {token[-1]}"
    return f"{token[:1]} {token[1:]}"


def checked_whole(value: Any, name: str, least: int, most: int) -> int:
    """A whole number from `least` to `most`."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ChoiceError(f"{name} must be a whole number from {least} to {most}, not {_kind(value)}.")
    if not least <= value <= most:
        raise ChoiceError(f"{name} must be from {least} to {most}.")
    return value


def checked_layer_or_head(value: Any, name: str, count: int, omitted: str = "all") -> int | None:
    """None or an index counted from 0. omitted: what None stands for."""
    if value is None:
        return None
    try:
        return checked_whole(value, name, 0, count - 1)
    except ChoiceError as error:
        raise ChoiceError(f"{error} This model has {count}, counted from 0; leave it out for {omitted}.") from None


def checked_tolerance(value: Any) -> float:
    """A share between 0 and 1, both left out."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1:
        raise ChoiceError("tolerance must be a number between 0 and 1, such as 0.01 for one per cent.")
    return float(value)


def checked_flag(value: Any, name: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise ChoiceError(f"{name} must be true or false, not {_kind(value)}.")
    return value


def checked_choice(value: Any, name: str, choices: Sequence[str]) -> str:
    """One of `choices`."""
    if not isinstance(value, str) or value not in choices:
        raise ChoiceError(f"{name} must be one of: {', '.join(choices)}.")
    return value


def checked_target(value: Any, labels: Sequence[str]) -> int | None:
    """The index of a label given by name or index; None stays None (the predicted one)."""
    if value is None or value == "":
        return None
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(labels):
        return value
    if isinstance(value, str) and list(labels).count(value) > 1:
        places = [str(place) for place, label in enumerate(labels) if label == value]
        raise ChoiceError(
            f"This model calls {len(places)} of its labels {value[:40]!r}. Give target as a number: "
            f"{' or '.join(places)}."
        )
    if isinstance(value, str) and value in labels:
        return labels.index(value)
    bare = any(label != label.strip() for label in labels)
    raise ChoiceError(
        f"target must be one of this model's labels: {', '.join(repr(each) if bare else each for each in labels)}."
    )


def checked_candidates(value: Any) -> tuple[str, ...] | None:
    """None or a list of words."""
    if value is None:
        return None
    if not isinstance(value, (list, tuple)) or not all(isinstance(word, str) and word.strip() for word in value):
        raise ChoiceError('candidates must be a list of words, such as ["ice", "steam"].')
    if not 1 <= len(value) <= 100:
        raise ChoiceError("candidates must be from 1 to 100 words.")
    return tuple(checked_text(word, 100, "candidate").strip() for word in value)


def _kind(value: Any) -> str:
    names = {
        dict: "an object or a file",
        list: "a list",
        str: "text",
        bool: "true or false",
        int: "a number",
        float: "a number",
        type(None): "nothing",
    }
    return names.get(type(value), "something else")
