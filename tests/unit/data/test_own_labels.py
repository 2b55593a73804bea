"""Rows whose labels no model knows: their columns, their labels, their kind, and what has to be said first."""

from __future__ import annotations

import pytest

from bert_demo.core.errors import BadDataError, DataChoiceError
from bert_demo.data.own_labels import OwnRows, understand_own
from bert_demo.data.reading import Reading
from bert_demo.data.table import parse_table
from bert_demo.registry.training_rows import SETS


def read(content: str, kind: str = "", reading: Reading | None = None, most: int = 500) -> OwnRows:
    return understand_own(parse_table(content, "", reading or Reading()), reading or Reading(), kind, most)


@pytest.mark.parametrize(
    ("content", "kind", "labels", "rows"),
    [
        ("text,label\nA rose,b\nA dog,a\n", "single", ("a", "b"), [("A rose", "b"), ("A dog", "a")]),
        ("A rose\tplant\nA dog\tanimal\nA cat\tanimal", "single", ("animal", "plant"),
         [("A rose", "plant"), ("A dog", "animal"), ("A cat", "animal")]),
        ("A rose, red, plant\nA dog,animal\nA cat,animal", "single", ("animal", "plant"),
         [("A rose, red", "plant"), ("A dog", "animal"), ("A cat", "animal")]),
        ("text,label\nA rose,Plant\nA tree,plant\nA dog,animal\n", "single", ("animal", "Plant"),
         [("A rose", "Plant"), ("A tree", "Plant"), ("A dog", "animal")]),
        ("text,label\nA rose,10\nA dog,9\n", "single", ("9", "10"), [("A rose", "10"), ("A dog", "9")]),
        ("text,label\nA rose,1.5\nA dog,2\n", "number", ("1.5", "2"), [("A rose", "1.5"), ("A dog", "2")]),
        ('text,label\nA rose,red;fair\nA dog,\nA fox,red\n', "several", ("fair", "red"),
         [("A rose", "red;fair"), ("A dog", ""), ("A fox", "red")]),
        ("text,fair,red\nA rose,1,1\nA dog,0,0\nA fox,0,1\n", "several", ("fair", "red"),
         [("A rose", "fair;red"), ("A dog", ""), ("A fox", "red")]),
        ('{"text": "A rose", "label": "b"}\n{"text": "A dog", "label": "a"}\n', "single", ("a", "b"),
         [("A rose", "b"), ("A dog", "a")]),
    ],
)  # fmt: skip
def test_labels_and_kind_are_found(
    content: str, kind: str, labels: tuple[str, ...], rows: list[tuple[str, str]]
) -> None:
    read_ = read(content)
    assert (read_.kind, read_.guessed) == (kind, True)
    assert read_.found.understood.labels.labels == labels and list(read_.found.rows) == rows


def test_many_numbers_are_numbers_and_few_are_classes() -> None:
    rows = "".join(f"text {number},{number}\n" for number in range(11))
    assert read(f"text,label\n{rows}").kind == "number"
    assert read("text,label\na b,1\nc d,5\n").kind == "single"


def test_chosen_kind_counts() -> None:
    found = read("text,label\nA rose,red;fair\nA fox,red\n", "single")
    assert found.found.understood.labels.labels == ("red", "red;fair") and not found.guessed
    assert read("text,label\nA rose,1\nA fox,2\n", "number").kind == "number"


def test_other_column_can_be_the_label() -> None:
    content = "text,label,place\nA rose,x,here\nA fox,y,there\n"
    assert read(content, reading=Reading(label=("place",))).found.understood.labels.labels == ("here", "there")
    assert read(content, reading=Reading(label=("3",))).found.understood.labels.labels == ("here", "there")


@pytest.mark.parametrize("rows", SETS, ids=lambda rows: rows.name)
def test_sets_of_the_project_are_read_as_what_they_are(rows: object) -> None:
    from bert_demo.registry.training_rows import TrainingRows

    assert isinstance(rows, TrainingRows)
    found = read(rows.path.read_text(encoding="utf-8"))
    assert set(found.found.understood.labels.labels) == set(rows.labels)
    assert (found.kind == "several") == rows.several and found.found.understood.bad == ()


def test_what_cannot_be_read_gets_a_sentence() -> None:
    with pytest.raises(BadDataError, match="There are no rows"):
        read("")
    with pytest.raises(DataChoiceError, match="51 different labels") as error:
        read("text,label\n" + "".join(f"text {number},label {number}\n" for number in range(51)))
    assert (error.value.option, error.value.choices) == ("label", ("text", "label"))
    with pytest.raises(DataChoiceError, match="two texts") as error:
        read("premise,hypothesis,label\nA,B,x\nC,D,y\n")
    assert error.value.option == "text"
    with pytest.raises(BadDataError, match="There are 3 rows; the limit is 2"):
        read("text,label\na,x\nb,y\nc,x\n", most=2)
    bad = read("text,label\na,x\nb,\nc,y\n").found.understood.bad
    assert [each.line for each in bad] == [3]
