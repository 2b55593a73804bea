"""The learning rate in tokens, worked by hand."""

from __future__ import annotations

import pytest

from bert_demo.training.pretraining.schedule import TokenSchedule


@pytest.mark.parametrize(
    ("step", "factor"), [(0, 0.1), (4, 0.5), (9, 1.0), (500, 1.0), (700, 1.0), (850, 0.5), (999, 1 / 300), (1000, 0.0)]
)
def test_rate_rises_stays_and_falls_to_zero(step: int, factor: float) -> None:
    schedule = TokenSchedule(100_000, 1e-3, batch_tokens=100, warmup=1000)
    assert schedule.steps == 1000
    assert schedule.factor(step) == pytest.approx(factor)


def test_target_may_grow_or_shrink_while_a_run_goes_on() -> None:
    schedules = [TokenSchedule(tokens, 1e-3, batch_tokens=100, warmup=1000) for tokens in (100_000, 200_000, 60_000)]
    assert [schedule.factor(500) for schedule in schedules] == pytest.approx([1.0, 1.0, 100 / 180])
    assert [schedule.factor(850) for schedule in schedules] == pytest.approx([0.5, 1.0, 0.0])


def test_rise_takes_at_most_a_tenth_of_the_target() -> None:
    schedule = TokenSchedule(10_000, 1e-3, batch_tokens=100, warmup=1_000_000)
    assert [schedule.factor(step) for step in (0, 9, 10)] == pytest.approx([0.1, 1.0, 1.0])
