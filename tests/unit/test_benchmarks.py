"""The generated tables of the documents: put between their marks, and measured with the version that they describe."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

from benchmarks import tables
from bert_demo import __version__

BLOCK = tables.Block("figures", "make bench")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text("no table\n", encoding="utf-8")
    (tmp_path / "docs" / "figures.md").write_text(f"before\n{BLOCK.begin}\nold\n{BLOCK.end}\nafter\n", encoding="utf-8")
    return tmp_path


def test_put_writes_between_the_marks(root: Path) -> None:
    table = tables.markdown(("what", "ours"), [("start", "1 s"), ("page", "2 s")])
    tables.put(BLOCK, table, root)
    assert tables.written(BLOCK, root) == table
    lines = (root / "docs" / "figures.md").read_text(encoding="utf-8").splitlines()
    assert lines[:2] == ["before", BLOCK.begin] and lines[-2:] == [BLOCK.end, "after"]
    assert lines[2:6] == ["| what | ours |", "| --- | --- |", "| start | 1 s |", "| page | 2 s |"]
    assert tables.version_of(table) == tuple(int(part) for part in __version__.split(".")[:2])


def test_marks_stand_in_one_document(root: Path) -> None:
    with pytest.raises(LookupError, match="0 documents have the mark"):
        tables.written(tables.Block("other", "make bench"), root)
    (root / "README.md").write_text(BLOCK.begin, encoding="utf-8")
    with pytest.raises(LookupError, match="2 documents have the mark"):
        tables.put(BLOCK, "x", root)


@pytest.mark.parametrize(
    ("said", "version", "expected"),
    [
        ("Measured with version 0.3.0, torch 2.13.0, 2 CPUs.", "0.3.4", []),
        ("Measured with version 0.10.0.", "0.9.0", []),
        (
            "Measured with version 0.9.1.",
            "0.10.0",
            ["The table 'figures' was measured with version 0.9; the code has 0.10.0. Run: make bench"],
        ),
        (
            "| start | 1 s |",
            "0.3.0",
            ["The table 'figures' was measured with no version that it names; the code has 0.3.0. Run: make bench"],
        ),
    ],
)
def test_outdated_compares_versions_as_numbers(root: Path, said: str, version: str, expected: list[str]) -> None:
    tables.put(BLOCK, said, root)
    assert list(tables.outdated([BLOCK], version, root)) == expected


def test_the_tables_are_of_this_version() -> None:
    """Red after a new minor version until the commands that it names are run again; what waits says its version."""
    assert list(tables.outdated([each for each in tables.TIMED if each.name not in tables.AWAITING])) == []
    figures = tables.document_of(tables.LOAD).read_text(encoding="utf-8")
    assert all(f"The table `{name}` is of {source}." in figures for name, source in tables.AWAITING.items())


def imported(path: Path) -> list[tuple[str, str]]:
    """(module, name) of each import of ours in a file."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    froms = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    ours = [node for node in froms if str(node.module).split(".")[0] in ("benchmarks", "bert_demo")]
    return [(str(node.module), each.name) for node in ours for each in node.names]


def test_benchmarks_import_what_is_there() -> None:
    """No type checker reads benchmarks/, and most of them run for too long to be run by the tests."""
    missing = []
    for path in sorted((tables.ROOT / "benchmarks").rglob("*.py")):
        for module, name in imported(path):
            try:
                found = hasattr(importlib.import_module(module), name)
            except ModuleNotFoundError:
                found = False
            if not found and not (tables.ROOT / Path(*module.split("."), f"{name}.py")).is_file():
                missing.append(f"{path.name}: {module}.{name}")
    assert not missing, missing
