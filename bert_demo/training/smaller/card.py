"""The table and the card of a smaller model: every figure beside the original's."""

from __future__ import annotations

from pathlib import Path

from bert_demo.registry.models import ModelCard
from bert_demo.registry.smaller_ways import INT8
from bert_demo.results.smaller import ModelCost, SmallerModel
from bert_demo.training.publishing.card import Card, Figures, Table
from bert_demo.training.publishing.tables import shortened
from bert_demo.training.smaller.draft import Draft
from bert_demo.training.smaller.measure import BATCH

_ONNX = """
# in the folder of this card, with onnxruntime, tokenizers and numpy
import json
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

labels = json.loads(Path("config.json").read_text())["id2label"]
session = onnxruntime.InferenceSession("model.onnx")
found = Tokenizer.from_file("tokenizer.json").encode("A text of yours.")
given = {"input_ids": found.ids, "token_type_ids": found.type_ids, "attention_mask": found.attention_mask}
(logits,) = session.run(None, {each.name: np.array([given[each.name]]) for each in session.get_inputs()})[0]
print(labels[str(logits.argmax())], logits)
"""
SHOWN = 160
"""Characters of a text."""
_CODE = """
# in the folder of this card
from transformers import pipeline

print(pipeline("text-classification", model=".")("A text of yours."))
"""


def figures_table(found: SmallerModel) -> Table:
    """What both cost and are worth."""
    pairs = found.original, found.smaller
    rows = [
        ("bytes on disk", *(f"{each.bytes:,}" for each in pairs), _ratio(found.smaller.bytes, found.original.bytes)),
        (
            "parameters",
            *(f"{each.parameters:,}" for each in pairs),
            _ratio(found.smaller.parameters, found.original.parameters),
        ),
    ]
    if found.rows:
        share = f"{len(found.flipped) / found.rows:.1%}".replace("%", " %")
        rows += [
            _time("one text, ms", found.original.one, found.smaller.one),
            _time(f"a text in a batch of {BATCH}, ms", found.original.many, found.smaller.many),
            (found.measure, *_numbers(pairs, "accuracy"), ""),
            ("macro F1", *_numbers(pairs, "macro_f1"), ""),
            ("answers that changed", "", f"{found.flips:,} of {found.rows:,}", share),
        ]
    return Table("Beside the original", _intro(found), ("", "original", "smaller", "ratio"), tuple(rows))


def flips_table(found: SmallerModel, most: int) -> Table:
    """The first rows whose answer changed."""
    rows = tuple(
        (str(each.line), _text(each.text, each.pair), *map("; ".join, (each.truth, each.original, each.smaller)))
        for each in found.flipped[:most]
    )
    intro = "The first ones, in the order of the file." if len(found.flipped) > most else ""
    return Table("Answers that changed", intro, ("line", "text", "label", "original", "smaller"), rows)


def write(directory: Path, card: ModelCard, found: SmallerModel, draft: Draft) -> None:
    """Write README.md and figures.json beside the weights."""
    origin = f"assets/models/{card.name}" if card.bundled else card.name
    facts = [("Made of", f"`{origin}` ({found.revision})."), *((f"{way}:", f"{text}.") for way, text in _steps(found))]
    Card(
        "A smaller classifier",
        card.licence.lower(),
        origin,
        f"It gives each text one of the labels {', '.join(draft.labels)}, as the model that it was made of does.",
        "anything that its original is not for; what it lost on other texts than those measured is not known.",
        tuple(facts),
        _ONNX if found.ways[-1] == INT8 else _CODE,
    ).write(directory, Figures((figures_table(found),)))


def _steps(found: SmallerModel) -> list[tuple[str, str]]:
    return list(zip(found.ways, found.done, strict=True))


def _intro(found: SmallerModel) -> str:
    if not found.rows:
        return "No rows were read, so that size alone is known. Both saved the same way, the original in float32."
    how = "Both saved, loaded and computed the same way in float32"
    if found.ways[-1] == INT8:
        how = "The original in float32 by torch, the smaller one by ONNX Runtime, each text alone, with as many threads"
    return (
        f"{found.rows:,} rows; in brackets: 95 % intervals. {how}; "
        f"times by turns, of the text of middle length ({found.tokens} tokens)."
    )


def _ratio(part: float, whole: float) -> str:
    return f"{part / whole:.3f}"


def _time(name: str, original: float | None, smaller: float | None) -> tuple[str, str, str, str]:
    assert original is not None and smaller is not None
    return name, f"{original:.2f}", f"{smaller:.2f}", _ratio(smaller, original)


def _numbers(pairs: tuple[ModelCost, ModelCost], name: str) -> tuple[str, str]:
    first, second = (getattr(each, name).number() for each in pairs)
    return first, second


def _text(text: str, pair: str | None) -> str:
    return shortened(text if pair is None else f"{text} | {pair}", SHOWN)
