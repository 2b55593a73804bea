"""Imports point down, and each library has its rooms."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from conftest import ROOT

PACKAGE = ROOT / "bert_demo"
LEVELS = {
    "errors": 0,
    "results": 0,
    "cache": 1,
    "line": 0.5,
    "settings": 1,
    "surroundings": 1.5,
    "validation": 1,
    "labelled_rows": 1,
    "catalogue": 2,
    "methods": 2,
    "known_heads": 2,
    "naming": 3,
    "sentence_pairs": 2,
    "attribution": 3,
    "backends": 3,
    "lenses": 4,
    "records": 5,
    "shelf": 4,
    "service_part": 4.2,
    "explaining": 4.5,
    "looking": 4.5,
    "guessing": 4.5,
    "insight": 4.5,
    "service": 5,
    "records_heads": 5.2,
    "records_guessing": 5.2,
    "records_insight": 5.2,
    "api_explaining": 5.5,
    "api_looking": 5.5,
    "api_guessing": 5.5,
    "api_insight": 5.5,
    "api": 6,
    "plots": 6,
    "training": 6,
    "ui": 7,
    "cli_training": 6,
    "cli_columns": 6,
    "cli_space": 6,
    "cli_heads": 6.2,
    "cli_guessing": 6.5,
    "cli_insight": 6.5,
    "cli": 7,
    "__main__": 8,
    "__init__": 8,
}
"""Rooms by level; a room imports rooms of lower levels only (and its own files)."""

LIBRARIES = {
    "gradio": {"ui"},
    "plotly": {"plots"},
    "captum": {"attribution"},
    "transformers": {"backends", "training"},
    "PIL": {"plots"},
    "sklearn": {"training"},
    "peft": {"training"},
    "prometheus_client": {"ui"},
    "uvicorn": {"ui"},
    "starlette": {"ui"},
}
ONLY = {"plots": {"results", "methods"}, "attribution": {"errors"}, "results": set(), "errors": set()}
"""Rooms that may see no more of the package than this."""


def files() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> list[tuple[str, bool]]:
    """(module, whether it is imported when the program runs) of every import of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    found: list[tuple[str, bool]] = []
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [node.module or ""]
            if node.module == "bert_demo":
                names = [f"bert_demo.{alias.name}" for alias in node.names]
        found += [(name, id(node) not in typing_only) for name in names]
    return found


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    here = room(path)
    for name, _ in imports(path):
        parts = name.split(".")
        if parts[0] != "bert_demo" or len(parts) == 1 or parts[1] in ("BertService", "Settings", "__version__"):
            continue
        there = parts[1]
        if there == here:
            continue
        assert LEVELS[there] < LEVELS[here], f"{here} imports {there}"
        assert there in ONLY.get(here, {there}), f"{here} may not see {there}"
        assert there != "training" or here == "cli", "only the command line sees training"


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_each_library_has_its_rooms(path: Path) -> None:
    for name, at_run_time in imports(path):
        library = name.split(".")[0]
        if at_run_time and library in LIBRARIES:
            assert room(path) in LIBRARIES[library], f"{room(path)} imports {library}"


def test_every_room_is_listed() -> None:
    assert {room(path) for path in files()} == set(LEVELS)


def test_files_keep_to_one_subject() -> None:
    long = {str(path): count for path in files() if (count := len(path.read_text().splitlines())) > 300}
    assert not long, long


def test_only_one_file_loads_weights_to_serve() -> None:
    for path in files():
        if room(path) != "training" and path.name != "loading.py":
            tree = ast.parse(path.read_text(encoding="utf-8"))
            names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
            assert "from_pretrained" not in names, path


def test_the_page_opens_without_torch() -> None:
    """Importing the page's code must not import torch or transformers: the models are loaded behind it."""
    import subprocess
    import sys

    code = "import sys, bert_demo.ui.app; sys.exit(str({'torch', 'transformers', 'captum'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr.strip().splitlines()[-1] == "set()", done.stderr


def test_no_selector_has_a_comma_in_parentheses() -> None:
    """gradio puts a prefix behind every comma of a selector: `:has(.a, .b)` would never find the second."""
    found = []
    for path in sorted((ROOT / "assets").glob("*.css")):
        rules = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.S)
        for selector in re.findall(r"([^{};]+)\{", rules):
            inner = re.findall(r"\(((?:[^()]|\([^()]*\))*)\)", selector)
            if not selector.strip().startswith("@") and any("," in each for each in inner):
                found.append(f"{path.name}: {selector.strip()}")
    assert not found
