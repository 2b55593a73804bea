"""What a request may hold. Each check returns the value in its proper type or raises an InputError."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bert_demo.errors import ChoiceError, TextError

BASELINES = ("pad", "mask", "zero")
OUTPUTS = ("logit", "probability", "margin")
CHANGES = ("mask", "delete", "replace")


def checked_text(value: Any, most: int, which: str = "text") -> str:
    """A string with at least one visible character, no lone surrogate, and no more than `most` characters."""
    if not isinstance(value, str):
        raise TextError(f"The {which} must be a string, not {_kind(value)}.")
    if len(value) > most:
        raise TextError(f"The {which} has {len(value):,} characters; the limit is {most:,}. Shorten it.")
    for place, character in enumerate(value):
        if 0xD800 <= ord(character) <= 0xDFFF:
            raise TextError(f"The {which} holds half of a surrogate pair at character {place}. Paste it as UTF-8.")
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
                f"The {which} spells {token}, which the model would take for its own control token. Write it with a "
                "space inside the brackets, and put a second sentence into the second field."
            )


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
    if isinstance(value, str) and value in labels:
        return labels.index(value)
    raise ChoiceError(f"target must be one of this model's labels: {', '.join(labels)}.")


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
