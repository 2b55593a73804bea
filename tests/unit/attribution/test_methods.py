"""Every attribution method on functions whose answer is known by hand or by brute force."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from captum.attr import GradientShap, InputXGradient, Saliency

from bert_demo.attribution import METHODS, quadrature
from bert_demo.attribution.base import Problem
from bert_demo.registry.attribution_methods import CARDS

torch.manual_seed(3)
WEIGHTS = torch.randn(5, 4)
INPUTS = torch.randn(1, 5, 4)
BASELINE = torch.randn(1, 5, 4)
WORDS = ((1,), (2, 3))
"""Positions 0 and 4 stand for special tokens: they are in no word, and the same in the baseline."""
BASELINE[0, [0, 4]] = INPUTS[0, [0, 4]]


def linear(x: torch.Tensor) -> torch.Tensor:
    return (x * WEIGHTS).sum((1, 2)) + 0.5


def curved(x: torch.Tensor) -> torch.Tensor:
    return (x * WEIGHTS).sum((1, 2)).tanh() + (x[:, 1] * x[:, 2]).sum(1) * x[:, 3, 0]


def problem(function, **changes: object) -> Problem:
    return Problem(**{"function": function, "inputs": INPUTS, "baseline": BASELINE, "words": WORDS, **changes})


def test_cubic_polynomials_are_integrated_exactly_on_any_points() -> None:
    points = np.array([0.0, 0.07, 0.3, 0.55, 0.8, 1.0])
    weights = quadrature.panel_weights(points)
    assert weights.shape == (5, 6)
    for degree in range(4):
        panels = np.diff(points ** (degree + 1)) / (degree + 1)
        assert weights @ points**degree == pytest.approx(panels, abs=1e-12)
    assert weights.sum() == pytest.approx(1, abs=1e-12)
    assert quadrature.gaps(points, 3 * points**2, points**3) == pytest.approx(np.zeros(5), abs=1e-12)


def test_only_panels_that_stay_open_are_halved() -> None:
    points = quadrature.evenly(5)
    gap = np.array([0.001, -0.2, 0.1, 0.0])
    assert quadrature.halved(points, gap, 4, 0.05).tolist() == [0.375, 0.625]
    assert quadrature.halved(points, gap, 1, 0.05).tolist() == [0.375]
    assert quadrature.halved(points, gap, 4, 0.5).tolist() == []
    assert quadrature.evenly(1).tolist() == [0, 0.25, 0.5, 0.75, 1]


@pytest.mark.parametrize("where", [0.31, 0.5, 0.83])
def test_refining_finds_a_step_anywhere_and_pays_for_each_point_once(where: float) -> None:
    """F rises by 2 within a hundredth of the path; the first token brings it about, the second one nothing."""
    rows = 0

    def step(x: torch.Tensor) -> torch.Tensor:
        nonlocal rows
        rows += len(x)
        return ((x[:, 0, 0] - where) * 200).tanh() + 0 * x[:, 1, 0]

    inputs, baseline = torch.ones(1, 2, 1), torch.zeros(1, 2, 1)
    total = math.tanh((1 - where) * 200) - math.tanh(-where * 200)
    for solution in METHODS["integrated_gradients"].refine(Problem(step, inputs, baseline), 200):
        found = solution.scores.tolist()
        if solution.unsettled < 0.005 and abs(sum(found) - total) < 0.005:
            break
    assert found == pytest.approx([total, 0], abs=0.01)
    assert rows == solution.points < 80


def test_refining_stops_at_the_most_points_that_it_may_use() -> None:
    def rough(x: torch.Tensor) -> torch.Tensor:
        return (x[:, 0, 0] * 400).sin()

    solutions = list(
        METHODS["integrated_gradients"].refine(Problem(rough, torch.ones(1, 1, 1), torch.zeros(1, 1, 1)), 40)
    )
    assert solutions[0].points == 13 and solutions[-1].points == 40
    assert solutions[-1].unsettled > 0.1


def test_a_polynomial_is_integrated_to_the_last_digit() -> None:
    """F = x0^2 x1 from (0, 0) to (1, 2): the first gets 4/3, the second 2/3."""
    asked = Problem(lambda x: x[:, 0, 0] ** 2 * x[:, 1, 0], torch.tensor([[[1.0], [2.0]]]), torch.zeros(1, 2, 1))
    method = METHODS["integrated_gradients"]
    assert method.attribute(asked, 8).scores.tolist() == pytest.approx([4 / 3, 2 / 3], abs=1e-6)
    first = next(iter(method.refine(asked, 100)))
    assert first.scores.tolist() == pytest.approx([4 / 3, 2 / 3], abs=1e-6) and first.unsettled < 1e-5


@pytest.mark.parametrize("name", ["integrated_gradients", "shapley_value_sampling", "occlusion", "gradient_shap"])
def test_a_linear_function_has_one_answer(name: str) -> None:
    expected = ((INPUTS - BASELINE) * WEIGHTS)[0].sum(-1)
    words = [float(expected[list(word)].sum()) for word in WORDS]
    scores = METHODS[name].attribute(problem(linear), 400 if name == "gradient_shap" else None).scores
    found = [float(scores[list(word)].sum()) for word in WORDS]
    loose = 0.1 if name == "gradient_shap" else 1e-4
    assert found == pytest.approx(words, abs=loose * max(map(abs, words)))
    assert scores[[0, 4]].tolist() == pytest.approx([0, 0], abs=0.1 if name == "gradient_shap" else 1e-5)


def test_lime_finds_the_weights_of_a_linear_function() -> None:
    """Twelve words; what is missing is what the ridge's penalty takes off."""
    worth = torch.linspace(-2, 2, 12)
    words = tuple((place,) for place in range(12))
    asked = Problem(lambda x: x[:, :, 0] @ worth, torch.ones(1, 12, 1), torch.zeros(1, 12, 1), words=words, seed=4)
    found = METHODS["lime"].attribute(asked, 1000).scores
    assert torch.allclose(found, worth.double(), atol=0.1)
    assert torch.equal(found, METHODS["lime"].attribute(asked, 1000).scores)


