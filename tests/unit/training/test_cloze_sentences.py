"""Cloze sentences: what a card says of them, worked by hand."""

from __future__ import annotations

from pathlib import Path

from bert_demo.data.minimal_pairs import read_pairs
from bert_demo.training.evaluation.cloze_sentences import SENTENCES, evaluate_sentences
from bert_demo.training.publishing.tables import cloze_table


def test_cloze_sentences_are_asked_with_the_mask_of_the_model() -> None:
    asked: list[str] = []

    def ask(text: str) -> tuple[str, float]:
        asked.append(text)
        return (" Ice", 0.5) if "freezes" in text else ("冰", 0.25)

    answers = evaluate_sentences(("zh", "en"), "<mask>", ask)
    assert len(asked) == 20 and all(text.count("<mask>") == 1 and "[MASK]" not in text for text in asked)
    assert [each.text for each in answers if each.right] == ["水在零度会结成<mask>。", "Water freezes into <mask>."]
    table = cloze_table(answers)
    assert table.intro.startswith("2 of 20 easy sentences")
    assert ("水在零度会结成<mask>。", "冰 25.0 %", "right") in table.rows
    assert ("Paris is the capital of <mask>.", "冰 25.0 %", "wrong: france") in table.rows
    assert all(text.count("[MASK]") == 1 and words for rows in SENTENCES.values() for text, words in rows)


def test_minimal_pairs_are_grouped_by_paradigm(tmp_path: Path) -> None:
    rows = ['{"sentence_good": "a", "sentence_bad": "b", "paradigm": "one"}'] * 3
    rows += ['{"sentence_good": "c", "sentence_bad": "d", "paradigm": "two"}']
    file = tmp_path / "pairs.jsonl"
    file.write_text("\n".join(rows), encoding="utf-8")
    assert [pair.group for pair in read_pairs(file, 2)] == ["one", "one", "two"]
