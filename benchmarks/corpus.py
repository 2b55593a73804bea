"""python -m benchmarks.corpus TREES: every method on sentences of SST-2 dev, put to the test, and against people.

What is explained is the label that the model predicts. Agreement with people: a word counts as carrying that label when
the annotators of the Stanford Sentiment Treebank, shown the word alone, put it on the label's side; the measure is the
average precision of the words' scores against that (AUPRC in DeYoung et al. 2020). Sentences without such a word, or
with nothing else, are left out of this column. A method without a positive score removes nothing and gets 0, as in
ferret. Intervals: 1,000 resamples of the sentences. `--keep` writes assets/corpus.json, which the page shows, and the
table of the documents from it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score

from benchmarks.tables import CORPUS, ROOT, put
from bert_demo import BertService, Settings
from bert_demo.data.text_files import read_lines
from bert_demo.registry.attribution_methods import CARDS
from bert_demo.results import Attribution

BEGIN, END = CORPUS.begin, CORPUS.end
KEPT = ROOT / "assets" / "corpus.json"
MODELS = ROOT / "assets" / "models"
WEIGHTS = {
    "base": MODELS / "base" / "model.safetensors",
    "sentiment": MODELS / "sentiment" / "adapter_model.safetensors",
}
MEASURES = ("comprehensiveness", "sufficiency", "area", "people")
_LEAF = re.compile(r"\((\d) ([^()]+)\)")
_BRACKETS = {"-LRB-": "(", "-RRB-": ")", "-lrb-": "(", "-rrb-": ")"}
_SIDES = {"negative": -1, "positive": 1}


@dataclass(frozen=True, slots=True)
class Sentence:
    """words as they stand in `text`, joined by spaces; marks: 0 (very negative) to 4 of each; label: of the whole."""

    words: tuple[str, ...]
    marks: tuple[int, ...]
    label: int

    @property
    def text(self) -> str:
        """The sentence."""
        return " ".join(self.words)

    def carries(self, label: str) -> np.ndarray:
        """(words,) whether people, shown the word alone, put it on the side of "negative" or "positive"."""
        return np.sign(np.asarray(self.marks) - 2) == _SIDES[label]


def read_trees(path: Path) -> list[Sentence]:
    """The sentences of a file of trees that are not neutral."""
    found = []
    for line in read_lines(path):
        leaves = _LEAF.findall(line)
        words = tuple(_BRACKETS.get(word, word).replace("\\", "") for _, word in leaves)
        found.append(Sentence(words, tuple(int(mark) for mark, _ in leaves), int(line.strip()[1])))
    return [each for each in found if each.label != 2]


def by_leaf(result: Attribution, sentence: Sentence) -> np.ndarray:
    """(words,) the scores of the tokens that lie in each word of the sentence, summed."""
    starts = np.cumsum([0, *(len(word) + 1 for word in sentence.words)])
    scores = np.zeros(len(sentence.words))
    for token, score in zip(result.tokens, result.scores, strict=True):
        if not token.special:
            scores[int(np.searchsorted(starts, token.start, side="right")) - 1] += score
    return scores


def measure(sentences: list[Sentence], count: int) -> dict[str, dict[str, list[float]]]:
    """For each method, the values of the first `count` sentences. Raises DemoError for one that cannot be compared."""
    service = BertService(Settings(cache_mb=0))
    found: dict[str, dict[str, list[float]]] = {name: {} for name in CARDS}
    for done, sentence in enumerate(sentences[:count], 1):
        compared = service.compare(sentence.text, words="tokenizer")
        truth = sentence.carries(compared.target)
        for trial in compared.trials:
            rows = found[trial.attribution.method]
            values = {
                "comprehensiveness": trial.comprehensiveness or 0.0,
                "sufficiency": trial.sufficiency or 0.0,
                "area": trial.area,
                "passes": float(trial.attribution.forward_passes),
                "seconds": trial.seconds,
            }
            if truth.any() and not truth.all():
                values["people"] = float(average_precision_score(truth, by_leaf(trial.attribution, sentence)))
            for name, value in values.items():
                rows.setdefault(name, []).append(value)
        if done % 10 == 0:
            print(f"{done} sentences", flush=True)
    return found


def summary(found: dict[str, dict[str, list[float]]]) -> dict[str, Any]:
    """For each method: [mean, low, high] of each measure with 95 % intervals, medians of passes and seconds."""
    rng = np.random.default_rng(0)

    def mean(values: list[float]) -> list[float]:
        sample = np.asarray(values)
        draws = rng.choice(sample, (1000, len(sample))).mean(1)
        return [round(float(each), 4) for each in (sample.mean(), *np.quantile(draws, (0.025, 0.975)))]

    rows = {
        name: {
            **{each: mean(values[each]) for each in MEASURES},
            "passes": float(np.median(values["passes"])),
            "seconds": round(float(np.median(values["seconds"])), 3),
        }
        for name, values in found.items()
    }
    any_row = next(iter(found.values()))
    return {
        "model": "sentiment",
        "sha256": {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in WEIGHTS.items()},
        "source": "SST-2 dev (Stanford Sentiment Treebank)",
        "sentences": len(any_row["area"]),
        "sentences_people": len(any_row["people"]),
        "methods": rows,
    }


def table(figures: Mapping[str, Any]) -> str:
    """What `summary` gave, in Markdown."""
    lines = [
        "| method | comprehensiveness | sufficiency | area below random | agreement with people | passes | seconds |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, row in figures["methods"].items():
        cells = [f"{row[each][0]:.3f} ({row[each][1]:.3f} to {row[each][2]:.3f})" for each in MEASURES]
        lines.append(f"| {CARDS[name].title} | {' | '.join(cells)} | {row['passes']:.0f} | {row['seconds']:.2f} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.corpus", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("trees", help="dev trees of the Stanford Sentiment Treebank, plain or .xz")
    parser.add_argument("--sentences", type=int, default=200)
    parser.add_argument("--keep", action="store_true", help="write assets/corpus.json and the table made of it")
    options = parser.parse_args()
    sentences = read_trees(Path(options.trees))
    order = np.random.default_rng(7).permutation(len(sentences))
    figures = summary(measure([sentences[place] for place in order], options.sentences))
    print(table(figures))
    if options.keep:
        KEPT.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
        put(CORPUS, table(figures))


if __name__ == "__main__":
    main()
