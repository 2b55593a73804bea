"""`python -m bert_demo train base --continue`, and the like: learn on, from the newest checkpoint if there is one."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import Any

from bert_demo.core.errors import BadDataError
from bert_demo.training.pretraining.continued import Learning, learn_on
from bert_demo.training.pretraining.plans import PLANS
from bert_demo.training.pretraining.stopping import Stop
from bert_demo.training.publishing.weights import publish

say = partial(print, flush=True)


def run_plan(options: argparse.Namespace) -> None:
    """Learn on by the plan that the command line names, then publish what was learnt. Raises BadDataError."""
    plan = PLANS[options.task]
    data, output = Path(options.data), Path(options.output)
    _check(options, data)
    if not options.start and plan.start is None:
        raise BadDataError(f"{plan.name} has no bundled weights to begin with: name them with --start.")
    learning = Learning(
        plan,
        Path(options.start or plan.start or ""),
        data,
        output,
        options.tokens or 0,
        options.learning_rate or 0.0,
        options.batch_tokens or 0,
        options.float32,
        options.threads,
        options.seed,
    )
    model, tokenizer, _ = learn_on(learning, Stop(options.minutes), say)
    publish(model, tokenizer, output / "model")
    say(f"the weights as they are now: {output / 'model'}")


def _check(options: Any, data: Path) -> None:
    if not data.is_dir():
        raise BadDataError(f"There is no directory {data}. --data names the directory with the collections.")
    if options.tokens is not None and options.tokens < 1:
        raise BadDataError("--tokens must be at least 1.")
    if options.threads < 1:
        raise BadDataError("--threads must be at least 1.")
    if options.minutes is not None and not options.minutes > 0:
        raise BadDataError("--minutes must be more than 0.")
