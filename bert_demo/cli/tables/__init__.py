"""The answers of the endpoints as tables for people, by the endpoint's name."""

from collections.abc import Callable
from typing import Any

from bert_demo.cli.tables import attributions, heads, masked_lm, predictions, representations
from bert_demo.cli.tables.columns import aligned

TABLES: dict[str, Callable[[Any], str]] = {
    **predictions.TABLES,
    **attributions.TABLES,
    **heads.TABLES,
    **masked_lm.TABLES,
    **representations.TABLES,
}


def table(name: str, answer: Any) -> str:
    """The answer of an endpoint for people: by its own table, or else each part and its value or size."""
    if name in TABLES:
        return TABLES[name](answer)
    rows = answer if isinstance(answer, list) else [answer]
    return "\n\n".join(aligned([(part, _short(value)) for part, value in row.items()]) for row in rows)


def _short(value: Any) -> Any:
    return f"{len(value)} entries (all with --json)" if isinstance(value, (list, dict)) else value
