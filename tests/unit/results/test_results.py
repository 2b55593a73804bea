"""Results are frozen and check themselves; the cache keeps to its budget."""

from __future__ import annotations

import numpy as np
import pytest

from bert_demo.core.result_cache import ResultCache
from bert_demo.results import Attention, Attribution, Token, WordScore

TOKEN = Token("a", 1, 0, 1, 0, 0, False, False)


def attribution(scores: np.ndarray, **changes: object) -> Attribution:
    values = {
        "model": "m", "revision": "r", "method": "x", "target": "t", "baseline": "pad", "output": "logit",
        "tokens": (TOKEN,) * len(scores), "words": (WordScore("a", (0,), 1.0),), "scores": scores, "input_output": 3.0,
        "baseline_output": 1.0, "tolerance": 0.01, "steps": 4, "forward_passes": 6, "windows": 1,
        "criterion": "difference",
    }  # fmt: skip
    return Attribution(**{**values, **changes})  # type: ignore[arg-type]


def test_the_ledger_by_hand() -> None:
    result = attribution(np.array([1.5, 0.6]))
    assert result.difference == 2.0
    assert result.total == pytest.approx(2.1)
    assert result.delta == pytest.approx(0.1)
    assert result.relative_delta == pytest.approx(0.05)
    assert result.converged
    assert not attribution(np.array([0.0]), criterion="none").converged
    assert attribution(np.array([1.0]), input_output=1.0).relative_delta == float("inf")
    assert attribution(np.array([0.0]), input_output=1.0).relative_delta == 0.0


def test_arrays_are_read_only_and_their_sizes_checked() -> None:
    result = attribution(np.array([1.0, 1.0]))
    with pytest.raises(ValueError, match="read-only"):
        result.scores[0] = 5
    with pytest.raises(ValueError, match="one score for each token"):
        attribution(np.array([1.0]), tokens=(TOKEN, TOKEN))
    with pytest.raises(ValueError, match="weights are"):
        Attention("m", "r", (TOKEN,), (0,), (0,), np.zeros((1, 1, 2, 2)))


def test_a_row_that_does_not_sum_to_one_is_seen() -> None:
    weights = np.array([[[[0.5, 0.5], [0.9, 0.2]]]])
    assert Attention("m", "r", (TOKEN, TOKEN), (0,), (0,), weights).largest_row_error == pytest.approx(0.1)


def test_the_cache_keeps_to_its_budget() -> None:
    cache = ResultCache(1000)
    made: list[str] = []

    def make(name: str, size: int):
        return lambda: (made.append(name), np.zeros(size, dtype=np.uint8))[1]

    cache.get("a", make("a", 400))
    cache.get("b", make("b", 400))
    cache.get("a", make("a again", 400))
    cache.get("c", make("c", 400))
    cache.get("a", make("a again", 400))
    cache.get("b", make("b again", 400))
    cache.get("big", make("big", 2000))
    cache.get("big", make("big again", 2000))
    assert made == ["a", "b", "c", "b again", "big", "big again"]


def test_an_error_is_not_kept() -> None:
    cache = ResultCache(1000)
    with pytest.raises(ZeroDivisionError):
        cache.get("a", lambda: 1 // 0)
    assert cache.get("a", lambda: 5) == 5


def walked(value: object) -> int:
    """The size of a result by the rule of `Result.nbytes`, but with every entry of every tuple."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, str):
        return 60 + 4 * len(value)
    if isinstance(value, tuple):
        return 56 + 8 * len(value) + sum(map(walked, value))
    return 48 + sum(walked(getattr(value, name)) for name in getattr(value, "__match_args__", ()))


class Unsized:
    """A value that cannot say how large it is."""

    @property
    def nbytes(self) -> int:
        raise OverflowError


def test_a_value_without_a_size_holds_nobody_up() -> None:
    cache = ResultCache(100)
    with pytest.raises(OverflowError):
        cache.get("key", Unsized)
    assert cache.get("key", lambda: 1) == 1


@pytest.mark.parametrize("count", [1, 20, 500])
def test_a_result_knows_its_size(count: int) -> None:
    result = attribution(np.zeros(count))
    assert result.nbytes == walked(result) > result.scores.nbytes + 100 * count


def test_the_cache_counts_what_results_say() -> None:
    cache, result = ResultCache(10**6), attribution(np.zeros(100))
    cache.get("one", lambda: result)
    cache.get("two", lambda: (result, result))
    assert cache.bytes_held() == 3 * result.nbytes
