"""The same endpoints printed: python -m bert_demo classify|fill-mask|attention|...|train|evaluate.

Every command prints a table for people and, with --json, what the HTTP endpoint returns.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from bert_demo import __version__
from bert_demo.api import ENDPOINTS, Api
from bert_demo.cli_training import add_evaluate, add_train
from bert_demo.errors import DemoError
from bert_demo.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns 0, or 2 after a DemoError, whose sentence goes to standard error."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        if options.command == "train":
            from bert_demo.training import commands

            commands.run(options)
        elif options.command == "evaluate":
            from bert_demo.training import evaluate

            evaluate.run(options)
        else:
            _ask(options)
    except DemoError as error:
        print(f"{options.command}: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        sys.stderr.close()
    return 0


def _ask(options: argparse.Namespace) -> None:
    from bert_demo.service import BertService

    service = BertService(Settings.from_environment())
    given = {name: value for name, value in vars(options).items() if name not in ("command", "json")}
    name = options.command.replace("-", "_")
    answer = getattr(Api(lambda: service), name)(**given)
    print(json.dumps(answer, ensure_ascii=False) if options.json else _TABLES[name](answer))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bert_demo", description=__doc__.splitlines()[0])
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    text_and_pair: tuple[Any, ...] = (("text", {}), ("--pair", {"help": "a second text"}))
    any_layer = {"type": int, "help": "from 0; all when left out"}
    arguments: dict[str, tuple[tuple[str, dict[str, Any]], ...]] = {
        "classify": (*text_and_pair, ("--model", {"default": "sentiment"})),
        "fill_mask": (
            ("text", {"help": "with one or more [MASK]"}),
            ("--model", {"default": "base"}),
            ("--top-k", {"type": int, "default": 5}),
            ("--candidates", {"nargs": "+", "help": "words to score instead of the best of the vocabulary"}),
        ),
        "attention": (
            *text_and_pair,
            ("--model", {"default": "base"}),
            ("--layer", any_layer),
            ("--head", any_layer),
        ),
        "attribute": (
            *text_and_pair,
            ("--model", {"default": "sentiment"}),
            ("--target", {"help": "a label; the predicted one when left out"}),
            ("--method", {"default": "integrated_gradients"}),
            ("--baseline", {"default": "pad", "help": "pad, mask or zero"}),
            ("--output", {"default": "logit", "help": "logit or probability"}),
            ("--tolerance", {"type": float, "default": 0.01}),
            ("--steps", {"type": int, "help": "a fixed number of integration steps"}),
        ),
        "next_sentence": (("first", {}), ("second", {}), ("--model", {"default": "base"})),
        "models": (),
    }
    for name in ENDPOINTS:
        summary = (getattr(Api, name).__doc__ or "").splitlines()[0]
        command = commands.add_parser(name.replace("_", "-"), help=summary, description=summary)
        for flag, details in arguments[name]:
            command.add_argument(flag, **details)
        command.add_argument("--json", action="store_true", help="print what the HTTP endpoint returns")
    add_train(commands)
    add_evaluate(commands)
    return parser


def _rows(rows: Sequence[Sequence[Any]]) -> str:
    """Columns that line up; the last one is left as long as it is."""
    cells = [[f"{cell:.4f}" if isinstance(cell, float) else str(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))] if cells else []
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells
    )


def _classification(answer: Any) -> str:
    table = _rows([(each["label"], each["score"]) for each in answer["labels"]])
    count = len(answer["windows"])
    note = f"\nread in {count} overlapping windows, probabilities averaged" if count > 1 else ""
    return f"{answer['model']} ({answer['revision']})\n{table}{note}"


def _fillings(answer: Any) -> str:
    blocks = [
        f"mask {number}\n" + _rows([(each["token_str"], each["score"], each["sequence"]) for each in slot])
        for number, slot in enumerate(answer, start=1)
    ]
    return "\n\n".join(blocks)


def _weights(answer: Any) -> str:
    tokens = [each["token"] for each in answer["tokens"]]
    blocks = []
    for layer, heads in zip(answer["layers"], answer["weights"], strict=True):
        for head, weights in zip(answer["heads"], heads, strict=True):
            rows = []
            for token, row in zip(tokens, weights, strict=True):
                best = max(range(len(row)), key=row.__getitem__)
                rows.append((token, "->", tokens[best], row[best]))
            blocks.append(f"head {layer}-{head} (from 0), the strongest key of each query\n" + _rows(rows))
    return "\n\n".join(blocks)


def _ledger(answer: Any) -> str:
    words = _rows([(each["word"], f"{each['score']:+.4f}") for each in answer["words"]])
    relative = "-" if answer["relative_delta"] is None else f"{answer['relative_delta']:.3%}"
    ledger = _rows(
        [
            ("score of the text", answer["input_output"]),
            ("score of the baseline", answer["baseline_output"]),
            ("difference", answer["input_output"] - answer["baseline_output"]),
            ("sum of the scores", sum(answer["scores"])),
            ("missing", f"{answer['delta']:+.6f} ({relative})"),
            ("forward passes", answer["forward_passes"]),
            ("converged", "yes" if answer["converged"] else "no"),
        ]
    )
    head = f"{answer['model']} ({answer['revision']}), {answer['output']} of {answer['target']!r}, {answer['method']}"
    return f"{head}\n{words}\n\n{ledger}"


def _next(answer: Any) -> str:
    return _rows([("is_next", answer["is_next"]), ("not_next", answer["not_next"])])


def _catalogue(answer: Any) -> str:
    return _rows([(row["name"], ", ".join(row["tasks"]), row["licence"], row["description"]) for row in answer])


_TABLES = {
    "classify": _classification,
    "fill_mask": _fillings,
    "attention": _weights,
    "attribute": _ledger,
    "next_sentence": _next,
    "models": _catalogue,
}
