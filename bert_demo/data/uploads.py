"""Labelled rows in the bytes of a visitor's file, understood before anything is computed of them."""

from __future__ import annotations

from collections.abc import Sequence

from bert_demo.core.errors import BadDataError
from bert_demo.data.labelled import MOST_BYTES, MOST_ROWS, LabelledTexts, at_most, labelled_texts
from bert_demo.data.reading import FOUND, Reading
from bert_demo.data.table import table_of


def understand_file(
    content: bytes,
    name: str,
    labels: Sequence[str],
    several: bool = False,
    reading: Reading = FOUND,
    most: int = MOST_ROWS,
) -> LabelledTexts:
    """The rows of a file of any format, which messages call `name`; those that cannot be read are only counted.

    Raises BadDataError, and DataChoiceError for what may be either.
    """
    if len(content) > MOST_BYTES:
        raise BadDataError(f"The file has {len(content):,} bytes; the limit is {MOST_BYTES:,}. Send fewer rows.")
    return at_most(
        labelled_texts(table_of(content, name, reading, MOST_BYTES), labels, reading, several), most, reading
    )
