"""What is packed with gzip or xz, or alone in a zip: its content, and the word for the packing."""

from __future__ import annotations

import gzip
import io
import lzma
import zipfile
import zlib
from typing import Protocol

from bert_demo.core.errors import BadDataError

MOST_BYTES = 2**31
"""Of what a file of the command line unpacks to."""
WORKBOOK = "xl/workbook.xml"
"""A zip that holds it is a workbook."""


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"


def unpack(content: bytes, source: str = "", most: int = MOST_BYTES) -> tuple[bytes, str]:
    """(content, "" or "gzip", "xz", "zip"), by the first bytes, whatever the file is called.

    Raises BadDataError: damaged, more than `most` bytes inside, a zip of several files, an old Excel workbook.
    """
    named = source or "The file"
    if content.startswith(_OLD_WORKBOOK):
        raise BadDataError(f"{named} is a workbook of the old kind (.xls). Save it as .xlsx or as CSV.")
    try:
        if content.startswith(b"\x1f\x8b"):
            with gzip.open(io.BytesIO(content)) as stream:
                return _bounded(stream, named, most), "gzip"
        if content.startswith(b"\xfd7zXZ\x00"):
            with lzma.open(io.BytesIO(content)) as stream:
                return _bounded(stream, named, most), "xz"
        if content.startswith(b"PK\x03\x04"):
            return _unzipped(content, named, most)
    except (
        OSError,
        EOFError,
        lzma.LZMAError,
        zlib.error,
        zipfile.BadZipFile,
        RuntimeError,
        NotImplementedError,
    ) as error:
        raise BadDataError(f"{named} cannot be unpacked: {error}. Pack it again, or send it as it is.") from error
    return content, ""


def _unzipped(content: bytes, named: str, most: int) -> tuple[bytes, str]:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        if WORKBOOK in packed.namelist():
            if sum(each.file_size for each in packed.infolist()) > most:
                raise BadDataError(_too_large(named, most))
            return content, ""
        files = [each for each in packed.infolist() if not each.is_dir() and not each.filename.startswith("__MACOSX/")]
        if len(files) != 1:
            raise BadDataError(f"{named} holds {len(files)} files; one is read. Send the one with the rows.")
        with packed.open(files[0]) as stream:
            return _bounded(stream, named, most), "zip"


def _bounded(stream: _Readable, named: str, most: int) -> bytes:
    found = stream.read(most + 1)
    if len(found) > most:
        raise BadDataError(_too_large(named, most))
    return found


def _too_large(named: str, most: int) -> str:
    return f"{named} has more than {most:,} bytes when it is unpacked; that is the limit. Send fewer rows."
