"""The documents are true: settings, endpoints, commands, files."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

import generate  # noqa: E402
import pytest  # noqa: E402

from benchmarks import corpus  # noqa: E402
from bert_demo.api.endpoints import ENDPOINTS  # noqa: E402
from bert_demo.core.errors import DemoError  # noqa: E402
from bert_demo.registry.attribution_methods import CARDS  # noqa: E402
from bert_demo.registry.models import CATALOGUE  # noqa: E402

README = ROOT / "README.md"
DOCUMENTS = generate.documents()


def everything() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)


@pytest.mark.parametrize("name", generate.TABLES)
def test_generated_table_is_that_of_the_code(name: str) -> None:
    text = everything()
    assert text.count(f"<!-- {name} -->") == 1
    assert generate.between(text, name) == generate.TABLES[name]()


def test_corpus_table_is_that_of_the_page_and_of_these_weights() -> None:
    figures = json.loads(corpus.KEPT.read_text(encoding="utf-8"))
    written = everything().partition(corpus.BEGIN)[2].partition(corpus.END)[0].strip()
    assert written == corpus.table(figures)
    assert list(figures["methods"]) == list(CARDS)
    hashes = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in corpus.WEIGHTS.items()}
    assert figures["sha256"] == hashes


def test_endpoints_commands_methods_and_models_are_documented() -> None:
    text = everything()
    for endpoint in ENDPOINTS:
        assert f"`/{endpoint.name}`" in text
        command = generate.FROM_FILES.get(endpoint.name, endpoint.name.replace("_", "-"))
        assert f"python -m bert_demo {command}" in text
    for card in CATALOGUE:
        assert f"`{card.name}`" in text
        assert not card.bundled or (ROOT / "assets" / "models" / card.name / "README.md").is_file()
    for card in CARDS.values():
        assert f"`{card.name}`" in text and card.title in text


PLACEHOLDERS = re.compile(r"SUBJECT|NAME|test_my\w+|my\w+")
"""What stands in a recipe for the name of what is added."""


def test_files_that_the_recipes_name_exist() -> None:
    text = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:bert_demo|tests|docs|assets|benchmarks)/[\w./-]+)`", text)
    assert len(named) > 25
    for name in named:
        pattern = PLACEHOLDERS.sub("*", name)
        assert any(ROOT.glob(pattern)), f"docs/recipes.md names {name}"


def test_every_error_stands_in_the_tree() -> None:
    import bert_demo.core.errors as errors

    tree = errors.__doc__ or ""
    found = [name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, DemoError)]
    assert len(found) >= 10 and all(name in tree for name in found)


def test_decisions_are_numbered_and_say_context_decision_consequence() -> None:
    parts = ("**Context.** ", "**Decision.** ", "**Consequence.** ")
    for number, path in enumerate(generate.decisions(), start=1):
        text = path.read_text(encoding="utf-8")
        assert path.name.startswith(f"{number:04d}-") and text.startswith(f"# {number}. ")
        places = [text.find(f"\n\n{part}") for part in parts]
        assert -1 not in places and places == sorted(places), path.name


def test_decision_that_is_superseded_names_a_later_one() -> None:
    names = {path.name: number for number, path in enumerate(generate.decisions(), start=1)}
    for number, path in enumerate(generate.decisions(), start=1):
        for later in re.findall(r"Superseded by \[\d+\]\(([^)]+)\)", path.read_text(encoding="utf-8")):
            assert names[later] > number


def test_architecture_page_is_read_in_five_minutes() -> None:
    assert len((ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").split()) < 900


def test_linked_files_exist() -> None:
    for document in (*DOCUMENTS, ROOT / "CHANGELOG.md"):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_space_header_names_what_is_pinned() -> None:
    header = README.read_text(encoding="utf-8").split("---")[1]
    requirements = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    version = re.search(r"sdk_version: (\S+)", header)
    assert version and f"gradio[mcp]=={version[1]}" in requirements
    for field in ("sdk: gradio", 'python_version: "3.11"', "app_file: app.py", "license: apache-2.0"):
        assert field in header


def test_every_requirement_is_pinned_and_locked() -> None:
    for name in ("requirements", "requirements-dev"):
        lock = (ROOT / f"{name}.lock").read_text(encoding="utf-8").lower()
        for line in (ROOT / f"{name}.txt").read_text(encoding="utf-8").splitlines():
            if line.startswith("-r"):
                continue
            package, _, version = line.partition("==")
            assert version, f"{line} is not pinned"
            assert f"{package.partition('[')[0].lower()}=={version}" in lock
        assert "@" not in lock and "+cpu" not in lock


def test_nothing_loads_from_other_hosts() -> None:
    for path in [*(ROOT / "assets").glob("*.*"), *(ROOT / "bert_demo").rglob("*.py")]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"(src|href|url)\s*[=(]\s*[\"']?(https?:)?//", text), path


def test_readme_is_short() -> None:
    assert len(README.read_text(encoding="utf-8").split()) < 3_500
