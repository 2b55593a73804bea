"""python -m benchmarks.sts sts-test.csv --keep: how well cosines of sentences go along with what people say of them.

STS benchmark (Cer et al. 2017): pairs of sentences that people gave 0 (unlike) to 5 (the same meaning). The measure is
Spearman's rank correlation x 100 between those and the cosine of the two vectors of `base`, made by each pooling;
nothing is chosen or trained here. 95 % intervals: 1,000 resamples of the pairs. `--keep` writes assets/sts.json, which
the page shows, and the table of the documents from it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from benchmarks.tables import ROOT, STS, put
from bert_demo import BertService, Settings
from bert_demo.data.text_files import read_lines
from bert_demo.tasks.representations import pooled

BEGIN, END = STS.begin, STS.end
KEPT = ROOT / "assets" / "sts.json"
MODEL = "base"
NAMES = {
    "mean": "mean of all tokens, last layer",
    "cls": "[CLS], last layer",
    "first_last": "mean of all tokens, before layer 0 and last layer averaged",
}
_TABLE = "Reimers and Gurevych 2019, Table 1 (STS benchmark, test)"
PUBLISHED = (
    ("BERT-base, mean of all tokens", 46.35, _TABLE),
    ("BERT-base, [CLS]", 16.50, _TABLE),
    ("GloVe, mean of the words", 58.02, _TABLE),
    ("SBERT-NLI-base, trained to compare sentences", 77.03, _TABLE),
)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two sentences and what people said of them, from 0 to 5."""

    first: str
    second: str
    score: float


def read_pairs(path: Path) -> list[Pair]:
    """The rows of the benchmark's own files: tab-separated, the score in column 5, the sentences in 6 and 7."""
    cells = (line.rstrip("\r\n").split("\t") for line in read_lines(path))
    return [Pair(row[5], row[6], float(row[4])) for row in cells if len(row) >= 7]


def vectors_of(service: BertService, sentence: str) -> dict[str, np.ndarray]:
    """(d,) of each pooling."""
    last = service.features(sentence, model=MODEL).values
    first = service.features(sentence, model=MODEL, layer=0).values
    return {
        "mean": pooled(last, "mean"),
        "cls": pooled(last, "cls"),
        "first_last": (pooled(first, "mean") + pooled(last, "mean")) / 2,
    }


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    """Of two vectors (d,)."""
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def measure(pairs: Sequence[Pair]) -> dict[str, np.ndarray]:
    """For each pooling the cosine of every pair."""
    service = BertService(Settings(cache_mb=0))
    found: dict[str, list[float]] = {name: [] for name in NAMES}
    for done, pair in enumerate(pairs, start=1):
        first, second = (vectors_of(service, sentence) for sentence in (pair.first, pair.second))
        for name, row in found.items():
            row.append(cosine(first[name], second[name]))
        if done % 200 == 0:
            print(f"{done} pairs", flush=True)
    return {name: np.array(row) for name, row in found.items()}


def spearman(cosines: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    """Spearman x 100, and its 95 % interval."""
    rng = np.random.default_rng(0)
    draws = [rng.integers(len(scores), size=len(scores)) for _ in range(1000)]
    resampled = [spearmanr(cosines[draw], scores[draw]).statistic for draw in draws]
    low, high = np.quantile(resampled, (0.025, 0.975))
    whole = spearmanr(cosines, scores).statistic
    return {name: round(100 * float(value), 2) for name, value in (("spearman", whole), ("low", low), ("high", high))}


def summary(pairs: Sequence[Pair], cosines: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """What assets/sts.json holds. `more`: poolings that the page does not offer."""
    scores = np.array([pair.score for pair in pairs])
    found = {name: {"title": NAMES[name], **spearman(row, scores)} for name, row in cosines.items()}
    return {
        "model": MODEL,
        "rows": len(pairs),
        "results": {name: found[name] for name in ("mean", "cls")},
        "more": {name: found[name] for name in found if name not in ("mean", "cls")},
        "published": [{"name": name, "spearman": value, "source": source} for name, value, source in PUBLISHED],
    }


def table(figures: Mapping[str, Any]) -> str:
    """What `summary` gave, in Markdown."""

    def rows() -> Iterator[str]:
        for row in (*figures["results"].values(), *figures["more"].values()):
            interval = f"{row['low']:.1f} to {row['high']:.1f}"
            yield f"| `{figures['model']}`, {row['title']} | {row['spearman']:.1f} ({interval}) | this project |"
        for row in figures["published"]:
            yield f"| {row['name']} | {row['spearman']:.2f} | {row['source']} |"

    head = ["| vector of a sentence | Spearman x 100 (95 % interval) | source |", "| --- | --- | --- |"]
    return "\n".join([*head, *rows()])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sts", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path, help="sts-test of the STS benchmark, plain or .xz")
    parser.add_argument("--keep", action="store_true", help="write assets/sts.json and the table made of it")
    options = parser.parse_args()
    pairs = read_pairs(options.file)
    figures = summary(pairs, measure(pairs))
    print(table(figures))
    if options.keep:
        KEPT.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
        put(STS, table(figures))


if __name__ == "__main__":
    main()
