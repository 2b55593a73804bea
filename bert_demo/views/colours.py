"""The colours of every picture, and what each of them means; the style sheet's variables have the same values.

- positive, negative: what speaks for, and what speaks against, the answer that is explained. Nothing else has them.
- accent: how much there is of something, and what is selected; other: the second of two sides that are not for and
  against, such as numbers below zero, or attention that comes in.
- warning: what went wrong, or cannot be read. What is hidden or switched off is hatched in `ink`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Palette:
    """The page's colours."""

    page: str
    panel: str
    ink: str
    soft: str
    line: str
    accent: str
    positive: str
    negative: str
    other: str
    warning: str

    @classmethod
    def of(cls, dark: bool) -> Palette:
        """Those of the dark or of the light page."""
        return DARK if dark else LIGHT

    def side(self, value: float) -> str:
        """The colour of a score: for or against."""
        return self.positive if value >= 0 else self.negative


LIGHT = Palette(
    "#f7f6f3", "#ffffff", "#1d2126", "#5d6771", "#e4e1da", "#0e6b7c", "#d9730d", "#2166ac", "#762a83", "#a3243b"
)
DARK = Palette(
    "#13161a", "#1b2026", "#eceff2", "#97a3ae", "#2c333b", "#46b3c6", "#f0963c", "#68a4e2", "#c79be0", "#f28b9a"
)

MOST = 0.55
"""How opaque a full colour is behind words, so that the page's ink can be read on all of them (contrast 4.5)."""
PLOTTED = 0.7
"""The same in a plotly heatmap, which has the light page's colours on both pages."""

LINES = (
    "#0e6b7c",
    "#762a83",
    "#8c510a",
    "#1b7837",
    "#c51b7d",
    "#4d4d4d",
    "#3f3fae",
    "#999999",
    "#7f8000",
    "#b2182b",
)
"""Curves side by side, none of which is for or against; dashes and shapes tell them apart once more."""
FIRST, SECOND, APART = LIGHT.accent, LIGHT.other, "#79828b"
"""Of few kinds in one plot: what it is about, what it is compared with, and what is chance."""
UNSEEN, UNSEEN_OPACITY = (128, 128, 128), 0.3
"""What a local layer of attention cannot look at, on both pages."""

Rgb = tuple[float, float, float]


def rgb(colour: str) -> Rgb:
    """Red, green and blue of "#rrggbb", each from 0 to 255."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return red, green, blue


def rgba(colour: str, opacity: float) -> str:
    """A colour of "#rrggbb" and its opacity, for plotly."""
    red, green, blue = rgb(colour)
    return f"rgba({red},{green},{blue},{opacity:g})"


def signed_scale(below: str, above: str) -> list[tuple[float, str]]:
    """A plotly scale from `below` through nothing to `above`, on which ink can be read."""
    stops = ((0.0, below, PLOTTED), (0.5, below, 0), (0.5, above, 0), (1.0, above, PLOTTED))
    return [(place, rgba(colour, opacity)) for place, colour, opacity in stops]


FOR_AND_AGAINST = signed_scale(LIGHT.negative, LIGHT.positive)
"""The scale of scores, from against to for."""
BELOW_AND_ABOVE = signed_scale(LIGHT.other, LIGHT.accent)
"""The scale of numbers with a sign that are neither."""


def blend(colour: Rgb, behind: Rgb, opacity: float) -> Rgb:
    """The colour that is seen where one of that opacity lies on another."""
    red, green, blue = (opacity * one + (1 - opacity) * other for one, other in zip(colour, behind, strict=True))
    return red, green, blue


def luminance(colour: Rgb) -> float:
    """Relative luminance, 0 for black and 1 for white (WCAG 2.2)."""
    shares = (channel / 255 for channel in colour)
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Rgb, other: Rgb) -> float:
    """The contrast ratio of two colours, from 1 to 21 (WCAG 2.2)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