def test_shapley_values_are_those_of_all_orders() -> None:
    """Two words have two orders: the mean of what each adds first and last."""

    def value(present: tuple[int, ...]) -> float:
        x = BASELINE.clone()
        for word in present:
            x[0, list(WORDS[word])] = INPUTS[0, list(WORDS[word])]
        return float(curved(x))

    expected = []
    for word in (0, 1):
        orders = list(itertools.permutations((0, 1)))
        expected.append(
            sum(value((*order[: order.index(word)], word)) - value(order[: order.index(word)]) for order in orders) / 2
        )
    solution = METHODS["shapley_value_sampling"].attribute(problem(curved), 400)
    found = [float(solution.scores[list(word)].sum()) for word in WORDS]
    assert found == pytest.approx(expected, abs=0.15 * abs(expected[0]))
    assert sum(found) == pytest.approx(float(curved(INPUTS) - curved(BASELINE)), abs=1e-4)


def test_occlusion_masks_one_word_at_a_time() -> None:
    masked = torch.randn(1, 5, 4)
    masked[0, [0, 4]] = INPUTS[0, [0, 4]]
    scores = METHODS["occlusion"].attribute(problem(curved, masked=masked), None).scores
    for word in WORDS:
        without = INPUTS.clone()
        without[0, list(word)] = masked[0, list(word)]
        assert float(scores[list(word)].sum()) == pytest.approx(float(curved(INPUTS) - curved(without)), abs=1e-5)


def test_one_gradient_is_captums_own() -> None:
    gradient = Saliency(curved).attribute(INPUTS.clone().requires_grad_(), abs=False)[0]
    assert torch.allclose(METHODS["saliency"].attribute(problem(curved), None).scores, gradient.norm(dim=-1))
    expected = InputXGradient(curved).attribute(INPUTS.clone().requires_grad_())[0].sum(-1)
    assert torch.allclose(METHODS["input_x_gradient"].attribute(problem(curved), None).scores, expected)


def test_gradient_shap_draws_apart_from_the_program() -> None:
    torch.manual_seed(7)
    np.random.seed(7)
    before = (torch.rand(1).item(), np.random.rand())
    torch.manual_seed(7)
    np.random.seed(7)
    first = METHODS["gradient_shap"].attribute(problem(curved, seed=5), None).scores
    assert (torch.rand(1).item(), np.random.rand()) == before
    again = METHODS["gradient_shap"].attribute(problem(curved, seed=5), None).scores
    other = METHODS["gradient_shap"].attribute(problem(curved, seed=6), None).scores
    assert torch.equal(first, again) and not torch.equal(first, other)
    many = GradientShap(curved).attribute(INPUTS, baselines=BASELINE, n_samples=4000, stdevs=0.0)[0].sum(-1)
    ours = METHODS["gradient_shap"].attribute(problem(curved, seed=1), 4000).scores.float()
    assert torch.allclose(ours, many.detach(), atol=0.15 * float(many.abs().max()))


def test_rollout_by_hand() -> None:
    """Two layers of one head on two tokens."""
    first, second = np.array([[0.5, 0.5], [0.2, 0.8]]), np.array([[0.1, 0.9], [0.6, 0.4]])
    stack = np.stack([first, second])[:, None]
    eye = np.eye(2)
    expected = ((second + eye) / 2 @ ((first + eye) / 2))[0]
    asked = problem(linear, attentions=lambda: stack)
    assert METHODS["attention_rollout"].attribute(asked, None).scores.tolist() == pytest.approx(expected.tolist())
    assert METHODS["attention_last_layer"].attribute(asked, None).scores.tolist() == [0.1, 0.9]
    with pytest.raises(ValueError, match="without attention weights"):
        METHODS["attention_rollout"].attribute(problem(linear), None)


def test_random_scores_are_the_same_for_the_same_text() -> None:
    draw = [METHODS["random"].attribute(problem(linear, seed=seed), None).scores.tolist() for seed in (1, 1, 2)]
    assert draw[0] == draw[1] != draw[2]
    assert draw[0][0] == draw[0][4] == 0 and draw[0][2] == draw[0][3] != 0


def test_every_method_says_what_it_is() -> None:
    assert list(CARDS) == list(METHODS)
    for name, method in METHODS.items():
        card = CARDS[name]
        assert method.name == name and card.title and card.paper and card.cost
        assert not card.additive or card.signed
