"""How a file is to be read, as the options of a command say."""

from __future__ import annotations

import argparse

from bert_demo.core.errors import BadDataError
from bert_demo.data.reading import Reading

READING_OPTIONS = ("pair_column", "map", "encoding", "delimiter", "quoting", "sheet", "no_header", "skip_bad")
"""Beside --text-column and --label-column."""


def reading_of(options: argparse.Namespace) -> Reading:
    """The choices of the command line. Raises BadDataError for a mapping that is none."""
    mapping = []
    for pair in options.map:
        name, equals, label = pair.partition("=")
        if not (equals and name.strip() and label.strip()):
            raise BadDataError(f"{pair[:40]!r} maps nothing. Write --map FILE_LABEL=MODEL_LABEL, such as pos=positive.")
        mapping.append((name.strip(), label.strip()))
    return Reading(
        encoding=options.encoding,
        delimiter=options.delimiter,
        quoting=options.quoting,
        header=False if options.no_header else None,
        sheet=options.sheet,
        text=tuple(options.text_column),
        pair=options.pair_column,
        label=tuple(options.label_column),
        mapping=tuple(mapping),
        skip=options.skip_bad,
    )
