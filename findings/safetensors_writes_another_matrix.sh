#!/bin/bash
# safetensors 0.8.0: safetensors.numpy.save of an array that does not lie row by row in memory writes another matrix.
#
# One would expect the values back, or an error. The bytes are written as they lie, beside the shape of the array, so
# the matrix that is read has the same shape and the same values at other places. No warning. Transposed arrays and
# arrays in Fortran's order are such (coef_ of some fitted models, a table's .values), and so is a column of a matrix:
# of that, not even the values come back. np.ascontiguousarray before saving helps. Seen:
#
#   C order       [[0, 1, 2], [3, 4, 5]]    read as [[0, 1, 2], [3, 4, 5]]
#   transposed    [[0, 3], [1, 4], [2, 5]]  read as [[0, 1], [2, 3], [4, 5]]
#   Fortran order [[0, 1, 2], [3, 4, 5]]    read as [[0, 3, 1], [4, 2, 5]]
#   a column      [0, 3]                    read as [0, 1]
#   made C order  [[0, 3], [1, 4], [2, 5]]  read as [[0, 3], [1, 4], [2, 5]]
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
export TMPDIR="$place"
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --no-compile safetensors==0.8.0 numpy==2.4.6
"$place/venv/bin/python" - <<'PYTHON'
import numpy as np
from safetensors.numpy import load, save

matrix = np.arange(6, dtype=np.float32).reshape(2, 3)
arrays = {
    "C order": (matrix, [[0, 1, 2], [3, 4, 5]]),
    "transposed": (matrix.T, [[0, 1], [2, 3], [4, 5]]),
    "Fortran order": (np.asfortranarray(matrix), [[0, 3, 1], [4, 2, 5]]),
    "a column": (matrix[:, 0], [0, 1]),
    "made C order": (np.ascontiguousarray(matrix.T), [[0, 3], [1, 4], [2, 5]]),
}
for name, (array, seen) in arrays.items():
    read = load(save({"array": array}))["array"]
    print(f"{name:13} {array.astype(int).tolist()} read as {read.astype(int).tolist()}")
    assert read.tolist() == seen, "the behaviour has changed"
PYTHON
