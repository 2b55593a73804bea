"""Tables of what attention heads do, and of a model without some of them."""

from __future__ import annotations

from typing import Any

from bert_demo.cli.tables.columns import aligned


def _weights(answer: Any) -> str:
    tokens = [each["token"] for each in answer["tokens"]]
    blocks = []
    for layer, heads in zip(answer["layers"], answer["weights"], strict=True):
        for head, weights in zip(answer["heads"], heads, strict=True):
            rows = []
            for token, row in zip(tokens, weights, strict=True):
                best = max(range(len(row)), key=row.__getitem__)
                rows.append((token, "->", tokens[best], row[best]))
            blocks.append(f"head {layer}-{head} (from 0), the strongest key of each query\n" + aligned(rows))
    return "\n\n".join(blocks)


def _steps(answer: Any) -> str:
    tokens = [each["token"] for each in answer["tokens"]]
    rows = list(zip(tokens, answer["products"], answer["scaled"], answer["weights"], strict=True))
    output = " ".join(f"{value:+.4f}" for value in answer["output"])
    return (
        f"head {answer['layer']}-{answer['head']} (from 0), query {answer['query']} {tokens[answer['query']]!r}\n"
        f"{aligned([('key', 'q k', 'q k / sqrt(d)', 'softmax'), *rows])}\n\nsum of weight times value\n{output}\n\n"
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
    return f"{answer['model']} ({answer['revision']})\n" + aligned(
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
        blocks.append(aligned([("label", "before", "after", "change"), *rows]))
    if answer["fillings"]:
        for number, (was, now) in enumerate(zip(*answer["fillings"].values(), strict=True), start=1):
            pairs = [(w["token_str"], w["score"], n["token_str"], n["score"]) for w, n in zip(was, now, strict=True)]
            blocks.append(f"mask {number}\n" + aligned([("before", "", "after", ""), *pairs]))
    if answer["attributions"]:
        was, now = answer["attributions"].values()
        words = [
            (w["word"], f"{w['score']:+.4f}", f"{n['score']:+.4f}", f"{n['score'] - w['score']:+.4f}")
            for w, n in zip(was["words"], now["words"], strict=True)
        ]
        missing = ("missing", f"{was['delta']:+.6f}", f"{now['delta']:+.6f}", "")
        blocks.append(
            f"logit of {was['target']!r}\n" + aligned([("word", "before", "after", "change"), *words, missing])
        )
    return "\n\n".join(blocks)


def _head_effects(answer: Any) -> str:
    head = (
        f"{answer['model']} ({answer['revision']}), {answer['output']} of {answer['target']!r}: {answer['score']:+.4f}"
    )
    rows = [(f"layer {layer}", *(f"{change:+.4f}" for change in row)) for layer, row in enumerate(answer["changes"])]
    columns = ("", *(f"head {head}" for head in range(len(answer["changes"][0]))))
    single = answer["full_passes"] * len(answer["changes"])
    note = (
        f"change when that head alone is off; {answer['layer_passes']} passes through single layers instead of {single}"
    )
    return f"{head}\n{aligned([columns, *rows])}\n\n{note}"


def _curve(answer: Any) -> str:
    points = [(each["heads_off"], each["accuracy"], each["random"]) for each in answer["points"]]
    order = " ".join(f"{layer}-{head}" for layer, head in answer["order"])
    columns = ("heads off", answer["measure"], f"mean of {answer['orders']} random orders")
    return (
        f"{answer['model']} ({answer['revision']}), {answer['rows']} texts\n"
        f"{aligned([columns, *points])}\n\nleast important first: {order}"
    )


TABLES = {
    "attention": _weights,
    "attention_steps": _steps,
    "head_profiles": _profiles,
    "ablate": _ablation,
    "head_worth": _head_effects,
    "prune": _curve,
}
