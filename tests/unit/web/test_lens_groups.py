"""Lenses stand in their groups, and a group's name is written above its first lens."""

from __future__ import annotations

from types import SimpleNamespace

from bert_demo.web.lens_groups import Group, group_styles, order
from bert_demo.web.tabs import TABS


def lens(name: str, group: Group, place: int) -> SimpleNamespace:
    return SimpleNamespace(name=name, group=group, place=place)


def test_lenses_stand_in_the_groups_that_the_page_promises() -> None:
    found = {group: [tab.name for tab in TABS if tab.group is group] for group in Group}
    assert found[Group.PREDICT] == ["classify", "fill-mask", "next-sentence", "entities", "answers"]
    assert found[Group.LOOK_INSIDE] == ["inside", "attention", "heads"]
    assert found[Group.EXPLAIN] == ["attributions", "layers", "methods", "without"]
    assert found[Group.MAKE] == ["evaluate", "train"]
    assert [tab.name for tab in TABS] == [name for group in Group for name in found[group]]


def test_order_is_by_group_and_then_by_place() -> None:
    rows = [lens("c", Group.MAKE, 1), lens("b", Group.PREDICT, 9), lens("a", Group.PREDICT, 2)]
    assert [row.name for row in sorted(rows, key=order)] == ["a", "b", "c"]


def test_group_styles_name_the_first_lens_of_each_group_that_has_one() -> None:
    rows = [lens("a", Group.PREDICT, 1), lens("b", Group.PREDICT, 2), lens("c", Group.EXPLAIN, 3)]
    rows.append(lens("d", Group.EXPLAIN, 4))
    assert group_styles(rows).splitlines() == [
        '#tab-a-button { --group: "Predict"; }',
        '#tab-c-button { --line-of: 2; --group: "Explain"; --apart: 14px; --apart-below: 0px; }',
        "#tab-d-button { --line-of: 2; }",
    ]
