"""The commands that look at single heads: their arguments and their tables."""

from __future__ import annotations

import argparse
from typing import Any

from bert_demo.cli_columns import lined_up

Arguments = tuple[tuple[str, dict[str, Any]], ...]


def _head(word: str) -> list[int]:
    """A head such as 3-7 as [layer, head]."""
    layer, _, head = word.partition("-")
    if not (layer.isdecimal() and head.isdecimal()):
        raise argparse.ArgumentTypeError(f"{word!r} is no head: write layer and head, from 0, such as 3-7")
    return [int(layer), int(head)]


ARGUMENTS: dict[str, Arguments] = {
    "attention_steps": (
        ("text", {}),
        ("query", {"type": int, "help": "the position of the token that asks, from 0"}),
        ("--pair", {"help": "a second text"}),
        ("--model", {"default": "base"}),
        ("--layer", {"type": int, "default": 0, "help": "from 0"}),
        ("--head", {"type": int, "default": 0, "help": "from 0"}),
    ),
    "head_profiles": (("text", {}), ("--pair", {"help": "a second text"}), ("--model", {"default": "base"})),
    "ablate": (
        ("text", {}),
        ("heads", {"nargs": "+", "type": _head, "metavar": "HEAD", "help": "layer-head, from 0, such as 3-7"}),
        ("--pair", {"help": "a second text"}),
        ("--model", {"default": "sentiment"}),
        ("--attributions", {"action": "store_true", "help": "explain both answers too (Integrated Gradients)"}),
        ("--target", {"help": "the label to explain; the predicted one when left out"}),
        ("--top-k", {"type": int, "default": 5}),
    ),
    "head_worth": (
        ("text", {}),
        ("--pair", {"help": "a second text"}),
        ("--model", {"default": "sentiment"}),
        ("--target", {"help": "a label, or the word behind the first mask; the most probable when left out"}),
        ("--output", {"default": "logit", "help": "logit or probability"}),
    ),
}


def add_prune(commands: Any) -> None:
    """Prune MODEL FILE."""
    prune = commands.add_parser(
        "prune", help="Switch heads off, the least important first, and watch the accuracy (Michel et al. 2019)."
    )
    prune.add_argument("model", help="a bundled name, a directory or a hub id; a classifier")
    prune.add_argument(
        "file",
        help="CSV/TSV with a text and a label (plain or .xz), as for evaluate; several labels of a text with ; between",
    )
    prune.add_argument("--text-column", nargs="+", default=[], help="name of the column (or columns) with the text")
    prune.add_argument("--label-column", default="", help="name of the column with the label")
    prune.add_argument("--rows", type=int, help="read the first so many rows")
    prune.add_argument("--points", type=int, default=10, help="steps from no head off to all (10)")
    prune.add_argument("--orders", type=int, default=3, help="random orders to compare with (3)")
    prune.add_argument("--json", action="store_true", help="print every figure as JSON")


def _steps(answer: Any) -> str:
    tokens = [each["token"] for each in answer["tokens"]]
    rows = list(zip(tokens, answer["products"], answer["scaled"], answer["weights"], strict=True))
    output = " ".join(f"{value:+.4f}" for value in answer["output"])
    return (
        f"head {answer['layer']}-{answer['head']} (from 0), query {answer['query']} {tokens[answer['query']]!r}\n"
        f"{lined_up([('key', 'q k', 'q k / sqrt(d)', 'softmax'), *rows])}\n\nsum of weight times value\n{output}\n\n"
        f"largest distance from the model's own numbers: {answer['largest_error']:.1e}"
    )


def _profiles(answer: Any) -> str:
    habits = list(answer["heads"][0]["shares"])
    rows = [
        (
            f"{each['layer']}-{each['head']}",
            each["habit"],
            *(f"{each['shares'][habit]:.3f}" for habit in habits),
            f"{each['entropy']:.3f}",
            f"{each['distance']:.2f}",
        )
        for each in answer["heads"]
    ]
    return f"{answer['model']} ({answer['revision']})\n" + lined_up(
        [("head", "habit", *habits, "entropy", "distance"), *rows]
    )


def _ablation(answer: Any) -> str:
    off = ", ".join(f"{layer}-{head}" for layer, head in answer["heads"])
    blocks = [f"{answer['model']} ({answer['revision']}) without {off}"]
    if answer["labels"]:
        later = {each["label"]: each["score"] for each in answer["labels"]["after"]}
        rows = [
            (each["label"], each["score"], later[each["label"]], f"{later[each['label']] - each['score']:+.4f}")
            for each in answer["labels"]["before"]
        ]
        blocks.append(lined_up([("label", "before", "after", "change"), *rows]))
    if answer["fillings"]:
        for number, (was, now) in enumerate(zip(*answer["fillings"].values(), strict=True), start=1):
            pairs = [(w["token_str"], w["score"], n["token_str"], n["score"]) for w, n in zip(was, now, strict=True)]
            blocks.append(f"mask {number}\n" + lined_up([("before", "", "after", ""), *pairs]))
    if answer["attributions"]:
        was, now = answer["attributions"].values()
        words = [
            (w["word"], f"{w['score']:+.4f}", f"{n['score']:+.4f}", f"{n['score'] - w['score']:+.4f}")
            for w, n in zip(was["words"], now["words"], strict=True)
        ]
        missing = ("missing", f"{was['delta']:+.6f}", f"{now['delta']:+.6f}", "")
        blocks.append(
            f"logit of {was['target']!r}\n" + lined_up([("word", "before", "after", "change"), *words, missing])
        )
    return "\n\n".join(blocks)


def _worth(answer: Any) -> str:
    head = (
        f"{answer['model']} ({answer['revision']}), {answer['output']} of {answer['target']!r}: {answer['score']:+.4f}"
    )
    rows = [(f"layer {layer}", *(f"{change:+.4f}" for change in row)) for layer, row in enumerate(answer["changes"])]
    columns = ("", *(f"head {head}" for head in range(len(answer["changes"][0]))))
    single = answer["full_passes"] * len(answer["changes"])
    note = (
        f"change when that head alone is off; {answer['layer_passes']} passes through single layers instead of {single}"
    )
    return f"{head}\n{lined_up([columns, *rows])}\n\n{note}"


def prune_table(answer: Any) -> str:
    """The curve and the order of a prune record for people."""
    points = [(each["heads_off"], each["accuracy"], each["random"]) for each in answer["points"]]
    order = " ".join(f"{layer}-{head}" for layer, head in answer["order"])
    columns = ("heads off", answer["measure"], f"mean of {answer['orders']} random orders")
    return (
        f"{answer['model']} ({answer['revision']}), {answer['rows']} texts\n"
        f"{lined_up([columns, *points])}\n\nleast important first: {order}"
    )


TABLES = {"attention_steps": _steps, "head_profiles": _profiles, "ablate": _ablation, "head_worth": _worth}
