"""What may be wrong with labelled rows: doubtful labels, near duplicates, texts that another file has as well."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bert_demo.models.base import Encoding, Model
from bert_demo.results.intervals import Interval
from bert_demo.results.label_issues import Duplicates, LabelIssue, LabelIssues, LabelledText, SharedText
from bert_demo.tasks import confident_learning, intervals, near_duplicates
from bert_demo.tasks.evaluation import one_window_each
from bert_demo.tasks.labelled_rows import OnProgress

_BOTH = "\n"
"""Between the two texts of a row, where they are compared."""


class LabelledRows:
    """Rows and what is right of them. rows: as the service takes them; truth: (rows, labels); labels: their names."""

    def __init__(
        self, rows: Sequence[tuple[str, ...]], lines: Sequence[int], truth: np.ndarray, labels: Sequence[str]
    ) -> None:
        self.rows, self.lines, self.truth, self.labels = rows, lines, truth, tuple(labels)
        self.texts = [row[0] for row in rows]
        self.pairs = [row[1] if len(row) == 3 else None for row in rows]

    def names(self, truth: np.ndarray) -> tuple[str, ...]:
        """The labels that are True of a row's."""
        return tuple(label for label, there in zip(self.labels, truth, strict=True) if there)

    def joined(self) -> list[str]:
        """Each row as one normalised text."""
        both = zip(self.texts, self.pairs, strict=True)
        return [_BOTH.join(near_duplicates.normalised(each) for each in (text, pair) if each) for text, pair in both]


def label_issues(
    model: Model,
    states: Model,
    encodings: Sequence[Encoding],
    labelled: LabelledRows,
    several: bool,
    others: Sequence[str],
    watch: OnProgress,
) -> LabelIssues:
    """Everything that may be wrong.

    encodings: of the texts, by the model `states`, whose last layer is read; several: whether each label is judged by
    itself; others: the texts of another file. `watch` is called with rows.
    """
    vectors = pooled_states(states, encodings, watch)
    found, judged, accuracy, left_out = (_each_label if several else _one_label)(labelled, vectors, watch)
    joined = labelled.joined()
    return LabelIssues(
        model=model.info.name,
        revision=model.info.revision,
        states=states.info.name,
        rows=len(labelled.rows),
        folds=confident_learning.FOLDS,
        judged=judged,
        accuracy=accuracy,
        left_out=left_out,
        issues=found,
        duplicates=_duplicates(labelled, joined, watch),
        others=len(others),
        shared=_shared(labelled, joined, others, watch),
    )


def pooled_states(model: Model, encodings: Sequence[Encoding], watch: OnProgress) -> np.ndarray:
    """(texts, d): the mean of the last layer's states over all tokens of a text, of all its windows."""
    pieces = [(row, piece) for row, encoding in enumerate(encodings) for piece in one_window_each(encoding)]
    sums: dict[int, np.ndarray] = {}
    counts = np.zeros(len(encodings))
    read = 0
    for places, batch in model.encoder.batched_hidden_states([piece for _, piece in pieces]):
        for place, states in zip(places, batch, strict=True):
            row, piece = pieces[place]
            own = states[-1, : len(piece.tokens)].sum(0, dtype=np.float64)
            sums[row] = sums[row] + own if row in sums else own
            counts[row] += len(piece.tokens)
        read += len(places)
        watch(round(len(encodings) * read / len(pieces)), len(encodings))
    return np.stack([sums[row] / counts[row] for row in range(len(encodings))])


Judged = tuple[tuple[LabelIssue, ...], int, Interval | None, tuple[str, ...]]
"""Issues, rows that were judged, accuracy, labels that were left out."""


def _one_label(labelled: LabelledRows, vectors: np.ndarray, watch: OnProgress) -> Judged:
    truth = labelled.truth.argmax(1)
    counts = np.bincount(truth, minlength=len(labelled.labels))
    kept = np.flatnonzero(counts >= confident_learning.LEAST_ROWS)
    few = tuple(labelled.labels[at] for at in np.flatnonzero((counts > 0) & (counts < confident_learning.LEAST_ROWS)))
    if len(kept) < 2:
        return (), 0, None, few
    rows = np.flatnonzero(np.isin(truth, kept))
    own = np.searchsorted(kept, truth[rows])
    probabilities = confident_learning.held_out(vectors[rows], own, watch)
    best = probabilities.argmax(1)
    found = tuple(
        _issue(labelled, int(rows[at]), (labelled.labels[kept[best[at]]],), float(probabilities[at, own[at]]))
        for at in confident_learning.issues(own, probabilities)
    )
    return found, len(rows), intervals.share(float((best == own).sum()), len(rows)), few


def _each_label(labelled: LabelledRows, vectors: np.ndarray, watch: OnProgress) -> Judged:
    """Each label is a question of its own: has it, or has it not."""
    found: list[LabelIssue] = []
    few: list[str] = []
    right = judged = 0
    for at, label in enumerate(labelled.labels):
        own = labelled.truth[:, at].astype(int)
        if min(own.sum(), len(own) - own.sum()) < confident_learning.LEAST_ROWS:
            few += [label] if own.any() else []
            continue
        probabilities = confident_learning.held_out(vectors, own, watch)
        right += int((probabilities.argmax(1) == own).sum())
        judged += len(own)
        for row in confident_learning.issues(own, probabilities):
            meant = labelled.truth[row].copy()
            meant[at] = not meant[at]
            found.append(_issue(labelled, row, labelled.names(meant), float(probabilities[row, own[row]])))
    if not judged:
        return (), 0, None, tuple(few)
    found.sort(key=lambda each: each.confidence)
    return tuple(found), len(labelled.rows), intervals.share(right, judged), tuple(few)


def _issue(labelled: LabelledRows, row: int, suggested: tuple[str, ...], confidence: float) -> LabelIssue:
    given = labelled.names(labelled.truth[row])
    return LabelIssue(row, labelled.lines[row], labelled.texts[row], labelled.pairs[row], given, suggested, confidence)


def _duplicates(labelled: LabelledRows, joined: Sequence[str], watch: OnProgress) -> tuple[Duplicates, ...]:
    pairs = [(one, other) for one, other, _ in near_duplicates.similar(joined, joined, watch) if one < other]
    found = []
    for places in near_duplicates.groups(pairs, len(joined)):
        rows = tuple(
            LabelledText(at, labelled.lines[at], labelled.texts[at], labelled.names(labelled.truth[at]))
            for at in places
        )
        same, conflict = len({joined[at] for at in places}) == 1, len({row.labels for row in rows}) > 1
        found.append(Duplicates(rows, same, conflict))
    return tuple(sorted(found, key=lambda each: (not each.conflict, not each.same, each.rows[0].row)))


def _shared(
    labelled: LabelledRows, joined: Sequence[str], others: Sequence[str], watch: OnProgress
) -> tuple[SharedText, ...]:
    """Of each row the text of the other file that is most like it."""
    best: dict[int, tuple[float, int]] = {}
    compared = [near_duplicates.normalised(text) for text in others]
    for row, other, similarity in near_duplicates.similar(joined, compared, watch) if others else ():
        if row not in best or similarity > best[row][0]:
            best[row] = (similarity, other)
    return tuple(
        SharedText(row, labelled.lines[row], labelled.texts[row], other, others[other], similarity)
        for row, (similarity, other) in sorted(best.items())
    )
