"""The benchmark of sentence vectors: how its file is read, its measure by hand, and the table that README.md shows."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import sts
from benchmarks.tables import STS, written
from bert_demo import BertService
from bert_demo.results.representations import POOLINGS

ROWS = (
    'main\tMSR\t2012\t0001\t2.500\tA girl says "no.\tA girl says nothing.\n'
    "main\tMSR\t2012\t0002\t0.000\tIt rained.\tThe dog slept.\tsource\tsource\n"
    "main\tMSR\t2012\t0003\t5.000\tIt rained.\tRain fell.\n"
)


def test_rows_are_read_as_the_benchmark_writes_them(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text(ROWS, encoding="utf-8")
    found = sts.read_pairs(tmp_path / "rows.csv")
    assert [pair.score for pair in found] == [2.5, 0.0, 5.0]
    assert found[0].first == 'A girl says "no.' and found[1].second == "The dog slept."


def test_vectors_and_measure_by_hand(service: BertService) -> None:
    found = sts.vectors_of(service, "It rained.")
    states = [service.features("It rained.", layer=layer).values for layer in (0, 6)]
    assert np.abs(found["mean"] - states[1].mean(0)).max() < 1e-6 and np.array_equal(found["cls"], states[1][0])
    assert np.abs(found["first_last"] - np.concatenate(states).reshape(2, -1, 384).mean((0, 1))).max() < 1e-6
    both = [sts.vectors_of(service, text)["mean"] for text in ("It rained.", "Rain fell.")]
    matrix = service.similarity(["It rained.", "Rain fell."]).matrix
    assert sts.cosine(*both) == pytest.approx(matrix[0, 1], abs=1e-6)
    rng = np.random.default_rng(1)
    scores = rng.random(200)
    assert sts.spearman(np.exp(3 * scores), scores)["spearman"] == 100
    noisy = sts.spearman(scores + rng.normal(size=200), scores)
    assert noisy["low"] < noisy["spearman"] < noisy["high"] < 60


def test_the_table_is_that_of_the_page() -> None:
    figures = json.loads(sts.KEPT.read_text(encoding="utf-8"))
    assert written(STS) == sts.table(figures)
    assert figures["rows"] == 1379 and tuple(figures["results"]) == POOLINGS
    assert [row["spearman"] for row in figures["published"]] == [46.35, 16.50, 58.02, 77.03]
