"""The arguments of `python -m bert_demo shrink`."""

from __future__ import annotations

from typing import Any

from bert_demo.cli.reading import FORMATS, add_reading
from bert_demo.registry.smaller_ways import described


def add_shrink(commands: Any) -> None:
    """Add the command."""
    text = "Make a smaller model of a classifier, and measure both."
    shrink = commands.add_parser("shrink", help=text, description=text)
    shrink.add_argument("model", help="a bundled name, a directory or a hub id; a classifier")
    shrink.add_argument(
        "--way", nargs="+", required=True, metavar="WAY", help=f"one or several, done in this order: {described()}"
    )
    shrink.add_argument("--rows", default="", metavar="FILE", help=f"labelled rows to measure on: {FORMATS}")
    shrink.add_argument(
        "--learn", default="", metavar="FILE", help="rows whose texts distil learns from; labels are not used"
    )
    shrink.add_argument("--output", required=True, metavar="DIR", help="the model, its tokenizer and its card")
    add_reading(shrink)
    shrink.add_argument("--json", action="store_true", help="print every figure and every changed answer as JSON")
