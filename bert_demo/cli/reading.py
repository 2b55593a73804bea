"""The options by which a command is told how to read a file of labelled rows."""

from __future__ import annotations

from typing import Any

from bert_demo.data.reading import DELIMITERS, QUOTINGS

FORMATS = "CSV with any delimiter, JSON lines, JSON, Parquet or .xlsx, plain or as .gz, .xz, .zip"


def add_reading(command: Any) -> None:
    """Add them: columns, labels, and how the file is written; each is found where it is left out."""
    for name, more, text in (
        (
            "text-column",
            {"nargs": "+", "default": []},
            "name or number (from 1) of the column, or columns, with the text",
        ),
        ("pair-column", {"default": ""}, "that of the second text, such as a hypothesis"),
        ("label-column", {"nargs": "+", "default": []}, "that of the label, or of the marks, a column for each label"),
        (
            "map",
            {"nargs": "+", "default": [], "metavar": "A=B"},
            "what labels of the file mean: pos=positive neg=negative",
        ),
        ("encoding", {"default": ""}, "such as cp1252; UTF-8 and UTF-16 are found"),
        ("delimiter", {"default": "", "choices": ["", *DELIMITERS]}, "what stands between cells"),
        ("quoting", {"default": "", "choices": ["", *QUOTINGS]}, "how a quote inside a quoted cell is written"),
        ("sheet", {"default": ""}, "of a workbook"),
    ):
        command.add_argument(f"--{name}", help=text, **more)
    command.add_argument("--no-header", action="store_true", help="the first row is a row like any other")
    command.add_argument("--skip-bad", action="store_true", help="leave rows out that cannot be read, and count them")
