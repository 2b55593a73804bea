"""Labels that are probably wrong, by confident learning (Northcutt, Jiang and Chuang 2021), as cleanlab computes it.

Its probabilities come from a linear classifier on frozen states, each row judged by one that did not learn from it.
"""

from __future__ import annotations

import numpy as np

from bert_demo.core.progress import OnProgress

FOLDS = 5
LEAST_ROWS = FOLDS
"""Of a label; with fewer, some fold would not know it."""
STRENGTH = 0.01
"""Inverse of the regularisation: rows are few and states are wide."""


def held_out(states: np.ndarray, truth: np.ndarray, watch: OnProgress) -> np.ndarray:
    """(rows, labels) probabilities, each by a logistic regression on the other folds.

    states: (rows, d); truth: (rows,) labels from 0 without gaps, each of LEAST_ROWS or more. `watch` is called with
    rows.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    found = np.zeros((len(truth), int(truth.max()) + 1))
    done = 0
    for learnt, judged in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(states, truth):
        watch(done, len(truth))
        linear = make_pipeline(StandardScaler(), LogisticRegression(C=STRENGTH, max_iter=5000))
        found[judged] = linear.fit(states[learnt], truth[learnt]).predict_proba(states[judged])
        done += len(judged)
    return found


def issues(truth: np.ndarray, probabilities: np.ndarray) -> list[int]:
    """The rows whose label is probably wrong, the least probable label first. Arguments as in `held_out`."""
    from cleanlab.filter import find_label_issues

    found = find_label_issues(
        truth, probabilities, return_indices_ranked_by="self_confidence", filter_by="prune_by_noise_rate", n_jobs=1
    )
    return [int(place) for place in found]
