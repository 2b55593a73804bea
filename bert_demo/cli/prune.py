"""`python -m bert_demo prune MODEL FILE`: the endpoint for the rows of a file, of any length."""

from __future__ import annotations

from typing import Any

from bert_demo.api.endpoints import BY_NAME
from bert_demo.cli.reading import FORMATS, add_reading


def add_prune(commands: Any) -> None:
    """Add the command."""
    endpoint = BY_NAME["prune"]
    prune = commands.add_parser("prune", help=endpoint.description, description=endpoint.description)
    prune.add_argument("model", help="a bundled name, a directory or a hub id; a classifier")
    prune.add_argument(
        "file",
        help=f"rows of a text and a label, as for evaluate: {FORMATS}",
    )
    add_reading(prune)
    prune.add_argument("--rows", type=int, help="read the first so many rows")
    for name in ("points", "orders"):
        field = endpoint.request.model_fields[name]
        prune.add_argument(f"--{name}", type=int, default=field.default, help=field.description)
    prune.add_argument("--json", action="store_true", help="print every figure as JSON")
