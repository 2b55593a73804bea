"""Words in pictures: a font that has their characters, and how wide they are."""

from __future__ import annotations

from functools import lru_cache

from PIL import ImageFont

FONTS = (
    "DejaVuSans.ttf",
    "NotoSansCJK-Regular.ttc",
    "NotoSansSC-Regular.otf",
    "wqy-zenhei.ttc",
    "DroidSansFallbackFull.ttf",
    "Arial Unicode.ttf",
    "PingFang.ttc",
    "msyh.ttc",
)
"""Fonts that a machine may have, tried one after the other before the one that comes with Pillow."""

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def font_for(name: str, size: int) -> tuple[Font, str]:
    """A font that has all of a word's characters; where none has, the word is spelled as code points."""
    for font in _fonts(size):
        if all(character.isspace() or _has(font, character) for character in name):
            return font, name
    return _fonts(size)[-1], " ".join(f"U+{ord(character):04X}" for character in name)


def wide(name: str, size: int) -> float:
    """How wide a word is, in pixels."""
    font, shown = font_for(name, size)
    return float(font.getlength(shown))


def fitted(name: str, size: int, most: float) -> str:
    """A word, shortened until it is at most so wide."""
    shown = name
    while len(name) > 1 and wide(shown, size) > most:
        name = name[:-1]
        shown = f"{name}\N{HORIZONTAL ELLIPSIS}"
    return shown


@lru_cache(maxsize=32)
def _fonts(size: int) -> tuple[Font, ...]:
    found: list[Font] = []
    for file in FONTS:
        try:
            found.append(ImageFont.truetype(file, size))
        except OSError:
            continue
    return (*found, ImageFont.load_default(size))


@lru_cache(maxsize=4096)
def _has(font: Font, character: str) -> bool:
    """Whether a font draws a character otherwise than one that stands for nothing."""
    return bytes(font.getmask(character)) != bytes(font.getmask("\uffff"))
