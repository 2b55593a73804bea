"""The same endpoints printed: python -m bert_demo classify|fill-mask|attention|attribute|next-sentence|models|train.

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
from bert_demo.errors import DemoError
from bert_demo.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns 0, or 2 after a DemoError, whose sentence goes to standard error."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        if options.command == "train":
            from bert_demo.training.commands import run

            run(options)
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
    _add_train(commands)
    return parser


def _add_train(commands: Any) -> None:
    train = commands.add_parser("train", help="Make a model: pre-training or fine-tuning.")
    tasks = train.add_subparsers(dest="task", required=True, metavar="mlm|classifier")
    mlm = tasks.add_parser("mlm", help="continue masked-language-model pre-training on raw text")
    mlm.add_argument("--text", nargs="+", required=True, metavar="FILE", help="UTF-8 text, plain or .xz")
    mlm.add_argument("--single-probability", type=float, default=0.85, help="share of pieces that are one sentence")
    mlm.add_argument("--content", action="store_true", help="mask frequent words less")
    mlm.add_argument("--things", action="store_true", help="read only articles that define a kind of thing")
    classifier = tasks.add_parser("classifier", help="fine-tune a classifier on labelled text")
    classifier.add_argument("--data", nargs="*", default=[], metavar="FILE", help="CSV/TSV with text and label")
    classifier.add_argument("--test", nargs="+", default=[], metavar="FILE", help="labelled files to measure on")
    classifier.add_argument("--labels", nargs="+", required=True, help="label names, in the order of the logits")
    classifier.add_argument("--epochs", type=float, default=2.0)
    classifier.add_argument(
        "--parted", nargs="*", default=[], metavar="FILE", help="as --data, but every 10th row is kept to measure on"
    )
    for task, rate, length, steps in ((mlm, 5e-4, 128, 3000), (classifier, 5e-5, 128, 0)):
        task.add_argument("--start", required=True, metavar="MODEL", help="a directory or a hub id")
        task.add_argument("--output", required=True, metavar="DIR", help="checkpoints and the finished model")
        task.add_argument("--title", default="", help="name on the model card")
        task.add_argument("--note", default="", help="a sentence for the model card, such as how a run was interrupted")
        task.add_argument("--origin", default="", help="where the start comes from, for the model card")
        task.add_argument("--steps", type=int, default=steps, help="steps of training; 0: as --epochs says")
        task.add_argument("--length", type=int, default=length, help="tokens a piece of text")
        task.add_argument("--learning-rate", type=float, default=rate)
        task.add_argument("--head-factor", type=float, default=2.0, help="learning rate of the head over the rest")
        task.add_argument("--layer-decay", type=float, default=1.0, help="learning rate of a layer over the next one")
        task.add_argument("--seed", type=int, default=0)


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
