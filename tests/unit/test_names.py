"""Names are the field's, and tests do not reach into private members."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from conftest import ROOT

PRIVATE_LANGUAGE = {
    "allowance", "backend", "crowd", "guessing", "insight", "looking", "mailbox", "mailboxes", "paint", "painted",
    "painter", "said", "shelf", "shelved", "surroundings", "swift", "together", "told", "worth",
}  # fmt: skip
"""Words that nobody in the field would search for; they are in no name of a file, class, function or test."""
FORBIDDEN_CLASSES = {"Line"}
EXEMPT = {
    ("bert_demo/service/heads.py", "head_worth"): "the public call of the endpoint /head_worth",
}

LIBRARY_PRIVATES = {
    "tests/system/contract_commands.py": ({"_exit"}, "os._exit is public"),
    "tests/system/test_fuzz_commands.py": (
        {"_actions", "_SubParsersAction", "_HelpAction"},
        "argparse has no public way to list a parser's options",
    ),
    "tests/unit/api/test_endpoint_rows.py": (
        {"_actions", "_SubParsersAction"},
        "argparse has no public way to list a parser's options",
    ),
    "tests/system/test_server.py": ({"_httpx_utils"}, "mcp makes its client of HTTP there, and it is to be given one"),
    "tests/system/test_visitor_state.py": ({"_id"}, "gradio keeps a session's state by the id of its component"),
    "tests/unit/web/test_gradio_patches.py": ({"_constructor_args"}, "the test that the patched part is still there"),
    "tests/unit/tasks/test_ledger.py": ({"_forward_hooks"}, "torch has no public way to list the hooks of a module"),
}
"""Private members of libraries that a test file uses, and why; there are none of our own."""


def words(name: str) -> set[str]:
    """The words of a name in snake or camel case, in small letters."""
    return {each.lower() for each in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


def python_files(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def definitions(tree: ast.Module) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def private(name: object) -> bool:
    return isinstance(name, str) and name.startswith("_") and not name.endswith("__") and name != "_"


def private_uses(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """(line, name) of each private member that is read, imported or replaced from outside of its class."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and private(node.attr):
            if not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")):
                yield node.lineno, node.attr
        elif isinstance(node, ast.ImportFrom):
            names = [*(node.module or "").split("."), *(each.name for each in node.names)]
            yield from ((node.lineno, each) for each in names if private(each))
        elif isinstance(node, ast.Call) and called(node) in ("getattr", "hasattr", "setattr", "delattr", "attrgetter"):
            for argument in node.args:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield from ((node.lineno, each) for each in argument.value.split(".") if private(each))


def called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def test_names_are_the_fields() -> None:
    found = []
    for place, tree in python_files("bert_demo", "tests"):
        if bad := words(Path(place).stem) & PRIVATE_LANGUAGE:
            found.append(f"{place}: {', '.join(bad)}")
        for node in definitions(tree):
            bad = words(node.name) & PRIVATE_LANGUAGE
            if isinstance(node, ast.ClassDef):
                bad |= {node.name} & FORBIDDEN_CLASSES
            if bad and (place, node.name) not in EXEMPT:
                found.append(f"{place}:{node.lineno} {node.name}: {', '.join(sorted(bad))}")
    assert not found, "\n".join(found)


def test_tests_use_no_private_member() -> None:
    found, used = [], {}
    for place, tree in python_files("tests"):
        allowed = LIBRARY_PRIVATES.get(place, (set(), ""))[0]
        for line, name in private_uses(tree):
            if name in allowed:
                used.setdefault(place, set()).add(name)
            else:
                found.append(f"{place}:{line} {name}")
    assert not found, "\n".join(found)
    assert used == {place: names for place, (names, _) in LIBRARY_PRIVATES.items()}, "the list has more than is used"


def test_private_uses_are_found() -> None:
    source = (
        "from a import _b\nfrom a._c import d\nx._e.f._g()\nself._h\nmonkeypatch.setattr(x, '_i', 1)\n"
        "monkeypatch.setattr('a.b._j', 1)\nx.__dict__\ngetattr(x, '_k')\nx._\n"
    )
    assert sorted(name for _, name in private_uses(ast.parse(source))) == ["_b", "_c", "_e", "_g", "_i", "_j", "_k"]
    assert words("HTTPLine_of_headWorth2") == {"http", "line", "of", "head", "worth"}
