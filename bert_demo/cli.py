"""The same endpoints printed: python -m bert_demo classify|fill-mask|attention|...|train|evaluate|heads|prune|space.

Every command prints a table for people and, with --json, what the HTTP endpoint returns.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from bert_demo import __version__, cli_guessing, cli_insight, cli_space
from bert_demo.api import ENDPOINTS, Api
from bert_demo.cli_columns import lined_up
from bert_demo.cli_heads import ARGUMENTS, TABLES, add_prune, prune_table
from bert_demo.cli_training import add_evaluate, add_heads, add_train
from bert_demo.errors import DemoError
from bert_demo.settings import Settings

_LONGEST = 500
"""Characters of a message about a wrong argument."""


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
        elif options.command == "prune":
            _prune(options)
        elif options.command == "space":
            cli_space.run(options)
        elif options.command == "heads":
            from bert_demo.training import heads

            heads.run(options)
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
    if name == "features" and (output := given.pop("output")):
        print(cli_insight.write_features(service, output, given))
        return
    answer = getattr(Api(lambda: service), name)(**given)
    print(json.dumps(answer, ensure_ascii=False) if options.json else _TABLES[name](answer))


def _prune(options: argparse.Namespace) -> None:
    from bert_demo.training import pruning

    said, record = pruning.measure(options)
    print(json.dumps(record, ensure_ascii=False) if options.json else f"{said}\n{prune_table(record)}".strip())


class _Parser(argparse.ArgumentParser):
    """argparse repeats a wrong argument in full, line breaks and all; here the message is one line that is cut."""

    def error(self, message: str) -> NoReturn:
        shown = message if len(message) <= _LONGEST else f"{message[:_LONGEST]} ..."
        super().error("".join(each if each.isprintable() else ascii(each)[1:-1] for each in shown))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m bert_demo", description=__doc__.splitlines()[0])
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
            ("--output", {"default": "logit", "help": "logit, probability or margin"}),
            ("--tolerance", {"type": float, "default": 0.01}),
            ("--steps", {"type": int, "help": "a fixed number of integration steps, samples or orders"}),
        ),
        "attribute_mask": (
            ("text", {"help": "with one or more [MASK]"}),
            ("candidate", {"help": "the word to explain"}),
            ("--against", {"help": "another candidate: explains the difference"}),
            ("--mask", {"type": int, "default": 0, "help": "which mask, from 0"}),
            ("--model", {"default": "base"}),
            ("--method", {"default": "integrated_gradients"}),
            ("--baseline", {"default": "pad", "help": "pad, mask or zero"}),
            ("--output", {"default": "logit", "help": "logit, probability or margin"}),
            ("--tolerance", {"type": float, "default": 0.01}),
            ("--steps", {"type": int, "help": "a fixed number of integration steps, samples or orders"}),
        ),
        "attribute_layers": (
            *text_and_pair,
            ("--model", {"default": "sentiment"}),
            ("--target", {"help": "a label; the predicted one when left out"}),
            ("--baseline", {"default": "pad", "help": "pad, mask or zero"}),
            ("--output", {"default": "logit", "help": "logit, probability or margin"}),
            ("--tolerance", {"type": float, "default": 0.01}),
        ),
        "what_if": (
            ("text", {}),
            ("word", {"type": int, "help": "the number of the word, from 0"}),
            ("--change", {"default": "mask", "help": "mask, delete or replace"}),
            ("--replacement", {"default": "", "help": "the word to put in its place"}),
            ("--pair", {"help": "a second text"}),
            ("--model", {"default": "sentiment"}),
            ("--target", {"help": "a label; the predicted one when left out"}),
            ("--output", {"default": "logit", "help": "logit, probability or margin"}),
        ),
        "compare": (
            *text_and_pair,
            ("--model", {"default": "sentiment"}),
            ("--target", {"help": "a label; the predicted one when left out"}),
            ("--baseline", {"default": "pad", "help": "pad, mask or zero"}),
            ("--output", {"default": "logit", "help": "logit, probability or margin"}),
        ),
        **ARGUMENTS,
        **cli_guessing.ARGUMENTS,
        **cli_insight.ARGUMENTS,
        "next_sentence": (("first", {}), ("second", {}), ("--model", {"default": "base"})),
        "models": (),
    }
    for name in ENDPOINTS:
        if name == "prune":  # reads a file: below
            continue
        summary = (getattr(Api, name).__doc__ or "").splitlines()[0]
        command = commands.add_parser(name.replace("_", "-"), help=summary, description=summary)
        for flag, details in arguments[name]:
            command.add_argument(flag, **details)
        command.add_argument("--json", action="store_true", help="print what the HTTP endpoint returns")
    add_train(commands)
    add_evaluate(commands)
    add_heads(commands)
    add_prune(commands)
    cli_space.add_space(commands)
    return parser


def _classification(answer: Any) -> str:
    table = lined_up([(each["label"], each["score"]) for each in answer["labels"]])
    count = len(answer["windows"])
    note = f"\nread in {count} overlapping windows, probabilities averaged" if count > 1 else ""
    return f"{answer['model']} ({answer['revision']})\n{table}{note}"


def _fillings(answer: Any) -> str:
    blocks = [
        f"mask {number}\n" + lined_up([(each["token_str"], each["score"], each["sequence"]) for each in slot])
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
            blocks.append(f"head {layer}-{head} (from 0), the strongest key of each query\n" + lined_up(rows))
    return "\n\n".join(blocks)


def _ledger(answer: Any) -> str:
    words = lined_up([(each["word"], f"{each['score']:+.4f}") for each in answer["words"]])
    relative = "-" if answer["relative_delta"] is None else f"{answer['relative_delta']:.3%}"
    ledger = lined_up(
        [
            ("score of the text", answer["input_output"]),
            ("score of the baseline", answer["baseline_output"]),
            ("difference", answer["input_output"] - answer["baseline_output"]),
            ("sum of the scores", sum(answer["scores"])),
            ("missing", f"{answer['delta']:+.6f} ({relative})"),
            ("forward passes", answer["forward_passes"]),
            ("converged", {True: "yes", False: "no", None: "need not add up"}[answer["converged"]]),
        ]
    )
    head = f"{answer['model']} ({answer['revision']}), {answer['output']} of {answer['target']!r}, {answer['method']}"
    return f"{head}\n{words}\n\n{ledger}"


def _layers(answer: Any) -> str:
    tokens = [each["token"] for each in answer["tokens"]]
    names = [f"before layer {number}" for number in range(len(answer["scores"]) - 1)] + ["behind the last"]
    rows = [
        (name, *(f"{score:+.3f}" for score in row), f"{delta:+.4f}", "yes" if closed else "no")
        for name, row, delta, closed in zip(names, answer["scores"], answer["deltas"], answer["converged"], strict=True)
    ]
    head = f"{answer['model']} ({answer['revision']}), {answer['output']} of {answer['target']!r}"
    return f"{head}\n{lined_up([('', *tokens, 'missing', 'converged'), *rows])}"


def _trials(answer: Any) -> str:
    head = ("method", "area", "comprehensiveness", "sufficiency", "passes", "seconds", *answer["words"])
    rows = [
        (
            each["method"],
            f"{each['area']:+.3f}",
            *("-" if each[name] is None else f"{each[name]:+.3f}" for name in ("comprehensiveness", "sufficiency")),
            each["forward_passes"],
            f"{each['seconds']:.2f}",
            *(f"{score:+.3f}" for score in each["scores"]),
        )
        for each in answer["methods"]
    ]
    note = "area: how far the probability falls below random orders when words are masked in this order (mean)."
    return f"{answer['model']} ({answer['revision']}), {answer['target']!r}\n{lined_up([head, *rows])}\n\n{note}"


def _change(answer: Any) -> str:
    rows = [
        ("score before", answer["before"]),
        ("score after", answer["after"]),
        ("the word was worth", f"{answer['before'] - answer['after']:+.4f}"),
        ("label before", answer["before_label"]),
        ("label after", answer["after_label"]),
    ]
    head = f"{answer['model']} ({answer['revision']}), {answer['output']} of {answer['target']!r}, {answer['word']!r}"
    return f"{head}, {answer['change']}: {answer['text']}\n{lined_up(rows)}"


def _next(answer: Any) -> str:
    return lined_up([("is_next", answer["is_next"]), ("not_next", answer["not_next"])])


def _catalogue(answer: Any) -> str:
    return lined_up([(row["name"], ", ".join(row["tasks"]), row["licence"], row["description"]) for row in answer])


_TABLES = {
    "classify": _classification,
    "fill_mask": _fillings,
    "attention": _weights,
    "attribute": _ledger,
    "attribute_mask": _ledger,
    "attribute_layers": _layers,
    "compare": _trials,
    "what_if": _change,
    **TABLES,
    **cli_guessing.TABLES,
    **cli_insight.TABLES,
    "next_sentence": _next,
    "models": _catalogue,
}
