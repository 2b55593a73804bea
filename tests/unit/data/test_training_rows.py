"""The sets of sentences to train on: as many as they should be, balanced, all different, read without a question."""

from __future__ import annotations

import csv
import re
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest

from bert_demo.data.labelled import MOST_ROWS, LabelledTexts, read_labelled_file, read_labelled_rows
from bert_demo.data.labels import SEPARATOR
from bert_demo.registry.training_rows import FOLDER, SETS, TrainingRows, training_rows

every = pytest.mark.parametrize("rows", SETS, ids=lambda rows: rows.name)


def words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[a-z0-9]+", text.lower()))


def both(rows: TrainingRows) -> tuple[LabelledTexts, LabelledTexts]:
    train, held_out = (
        read_labelled_file(path, rows.labels, None, None, rows.several) for path in (rows.path, rows.held_out)
    )
    return train, held_out


def texts(rows: TrainingRows) -> list[str]:
    return [text for part in both(rows) for text in part.texts]


def test_each_file_belongs_to_a_set() -> None:
    assert {path for rows in SETS for path in (rows.path, rows.held_out)} == set(FOLDER.iterdir())
    assert training_rows("town_hall") is SETS[1] and training_rows("../secret") is None


@every
def test_counts_and_balance(rows: TrainingRows) -> None:
    train, held_out = both(rows)
    assert (len(train.texts), len(held_out.texts)) == (160, 40)
    counts = [dict(part.understood.counts) for part in (train, held_out)]
    if rows.several:
        assert all(count >= 0.3 * 160 for count in counts[0].values())
        assert all(count >= 10 for count in counts[1].values())
        shares = Counter(len(places) for places in train.labels)
        assert shares[0] >= 5 and shares[1] > shares[2] > shares[3] > shares[4] >= 1
    else:
        each = len(rows.labels)
        assert counts == [dict.fromkeys(rows.labels, 160 // each), dict.fromkeys(rows.labels, 40 // each)]


@every
def test_reader_asks_nothing_and_reads_what_is_written(rows: TrainingRows) -> None:
    for path in (rows.path, rows.held_out):
        found = read_labelled_file(path, rows.labels, None, None, rows.several)
        with path.open(encoding="utf-8", newline="") as stream:
            written = list(csv.DictReader(stream))
        assert found.understood.bad == () and str(found.understood) == "Columns text and label."
        assert [row["text"] for row in written] == list(found.texts)
        names = [[rows.labels[place] for place in places] for places in found.labels]
        assert [set(filter(None, row["label"].split(SEPARATOR))) for row in written] == list(map(set, names))
        pasted = read_labelled_rows(path.read_text(encoding="utf-8"), rows.labels, rows.several)
        assert (pasted.texts, pasted.labels) == (found.texts, found.labels) and len(found.texts) <= MOST_ROWS


@every
def test_sentences_are_all_different_and_of_a_sentence_s_length(rows: TrainingRows) -> None:
    read = [words(text) for text in texts(rows)]
    assert all(5 <= len(text.split()) <= 25 for text in texts(rows))
    assert all(text == text.strip() and text[0].isupper() and text[-1] in ".?!" for text in texts(rows))
    for first, second in combinations(map(set, read), 2):
        assert len(first & second) < 0.6 * min(len(first), len(second)), (first, second)


@every
def test_no_word_gives_a_label_away(rows: TrainingRows) -> None:
    found = [
        (set(words(text)), set(places))
        for part in both(rows)
        for text, places in zip(part.texts, part.labels, strict=True)
    ]
    vocabulary = {word for each, _ in found for word in each}
    for place in range(len(rows.labels)):
        having = [each for each, places in found if place in places]
        rest = [each for each, places in found if place not in places]
        for word in vocabulary:
            there, elsewhere = (sum(word in each for each in part) / len(part) for part in (having, rest))
            assert abs(there - elsewhere) < 0.5, (rows.labels[place], word, there, elsewhere)


def test_sets_teach_something_each() -> None:
    assert len({rows.name for rows in SETS}) == len({rows.title for rows in SETS}) == len(SETS) == 3
    assert [len(rows.labels) for rows in SETS] == [2, 5, 4] and [rows.several for rows in SETS] == [False, False, True]
    assert all(rows.teaches.endswith(".") and isinstance(rows.path, Path) for rows in SETS)
