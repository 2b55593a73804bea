"""The ways to make a model smaller: a row each, in the order in which a help lists them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SmallerWay:
    """choice: what stands behind "=", in words; "" where nothing may; default: the choice that is taken where none is
    given, None where one must be; rows: whether labelled rows are needed; learn: whether texts to learn from are."""

    name: str
    sentence: str
    choice: str = ""
    default: str | None = ""
    rows: bool = False
    learn: bool = False


SMALLER_WAYS: tuple[SmallerWay, ...] = (
    SmallerWay("half", "Weights are stored in two bytes each, not four.", "float16 or bfloat16", "float16"),
    SmallerWay(
        "layers",
        "Layers are dropped, from the top or all but those of a list.",
        "how many stay, or which, from 0, with commas",
        None,
    ),
    SmallerWay(
        "heads",
        "In each layer the attention heads that matter least on the rows are cut out.",
        "how many of each layer stay",
        None,
        rows=True,
    ),
    SmallerWay(
        "neurons",
        "In each feed-forward layer the neurons that matter least on the rows are cut out.",
        "how many of each layer stay",
        None,
        rows=True,
    ),
    SmallerWay("vocabulary", "Entries of the vocabulary that the rows have no use for are struck.", rows=True),
    SmallerWay(
        "distil",
        "What other ways left learns the answers of the original on texts.",
        "how often each text is read",
        "3",
        learn=True,
    ),
    SmallerWay(
        "int8", "Weights and sums are in int8, in a file for ONNX Runtime; the last way, by packages of its own."
    ),
)
INT8 = "int8"
DISTIL = "distil"
BY_NAME = {each.name: each for each in SMALLER_WAYS}


def described() -> str:
    """All ways in one line, as a help shows them."""
    return "; ".join(f"{each.name}{f'={each.choice}' if each.choice else ''}{_needs(each)}" for each in SMALLER_WAYS)


def _needs(way: SmallerWay) -> str:
    if way.rows:
        return " (needs --rows)"
    return " (needs --learn)" if way.learn else ""
