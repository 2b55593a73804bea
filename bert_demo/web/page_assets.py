"""The scripts and styles of the page: the general ones, and those that lie beside a tab or a component."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

GENERAL = Path(__file__).parent / "assets"
DEFERRED = ".deferred.js"
"""How the name of a script ends that is loaded when its lens is opened first."""
_COMMENT = re.compile(r"^[ \t]*//.*\n", re.MULTILINE)
_STYLE_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_INDENTS = re.compile(r"^[ \t]+|\n(?=\n)", re.MULTILINE)
"""And empty lines."""


def beside(*modules: str) -> tuple[Path, ...]:
    """The scripts and styles beside each module (its `__file__`): those of its name, and of its name, _ and more."""
    found: list[Path] = []
    for module in map(Path, modules):
        names = [each for each in module.parent.iterdir() if each.suffix in (".css", ".js")]
        found += sorted(each for each in names if f"{each.name.partition('.')[0]}_".startswith(f"{module.stem}_"))
    return tuple(found)


def page_assets(own: Iterable[tuple[Path, ...]]) -> tuple[Path, ...]:
    """The general files, then those of the tabs in their order, each once."""
    return tuple(dict.fromkeys([*sorted(GENERAL.iterdir()), *(path for files in own for path in files)]))


def styles(assets: Iterable[Path]) -> str:
    """The style sheets of them, one behind the other, without comments and indents."""
    sheets = (path.read_text(encoding="utf-8") for path in assets if path.suffix == ".css")
    return _INDENTS.sub("", _STYLE_COMMENT.sub("", "".join(sheets))).strip()


@dataclass(frozen=True, slots=True)
class Script:
    """A script that is loaded when it is needed: where it stands, relative to the page, and its text."""

    address: str
    text: str


def script_tags(assets: Iterable[Path]) -> str:
    """The scripts of them that the page begins with, for its head, without indents and the lines that are
    comments."""
    return "".join(f"<script>{_script(path)}</script>" for path in assets if path.suffix == ".js" and not _waits(path))


def deferred_scripts(lenses: Mapping[str, Iterable[Path]]) -> dict[str, Script]:
    """The scripts of each lens, by its name, that the page does without until the lens is opened (assets/tabs.js).

    The address tells what is in it, so that a browser may keep it for good.
    """
    found = {}
    for name, assets in lenses.items():
        text = "".join(_script(path) for path in assets if _waits(path))
        if text:
            digest = hashlib.sha256(text.encode("utf-8")).hexdigest()[:12]
            found[name] = Script(f"assets/lens-{name}-{digest}.js", text)
    return found


def address_tag(scripts: Mapping[str, Script]) -> str:
    """For the head of the page: where the deferred scripts of each lens are."""
    addresses = json.dumps({name: each.address for name, each in scripts.items()})
    return f"<script>window.bertLensScripts = {addresses};</script>"


def _waits(path: Path) -> bool:
    return path.name.endswith(DEFERRED)


def _script(path: Path) -> str:
    return _INDENTS.sub("", _COMMENT.sub("", path.read_text(encoding="utf-8")))


def style_tag(*sheets: str) -> str:
    """Rules that are made, for the head of the page: gradio would part those of a file at the commas of `:is()`."""
    return f"<style>{chr(10).join(sheets)}</style>"
