"""Imports point down, sub-folders included, and each library has its folders."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from conftest import ROOT

PACKAGE = ROOT / "bert_demo"
STOREYS = {
    "core": 1,
    "results": 1,
    "attribution": 1,
    "registry": 2,
    "data": 3,
    "models": 3,
    "views": 3,
    "tasks": 4,
    "service": 5,
    "api": 6,
    "web": 7,
    "training": 7,
    "cli": 8,
    "__main__": 9,
    "__init__": 9,
}
"""Folders of the package by storey; a folder imports folders of lower storeys only (and its own files)."""

INSIDE = {
    "models": [
        {"base", "byte_pieces"},
        {"device", "batching", "collation", "tokenization", "loading", "words"},
        {"surgery", "tokenizer"},
        {"encoder", "embedding", "masked_readings"},
        {"task_heads", "trial", "moving"},
        {"transformers_model"},
        {"pool"},
    ],
    "training": [
        {"loop", "batches"},
        {"pretraining"},
        {"evaluation"},
        {"finetuning"},
        {"publishing"},
        {"own"},
        {"smaller"},
        {"recipes"},
        {"bundle"},
        {"commands"},
    ],
    "web": [
        {"gradio_patches", "metrics", "page_assets", "visitor", "event_settings", "event_detail", "lens_groups"},
        {"job_outputs"},
        {"job_runner"},
        {"deferred_service"},
        {"server"},
        {"tab"},
        {"prerender", "examples", "questions", "question_state"},
        {"components"},
        {"tabs"},
        {"endpoints"},
        {"app"},
    ],
    "views": [{"tables", "colours", "scales"}, {"templates"}, {"markup"}, {"panels"}, {"figures"}, {"export"}],
}
"""The same inside a folder: its files and sub-folders from the lowest to the highest."""

LIBRARIES = {
    "gradio": {"web"},
    "plotly": {"views/figures"},
    "captum": {"attribution"},
    "transformers": {"models", "training"},
    "PIL": {"views"},
    "jinja2": {"views/templates"},
    "markupsafe": {"views"},
    "sklearn": {"training", "tasks/confident_learning"},
    "cleanlab": {"tasks/confident_learning"},
    "peft": {"training"},
    "onnx": {"training/smaller"},
    "onnxruntime": {"training/smaller"},
    "openpyxl": {"data"},
    "duckdb": {"data"},
    "prometheus_client": {"web"},
    "uvicorn": {"web"},
    "starlette": {"web"},
    "fastapi": {"web"},
    "mcp": {"web"},
}
ONLY = {"views": {"results", "registry"}, "attribution": {"core.errors"}, "results": set(), "core": set()}
"""Folders that may see no more of the package than this."""


def files() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def place(path: Path) -> tuple[str, ...]:
    return path.relative_to(PACKAGE).with_suffix("").parts


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
            module = node.module or ""
            names = [module]
            if module.startswith("bert_demo"):
                names = [
                    f"{module}.{each.name}" if is_module(f"{module}.{each.name}") else module for each in node.names
                ]
        found += [(name, id(node) not in typing_only) for name in names]
    return found


def is_module(name: str) -> bool:
    path = ROOT / Path(*name.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def offence(here: tuple[str, ...], there: tuple[str, ...]) -> str:
    """What is wrong with an import of the package's module `there` in `here`, or nothing."""
    if not there or there[0] not in STOREYS:
        return ""
    if here[0] != there[0]:
        if STOREYS[there[0]] >= STOREYS[here[0]]:
            return "points up or sideways"
        seen = ONLY.get(here[0])
        if seen is not None and there[0] not in seen and ".".join(there) not in seen:
            return "may not be seen from there"
        return ""
    if here[0] not in INSIDE or len(there) < 2 or here[1] == there[1] or here[1] == "__init__":
        return ""
    level = {name: number for number, names in enumerate(INSIDE[here[0]]) for name in names}
    if here[1] not in level or there[1] not in level:
        return "is not listed in INSIDE"
    return "" if level[there[1]] < level[here[1]] else "points up or sideways inside its folder"


def test_imports_point_down() -> None:
    found = []
    for path in files():
        here = place(path)
        for name, _ in imports(path):
            parts = tuple(name.split("."))
            if parts[0] == "bert_demo" and (said := offence(here, parts[1:])):
                found.append(f"{'/'.join(here)} imports {name}: {said}")
    assert not found, "\n".join(found)


def test_no_tab_imports_another() -> None:
    """What two tabs share is a component."""
    found = [
        f"{path.name} imports {name}"
        for path in sorted((PACKAGE / "web" / "tabs").glob("*.py"))
        for name, _ in imports(path)
        if name.startswith("bert_demo.web.tabs")
    ]
    assert not found, "\n".join(found)


def test_each_library_has_its_folders() -> None:
    found = []
    for path in files():
        here = "/".join(place(path))
        for name, at_run_time in imports(path):
            library = name.split(".")[0]
            if at_run_time and library in LIBRARIES and not here.startswith(tuple(LIBRARIES[library])):
                found.append(f"{here} imports {library}")
    assert not found, "\n".join(found)


def test_every_folder_is_listed() -> None:
    assert {place(path)[0] for path in files()} == set(STOREYS)


def test_files_keep_to_one_subject() -> None:
    long = {str(path): count for path in files() if (count := len(path.read_text().splitlines())) > 300}
    assert not long, long


def test_one_file_loads_weights_to_serve() -> None:
    found = []
    for path in files():
        if place(path)[0] != "training" and place(path) != ("models", "loading", "load"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
            if "from_pretrained" in names:
                found.append(str(path))
    assert not found, found


def test_selectors_have_no_comma_in_parentheses() -> None:
    """gradio puts a prefix behind every comma of a selector: `:has(.a, .b)` would never find the second."""
    found = []
    for path in sorted([*(ROOT / "assets").glob("*.css"), *PACKAGE.rglob("*.css")]):
        rules = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.S)
        for selector in re.findall(r"([^{};]+)\{", rules):
            inner = re.findall(r"\(((?:[^()]|\([^()]*\))*)\)", selector)
            if not selector.strip().startswith("@") and any("," in each for each in inner):
                found.append(f"{path.name}: {selector.strip()}")
    assert not found
