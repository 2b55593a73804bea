"""Which columns hold the text and its label where no header says so: by what is a label in the rows."""

from __future__ import annotations

from bert_demo.core.errors import BadDataError, DataChoiceError
from bert_demo.data.column_look import SAMPLE, Look, is_counter, is_id
from bert_demo.data.columns import LAST, Columns
from bert_demo.data.labels import shortened
from bert_demo.data.table import Row


def without_header(look: Look) -> Columns:
    """The columns of a table whose first row is a row like any other. Raises BadDataError, DataChoiceError."""
    look.body, look.names = look.table.rows[:SAMPLE], []
    row = look.table.rows[0]
    width, where = len(row.cells), look.table.place(row.line)
    if width < 2:
        raise BadDataError(f"{where}: a text and a label are needed, with a tab or a comma between them.")
    commas = look.table.dialect.delimiter == "," and (width == 2 or not row.quoted) and not _even_with_id(look, width)
    label = _label_without_header(look, row, width, where, commas)
    commas = commas and label in (0, width - 1) and not (look.reading.text or look.reading.pair)
    label = LAST if label == width - 1 else label
    if commas:
        return Columns((), tuple(at for at in range(width) if at != label % width), label, width, True)
    text, pair = _texts_without_header(look, width, label % width)
    return Columns((), tuple(text), label, width, False, pair)


def _even_with_id(look: Look, width: int) -> bool:
    """Whether all rows are of one length, three cells at least, and begin with an id."""
    rows = look.body
    if width < 3 or any(len(row.cells) != width for row in rows):
        return False
    return len(rows) > 1 and is_id([row.cells[0].strip() for row in rows])


def _label_without_header(look: Look, row: Row, width: int, where: str, commas: bool) -> int:
    if look.reading.label:
        try:
            look.names = [""] * width
            return look.at(look.reading.label[0])
        except KeyError:
            raise look.needs_header(f"there is no {look.reading.label[0]}") from None
    places = [at for at, cell in enumerate(row.cells) if look.is_label(cell.strip())]
    ends = [at for at in places if at in (0, width - 1)]
    places = ends if commas and ends else places
    if look.several and not places:
        places = [at for at, cell in enumerate(row.cells) if not cell.strip()]
    if len(places) > 1:
        last = [LAST if at == width - 1 and commas else at for at in places]
        full = [at for at, place in zip(places, last, strict=True) if _labels_throughout(look, place)]
        places = full or places
    if len(places) > 1:
        places = [
            at
            for at in places
            if not is_counter([each.cells[at].strip() for each in look.body if len(each.cells) > at])
        ]
    if len(places) > 1:
        cells = " and ".join(shortened(row.cells[at].strip()) for at in places)
        raise DataChoiceError(
            f"{where}: {cells} are both labels of this model, so either may be the text. Give the columns a header: "
            "text and label.",
            "label",
            tuple(str(at + 1) for at in places),
        )
    if not places:
        raise DataChoiceError(
            f"{where}: none of {', '.join(shortened(cell.strip()) for cell in row.cells[:6])} is a label of this "
            f"model: {', '.join(look.labels)}. A header needs the columns text and label.",
            "label",
            tuple(str(at + 1) for at in range(width)),
        )
    return places[0]


def _labels_throughout(look: Look, at: int) -> bool:
    return all(look.is_label(row.cells[at].strip()) for row in look.body if len(row.cells) > max(at, 1))


def _texts_without_header(look: Look, width: int, label: int) -> tuple[list[int], int | None]:
    look.names = [""] * width
    if look.reading.text or look.reading.pair:
        return look.asked_texts({label})
    rest = []
    for at in range(width):
        cells = [row.cells[at].strip() for row in look.body if len(row.cells) > at]
        there = [cell for cell in cells if cell]
        if at != label and there and not (is_id(there) and len(there) == len(cells)) and len(set("".join(there))) > 1:
            rest.append(at)
    if len(rest) > 1 and look.reading.join:
        return rest, None
    if len(rest) > 1:
        raise DataChoiceError(
            f"{look.table.source or 'The text'} has several columns of text and no header: columns "
            f"{' and '.join(str(at + 1) for at in rest)}. Say which are the text, and which a second text.",
            "text",
            tuple(str(at + 1) for at in rest),
        )
    return rest or [at for at in range(width) if at != label], None
