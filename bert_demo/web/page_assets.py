"""The scripts and styles of the page: the general ones, and those that lie beside a tab or a component."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

GENERAL = Path(__file__).parent / "assets"
_COMMENT = re.compile(r"^[ \t]*//.*\n", re.MULTILINE)


def beside(*modules: str) -> tuple[Path, ...]:
    """The scripts and styles beside each module (its `__file__`): those of its name, and of its name, _ and more."""
    found: list[Path] = []
    for module in map(Path, modules):
        names = [each for each in module.parent.iterdir() if each.suffix in (".css", ".js")]
        found += sorted(each for each in names if f"{each.stem}_".startswith(f"{module.stem}_"))
    return tuple(found)


def page_assets(own: Iterable[tuple[Path, ...]]) -> tuple[Path, ...]:
    """The general files, then those of the tabs in their order, each once."""
    return tuple(dict.fromkeys([*sorted(GENERAL.iterdir()), *(path for files in own for path in files)]))


def styles(assets: Iterable[Path]) -> list[Path]:
    """The style sheets of them."""
    return [path for path in assets if path.suffix == ".css"]


def script_tags(assets: Iterable[Path]) -> str:
    """The scripts of them, for the head of the page, without the lines that are comments."""
    scripts = (path.read_text(encoding="utf-8") for path in assets if path.suffix == ".js")
    return "".join(f"<script>{_COMMENT.sub('', script)}</script>" for script in scripts)


def style_tag(*sheets: str) -> str:
    """Rules that are made, for the head of the page: gradio would part those of a file at the commas of `:is()`."""
    return f"<style>{chr(10).join(sheets)}</style>"
