"""Tables about masked words."""

from __future__ import annotations

import math
from typing import Any

from bert_demo.cli.tables.columns import aligned
from bert_demo.results.masked_lm import PROBE_LIMITS


def _head(answer: Any, *more: str) -> str:
    return ", ".join((f"{answer['model']} ({answer['revision']})", *more))


def _joint(answer: Any) -> str:
    fillings = [*answer["fillings"]]
    if not any(each["independent"] for each in fillings):
        fillings.append(answer["independent"])
    rows = [
        (f"{each['score']:.4f}", "each by itself" if each["independent"] else "", each["sequence"]) for each in fillings
    ]
    blocks = [_head(answer, f"{answer['readings']} variants read"), aligned([("score", "", "text"), *rows])]
    for number, slot in enumerate(answer["slots"], start=1):
        blocks.append(f"mask {number} by itself\n" + aligned([(each["token_str"], each["score"]) for each in slot]))
    return "\n\n".join(blocks)


def _candidates(answer: Any) -> str:
    rows = [
        (each["candidate"], f"{each['score']:.4f}", f"{each['total']:.4f}", " ".join(each["pieces"]), each["sequence"])
        for each in answer["candidates"]
    ]
    blocks = [f"{_head(answer)}\n" + aligned([("candidate", "mean", "sum", "pieces", "text"), *rows])]
    if answer["pairs"]:
        pairs = [(each["first"], "less", each["second"], f"{each['difference']:+.4f}") for each in answer["pairs"]]
        blocks.append(aligned(pairs))
    blocks.append("log-probabilities (natural) of the pieces, from left to right; ranked by the mean over the pieces")
    return "\n\n".join(blocks)


def _blanks(answer: Any) -> str:
    blocks = [_head(answer, f"distance {answer['distance']:.4f} (0 alike, 1 nothing in common)")]
    for side in ("first", "second"):
        rows = [
            (each["token_str"], each["first"], each["second"], f"{each['second'] - each['first']:+.4f}")
            for each in answer[f"towards_{side}"]
        ]
        blocks.append(f"likelier in the {side}\n" + aligned([("word", "first", "second", "change"), *rows]))
    return "\n\n".join([*blocks, PROBE_LIMITS])


def _words(words: Any, changed: Any = ()) -> str:
    rows = [
        (
            "*" if number in changed else "",
            each["word"],
            math.exp(each["score"]),
            f"{each['bits']:.2f}",
            "-" if each["rank"] is None else each["rank"],
            " ".join(guess["token_str"] for guess in each["expected"]),
        )
        for number, each in enumerate(words)
    ]
    table = [("", "word", "probability", "bits", "rank", "expected"), *rows]
    return aligned(table if changed else [row[1:] for row in table])


def _preference(answer: Any) -> str:
    best = "first" if answer["difference"] > 0 else "second" if answer["difference"] < 0 else "neither"
    blocks = [_head(answer, answer["rule"], f"preferred: {best}, by {abs(answer['difference']):.4f}")]
    for side in ("first", "second"):
        said = f"{side}: score {answer[side]['score']:.4f}, pseudo-perplexity {answer[side]['perplexity']:.2f}"
        blocks.append(f"{said}\n{_words(answer[side]['words'], answer['changed'][side])}")
    return "\n\n".join([*blocks, "* a word that the other text lacks"])


def _surprises(answer: Any) -> str:
    note = f"score {answer['score']:.4f}, pseudo-perplexity {answer['perplexity']:.2f}"
    return f"{_head(answer, answer['rule'])}\n{_words(answer['words'])}\n\n{note}, {answer['readings']} variants read"


def _layers(answer: Any) -> str:
    count = len(answer["ids"]) - 1
    names = ["before layer 0", *(f"layer {number}" for number in range(count))]
    rows = [
        (
            token["token"],
            target["token_str"],
            *(f"{name} ({rank})" for name, rank in zip(guesses, ranks, strict=True)),
        )
        for token, target, guesses, ranks in zip(
            answer["tokens"],
            answer["targets"],
            zip(*answer["token_strs"], strict=True),
            zip(*answer["ranks"], strict=True),
            strict=True,
        )
    ]
    note = "behind each layer its first guess, and in brackets the rank of the token that is followed"
    return f"{_head(answer)}\n{aligned([('token', 'followed', *names), *rows])}\n\n{note}"


TABLES = {
    "fill_jointly": _joint,
    "score_candidates": _candidates,
    "compare_blanks": _blanks,
    "prefer": _preference,
    "surprises": _surprises,
    "layer_guesses": _layers,
}
