"""Tables of why a model decides as it does."""

from __future__ import annotations

from typing import Any

from bert_demo.cli.tables.columns import aligned


def _ledger(answer: Any) -> str:
    words = aligned([(each["word"], f"{each['score']:+.4f}") for each in answer["words"]])
    relative = "-" if answer["relative_delta"] is None else f"{answer['relative_delta']:.3%}"
    ledger = aligned(
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
    return f"{head}\n{aligned([('', *tokens, 'missing', 'converged'), *rows])}"


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
    return f"{answer['model']} ({answer['revision']}), {answer['target']!r}\n{aligned([head, *rows])}\n\n{note}"


def _change(answer: Any) -> str:
    rows = [
        ("score before", answer["before"]),
        ("score after", answer["after"]),
        ("the word was worth", f"{answer['before'] - answer['after']:+.4f}"),
        ("label before", answer["before_label"]),
        ("label after", answer["after_label"]),
    ]
    head = f"{answer['model']} ({answer['revision']}), {answer['output']} of {answer['target']!r}, {answer['word']!r}"
    return f"{head}, {answer['change']}: {answer['text']}\n{aligned(rows)}"


TABLES = {
    "attribute": _ledger,
    "attribute_mask": _ledger,
    "attribute_entity": _ledger,
    "attribute_layers": _layers,
    "compare": _trials,
    "what_if": _change,
}
