"""The groups that lenses stand in, and the style sheet that writes each group's name above its first lens."""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import StrEnum
from typing import Any


class Group(StrEnum):
    """What a lens is for, in the order of the page."""

    PREDICT = "Predict"
    LOOK_INSIDE = "Look inside"
    EXPLAIN = "Explain"
    MAKE = "Make"


SECOND_LINE = (Group.EXPLAIN, Group.MAKE)
"""The groups of the second line, where not all lenses fit into one."""


def order(lens: Any) -> tuple[int, int]:
    """What lenses are sorted by: their group, then their place. lens: a class of `Tab`."""
    return list(Group).index(lens.group), lens.place


def group_styles(lenses: Iterable[Any]) -> str:
    """CSS variables of tabs: their line (2, else 0); for the first of a group its name and distance. lenses: in order.

    A group without a lens has no tab, and so no name on the page.
    """
    rules = []
    groups: list[Group] = []
    for lens in lenses:
        values = {"--line-of": "2"} if lens.group in SECOND_LINE else {}
        if lens.group not in groups:
            values["--group"] = json.dumps(lens.group.value)
            if groups:
                values["--apart"] = "14px"
            if lens.group in SECOND_LINE and not set(groups) & set(SECOND_LINE):
                values["--apart-below"] = "0px"
            groups.append(lens.group)
        if values:
            written = " ".join(f"{name}: {value};" for name, value in values.items())
            rules.append(f"#tab-{lens.name}-button {{ {written} }}")
    return "\n".join(rules)
