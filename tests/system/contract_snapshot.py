"""A snapshot is a JSON file in tests/system/contract: lists of plain values stand on one line."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent / "contract"
WRITE = "CONTRACT_WRITE"
TOLERANCE = 3e-5
"""Of numbers that come from matrix multiplication, absolute and relative. The same code was up to 1.8e-5 away on other
processors than that which wrote the snapshots (AVX2; two makes of AVX512), which add up in another order."""

DIGITS = 8
"""Significant digits of a float in a snapshot."""


def check(name: str, found: Any) -> None:
    """Compare with the snapshot. Under CONTRACT_WRITE one that does not hold is written anew.

    Raises AssertionError with the first differences.
    """
    path = FOLDER / f"{name}.json"
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
    wrong = differences(kept, json.loads(json.dumps(found)))
    if os.environ.get(WRITE):
        if wrong:
            path.write_text(f"{pretty(found)}\n", encoding="utf-8")
        return
    assert not wrong, f"{len(wrong)} differences from {path.name}:\n" + "\n".join(wrong[:20])


def differences(expected: Any, found: Any, place: str = "") -> list[str]:
    """Where two JSON values differ: types, keys and their order exactly, floats within TOLERANCE."""
    if type(expected) is not type(found):
        return [f"{place}: {_short(expected)} became {_short(found)}"]
    if isinstance(expected, dict):
        if list(expected) != list(found):
            return [f"{place}: the keys {list(expected)} became {list(found)}"]
        pairs = [(f"{place}.{key}", expected[key], found[key]) for key in expected]
    elif isinstance(expected, list):
        if len(expected) != len(found):
            return [f"{place}: {len(expected)} items became {len(found)}"]
        pairs = [(f"{place}[{index}]", *both) for index, both in enumerate(zip(expected, found, strict=True))]
    else:
        same = expected == found
        if isinstance(expected, float):
            same = math.isclose(expected, found, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
        elif ".ranks[" in place:  # thousands of words are all but equally improbable
            same = math.isclose(expected, found, rel_tol=1e-3)
        return [] if same else [f"{place}: {_short(expected)} became {_short(found)}"]
    return [line for where, first, second in pairs for line in differences(first, second, where)]


def pretty(value: Any, indent: int = 0) -> str:
    """JSON with a line for each entry, but lists of plain values on one."""
    if isinstance(value, float):
        return json.dumps(float(f"{value:.{DIGITS}g}"))
    space = " " * (indent + 1)
    if isinstance(value, dict) and value:
        rows = [
            f"{space}{json.dumps(key, ensure_ascii=False)}: {pretty(each, indent + 1)}" for key, each in value.items()
        ]
        return "{\n" + ",\n".join(rows) + "\n" + " " * indent + "}"
    if isinstance(value, list) and any(isinstance(each, (dict, list)) for each in value):
        rows = [f"{space}{pretty(each, indent + 1)}" for each in value]
        return "[\n" + ",\n".join(rows) + "\n" + " " * indent + "]"
    if isinstance(value, list):
        return f"[{', '.join(pretty(each) for each in value)}]"
    return json.dumps(value, ensure_ascii=False)


def masked(value: Any) -> Any:
    """The value with every time masked."""
    if isinstance(value, dict):
        return {key: "masked" if key == "seconds" else masked(each) for key, each in value.items()}
    return [masked(each) for each in value] if isinstance(value, list) else value


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) < 200 else f"{text[:200]}..."
