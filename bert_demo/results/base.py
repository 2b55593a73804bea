"""What all results share: their size, read-only arrays, lengths that fit, and the names by which they leave as JSON.

A result leaves with its fields in order, under their own names. `field(metadata=wire("token"))` gives a field another
name, `wire(None)` keeps it back. A class whose answer is not just its fields says in WIRE what it consists of: names of
fields and properties in order, each by itself or as "name=attribute" (or "name=field.attribute").
"""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import Any, ClassVar

import numpy as np

SAMPLED = 32
"""Entries of a longer tuple are alike: the one in the middle stands for all when its size is reckoned."""


def wire(name: str | None) -> dict[str, str | None]:
    """Metadata of a field: its name in JSON; None where it does not leave."""
    return {"wire": name}


class Wire:
    """A value that leaves as JSON. WIRE: its parts in order; one name where that part stands for the whole."""

    __slots__ = ()
    WIRE: ClassVar[tuple[str, ...] | str] = ()


class Result(Wire):
    """An answer of the service."""

    __slots__ = ()

    @property
    def nbytes(self) -> int:
        """Its size: arrays exactly, everything else by a rule of thumb."""
        total = 0
        rest: list[tuple[Any, int]] = [(self, 1)]
        while rest:
            value, times = rest.pop()
            kind = type(value)
            if kind is np.ndarray:
                total += times * value.nbytes
            elif kind is str:
                total += times * (60 + 4 * len(value))
            elif kind is tuple:
                total += times * (56 + 8 * len(value))
                if len(value) > SAMPLED:
                    rest.append((value[len(value) // 2], times * len(value)))
                else:
                    for each in value:
                        rest.append((each, times))
            else:
                total += 48 * times
                for name in getattr(kind, "__match_args__", ()):
                    rest.append((getattr(value, name), times))
        return total


@cache
def wire_names(kind: type) -> tuple[tuple[str, str], ...]:
    """(name in JSON, attribute) of everything that leaves of a class."""
    renamed = {each.name: each.metadata.get("wire", each.name) for each in fields(kind)}
    given: Any = getattr(kind, "WIRE", ())
    if not given:
        return tuple((name, attribute) for attribute, name in renamed.items() if name is not None)
    pairs = [each.partition("=")[::2] for each in ((given,) if isinstance(given, str) else given)]
    return tuple((renamed.get(name) or name, attribute or name) for name, attribute in pairs)


def check(holds: bool, rule: str) -> None:
    """Raise ValueError with the rule that does not hold."""
    if not holds:
        raise ValueError(rule)


def frozen(array: np.ndarray) -> np.ndarray:
    """The array, or a copy of it, that cannot be written to."""
    array = np.ascontiguousarray(array)
    if array.flags.writeable:
        array = array.copy() if array.base is not None else array
        array.setflags(write=False)
    return array
