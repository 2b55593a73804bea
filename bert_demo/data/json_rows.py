"""Rows of JSON: a record a line, or one array of records. Values come as they are written; no text becomes a number."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from bert_demo.core.errors import BadDataError
from bert_demo.data.text_files import line_of

_VISIBLE = re.compile(r"[^ \t\r\n]")
_EXACT, _NUMBERS = json.JSONDecoder(parse_float=str, parse_int=str), json.JSONDecoder()


def is_json(content: str) -> bool:
    """Whether a text begins as records do."""
    start = content.lstrip()[:2].replace(" ", "")
    return start[:1] == "{" or (start[:1] == "[" and content.lstrip()[1:].lstrip()[:1] in ("{", "[", "]"))


def read_json(content: str, source: str = "", exact: bool = True) -> Iterator[tuple[int, dict[str, Any] | list[Any]]]:
    """(line on which it begins, record) of each. exact: numbers come as they are written, as texts.

    Raises BadDataError, which names the line.
    """
    place = _behind_space(content, 0)
    array = content[place : place + 1] == "["  # of records; a bare list of cells a line begins with a quote instead
    if array and not content[place + 1 :].lstrip().startswith(("{", "[", "]")):
        array = False
    decoder = _EXACT if exact else _NUMBERS
    return _array(content, place + 1, source, decoder) if array else _lines(content, source, decoder)


def _lines(content: str, source: str, decoder: json.JSONDecoder) -> Iterator[tuple[int, dict[str, Any] | list[Any]]]:
    for number, line in enumerate(content.split("\n"), start=1):
        if line.strip():
            try:
                record = decoder.decode(line.strip("\r"))
            except (ValueError, RecursionError) as error:
                raise BadDataError(f"{line_of(source, number)}: not JSON ({_short(error)}).") from error
            yield number, _checked(record, number, source)


def _array(
    content: str, place: int, source: str, decoder: json.JSONDecoder
) -> Iterator[tuple[int, dict[str, Any] | list[Any]]]:
    line, counted = 1, 0
    while True:
        place = _behind_space(content, place)
        line, counted = line + content.count("\n", counted, place), place
        if content[place : place + 1] == "]" or place >= len(content):
            break
        try:
            record, place = decoder.raw_decode(content, place)
        except (ValueError, RecursionError) as error:
            raise BadDataError(f"{line_of(source, line)}: not JSON ({_short(error)}).") from error
        yield line, _checked(record, line, source)
        place = _behind_space(content, place)
        if content[place : place + 1] == ",":
            place += 1
        elif content[place : place + 1] != "]":
            raise BadDataError(f"{line_of(source, line)}: not JSON (a comma is missing behind this record).")
    if place >= len(content) or content[place + 1 :].strip():
        raise BadDataError(f"{line_of(source, line)}: not JSON (the array does not end where the file does).")


def _behind_space(content: str, place: int) -> int:
    found = _VISIBLE.search(content, place)
    return found.start() if found else len(content)


def _checked(record: Any, line: int, source: str) -> dict[str, Any] | list[Any]:
    if not isinstance(record, (dict, list)):
        raise BadDataError(f"{line_of(source, line)}: a JSON object is needed.")
    return record


def _short(error: Exception) -> str:
    return "too deep" if isinstance(error, RecursionError) else str(error)


def written(value: Any) -> str:
    """A value as a cell: nothing for null, lists and objects as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list, tuple)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
