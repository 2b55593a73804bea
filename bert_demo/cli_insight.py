"""The commands about a model's inside: their arguments and their tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bert_demo.cli_columns import lined_up
from bert_demo.cli_heads import Arguments
from bert_demo.errors import ChoiceError
from bert_demo.plots.features import write_csv, write_npz

if TYPE_CHECKING:
    from bert_demo.service import BertService

_MODEL = ("--model", {"default": "base"})
_PAIR = ("--pair", {"help": "a second text"})
_LAYER = ("--layer", {"type": int, "help": "from 0 (before layer 0); the last when left out"})

MOST_SHOWN = 5
"""Occurrences of a word whose cosines fit into a table for people."""

ARGUMENTS: dict[str, Arguments] = {
    "pieces": (("text", {}), _MODEL),
    "contexts": (("word", {}), ("texts", {"nargs": "+", "metavar": "text"}), _MODEL),
    "positions": (_MODEL,),
    "first_states": (("text", {}), _PAIR, _MODEL),
    "similarity": (
        ("texts", {"nargs": "+", "metavar": "text"}),
        _MODEL,
        ("--pooling", {"default": "mean", "help": "mean or cls"}),
        _LAYER,
    ),
    "features": (
        ("text", {}),
        _PAIR,
        _MODEL,
        _LAYER,
        ("--pooling", {"help": "mean or cls: one vector in all"}),
        ("--output", {"help": "write a file: NAME.npz or NAME.csv", "metavar": "FILE"}),
    ),
    "next_sentence_baseline": (_MODEL,),
}


def write_features(service: BertService, output: str, asked: Mapping[str, Any]) -> str:
    """Write what `features` gives into a .npz or .csv file, of any size. Returns a sentence. Raises ChoiceError."""
    path = Path(output)
    if path.suffix not in (".npz", ".csv"):
        raise ChoiceError("--output must be a file that ends in .npz or .csv.")
    result = service.features(**asked)
    try:
        with path.open("wb") as stream:
            if path.suffix == ".csv":
                write_csv(result, stream)
            else:
                write_npz(result, asked["text"], asked["pair"], stream)
    except OSError as error:
        raise ChoiceError(f"{path} cannot be written: {error.strerror}.") from error
    rows, size = result.values.shape
    return f"{path}: {rows} x {size} numbers, layer {result.layer} of 0 to {result.layers}"


def _head(answer: Any) -> str:
    return f"{answer['model']} ({answer['revision']})"


def _pieces(answer: Any) -> str:
    mark = f", {answer['mark']} continues a word" if answer["mark"] else ""
    head = f"{_head(answer)}, {answer['algorithm']}, {answer['size']:,} entries{mark}"
    rows: list[tuple[Any, ...]] = [("word", "piece", "id", "tried before")]
    for word in answer["words"]:
        found = word["pieces"] or [{"piece": "[unknown]" if answer["mark"] else "", "id": "", "tried": []}]
        for number, each in enumerate(found):
            rows.append(("" if number else word["word"], each["piece"], each["id"], " ".join(each["tried"])))
    if answer["agrees"] is None:
        tokens = [(each["token"], each["id"], f"{each['start']}-{each['end']}") for each in answer["tokens"]]
        return f"{head}\n{lined_up([('token', 'id', 'characters'), *tokens])}"
    said = "the steps give the tokenizer's own tokens" if answer["agrees"] else "the tokenizer itself cuts otherwise"
    return f"{head}\n{lined_up(rows)}\n\n{said}"


def _contexts(answer: Any) -> str:
    places = [(f"[{n}]", f"text {o['text'] + 1}", f"{o['start']}-{o['end']}") for n, o in _counted(answer)]
    shown = min(len(places), MOST_SHOWN)
    pairs = [(first, second) for second in range(shown) for first in range(second)]
    rest = f"\n\nthe first {shown} occurrences; all with --json" if shown < len(places) else ""
    columns = ["before layer 0", *(f"behind layer {layer}" for layer in range(len(answer["others"]) - 1))]
    rows = [
        (name, *(matrix[first][second] for first, second in pairs), others, f"{sum(shares):.1%}")
        for name, matrix, others, shares in zip(
            columns, answer["similarity"], answer["others"], answer["variance"], strict=True
        )
    ]
    head = ("", *(f"[{first}]-[{second}]" for first, second in pairs), "different words", "variance on the plane")
    return f"{_head(answer)}, {answer['word']!r}\n{lined_up(places)}\n\ncosine\n{lined_up([head, *rows])}{rest}"


def _counted(answer: Any) -> list[tuple[int, Any]]:
    return list(enumerate(answer["occurrences"]))


def _positions(answer: Any) -> str:
    norms, every = answer["norms"], answer["every"]
    rows = [
        (place * every, norms[place * every], *(row[other] for other in (0, len(row) // 2, -1)))
        for place, row in enumerate(answer["similarity"])
    ]
    last = len(rows) - 1
    head = ("position", "length", *(f"cosine with {place * every}" for place in (0, len(rows) // 2, last)))
    return f"{_head(answer)}, {answer['positions']} positions, every {every}th\n{lined_up([head, *rows])}"


def _first_states(answer: Any) -> str:
    names = list(answer["norms"])
    rows = [
        (token["token"], *row)
        for token, row in zip(answer["tokens"], zip(*answer["norms"].values(), strict=True), strict=True)
    ]
    return f"{_head(answer)}, lengths of what is added before layer 0\n{lined_up([('token', *names), *rows])}"


def _similarity(answer: Any) -> str:
    rows = [(f"[{number}]", *row) for number, row in enumerate(answer["matrix"])]
    head = ("", *(name for name, *_ in rows))
    return f"{_head(answer)}, {answer['pooling']} of layer {answer['layer']}\n{lined_up([head, *rows])}"


def _features(answer: Any) -> str:
    names = [answer["pooling"]] if answer["pooling"] else [each["token"] for each in answer["tokens"]]
    rows = [
        (name, " ".join(f"{value:+.4f}" for value in row[:6]), "...")
        for name, row in zip(names, answer["values"], strict=True)
    ]
    size = f"{len(answer['values'])} x {len(answer['values'][0])}"
    head = f"{_head(answer)}, layer {answer['layer']} of 0 to {answer['layers']}, {size} numbers (all with --json)"
    return f"{head}\n{lined_up(rows)}\n\n{answer['lines']}"


def _baseline(answer: Any) -> str:
    rows = [
        (kind, each["pairs"], each["mean"], f"{each['right']:.1%}")
        for kind, each in ((kind, answer[kind]) for kind in ("true", "shuffled"))
    ]
    turned = answer["turned"]
    right = sum(each < 0.5 for each in turned) / len(turned)
    rows.append(("turned round", len(turned), sum(turned) / len(turned), f"{right:.1%}"))
    return f"{_head(answer)}\n{lined_up([('pairs', 'how many', 'mean', 'judged right'), *rows])}"


TABLES: dict[str, Callable[[Any], str]] = {
    "pieces": _pieces,
    "contexts": _contexts,
    "positions": _positions,
    "first_states": _first_states,
    "similarity": _similarity,
    "features": _features,
    "next_sentence_baseline": _baseline,
}
