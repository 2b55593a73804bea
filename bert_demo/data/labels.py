"""Labels as people write them in files, and which labels of a model they mean."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bert_demo.core.errors import DataChoiceError

SEPARATOR = ";"
"""Stands between the labels of a text that has several, as the service takes them."""
SEPARATORS = (";", "|", ",", "/", "\t", "\n")
_LONGEST_SHOWN = 40
_MOST_SHOWN = 20
_MOST_DIGITS = 9
"""Of a label that is a number; Python itself refuses to read 5,000."""
_NUMBER = re.compile(r"(-?\d{1,9})(?:\.0+)?", re.ASCII)
_NUMBERED = re.compile(r"label[ _-]?(\d{1,9})", re.ASCII | re.IGNORECASE)
_LIST = re.compile(r"\s*[\[({](.*)[\])}]\s*", re.DOTALL)
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")
_YES_AND_NO = (("false", "true"), ("no", "yes"), ("f", "t"), ("n", "y"))


def folded(name: str) -> str:
    """A label as it is compared where case does not count."""
    return unicodedata.normalize("NFC", name).strip().casefold()


def split_labels(cell: str, labels: Sequence[str]) -> list[str]:
    """The labels of a cell: one that is whole a label, a list as Python, JSON or numpy write it, or names with one of
    SEPARATORS between, the first by which all parts are labels, else ";"; a label may hold one itself, in any case."""
    known = {folded(name) for name in labels}
    if not cell.strip() or folded(cell) in known:
        return [cell.strip()] if cell.strip() else []
    if inside := _LIST.fullmatch(cell):
        quoted = [first or second for first, second in _QUOTED.findall(inside[1])]
        return quoted or [each for each in re.split(r"[,;\s]+", inside[1].strip()) if each]
    for separator in SEPARATORS:
        found = _parted(cell, known, separator)
        if len(found) > 1 and all(folded(each) in known for each in found):
            return found
    return _parted(cell, known, SEPARATOR)


def _parted(cell: str, known: set[str], separator: str) -> list[str]:
    longest = max((name.count(separator) + 1 for name in known), default=1)
    pieces = cell.split(separator)
    found, start = [], 0
    while start < len(pieces):
        ends = (separator.join(pieces[start : start + count]).strip() for count in range(longest, 0, -1))
        name = next((each for each in ends if folded(each) in known), pieces[start].strip())
        start += name.count(separator) + 1
        found += [name] if name else []
    return found


def shortened(cell: str) -> str:
    """A cell of a file between quotes, for a message."""
    return repr(cell if len(cell) <= _LONGEST_SHOWN else f"{cell[:_LONGEST_SHOWN]}...")


def number_of(name: str) -> int | None:
    """The whole number that a label is written as, such as 0, -1 or 1.0."""
    found = _NUMBER.fullmatch(name.strip())
    return int(found[1]) if found else None


def is_number(name: str) -> bool:
    """Whether a label is written as a number, such as 0."""
    return number_of(name) is not None


@dataclass(frozen=True, slots=True)
class LabelMapping:
    """Which of a model's labels the labels of a file mean: their names, numbers that count from `first`, or what is
    `given` for each: (label of the file, place)."""

    labels: tuple[str, ...]
    first: int | None = None
    given: tuple[tuple[str, int], ...] = ()
    places: Mapping[str, int] = field(init=False, repr=False, compare=False)
    """Of each spelling."""

    def __post_init__(self) -> None:
        stripped = [unicodedata.normalize("NFC", name).strip() for name in self.labels]
        lower = [folded(name) for name in self.labels]
        places = {name: place for place, name in enumerate(lower) if lower.count(name) == 1}
        places |= {name: place for place, name in enumerate(stripped) if stripped.count(name) == 1}
        if self.first is not None:
            places = {str(place + self.first): place for place in range(len(self.labels))}
            if self.first == -1 and len(self.labels) == 2:
                places = {"-1": 0, "1": 1}
        object.__setattr__(self, "places", places | {folded(name): place for name, place in self.given})

    def place(self, name: str) -> int | None:
        """The place, from 0, of the label that is meant; case counts only where it tells two labels apart."""
        if self.first is not None and (number := number_of(name)) is not None:
            name = str(number)
        name = unicodedata.normalize("NFC", name).strip()
        return self.places.get(name, self.places.get(folded(name)))

    def __str__(self) -> str:
        said = []
        if self.first is not None:
            numbers = sorted((place, number) for number, place in self.places.items() if is_number(number))
            pairs = ", ".join(f"{number} {self.labels[place]}" for place, number in numbers)
            said.append(f"Labels are numbers from {self.first}: {pairs}.")
        if self.given:
            ordered = sorted(self.given, key=lambda pair: (pair[1], pair[0]))  # in whatever order they were said
            shown = ", ".join(f"{name} = {self.labels[place]}" for name, place in ordered[:_MOST_SHOWN])
            said.append(f"Labels: {shown}.")
        return " ".join(said)


def find_mapping(
    found: Sequence[str], labels: Sequence[str], source: str = "", chosen: Sequence[tuple[str, str]] = ()
) -> LabelMapping:
    """What the labels of a whole file mean: names; numbers where most of them are; stars, LABEL_1, true and false,
    short forms where those explain most of what no name does. chosen: (label of the file, label of the model).

    Numbers count from 0 when one is 0, from 1 when one is the number of labels, from -1 when one is -1. Raises
    DataChoiceError where it takes a visitor to say what is what.
    """
    names = LabelMapping(tuple(labels))
    given = tuple((name, _chosen_place(each, names)) for name, each in chosen)
    names = LabelMapping(tuple(labels), None, given)
    counts = Counter(name for name in found if names.place(name) is None)
    rest = sum(counts.values())
    if not rest:
        return names
    numbers = {number for name in counts if (number := number_of(name)) is not None}
    if numbers and 2 * sum(counts[name] for name in counts if is_number(name)) > len(found) and not _stars(labels):
        return LabelMapping(tuple(labels), _first(numbers, labels, source), given)
    for rule in (_stars, _numbered, _yes_and_no, _shortened):
        meant = rule(labels)
        explained = {name: place for name in counts if (place := meant(name)) is not None} if meant else {}
        if 2 * (len(found) - rest + sum(counts[name] for name in explained)) > len(found) and explained:
            return LabelMapping(tuple(labels), None, (*given, *sorted(explained.items(), key=lambda each: each[1])))
    if 2 * rest > len(found) and set(map(folded, counts)) - {""}:
        raise _question(sorted(counts, key=lambda name: -counts[name]), labels, source)
    return names


def _chosen_place(label: str, names: LabelMapping) -> int:
    place = names.place(label)
    if place is None:
        raise DataChoiceError(
            f"{shortened(label)} is no label of this model: {', '.join(names.labels)}.", "mapping", names.labels
        )
    return place


def _first(numbers: set[int], labels: Sequence[str], source: str) -> int:
    many = len(labels)
    if -1 in numbers and (numbers <= {-1, 1} if many == 2 else many == 3 and numbers <= {-1, 0, 1}):
        return -1
    if not {0, many} & numbers and numbers <= set(range(many)):
        raise DataChoiceError(
            f"{source or 'The text'} numbers its labels {', '.join(map(str, sorted(numbers)))}, which may count from 0 "
            f"or from 1. Write their names: {', '.join(labels)}. Or say what each number means.",
            "mapping",
            tuple(map(str, sorted(numbers))),
        )
    return 0 if 0 in numbers or many not in numbers else 1


Meaning = Callable[[str], int | None]


def _stars(labels: Sequence[str]) -> Meaning | None:
    """For models whose labels begin with a number, such as "4 stars"."""
    begins = [re.match(r"(\d{1,9})\b", name.strip(), re.ASCII) for name in labels]
    numbers = [int(each[1]) for each in begins if each]
    if len(numbers) != len(labels) or len(set(numbers)) != len(labels):
        return None

    def meaning(name: str) -> int | None:
        number = number_of(re.sub(r"\s*stars?$", "", name.strip(), flags=re.IGNORECASE))
        if set(name.strip()) <= {"★", "☆", "⭐", "\ufe0f"} and name.strip():
            number = sum(sign in "★⭐" for sign in name)
        return numbers.index(number) if number in numbers else None

    return meaning


def _numbered(labels: Sequence[str]) -> Meaning:
    """For LABEL_1, as transformers writes it: the place among the logits."""

    def meaning(name: str) -> int | None:
        found = _NUMBERED.fullmatch(name.strip())
        return int(found[1]) if found and int(found[1]) < len(labels) else None

    return meaning


def _yes_and_no(labels: Sequence[str]) -> Meaning | None:
    """For true and false of a model of two labels: the second is true."""
    if len(labels) != 2:
        return None
    return lambda name: next((pair.index(folded(name)) for pair in _YES_AND_NO if folded(name) in pair), None)


def _shortened(labels: Sequence[str]) -> Meaning:
    """For short forms, such as pos, where one label alone begins so."""

    def meaning(name: str) -> int | None:
        short = folded(name).rstrip(".")
        begun = [place for place, label in enumerate(labels) if short and folded(label).startswith(short)]
        return begun[0] if len(begun) == 1 else None

    return meaning


def guesses(names: Sequence[str], labels: Sequence[str]) -> list[tuple[str, str]]:
    """(label of the file, that of the model whose name is most like it, "" where none is) of each."""
    lower = {folded(label): label for label in labels}
    near = (difflib.get_close_matches(folded(name), lower, 1, 0.5) for name in names)
    return [(name, lower[each[0]] if each else "") for name, each in zip(names, near, strict=True)]


def _question(names: list[str], labels: Sequence[str], source: str) -> DataChoiceError:
    shown = ", ".join(shortened(name) for name in names[:6]) + (", ..." if len(names) > 6 else "")
    return DataChoiceError(
        f"The labels in {source or 'the text'} are {shown}; this model's are {', '.join(labels[:_MOST_SHOWN])}. "
        "Say which is which.",
        "mapping",
        tuple(names),
    )
