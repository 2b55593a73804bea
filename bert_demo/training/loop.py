"""One training loop for both tasks: AdamW, a trapezoid learning rate, checkpoints that survive a restart."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from bert_demo.core.errors import BadDataError, ModelLoadError

Report = Callable[[str], None]


def load_start(loader: Any, start: str, **options: Any) -> tuple[Any, PreTrainedTokenizerBase]:
    """(model with the head that `loader` gives it, in float32, its tokenizer). Raises ModelLoadError."""
    try:
        safe = {"use_safetensors": True, "trust_remote_code": False}
        model = loader.from_pretrained(start, dtype=torch.float32, **safe, **options)
        return model, AutoTokenizer.from_pretrained(start, trust_remote_code=False)
    except Exception as error:  # safetensors, the hub's client and transformers each raise kinds of their own
        raise ModelLoadError(
            f"There is no model to start from in {start!r} ({type(error).__name__}). Give a directory or a hub id "
            "with weights as safetensors."
        ) from error


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast to learn.

    The learning rate rises over the first `warmup` of the steps, stays, and falls linearly to zero over the last
    `decay` of them. Because the middle is flat a run may be resumed with more steps than it was started with.
    """

    steps: int
    learning_rate: float
    warmup: float = 0.03
    decay: float = 0.3
    weight_decay: float = 0.01
    head_factor: float = 1.0
    layer_decay: float = 1.0
    checkpoint_every: int = 200
    seed: int = 0

    def factor(self, step: int) -> float:
        """The share of `learning_rate` used at `step` (from 0)."""
        rise = max(1, math.ceil(self.steps * self.warmup))
        fall = max(1, math.ceil(self.steps * self.decay))
        return max(0.0, min(1.0, (step + 1) / rise, (self.steps - step) / fall))


def parameter_groups(model: nn.Module, schedule: Schedule) -> list[dict[str, Any]]:
    """AdamW groups: no weight decay on biases and norms, a larger rate for the head, a smaller one for low layers."""
    prefix = f"{getattr(model, 'base_model_prefix', '')}."
    layers = int(getattr(model.config, "num_hidden_layers", 0))
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        name = name.removeprefix("base_model.model.")  # where peft wraps the model
        rate = schedule.head_factor
        if name.startswith(prefix):
            found = [int(part) for part in name.split(".") if part.isdigit()]
            depth = layers - 1 - found[0] if found else layers
            rate = 1.0 if "pooler" in name else schedule.layer_decay**depth
        decay = schedule.weight_decay if parameter.ndim > 1 else 0.0
        groups.setdefault((rate, decay), []).append(parameter)
    return [
        {"params": params, "lr": schedule.learning_rate * rate, "rate": rate, "weight_decay": decay}
        for (rate, decay), params in groups.items()
    ]


def train(
    model: nn.Module,
    batch_at: Callable[[int], Any],
    loss_of: Callable[[nn.Module, Any], tuple[torch.Tensor, int]],
    schedule: Schedule,
    checkpoint: Path,
    report: Report,
) -> None:
    """Run `schedule.steps` steps; continue from `checkpoint` when it is there.

    batch_at(step) must depend on the step alone, so that a resumed run sees what an unbroken one would have seen.
    loss_of returns the mean loss and the number of tokens read. Raises BadDataError for a foreign checkpoint.
    """
    optimizer = torch.optim.AdamW(parameter_groups(model, schedule), betas=(0.9, 0.98), eps=1e-6, fused=True)
    first = _resume(model, optimizer, checkpoint, report)
    model.train()
    began, tokens, losses = time.monotonic(), 0, []
    for step in range(first, schedule.steps):
        torch.manual_seed(schedule.seed * 1_000_003 + step)
        for group in optimizer.param_groups:
            group["lr"] = schedule.learning_rate * group["rate"] * schedule.factor(step)
        loss, read = loss_of(model, batch_at(step))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        tokens += read
        losses.append(loss.item())
        done = step + 1
        if done % 20 == 0 or done == schedule.steps:
            pace = (time.monotonic() - began) / (done - first)
            left = pace * (schedule.steps - done) / 60
            speed = tokens / (time.monotonic() - began)
            mean = sum(losses) / len(losses)
            report(f"step {done}/{schedule.steps}  loss {mean:.3f}  {speed:.0f} tokens/s  {left:.0f} min left")
            losses.clear()
        if done % schedule.checkpoint_every == 0 or done == schedule.steps:
            _save(model, optimizer, checkpoint, done, schedule)
    model.eval()


def _save(model: nn.Module, optimizer: torch.optim.Optimizer, path: Path, step: int, schedule: Schedule) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
    torch.save({**state, "schedule": asdict(schedule)}, part)
    part.replace(path)


def _resume(model: nn.Module, optimizer: torch.optim.Optimizer, path: Path, report: Report) -> int:
    if not path.is_file():
        return 0
    state = torch.load(path, weights_only=True)
    try:
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
    except (KeyError, RuntimeError, ValueError) as error:
        raise BadDataError(f"{path} belongs to another model or run; remove it to start anew.") from error
    report(f"resumed at step {state['step']} from {path}")
    return int(state["step"])
