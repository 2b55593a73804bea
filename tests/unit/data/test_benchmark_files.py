"""Files of published benchmarks: minimal pairs, cloze facts, CheckList, Winogender; the line of what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bert_demo.core.errors import BadDataError
from bert_demo.data.checklist import NEGATIVE, Case, read_checklist
from bert_demo.data.cloze import Relation, read_relations
from bert_demo.data.minimal_pairs import Pair, read_pairs
from bert_demo.data.winogender import PronounPair, read_pronouns, read_shares


def lines(path: Path, *records: Any) -> Path:
    path.write_text("\n".join(json.dumps(record) for record in records), encoding="utf-8")
    return path


def test_read_pairs_of_blimp_and_crows_pairs(tmp_path: Path) -> None:
    records = [{"sentence_good": f" good {n}", "sentence_bad": f"bad {n}", "UID": "ab"[n % 2]} for n in range(4)]
    path = lines(tmp_path / "pairs.jsonl", *records)
    assert read_pairs(path) == [Pair(f"good {n}", f"bad {n}", "ab"[n % 2]) for n in range(4)]
    assert read_pairs(path, 1) == [Pair("good 0", "bad 0", "a"), Pair("good 1", "bad 1", "b")]
    table = tmp_path / "crows.csv"
    table.write_text('sent_more,sent_less,bias_type\n"a, b",c,age\nd,e,\n', encoding="utf-8")
    assert read_pairs(table) == [Pair("a, b", "c", "age"), Pair("d", "e", "pairs")]


def test_read_relations(tmp_path: Path) -> None:
    record = {"relation": "P1", "patterns": ["[X] is [Y] ."], "facts": [["cat", "good"], ["dog", "bad"]]}
    nameless = {name: value for name, value in record.items() if name != "relation"}
    found = read_relations(lines(tmp_path / "facts.jsonl", record, nameless))
    facts = (("cat", "good"), ("dog", "bad"))
    assert found == [Relation("P1", ("[X] is [Y] .",), facts), Relation("2", ("[X] is [Y] .",), facts)]


def test_read_checklist(tmp_path: Path) -> None:
    first = {"test": "negation", "type": "MFT", "capability": "Negation", "case": "not good", "label": 0}
    second = {"test": "typos", "type": "INV", "case": ["good", "godo"]}
    found = read_checklist(lines(tmp_path / "cases.jsonl", first, second))
    assert found == [
        Case("negation", "MFT", "Negation", ("not good",), NEGATIVE),
        Case("typos", "INV", "", ("good", "godo"), None),
    ]


def test_read_winogender(tmp_path: Path) -> None:
    sentences, shares = tmp_path / "sentences.tsv", tmp_path / "shares.tsv"
    rows = [("nurse.patient.0.male.txt", "he"), ("nurse.patient.0.female.txt", "she"), ("cook.guest.1.male.txt", "he")]
    sentences.write_text("sentid\tsentence\n" + "".join(f"{a}\t{b}\n" for a, b in rows), encoding="utf-8")
    shares.write_text("occupation\tbls_pct_female\nnurse\t89.8\n", encoding="utf-8")
    assert read_pronouns(sentences) == [PronounPair("nurse", "he", "she")]
    assert read_shares(shares) == {"nurse": 89.8}


@pytest.mark.parametrize(
    ("reader", "record", "message"),
    [
        (read_pairs, {"sentence_good": "x", "sentence_bad": " "}, "sentence_good and sentence_bad are needed"),
        (read_relations, {"patterns": ["[X]"], "facts": [["a", "b"]]}, "each pattern needs"),
        (read_relations, {"patterns": ["[X] [Y]"], "facts": [["a", ""]]}, "a list of two texts"),
        (read_checklist, {"test": "a", "type": "XYZ", "case": "b"}, "test, type"),
        (read_checklist, {"test": "a", "type": "MFT", "case": "b", "label": 7}, "label must be 0, 1, 2 or null"),
        (read_pronouns, {"sentid": "x", "sentence": "he"}, "sentid .* and sentence are needed"),
        (read_shares, {"occupation": "cook", "bls_pct_female": "many"}, "a number, are needed"),
    ],
)
def test_wrong_records_are_named_by_their_line(
    tmp_path: Path, reader: Callable[[Path], Any], record: dict[str, Any], message: str
) -> None:
    path = tmp_path / "records.jsonl"
    path.write_text(f"\n{json.dumps(record)}\n", encoding="utf-8")
    with pytest.raises(BadDataError, match=f"records.jsonl, line 2: .*{message}"):
        reader(path)
