"""Heads as untrained parsers: evidence against an oracle that reads one sentence at a time, the best heads by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer

from bert_demo.cli.main import main
from bert_demo.core.errors import BadDataError
from bert_demo.data.conllu import Sentence
from bert_demo.registry.known_heads.tables import table_of
from bert_demo.results import FROM_HEAD
from bert_demo.training.commands.heads import store
from bert_demo.training.evaluation.dependencies import OFFSETS, Evidence, arcs, found_arcs, gather
from bert_demo.training.evaluation.known_heads import best_heads


def line(number: str, form: str, head: str, relation: str) -> str:
    return "\t".join((number, form, "_", "_", "_", "_", head, relation, "_", "_"))


GOOD = "\n".join(
    (
        "# text = The dog can't run.",
        line("1", "The", "2", "det"),
        line("2", "dog", "5", "nsubj"),
        line("3-4", "can't", "_", "_"),
        line("3", "ca", "5", "aux"),
        line("4", "n't", "5", "advmod"),
        line("5", "run", "0", "root"),
        line("5.1", "fast", "_", "_"),
        line("6", ".", "5", "punct"),
        "",
        line("1", "Ice", "0", "root"),
        "",
    )
)
DOG = Sentence(
    ("The", "dog", "ca", "n't", "run", "."), (1, 4, 4, 4, -1, 4), ("det", "nsubj", "aux", "advmod", "root", "punct")
)


def test_a_head_that_follows_the_arcs_finds_them_all_and_offsets_are_counted() -> None:
    assert arcs(DOG) == [(0, 1, "det"), (1, 4, "nsubj"), (2, 4, "aux"), (3, 4, "advmod")]
    perfect = np.zeros((1, 2, 6, 6))
    for word, head, _ in arcs(DOG):
        perfect[0, 0, word, head] = 1.0  # head 0-0: every dependent looks at its head
        perfect[0, 1, head, word] = 1.0  # head 0-1: every head looks at its dependents
    found, offsets = found_arcs(DOG, perfect)
    assert found.shape == (4, 2, 1, 2) and offsets.shape == (4, len(OFFSETS))
    assert found[:, 0, 0, 0].all() and found[:, 1, 0, 1].all()
    assert not found[1:, 1, 0, 0].any()  # read backwards, head 0-0 names the wrong words
    assert offsets[:, OFFSETS.index(1)].tolist() == [True, False, False, True]
    assert offsets[:, OFFSETS.index(2)].tolist() == [False, False, True, False]
    assert offsets[:, OFFSETS.index(3)].tolist() == [False, True, False, False]


SENTENCES = [
    Sentence(("the", "dog", "sat", "."), (1, 2, -1, 2), ("det", "nsubj", "root", "punct")),
    Sentence(("a", "cat", "playing", "in", "water"), (1, -1, 1, 4, 2), ("det", "root", "acl", "case", "obl")),
    Sentence(("good",), (-1,), ("root",)),
    Sentence(("the", "\u200b", "dog"), (2, 2, -1), ("det", "dep", "root")),
    Sentence(("the", *["dog"] * 40), (1, -1, *[1] * 39), ("det", "root", *["flat"] * 39)),
    Sentence(("a", "happy", "dog", "sat"), (2, 2, 3, -1), ("det", "amod", "nsubj", "root")),
]


def test_evidence_equals_sentences_read_one_by_one(tiny_masked: str) -> None:
    """The oracle reads each sentence alone, sums and averages pieces in loops, and sorts instead of argmax."""
    tokenizer = AutoTokenizer.from_pretrained(tiny_masked)
    model = AutoModelForMaskedLM.from_pretrained(tiny_masked, attn_implementation="eager").eval()
    evidence = gather(model, tokenizer, SENTENCES)
    assert evidence.sentences == 3 and evidence.skipped == 2  # one word without a token, one beyond 32 tokens
    rows = []
    for number in (0, 1, 5):
        sentence = SENTENCES[number]
        batch = tokenizer(list(sentence.words), is_split_into_words=True, return_tensors="pt")
        ids = batch.word_ids(0)
        with torch.no_grad():
            layers = model(**batch, output_attentions=True).attentions
        for word, head, relation in arcs(sentence):
            for layer, weights in enumerate(layers):
                for number_of_head, matrix in enumerate(weights[0].tolist()):
                    others = [other for other in range(len(sentence.words)) if other != word]
                    to_head = max(others, key=lambda other: _between(matrix, ids, word, other))
                    from_head = max(others, key=lambda other: _between(matrix, ids, other, word))
                    rows.append((number, relation, layer, number_of_head, to_head == head, from_head == head))
    expected = [(n, r) for n in (0, 1, 5) for _, _, r in arcs(SENTENCES[n])]
    assert list(zip(evidence.sentence.tolist(), evidence.relations.tolist(), strict=True)) == expected
    mine = evidence.heads.transpose(0, 2, 3, 1).reshape(-1, 2).tolist()
    assert mine == [list(row[4:]) for row in rows] and any(row[4] for row in rows)


def _between(matrix: list[list[float]], ids: list[int | None], one: int, other: int) -> float:
    sums = [
        sum(matrix[q][k] for k, key in enumerate(ids) if key == other) for q, query in enumerate(ids) if query == one
    ]
    return sum(sums) / len(sums)


def made(shares: dict[tuple[int, int, int], float], offset: float, sentences: int = 100) -> Evidence:
    """One det arc in each sentence; the given (direction, layer, head) find that share of them, the others none."""
    heads = np.zeros((sentences, 2, 2, 2), bool)
    for place, share in shares.items():
        heads[: round(share * sentences), *place] = True
    offsets = np.zeros((sentences, len(OFFSETS)), bool)
    offsets[: round(offset * sentences), OFFSETS.index(1)] = True
    return Evidence(np.array(["det"] * sentences), np.arange(sentences), heads, offsets, sentences, 0)


def test_heads_are_chosen_on_one_half_and_reported_on_the_other() -> None:
    chosen_on = made({(1, 1, 0): 0.9, (0, 0, 1): 0.8}, 0.5)
    reported_on = made({(1, 1, 0): 0.6, (0, 0, 1): 0.95}, 0.4)
    every, det = best_heads(chosen_on, reported_on)
    assert (every.relation, det.relation) == ("all", "det")
    assert (det.layer, det.head, det.direction, det.offset) == (1, 0, FROM_HEAD, 1)
    assert (det.accuracy, det.baseline, det.occurrences) == (0.6, 0.4, 100)
    half = 1.96 * (0.6 * 0.4 / 100) ** 0.5
    assert det.low == pytest.approx(0.6 - half, abs=0.02) and det.high == pytest.approx(0.6 + half, abs=0.02)
    assert 0.1 < det.gain_low < 0.2 < det.gain_high < 0.3
    assert [each.relation for each in best_heads(chosen_on, reported_on, least=101)] == ["all"]


def test_the_command_writes_what_it_prints(capsys, tmp_path: Path, tiny_masked: str) -> None:
    bank, kept = tmp_path / "bank.conllu", tmp_path / "heads.json"
    rows = [line("1", "the", "2", "det"), line("2", "dog", "3", "nsubj"), line("3", "sat", "0", "root"), ""]
    bank.write_text("\n".join(rows * 6), encoding="utf-8")
    kept.write_text('{"other": {"source": "x", "rows": []}}', encoding="utf-8")
    words = ["heads", tiny_masked, str(bank), str(bank), "--least", "2", "--output", str(kept)]
    assert main([*words, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    written = json.loads(kept.read_text(encoding="utf-8"))
    assert written[tiny_masked] == printed and written["other"] == {"source": "x", "rows": []}
    assert [row["relation"] for row in printed["rows"]] == ["all", "det", "nsubj"]
    assert [row["occurrences"] for row in printed["rows"]] == [12, 6, 6]
    assert all(row["baseline"] == 1.0 and row["offset"] == 1 for row in printed["rows"])
    assert table_of(tiny_masked, kept).row("det").accuracy == printed["rows"][1]["accuracy"]
    assert main([*words[:3], "--least", "1"]) == 0
    out = capsys.readouterr().out
    assert "the rest of bank.conllu (3 sentences with relations)" in out and "determiner, its noun" in out


def test_the_command_refuses_in_a_sentence(capsys, tmp_path: Path, tiny_masked: str) -> None:
    bank, other = tmp_path / "bank.conllu", tmp_path / "other.json"
    bank.write_text(line("1", "Ice", "0", "root"), encoding="utf-8")
    other.write_text("[1]", encoding="utf-8")
    for words, said in (
        (["heads", "base", "no.conllu"], "There is no file no.conllu"),
        (["heads", "base", str(bank), "--least", "0"], "--sentences and --least must be at least 1"),
        (["heads", "base", str(bank)], "holds one sentence"),
        (["heads", tiny_masked, str(bank), str(bank)], "no sentence with a relation"),
    ):
        assert main(words) == 2
        assert said in capsys.readouterr().err
    with pytest.raises(BadDataError, match="cannot hold the table"):
        store(other, "m", {"rows": []})
