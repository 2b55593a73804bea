"""python -m benchmarks.structure [--root DIR] [--json]: how the code is built, in figures, and what one answer passes.

Lines, places and import arrows are read from the source of any checkout. The calls and the time of /classify are
measured in a process that runs the checkout's app.py (see benchmarks.entered). A place is a file or a folder directly
in bert_demo; an arrow means that one place imports another.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "bert_demo"
LIBRARIES = ("gradio", "uvicorn")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.structure", description=__doc__)
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout to look at")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    parser.add_argument("--static", action="store_true", help="only read the source; start no app")
    options = parser.parse_args()
    root = options.root.resolve()
    found = read(root)
    if not options.static:
        found["classify"] = entered(root)
    print(json.dumps(found, indent=1) if options.json else table(found))


def read(root: Path) -> dict[str, Any]:
    """Lines, entries, places and arrows, and private parts of libraries, of a checkout."""
    package = root / PACKAGE
    files = sorted(package.rglob("*.py"))
    ordinary = [path for path in files if package / "training" not in path.parents]
    entries = sorted(path.name for path in package.iterdir() if path.name != "__pycache__")
    places = {_place(package, path) for path in files}
    arrows, typing_arrows = arrows_of(package, files, places)
    groups = cycles(places, arrows)
    beside, elsewhere = private_parts(root, files)
    return {
        "lines": sum(len(path.read_text(encoding="utf-8").splitlines()) for path in ordinary),
        "entries": len(entries),
        "places": len(places),
        "arrows": len(arrows),
        "arrows_of_typing_alone": len(typing_arrows - arrows),
        "levels": levels(groups, arrows),
        "levels_with_typing": levels(cycles(places, arrows | typing_arrows), arrows | typing_arrows),
        "mutual": sorted(sorted(pair) for pair in {frozenset(each) for each in arrows if each[::-1] in arrows}),
        "cycles": [sorted(group) for group in groups if len(group) > 1],
        "arrow_list": sorted(f"{first} -> {second}" for first, second in arrows),
        "private": beside,
        "private_elsewhere": elsewhere,
    }


def _place(package: Path, path: Path) -> str:
    return path.relative_to(package).parts[0].removesuffix(".py")


Arrows = set[tuple[str, str]]


def arrows_of(package: Path, files: list[Path], places: set[str]) -> tuple[Arrows, Arrows]:
    """Which place imports which other, when it runs and for its types alone."""
    real: Arrows = set()
    typed: Arrows = set()
    for path in files:
        here = _place(package, path)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        hidden = {id(each) for block in ast.walk(tree) if _is_typing(block) for each in ast.walk(block)}
        for node in ast.walk(tree):
            for there in _imported(node, path.relative_to(package.parent), places):
                if there != here:
                    (typed if id(node) in hidden else real).add((here, there))
    return real, typed


def _is_typing(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def _imported(node: ast.AST, path: Path, places: set[str]) -> Iterator[str]:
    """The places that an import statement names; a name of the package itself is of `__init__`."""
    names: list[list[str]] = []
    if isinstance(node, ast.Import):
        names = [[*alias.name.split("."), ""] for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        above = list(path.parts[: -node.level]) if node.level else []
        module = [*above, *(node.module.split(".") if node.module else [])]
        names = [[*module, alias.name] for alias in node.names]
    for name in names:
        if name[0] == PACKAGE:
            yield name[1] if name[1] in places else "__init__"


def cycles(places: set[str], arrows: Arrows) -> list[set[str]]:
    """The strongly connected parts: places that can all be reached from each other."""
    reach = {place: {place} for place in places}
    changed = True
    while changed:
        changed = False
        for first, second in arrows:
            if not reach[second] <= reach[first]:
                reach[first] |= reach[second]
                changed = True
    groups: list[set[str]] = []
    for place in sorted(places):
        if not any(place in group for group in groups):
            groups.append({other for other in reach[place] if place in reach[other]})
    return groups


def levels(groups: list[set[str]], arrows: Arrows) -> int:
    """Places in the longest chain of arrows, where those of a cycle count as one."""
    number = {place: index for index, group in enumerate(groups) for place in group}
    below: dict[int, set[int]] = {index: set() for index in range(len(groups))}
    for first, second in arrows:
        if number[first] != number[second]:
            below[number[first]].add(number[second])
    height: dict[int, int] = {}

    def high(index: int) -> int:
        if index not in height:
            height[index] = 1 + max((high(other) for other in below[index]), default=0)
        return height[index]

    return max(high(index) for index in below)


def private_parts(root: Path, files: list[Path]) -> tuple[list[str], list[str]]:
    """Lines that a person must judge: in files that import or mention gradio or uvicorn, and in all others.

    They hold `._name` on something other than self or cls, the same through getattr, an import of a private name, or
    (in the first) an assignment to an attribute of another object, which may be a patch. Our own are among them.
    """
    beside: list[str] = []
    elsewhere: list[str] = []
    for path in files:
        text = path.read_text(encoding="utf-8")
        tree, lines = ast.parse(text), text.splitlines()
        near = any(name in text for name in LIBRARIES)
        found = sorted({(node.lineno, what) for node in ast.walk(tree) for what in _private(node, near)})
        shown = [f"{path.relative_to(root)}:{line}: {what}: {lines[line - 1].strip()[:110]}" for line, what in found]
        (beside if near else elsewhere).extend(shown)
    return beside, elsewhere


def _hidden(name: object) -> bool:
    return isinstance(name, str) and name.startswith("_") and not name.endswith("__") and name != "_"


def _private(node: Any, near: bool) -> Iterator[str]:
    if isinstance(node, ast.Attribute) and _hidden(node.attr):
        if not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")):
            yield f".{node.attr}"
    elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("getattr", "setattr", "hasattr"):
        name = getattr(node.args[1], "value", None) if len(node.args) > 1 else None
        if _hidden(name):
            yield f"getattr {name}"
    elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in LIBRARIES:
        parts = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
        yield from (f"import {part}" for part in parts if _hidden(part))
    elif near and isinstance(node, (ast.Assign, ast.AugAssign)):
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            if isinstance(target, ast.Attribute) and not ast.unparse(target).startswith(("self.", "cls.")):
                yield f"assigned {ast.unparse(target)}"


def entered(root: Path) -> dict[str, Any]:
    """Run the checkout's app in a process that counts, and return what it measured of /classify."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "BERT_DEMO_PORT": str(port), "BERT_DEMO_LOG_LEVEL": "warning"}
    script = Path(__file__).with_name("entered.py")
    done = subprocess.run(
        [sys.executable, str(script)], cwd=root, env=environment, stdout=subprocess.PIPE, text=True, timeout=500
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if not lines:
        raise SystemExit(f"The app in {root} did not answer (exit status {done.returncode}).")
    found: dict[str, Any] = json.loads(lines[-1])
    return found


def table(found: dict[str, Any]) -> str:
    """For people: a row a figure, then the lists behind it."""
    rows = [
        (f"Python lines of {PACKAGE}/ without training", f"{found['lines']:,}"),
        (f"entries directly in {PACKAGE}/", found["entries"]),
        ("places", found["places"]),
        ("import arrows between places (for types alone)", f"{found['arrows']} ({found['arrows_of_typing_alone']})"),
        ("levels (with imports for types)", f"{found['levels']} ({found['levels_with_typing']})"),
        ("pairs of places that import each other", len(found["mutual"])),
        ("lines with private parts, to be judged", len(found["private"])),
    ]
    blocks = ["\n".join(f"mutual: {' <-> '.join(pair)}" for pair in found["mutual"])]
    blocks.append("\n".join(f"cycle: {', '.join(group)}" for group in found["cycles"]))
    blocks.append("\n".join(["In files that import or mention gradio or uvicorn:", *found["private"]]))
    blocks.append("\n".join(["In other files:", *found["private_elsewhere"]]))
    if "classify" in found:
        asked = found["classify"]
        rows += [
            ("project files that /classify enters", f"{asked['files']:.1f}"),
            ("its Python calls in our code", f"{asked['calls']:.1f}"),
            ("ms of an all but empty /classify, round trip", f"{asked['round_trip_ms']:.2f}"),
            ("... inside the model", f"{asked['model_ms']:.2f}"),
            ("... beyond the model", f"{asked['beyond_ms']:.2f}"),
        ]
        blocks.append("\n".join(f"{count:8.1f} {name}" for name, count in asked["by_file"].items()))
        blocks.append("\n".join(f"{count:8.1f} {name}" for name, count in asked["by_function"].items()))
    width = max(len(name) for name, _ in rows)
    return "\n\n".join(["\n".join(f"{name:{width}}  {value}" for name, value in rows), *filter(None, blocks)])


if __name__ == "__main__":
    main()
