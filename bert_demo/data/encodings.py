"""Bytes as text: which encoding a file has, as far as that can be known.

UTF-8 and UTF-16 are recognised for certain. A file of one byte a character is taken for Windows-1252 where its signs
stand as they do in western languages, and else the visitor is asked: charset-normalizer 3.5.3 was wrong on 11 of 15
such files of one to three lines (French read as "Hungarian", with a confidence of 0.96), so nobody guesses like that.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from bert_demo.core.errors import BadDataError, DataChoiceError
from bert_demo.data.text_files import line_of

WESTERN = "cp1252"
NAMES = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16 (little-endian)",
    "utf-16-be": "UTF-16 (big-endian)",
    "cp1252": "Windows-1252, western languages",
    "cp1250": "Windows-1250, Central European languages",
    "cp1251": "Windows-1251, Cyrillic",
    "koi8_r": "KOI8-R, Russian",
    "cp1253": "Windows-1253, Greek",
    "cp1254": "Windows-1254, Turkish",
    "cp1255": "Windows-1255, Hebrew",
    "cp1256": "Windows-1256, Arabic",
    "gb18030": "GB18030, Chinese",
    "big5": "Big5, Chinese",
    "cp932": "Shift-JIS, Japanese",
    "euc_jp": "EUC-JP, Japanese",
    "cp949": "EUC-KR, Korean",
    "mac_roman": "Mac Roman",
}
"""What can be chosen, with words for each."""
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_HIGH = re.compile(r"[^\x00-\x7f]")
_RUN = re.compile(r"[^\x00-\x7f]{3,}")
_INSIDE = re.compile(r"(?<=[A-Za-z])[^\x00-\x7f](?=[A-Za-z])")
_SAMPLE = 100_000
_MOST_ODD = 0.1


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text, the encoding that it was read by, and whether that is a guess; sample: two lines to judge it by."""

    text: str
    encoding: str
    guessed: bool = False
    sample: tuple[str, ...] = ()


def decode(content: bytes, source: str = "", encoding: str = "") -> Decoded:
    """The text of a file. encoding: as Python names it, "" to find it.

    Raises BadDataError (not in that encoding; no text at all) and DataChoiceError (an encoding that cannot be told).
    """
    if encoding:
        return _by_choice(content, source, encoding)
    for mark, name in _MARKS:
        if content.startswith(mark):
            return Decoded(_strict(content[len(mark) :], source, name), name)
    if b"\0" in content[:_SAMPLE]:
        return Decoded(_strict(content, source, _wide(content, source)), _wide(content, source))
    try:
        return Decoded(content.decode("utf-8"), "utf-8")
    except UnicodeDecodeError as error:
        if error.start > len(content) - 4 and error.reason == "unexpected end of data":
            raise BadDataError(f"{source or 'The file'} ends in the middle of a character. Send it whole.") from error
    return _western(content, source)


def _by_choice(content: bytes, source: str, encoding: str) -> Decoded:
    try:
        name = codecs.lookup(encoding).name
        "".encode(name)
    except LookupError as error:
        raise BadDataError(f"There is no encoding {encoding[:40]!r}. There are: {', '.join(NAMES)}.") from error
    for mark, known in _MARKS:
        if content.startswith(mark) and name.replace("_", "-").startswith(known[:6]):
            content, name = content[len(mark) :], known
    return Decoded(_strict(content, source, name), name)


def _strict(content: bytes, source: str, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        before = content[: error.start].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        line = before.count(b"\n") + 1
        raise BadDataError(
            f"{line_of(source, line)}: not {NAMES.get(encoding, encoding)} ({error.reason}). Choose another encoding, "
            "or save the file as UTF-8."
        ) from error


def _wide(content: bytes, source: str) -> str:
    """Which UTF-16 a text without a mark is: of ASCII every other byte is zero."""
    even, odd = content[:_SAMPLE:2].count(0), content[1:_SAMPLE:2].count(0)
    if len(content) % 2 == 0 and max(even, odd) > 3 * min(even, odd) and max(even, odd) * 20 > len(content[:_SAMPLE]):
        return "utf-16-le" if odd > even else "utf-16-be"
    raise BadDataError(
        f"{source or 'The file'} is no text. CSV, JSON lines, JSON, Parquet and .xlsx are read, also as .gz, "
        ".xz or .zip."
    )


def _western(content: bytes, source: str) -> Decoded:
    try:
        text = content.decode(WESTERN)
    except UnicodeDecodeError:
        text = ""
    high = len(_HIGH.findall(text))
    odd = sum(not each.isalpha() and each not in "\u2019\u00ad\u00b7\u00a0" for each in _INSIDE.findall(text))
    odd += sum(len(each) for each in _RUN.findall(text) if any(not sign.isalpha() for sign in each) or len(each) > 3)
    if text and odd <= _MOST_ODD * high and high * 3 < len(text):
        return Decoded(text, WESTERN, True, sample_of(text))
    ways = [
        name for name in NAMES if name not in ("mac_roman",) and not name.startswith("utf") and _fits(content, name)
    ]
    line = next((each for each in content.splitlines() if any(byte > 127 for byte in each)), b"")
    shown = "; ".join(f"{name} ({line.decode(name, 'replace').strip()[:30]})" for name in ways[:6])
    raise DataChoiceError(
        f"{source or 'The file'} is not UTF-8, and its encoding cannot be told for certain. Say which it is: {shown}. "
        "Or save it as UTF-8.",
        "encoding",
        tuple(ways),
    )


def _fits(content: bytes, name: str) -> bool:
    try:
        content.decode(name)
    except UnicodeDecodeError:
        return False
    return True


def sample_of(text: str) -> tuple[str, ...]:
    """Two lines with signs beyond ASCII."""
    lines = (line.strip() for line in text.splitlines())
    found = (line[max(0, at.start() - 30) : at.start() + 30] for line in lines if (at := _HIGH.search(line)))
    return tuple(each for each, _ in zip(found, range(2), strict=False))
