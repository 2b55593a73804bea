"""Tables of what a model is made of."""

from __future__ import annotations

from typing import Any

from bert_demo.cli.tables.columns import aligned

MOST_SHOWN = 5
"""Occurrences of a word whose cosines fit into a table."""


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
        return f"{head}\n{aligned([('token', 'id', 'characters'), *tokens])}"
    said = "the steps give the tokenizer's own tokens" if answer["agrees"] else "the tokenizer itself cuts otherwise"
    return f"{head}\n{aligned(rows)}\n\n{said}"


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
    return f"{_head(answer)}, {answer['word']!r}\n{aligned(places)}\n\ncosine\n{aligned([head, *rows])}{rest}"


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
    return f"{_head(answer)}, {answer['positions']} positions, every {every}th\n{aligned([head, *rows])}"


def _first_states(answer: Any) -> str:
    names = list(answer["norms"])
    rows = [
        (token["token"], *row)
        for token, row in zip(answer["tokens"], zip(*answer["norms"].values(), strict=True), strict=True)
    ]
    return f"{_head(answer)}, lengths of what is added before layer 0\n{aligned([('token', *names), *rows])}"


def _similarity(answer: Any) -> str:
    rows = [(f"[{number}]", *row) for number, row in enumerate(answer["matrix"])]
    head = ("", *(name for name, *_ in rows))
    return f"{_head(answer)}, {answer['pooling']} of layer {answer['layer']}\n{aligned([head, *rows])}"


def _features(answer: Any) -> str:
    names = [answer["pooling"]] if answer["pooling"] else [each["token"] for each in answer["tokens"]]
    rows = [
        (name, " ".join(f"{value:+.4f}" for value in row[:6]), "...")
        for name, row in zip(names, answer["values"], strict=True)
    ]
    size = f"{len(answer['values'])} x {len(answer['values'][0])}"
    head = f"{_head(answer)}, layer {answer['layer']} of 0 to {answer['layers']}, {size} numbers (all with --json)"
    return f"{head}\n{aligned(rows)}\n\n{answer['lines']}"


def _baseline(answer: Any) -> str:
    rows = [
        (kind, each["pairs"], each["mean"], f"{each['right']:.1%}")
        for kind, each in ((kind, answer[kind]) for kind in ("true", "shuffled"))
    ]
    turned = answer["turned"]
    right = sum(each < 0.5 for each in turned) / len(turned)
    rows.append(("turned round", len(turned), sum(turned) / len(turned), f"{right:.1%}"))
    return f"{_head(answer)}\n{aligned([('pairs', 'how many', 'mean', 'judged right'), *rows])}"


TABLES = {
    "pieces": _pieces,
    "contexts": _contexts,
    "positions": _positions,
    "first_states": _first_states,
    "similarity": _similarity,
    "features": _features,
    "next_sentence_baseline": _baseline,
}
