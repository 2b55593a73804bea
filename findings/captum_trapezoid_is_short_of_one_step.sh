#!/bin/bash
# captum 0.9.0: the weights of method="riemann_trapezoid" sum to 1 - 1/n, not to 1.
#
# One would expect the trapezoid rule to be the most exact of the Riemann sums, and exact for a linear function. Its n points
# span n - 1 intervals, but each is weighted with 1/n, so every attribution of Integrated Gradients is too small by 1/n: 10 %
# with ten steps, 2 % with the default 50. The convergence delta shows it. Seen, for f(x) = 2 x1 + 2 x2 at (1, 2) with ten
# steps, whose attributions are 2 and 4:
#
#   sums of the weights for 2, 10, 50 steps: left, right, middle, Gauss-Legendre 1, 1, 1; trapezoid 0.5, 0.9, 0.98
#   riemann_middle 2.0, 4.0, delta 0; riemann_trapezoid 1.8, 3.6, delta -0.6
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
export TMPDIR="$place"
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --no-compile captum==0.9.0 torch==2.13.0 numpy==2.4.6
"$place/venv/bin/python" - <<'PYTHON'
import torch
from captum.attr import IntegratedGradients
from captum.attr._utils.approximation_methods import approximation_parameters

for method in ("riemann_left", "riemann_right", "riemann_middle", "gausslegendre", "riemann_trapezoid"):
    weights, _ = approximation_parameters(method)
    sums = [round(float(sum(weights(steps))), 6) for steps in (2, 10, 50)]
    print(f"{method:18} weights sum to", *sums)
    assert sums == ([0.5, 0.9, 0.98] if method == "riemann_trapezoid" else [1, 1, 1]), "the behaviour has changed"

integrated = IntegratedGradients(lambda inputs: (2 * inputs).sum(1))
point = torch.tensor([[1.0, 2.0]])
for method, seen in (("riemann_middle", (2.0, 4.0, 0.0)), ("riemann_trapezoid", (1.8, 3.6, -0.6))):
    found, delta = integrated.attribute(
        point, torch.zeros_like(point), n_steps=10, method=method, return_convergence_delta=True
    )
    values = [*found[0].tolist(), delta.item()]
    print(f"{method:18} attributions and delta", *(round(each, 4) for each in values))
    assert all(abs(one - other) < 1e-5 for one, other in zip(values, seen, strict=True)), "the behaviour has changed"
PYTHON
