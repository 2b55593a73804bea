#!/bin/bash
# seqeval 1.2.2: labels without B- and I- are scored all the same, their first letter taken for the scheme.
#
# One would expect PER, LOC and ORG to be entities, or an error. Of each label the
# first letter goes: PER is the type ER, LOC is OC, and DOC would be OC as well, so that confusing the two is right. A label
# that begins with O is outside: an ORG is no entity, and a prediction that misses every ORG has an F1 of 1. All that is said
# is a warning ("PER seems not to be NE tag."). Seen:
#
#   entities of PER O LOC O ORG ORG: [('ER', 0, 0), ('OC', 2, 2)]
#   F1 of a prediction that misses ORG: 1.0; the same with B- and I-: 0.800
#   F1 of DOC where LOC is right: 1.0
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
export TMPDIR="$place"
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --no-compile seqeval==1.2.2 numpy==2.4.6 scikit-learn==1.9.1
"$place/venv/bin/python" - <<'PYTHON'
import warnings

from seqeval.metrics import f1_score
from seqeval.metrics.sequence_labeling import get_entities

warnings.simplefilter("always")
truth = ["PER", "O", "LOC", "O", "ORG", "ORG"]
missing = ["PER", "O", "LOC", "O", "O", "O"]


def marked(labels):
    """The same with B- or I-, as IOB2 has it."""
    pairs = zip(labels, ["O", *labels], strict=False)
    return [label if label == "O" else f"{'I' if label == before else 'B'}-{label}" for label, before in pairs]


with warnings.catch_warnings(record=True) as said:
    entities = get_entities(truth)
    bare = f1_score([truth], [missing])
    confused = f1_score([["LOC", "O"]], [["DOC", "O"]])
proper = f1_score([marked(truth)], [marked(missing)])
print("entities of", *truth, entities)
print(f"F1 of a prediction that misses ORG: {bare}; the same with B- and I-: {proper:.3f}")
print(f"F1 of DOC where LOC is right: {confused}")
print("warnings:", sorted({str(each.message) for each in said}))
assert entities == [("ER", 0, 0), ("OC", 2, 2)], "the behaviour has changed"
assert (bare, round(proper, 3), confused) == (1.0, 0.8, 1.0), "the behaviour has changed"
assert {each.category for each in said} == {UserWarning}
PYTHON
