"""What labels say, where entities begin and end, and what is found against what is there: worked by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from bert_demo.core.errors import BadDataError
from bert_demo.data.entities import Found, Tag, entities_of, judge, precision_recall_f1, tags_of, types_of
from bert_demo.data.tagged import hold_out_documents, read_parts_of_speech, read_tagged, renamed


def spans(*labels: str) -> list[tuple[str, int, int]]:
    return [(each.type, each.first, each.last) for each in entities_of(tags_of(labels))]


def test_entities_follow_conlleval() -> None:
    """The examples of seqeval 1.2.2's `get_entities` (its docstring) and of conlleval's rules."""
    assert spans("B-PER", "I-PER", "O", "B-LOC") == [("PER", 0, 1), ("LOC", 3, 3)]
    assert spans("I-PER", "I-PER", "O", "I-LOC", "B-LOC") == [("PER", 0, 1), ("LOC", 3, 3), ("LOC", 4, 4)]
    assert spans("B-PER", "I-LOC", "I-LOC") == [("PER", 0, 0), ("LOC", 1, 2)]
    assert spans("B-PER", "I-PER", "E-PER", "I-PER", "S-LOC", "S-LOC") == [
        ("PER", 0, 2), ("PER", 3, 3), ("LOC", 4, 4), ("LOC", 5, 5),
    ]  # fmt: skip
    assert spans("B-PER", "L-PER", "U-LOC", "O") == [("PER", 0, 1), ("LOC", 2, 2)]


def test_entities_of_flat_labels_are_neighbours_of_one_type() -> None:
    assert spans("PER", "PER", "O", "LOC") == [("PER", 0, 1), ("LOC", 3, 3)]


def test_labels_are_parted_only_where_all_have_a_place() -> None:
    """transformers 5.23.0 cuts a label at its first hyphen (pipelines/token_classification.py, group_sub_entities):
    PHONE-CARD and CREDIT-CARD are both CARD there, and LOC-B is B."""
    assert types_of(tags_of(["O", "PHONE-CARD", "CREDIT-CARD"])) == ("PHONE-CARD", "CREDIT-CARD")
    assert types_of(tags_of(["O", "B-PHONE-CARD", "I-PHONE-CARD", "B-CREDIT-CARD"])) == ("PHONE-CARD", "CREDIT-CARD")
    assert tags_of(["O", "LOC-B", "LOC-I"]) == (Tag("O", ""), Tag("B", "LOC"), Tag("I", "LOC"))
    assert types_of(tags_of(["O", "E-MAIL", "S-CLASS"])) == ("E-MAIL", "S-CLASS")
    assert types_of(tags_of(["LABEL_0", "LABEL_1"])) == ("LABEL_0", "LABEL_1")


def test_found_against_true_tells_the_mistakes_apart() -> None:
    true = [Found("PER", 0, 1), Found("LOC", 4, 4), Found("ORG", 6, 8), Found("PER", 10, 10)]
    found = [Found("PER", 0, 1), Found("ORG", 4, 4), Found("ORG", 7, 8), Found("LOC", 12, 12)]
    judged = judge(true, found)
    assert [each.outcome for each in judged] == ["right", "wrong type", "wrong borders", "missed", "spurious"]
    assert [each.found for each in judged] == [*found[:3], None, found[3]]
    assert precision_recall_f1(judged) == pytest.approx((1 / 4, 1 / 4, 1 / 4))


def test_nothing_found_and_nothing_there() -> None:
    assert precision_recall_f1([]) == (0.0, 0.0, 0.0)
    assert precision_recall_f1(judge([Found("PER", 0, 0)], [])) == (0.0, 0.0, 0.0)


def test_tagged_words_stand_in_their_text(tmp_path: Path) -> None:
    path = tmp_path / "a.iob2"
    path.write_text(
        "# newdoc id = a\n# text = I don't see Rome, Ann.\n1\tI\tO\n2\tdo\tO\n3\tn't\tO\n4\tsee\tO\n"
        "5\tRome\tB-location\n6\t,\tO\n7\tAnn\tB-person\n8\t.\tO\n\n# newdoc id = b\n1\tSo\tO\n\n",
        encoding="utf-8",
    )
    first, second = renamed(read_tagged(path), {"location": "LOC"})
    assert [first.text[start:end] for start, end in first.words] == ["I", "do", "n't", "see", "Rome", ",", "Ann", "."]
    assert first.tags == ("O", "O", "O", "O", "B-LOC", "O", "O", "O")
    assert (second.text, second.document) == ("So", 1)
    assert hold_out_documents([first, second], 2) == ([first], [second])


def test_tagged_words_without_a_text_are_parted_by_blanks(tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_text("Empire\tB-LOC\nState\tI-LOC\n\t\nI O\n'm O\n", encoding="utf-8")
    first, second = read_tagged(path)
    assert (first.text, first.tags, first.words) == ("Empire State", ("B-LOC", "I-LOC"), ((0, 6), (7, 12)))
    assert second.text == "I 'm"
    path.write_text("Empire\n", encoding="utf-8")
    with pytest.raises(BadDataError, match="a word and its tag"):
        read_tagged(path)


def test_parts_of_speech_leave_ranges_out(tmp_path: Path) -> None:
    path = tmp_path / "a.conllu"
    rest = "\t_\t_\t0\troot\t_\t_"
    path.write_text(
        f"# text = don't\n1-2\tdon't\t_\t_\t_\t_\t_\t_\t_\t_\n1\tdo\tdo\tAUX{rest}\n2\tn't\tnot\tPART{rest}\n",
        encoding="utf-8",
    )
    (found,) = read_parts_of_speech(path)
    assert (found.words, found.tags) == (((0, 2), (2, 5)), ("AUX", "PART"))


def test_labels_without_a_place_keep_their_first_letters() -> None:
    """seqeval 1.2.2 reads the first letter of each as its scheme: LOC and DOC are one type, OC, and ORG is no entity
    (metrics/sequence_labeling.py, get_entities)."""
    assert types_of(tags_of(["O", "LOC", "DOC", "ORG"])) == ("LOC", "DOC", "ORG")
    assert spans("LOC", "DOC", "O", "ORG") == [("LOC", 0, 0), ("DOC", 1, 1), ("ORG", 3, 3)]


def test_types_that_nobody_listed_count() -> None:
    """nervaluate drops what was found of a type that is not in its list, which lifts precision."""
    judged = judge([Found("PER", 0, 0)], [Found("PER", 0, 0), Found("MISC", 2, 2)])
    assert [each.outcome for each in judged] == ["right", "spurious"]
    assert precision_recall_f1(judged) == pytest.approx((1 / 2, 1, 2 / 3))
