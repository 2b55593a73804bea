"""Which columns of a table hold the text, a second text, and the label: by its header."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bert_demo.core.errors import BadDataError
from bert_demo.data.bare_columns import without_header
from bert_demo.data.column_look import SAMPLE, Look, is_id
from bert_demo.data.columns import ONE_EACH, Columns
from bert_demo.data.headers import ID_NAMES, LABEL_NAMES, TEXT_NAMES, TITLE_NAMES, best, is_known_header, plain
from bert_demo.data.labels import folded, is_number
from bert_demo.data.reading import FOUND, Reading
from bert_demo.data.table import Table


def find_columns(
    table: Table,
    labels: Sequence[str],
    reading: Reading = FOUND,
    several: bool = False,
    is_label: Callable[[str], bool] | None = None,
) -> Columns:
    """Find the columns by the header, or without one by what is a label in the rows.

    several: a text may have several labels, or none; is_label: what a label is, if not one of `labels`.
    Raises BadDataError where they are not found, and DataChoiceError where two would do as well.
    """
    look = Look(table, labels, reading, several)
    look.is_label = is_label or look.is_label
    if not _has_header(look):
        return without_header(look)
    look.head = _trimmed(look)
    look.names = [plain(name) for name in look.head]
    look.body = table.rows[1 : SAMPLE + 1]
    if not look.body:
        raise BadDataError(f"{table.source or 'The text'} has a header and no rows below it.")
    marks = _marks(look)
    label = ONE_EACH if marks else _label(look)
    text, pair = _texts(look, {label, *(at for at, _ in marks)})
    return Columns(look.head, tuple(text), label, len(look.head), pair=pair, marks=marks)


def _trimmed(look: Look) -> tuple[str, ...]:
    """The header without the nameless columns at its end, as long as nothing stands below them."""
    width = len(look.head)
    while width > 1 and not look.head[width - 1] and _blank(look, width - 1):
        width -= 1
    return look.head[:width]


def _blank(look: Look, at: int) -> bool:
    return not any(row.cells[at].strip() for row in look.table.rows[1:] if len(row.cells) > at)


def _has_header(look: Look) -> bool:
    if look.table.named or look.reading.header is not None:
        return look.table.named or bool(look.reading.header)
    names = [plain(cell) for cell in look.head]
    asked = [*look.reading.text, look.reading.pair, *look.reading.label]
    if any(plain(name) in names for name in asked if name and not name.isdecimal()):
        return True
    known = [is_known_header(cell) for cell in look.head]
    sure = best(names, (*TEXT_NAMES, *LABEL_NAMES)) and not any(map(look.is_label, filter(None, look.head)))
    if sum(known) > 1 or sure or look.marks_below():
        return True
    return not any(map(look.is_label, filter(None, look.head))) and any(
        cell and look.all_labels(at, look.table.rows[1:]) for at, cell in enumerate(look.head)
    )


def _marks(look: Look) -> tuple[tuple[int, int], ...]:
    """(column, label) where each label has a column of its own."""
    lower = [folded(label) for label in look.labels]
    try:
        asked = [look.at(name) for name in look.reading.label]
    except KeyError:
        return ()
    if len(asked) == 1:
        return ()
    places = asked or [at for at, name in enumerate(look.head) if folded(name) in lower]
    if not asked and (len(places) < 2 or best(look.names, LABEL_NAMES[:1])):
        return ()
    found = [(at, lower.index(folded(look.head[at]))) for at in places if folded(look.head[at]) in lower]
    return tuple(found) if len(found) == len(places) and (asked or look.marks_below()) else ()


def _label(look: Look) -> int:
    if look.reading.label:
        try:
            return look.at(look.reading.label[0])
        except KeyError:
            raise look.needs_header(f"there is no {look.reading.label[0]}") from None
    named = [at for tier in LABEL_NAMES for at in best(look.names, (tier,))]
    fitting = [at for at in named if look.all_labels(at, look.body)]
    if fitting:
        return look.one(_best_tier(look, fitting), "label")
    if named:
        return look.one(_best_tier(look, named), "label")
    texts = set(best(look.names, TEXT_NAMES))
    ids = {at for at, name in enumerate(look.names) if name in ID_NAMES}
    by_value = [at for at in range(len(look.head)) if at not in texts | ids and look.all_labels(at, look.body)]
    if not by_value:
        missing = (
            "there is no text or sentence and no label or class"
            if not _text_named(look)
            else "there is no label or class"
        )
        raise look.needs_header(missing)
    return look.one(by_value, "label")


def _text_named(look: Look) -> bool:
    return bool(best(look.names, TEXT_NAMES) or look.pair_names())


def _best_tier(look: Look, places: list[int]) -> list[int]:
    kept = [look.names[at] if at in places else "\0" for at in range(len(look.names))]
    return best(kept, LABEL_NAMES)


def _texts(look: Look, taken: set[int]) -> tuple[list[int], int | None]:
    if look.reading.text or look.reading.pair:
        return look.asked_texts(taken)
    pairs = [pair for pair in look.pair_names() if not set(pair) & taken]
    texts = [at for at in best(look.names, TEXT_NAMES) if at not in taken]
    alone = [at for at in texts if not any(at in pair for pair in pairs)]
    if pairs and not alone:
        if len(pairs) == 1 or len({at for pair in pairs for at in pair}) == 2:
            return [pairs[0][0]], pairs[0][1]
        texts = sorted({at for pair in pairs for at in pair})
    if pairs or len(texts) > 1:
        return [look.one(sorted({*texts, *(at for pair in pairs for at in pair)}), "text")], None
    if texts:
        titles = [
            at
            for at, name in enumerate(look.names)
            if name in {plain(each) for each in TITLE_NAMES} and at not in taken
        ]
        return [*titles[:1], *texts], None
    rest = [at for at in range(len(look.head)) if at not in taken and _is_prose(look, at)]
    if not rest:
        raise look.needs_header("there is no text or sentence")
    return [look.one(rest, "text")], None


def _is_prose(look: Look, at: int) -> bool:
    cells = [row.cells[at].strip() for row in look.body if len(row.cells) > at]
    there = [cell for cell in cells if cell]
    return look.names[at] not in ID_NAMES and bool(there) and not is_id(there) and not all(map(is_number, there))
