"""The loop: a resumed run is an unbroken one, a signal ends it cleanly, checkpoints are whole."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch
from tiny_pretraining import MIXTURE, model, save, text, tokenizer
from transformers import AutoModelForPreTraining, AutoTokenizer

from bert_demo.cli.main import main
from bert_demo.core.errors import BadDataError
from bert_demo.training.pretraining import checkpoints
from bert_demo.training.pretraining.flat import FlatBatch, flatten, split_by_tokens
from bert_demo.training.pretraining.masking import masking_rule
from bert_demo.training.pretraining.order import PieceOrder
from bert_demo.training.pretraining.packing import frame
from bert_demo.training.pretraining.prefetch import prefetched
from bert_demo.training.pretraining.run import Trainer, run
from bert_demo.training.pretraining.schedule import TokenSchedule
from bert_demo.training.pretraining.stopping import Stop

SCHEDULE = TokenSchedule(4000, 1e-2, batch_tokens=400, warmup=800)


def steps() -> Callable[[int], Sequence[FlatBatch]]:
    corpus, rule = text(), masking_rule(tokenizer(), 0.2)
    order = PieceOrder(corpus, MIXTURE, 400, group_tokens=100)

    def step_of(step: int) -> list[FlatBatch]:
        generator = torch.Generator().manual_seed(step)
        runs = split_by_tokens(order.at(step), 200)
        return [flatten(corpus, groups, frame(tokenizer()), rule, generator) for groups in runs]

    return step_of


def trainer(**identity: str | int | float) -> Trainer:
    return Trainer(model(), SCHEDULE, torch.float32, identity)


def weights(each: Trainer) -> torch.Tensor:
    return torch.cat([value.flatten() for value in each.model.state_dict().values()])


@pytest.fixture
def unbroken(tmp_path: Path) -> torch.Tensor:
    whole = trainer()
    assert run(whole, steps(), tmp_path / "whole", Stop(), lambda line: None)
    assert whole.step == 10
    return weights(whole)


def test_run_stopped_by_a_signal_goes_on_as_if_unbroken(tmp_path: Path, unbroken: torch.Tensor) -> None:
    said: list[str] = []
    step_of = steps()

    def signalled(step: int) -> Sequence[FlatBatch]:
        if step == 6:  # made early, in another thread
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.2)
        return step_of(step)

    before = signal.getsignal(signal.SIGTERM)
    broken, stop = trainer(), Stop()
    assert not run(broken, signalled, tmp_path / "broken", stop, said.append)
    assert stop.reason == "SIGTERM" and signal.getsignal(signal.SIGTERM) is before
    assert 0 < broken.step < 10 and "stopped (SIGTERM)" in said[-1]
    resumed = trainer()
    assert resumed.resume(tmp_path / "broken")
    assert (resumed.step, resumed.tokens) == (broken.step, broken.tokens)
    assert run(resumed, steps(), tmp_path / "broken", Stop(), said.append)
    assert torch.equal(weights(resumed), unbroken)


def test_run_ends_when_the_time_is_up(tmp_path: Path) -> None:
    short, stop = trainer(), Stop(minutes=0)
    assert not run(short, steps(), tmp_path, stop, lambda line: None)
    assert stop.reason == "the time is up" and short.step == 0
    assert [step for step, _ in checkpoints.saved_steps(tmp_path)] == [0]


def test_loss_falls_and_is_reported(tmp_path: Path) -> None:
    each, said = trainer(), list[str]()
    first = each.train_on(steps()(0))
    assert first.words > 2 and first.follows is not None
    run(each, steps(), tmp_path, Stop(), said.append, report_every=0)
    last = each.train_on(steps()(0))
    assert last.words < first.words - 0.3
    assert "tokens/s" in said[0] and "loss" in said[0] and "h left" in said[0]


def test_two_newest_checkpoints_are_kept_and_half_written_ones_ignored(tmp_path: Path) -> None:
    for step in (3, 20, 100):
        checkpoints.save(tmp_path, step, {"tokens": step * 400})
    (tmp_path / "step-00000200.part").write_bytes(b"half")
    assert [step for step, _ in checkpoints.saved_steps(tmp_path)] == [20, 100]
    assert checkpoints.newest(tmp_path) == {"tokens": 40_000, "step": 100}
    assert checkpoints.newest(tmp_path / "none") is None


def test_damaged_and_foreign_checkpoints_are_refused(tmp_path: Path) -> None:
    trainer(seed=1).save(tmp_path)
    with pytest.raises(BadDataError, match="another run"):
        trainer(seed=2).resume(tmp_path)
    (tmp_path / "step-00000009.pt").write_bytes(b"damaged")
    with pytest.raises(BadDataError, match="cannot be read"):
        trainer(seed=1).resume(tmp_path)


def test_prefetched_items_come_in_order_and_errors_in_their_place() -> None:
    def make(number: int) -> int:
        if number == 7:
            raise BadDataError("seven")
        return number * number

    with prefetched(make, 2, 9) as items:
        assert [next(items) for _ in range(5)] == [4, 9, 16, 25, 36]
        with pytest.raises(BadDataError, match="seven"):
            next(items)
    with prefetched(lambda number: number, 0, 10**9) as items:
        assert next(items) == 0  # and the thread ends here


def test_train_base_continues_to_its_target_and_publishes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    start, data = save(tmp_path)
    output = tmp_path / "output"
    command = ["train", "base", "--continue", "--start", str(start), "--data", str(data), "--output", str(output)]
    command += ["--batch-tokens", "800", "--float32", "--learning-rate", "0.01"]
    assert main([*command, "--tokens", "2400"]) == 0
    assert "finished at step 3" in capsys.readouterr().out
    assert main([*command, "--tokens", "8000"]) == 0
    said = capsys.readouterr().out
    assert "resumed at step 3" in said and "finished at step 10" in said
    made = AutoModelForPreTraining.from_pretrained(output / "model")
    assert AutoTokenizer.from_pretrained(output / "model").mask_token == "[MASK]"
    kept = checkpoints.newest(output)
    assert kept is not None
    name = "bert.encoder.layer.1.output.dense.weight"
    assert torch.equal(made.state_dict()[name], kept["model"][name].half().float())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--tokens", "0"], "--tokens must be at least 1"),
        (["--threads", "0"], "--threads must be at least 1"),
        (["--minutes", "0"], "--minutes must be more than 0"),
        (["--data", "nowhere"], "There is no directory nowhere"),
        (["--start", "nowhere"], "no model to start from in 'nowhere'"),
    ],
)
def test_wrong_options_get_a_sentence(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    message: str,
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)  # else it is asked for, and again, for 47 s
    start, data = save(tmp_path)
    command = ["train", "base", "--continue", "--start", str(start), "--data", str(data)]
    assert main([*command, "--output", str(tmp_path / "output"), *words]) == 2
    assert message in capsys.readouterr().err
