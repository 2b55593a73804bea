"""Tables of what a model decides, and of the catalogue."""

from __future__ import annotations

from typing import Any

from bert_demo.cli.tables.columns import aligned


def _classification(answer: Any) -> str:
    table = aligned([(each["label"], each["score"]) for each in answer["labels"]])
    count = len(answer["windows"])
    note = f"\nread in {count} overlapping windows, probabilities averaged" if count > 1 else ""
    return f"{answer['model']} ({answer['revision']})\n{table}{note}"


def _fillings(answer: Any) -> str:
    blocks = [
        f"mask {number}\n" + aligned([(each["token_str"], each["score"], each["sequence"]) for each in slot])
        for number, slot in enumerate(answer, start=1)
    ]
    return "\n\n".join(blocks)


def _next(answer: Any) -> str:
    return aligned([("is_next", answer["is_next"]), ("not_next", answer["not_next"])])


def _catalogue(answer: Any) -> str:
    return aligned([(row["name"], ", ".join(row["tasks"]), row["licence"], row["description"]) for row in answer])


def _entities(answer: Any) -> str:
    rows = [
        (each["type"], each["score"], each["text"], f"{each['start']}-{each['end']}") for each in answer["entities"]
    ]
    table = aligned(rows) if rows else "no entity"
    judged = [
        (
            each["outcome"],
            *(f"{part['type']} {part['text']}" if (part := each[side]) else "" for side in ("true", "found")),
        )
        for each in answer["judgements"] or ()
    ]
    said = f"\n\nF1 {answer['f1']:.3f}\n{aligned(judged)}" if judged else ""
    return f"{answer['model']} ({answer['revision']})\n{table}{said}"


TABLES = {
    "classify": _classification,
    "fill_mask": _fillings,
    "next_sentence": _next,
    "models": _catalogue,
    "entities": _entities,
}
