"""python -m benchmarks.corpus: every method on sentences of SST-2 dev, put to the test, and against what people marked.

Agreement with people: a word counts as carrying the sentiment when the annotators of the Stanford Sentiment Treebank
gave it, by itself, a label on the side of its sentence; the measure is the average precision of the words' scores
against that (AUPRC in DeYoung et al. 2020). Sentences without such a word, or with nothing else, are left out of this
column. Intervals: 1,000 resamples of the sentences.
"""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.metrics import average_precision_score

from benchmarks.running import ROOT
from bert_demo import BertService, Settings
from bert_demo.errors import DemoError
from bert_demo.methods import CARDS
from bert_demo.results import Attribution
from bert_demo.training.reading import read_lines

BEGIN, END = "<!-- corpus: made by `python -m benchmarks.corpus --readme`, never typed -->", "<!-- end of corpus -->"
_LEAF = re.compile(r"\((\d) ([^()]+)\)")
_BRACKETS = {"-LRB-": "(", "-RRB-": ")", "-lrb-": "(", "-rrb-": ")"}


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

    def carries(self) -> np.ndarray:
        """(words,) whether people marked the word as speaking for the sentence's side."""
        marks = np.asarray(self.marks)
        return marks > 2 if self.label > 2 else marks < 2


def read_trees(path: Path) -> list[Sentence]:
    """The sentences of a file of trees that are not neutral."""
    found = []
    for line in read_lines(path):
        leaves = _LEAF.findall(line)
        words = tuple(_BRACKETS.get(word.strip(), word.strip()) for _, word in leaves)
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
    """For each method, the values of the first `count` sentences that can be compared."""
    service = BertService(Settings(cache_mb=0))
    found: dict[str, dict[str, list[float]]] = {name: {} for name in CARDS}
    done = 0
    for sentence in sentences:
        if done == count:
            break
        try:
            compared = service.compare(sentence.text, target="positive" if sentence.label > 2 else "negative")
        except DemoError:
            continue
        done += 1
        truth = sentence.carries()
        for trial in compared.trials:
            rows = found[trial.attribution.method]
            values = {
                "comprehensiveness": trial.comprehensiveness,
                "sufficiency": trial.sufficiency,
                "area": trial.area,
                "passes": float(trial.attribution.forward_passes),
                "seconds": trial.seconds,
            }
            if truth.any() and not truth.all():
                values["people"] = float(average_precision_score(truth, by_leaf(trial.attribution, sentence)))
            for name, value in values.items():
                if value is not None:
                    rows.setdefault(name, []).append(value)
        if done % 10 == 0:
            print(f"{done} sentences", flush=True)
    return found


def table(found: dict[str, dict[str, list[float]]]) -> str:
    """Means with 95 % intervals; medians of passes and seconds."""
    rng = np.random.default_rng(0)

    def mean(values: list[float]) -> str:
        sample = np.asarray(values)
        draws = rng.choice(sample, (1000, len(sample))).mean(1)
        low, high = np.quantile(draws, (0.025, 0.975))
        return f"{sample.mean():.3f} ({low:.3f} to {high:.3f})"

    names = ("comprehensiveness", "sufficiency", "area", "people")
    lines = [
        "| method | comprehensiveness | sufficiency | area below random | agreement with people | passes | seconds |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, rows in found.items():
        cells = [mean(rows[each]) if rows.get(each) else "-" for each in names]
        cells += [f"{np.median(rows['passes']):.0f}", f"{np.median(rows['seconds']):.2f}"]
        lines.append(f"| {CARDS[name].title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.corpus", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("trees", help="dev trees of the Stanford Sentiment Treebank, plain or .xz")
    parser.add_argument("--sentences", type=int, default=200)
    parser.add_argument("--readme", action="store_true", help="write the table into README.md")
    options = parser.parse_args()
    sentences = read_trees(Path(options.trees))
    order = np.random.default_rng(7).permutation(len(sentences))
    written = table(measure([sentences[place] for place in order], options.sentences))
    print(written)
    if options.readme:
        readme = ROOT / "README.md"
        before, _, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
        readme.write_text(f"{before}{BEGIN}\n{written}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
