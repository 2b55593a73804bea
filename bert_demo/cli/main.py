"""The same endpoints printed: python -m bert_demo classify|fill-mask|...|train|evaluate|heads|prune|shrink|space.

Every command prints a table for people and, with --json, what the HTTP endpoint returns.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from bert_demo import __version__
from bert_demo.api.endpoint import Endpoint
from bert_demo.api.endpoints import ENDPOINTS
from bert_demo.api.run import run
from bert_demo.cli import features, space
from bert_demo.cli.arguments import add_arguments
from bert_demo.cli.prune import add_prune
from bert_demo.cli.shrink import add_shrink
from bert_demo.cli.tables import table
from bert_demo.cli.training import add_evaluate, add_heads, add_train
from bert_demo.core.errors import DemoError
from bert_demo.core.settings import Settings

_LONGEST = 500
"""Characters of a message about a wrong argument."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns 0, or 2 after a DemoError, whose sentence goes to standard error."""
    options = make_parser().parse_args(arguments)
    try:
        _OTHERS.get(options.command, _ask)(options)
    except DemoError as error:
        print(f"{options.command}: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        sys.stderr.close()
    return 0


def _ask(options: argparse.Namespace) -> None:
    from bert_demo.service.bert_service import BertService

    endpoint: Endpoint = options.endpoint
    service = BertService(Settings.from_environment())
    given = {name: getattr(options, name) for name in endpoint.request.model_fields}
    if endpoint.name == "features" and options.output:
        print(features.write(service, options.output, given))
        return
    answer = run(endpoint, service, given)
    print(json.dumps(answer, ensure_ascii=False) if options.json else table(endpoint.name, answer))


def _prune(options: argparse.Namespace) -> None:
    from bert_demo.training.commands import prune

    understood, record = prune.measure(options)
    shown = json.dumps(record, ensure_ascii=False) if options.json else f"{understood}\n{table('prune', record)}"
    print(shown.strip())


def _train(options: argparse.Namespace) -> None:
    if options.task == "push":
        from bert_demo.training.commands import push

        push.run(options)
        return
    if options.task == "own":
        from bert_demo.training.commands import own

        own.run(options)
        return
    from bert_demo.training.commands import train

    train.run(options)


def _evaluate(options: argparse.Namespace) -> None:
    from bert_demo.training.commands import evaluate

    evaluate.run(options)


def _heads(options: argparse.Namespace) -> None:
    from bert_demo.training.commands import heads

    heads.run(options)


def _shrink(options: argparse.Namespace) -> None:
    from bert_demo.training.commands import shrink

    shrink.run(options)


_OTHERS: dict[str, Callable[[argparse.Namespace], None]] = {
    "train": _train,
    "evaluate": _evaluate,
    "heads": _heads,
    "prune": _prune,
    "shrink": _shrink,
    "space": space.run,
}
"""Commands that are more than an endpoint; those that read rows are kinds of `evaluate`, which reads a file."""


class _Parser(argparse.ArgumentParser):
    """argparse repeats a wrong argument in full, line breaks and all; here the message is one line that is cut."""

    def error(self, message: str) -> NoReturn:
        shown = message if len(message) <= _LONGEST else f"{message[:_LONGEST]} ..."
        super().error("".join(each if each.isprintable() else ascii(each)[1:-1] for each in shown))


def make_parser() -> argparse.ArgumentParser:
    """The commands: one for each endpoint, and those that train, measure and publish."""
    parser = _Parser(prog="python -m bert_demo", description=__doc__.splitlines()[0])
    parser.add_argument("--version", action="version", version=__version__)
    commands: Any = parser.add_subparsers(dest="command", required=True, metavar="command")
    for endpoint in ENDPOINTS:
        if endpoint.name in _OTHERS or "rows" in endpoint.request.model_fields:
            continue
        text = endpoint.description.replace("%", "%%")
        command = commands.add_parser(endpoint.name.replace("_", "-"), help=text, description=text)
        command.set_defaults(endpoint=endpoint)
        add_arguments(command, endpoint)
        if endpoint.name == "features":
            features.add_output(command)
        command.add_argument("--json", action="store_true", help="print what the HTTP endpoint returns")
    for add in (add_train, add_evaluate, add_heads, add_prune, add_shrink, space.add_space):
        add(commands)
    return parser
