"""A smaller model from a classifier: the ways in their order, the figures beside the original's, a directory."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from bert_demo.core.errors import BadDataError
from bert_demo.models.base import Model
from bert_demo.registry.models import ModelCard
from bert_demo.registry.smaller_ways import INT8, SmallerWay
from bert_demo.results.evaluation import Evaluation
from bert_demo.results.smaller import FlippedRow, ModelCost, SmallerModel
from bert_demo.tasks.labelled_rows import OnProgress
from bert_demo.training.smaller import card as cards
from bert_demo.training.smaller.draft import Draft, check_saved, loaded, save
from bert_demo.training.smaller.int8 import FILE, Session, write_int8
from bert_demo.training.smaller.measure import bytes_of, evaluated, middle, milliseconds, parameters_of
from bert_demo.training.smaller.ways import Rows, done


def make(
    card: ModelCard,
    draft: Draft,
    ways: Sequence[tuple[SmallerWay, str]],
    rows: Rows | None,
    output: Path,
    watch: OnProgress,
    learn: Rows | None = None,
) -> SmallerModel:
    """Write the smaller model, its card and figures into `output`, which is there wholly or not at all.

    learn: whose texts a distilled model learns from. The original is saved and loaded the same way, in float32, so that
    both are measured alike. Raises ChoiceError, ModelError, BadDataError.
    """
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=output.parent, prefix=".smaller-") as place:
            first, last = Path(place, "original"), Path(place, "smaller")
            save(draft, first)
            plain = [way for way in ways if way[0].name != INT8]
            said = [done(draft, *way, rows, Path(place, f"{at}"), watch, first, learn) for at, way in enumerate(plain)]
            save(draft, last)
            models = loaded(first), loaded(last)
            check_saved(draft, models[1])
            session = None
            if ways[-1][0].name == INT8:
                said.append(write_int8(last, draft, models[1], Path(place, "onnx")))
                session = Session(last / FILE)
            found = _measured(card, draft, ways, said, models, (bytes_of(first), bytes_of(last)), rows, watch, session)
            cards.write(last, card, found, draft)
            last.rename(output)
    except OSError as error:
        said_why = error.strerror or error
        raise BadDataError(f"{output} cannot be written ({said_why}). Name another with --output.") from None
    return found


def _measured(
    card: ModelCard,
    draft: Draft,
    ways: Sequence[tuple[SmallerWay, str]],
    said: Sequence[str],
    models: tuple[Model, Model],
    sizes: tuple[int, int],
    rows: Rows | None,
    watch: OnProgress,
    session: Session | None,
) -> SmallerModel:
    tokens, count, measure = 0, 0, ""
    flipped: tuple[FlippedRow, ...] = ()
    costs = [ModelCost(size, parameters_of(model), *[None] * 4) for size, model in zip(sizes, models, strict=True)]
    if rows is not None:
        (one, texts), (other, again) = (
            evaluated(model, rows, watch, each) for model, each in zip(models, (None, session), strict=True)
        )
        place = middle(texts)
        tokens, count, measure = len(texts[place].windows[0]), one.rows, one.measure
        times = milliseconds([(models[0], texts[place], None), (models[1], again[place], session)])
        costs = [
            ModelCost(cost.bytes, cost.parameters, *time, each.accuracy, each.macro_f1)
            for cost, time, each in zip(costs, times, (one, other), strict=True)
        ]
        flipped = flips(one, other)
    return SmallerModel(
        model=card.name,
        revision=draft.revision,
        ways=tuple(f"{way.name}={choice}" if choice else way.name for way, choice in ways),
        done=tuple(said),
        rows=count,
        measure=measure,
        tokens=tokens,
        original=costs[0],
        smaller=costs[1],
        flipped=flipped,
    )


def flips(original: Evaluation, smaller: Evaluation) -> tuple[FlippedRow, ...]:
    """The rows to which both give other labels, in the order of the file."""
    after = {each.row: each.answer for each in smaller.answered}
    return tuple(
        FlippedRow(each.line, each.text, each.pair, each.truth, each.answer, after[each.row])
        for each in sorted(original.answered, key=lambda each: each.row)
        if each.answer != after[each.row]
    )
