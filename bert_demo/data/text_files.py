"""Text files, plain or .xz: their lines, what is wrong with them, and the words for a place in them."""

from __future__ import annotations

import lzma
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from bert_demo.core.errors import BadDataError


def line_of(source: object, line: int, unit: str = "line") -> str:
    """The words for a line (the first being 1) of a file, or of pasted text, whose source is ""."""
    return f"{source}, {unit} {line}" if source else f"{unit.capitalize()} {line}"


def read_lines(path: Path) -> Iterator[str]:
    """Yield the lines of a UTF-8 file with their ends. Raises BadDataError: missing, unreadable, not UTF-8."""
    number = 0
    try:
        with _opened(path) as stream:
            for number, line in enumerate(stream, start=1):
                yield line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise _not_utf8(str(path), number, error) from error
    except (lzma.LZMAError, EOFError, OSError) as error:
        raise BadDataError(f"{path} cannot be read: {error}.") from error


def read_bytes(path: Path) -> bytes:
    """The bytes of a file, as they are. Raises BadDataError: missing, unreadable."""
    if not path.is_file():
        raise BadDataError(f"There is no file {path}.")
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadDataError(f"{path} cannot be read: {error}.") from error


def _opened(path: Path) -> IO[bytes]:
    if not path.is_file():
        raise BadDataError(f"There is no file {path}. Give a UTF-8 text file, plain or .xz.")
    return lzma.open(path, "rb") if path.suffix == ".xz" else path.open("rb")


def _not_utf8(source: str, line: int, error: UnicodeDecodeError) -> BadDataError:
    return BadDataError(f"{line_of(source, line)}: not UTF-8 ({error.reason}). Save the file as UTF-8.")
