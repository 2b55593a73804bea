"""The documents are true: settings, endpoints, commands, files, snippet. As a script it writes the settings table."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks import corpus  # noqa: E402
from bert_demo import Settings  # noqa: E402
from bert_demo.api import ENDPOINTS  # noqa: E402
from bert_demo.catalogue import CATALOGUE  # noqa: E402
from bert_demo.errors import DemoError  # noqa: E402
from bert_demo.methods import CARDS  # noqa: E402

README = ROOT / "README.md"
BEGIN, END = "<!-- settings -->", "<!-- end of settings -->"
METHODS_BEGIN, METHODS_END = "<!-- methods -->", "<!-- end of methods -->"
MODELS_BEGIN, MODELS_END = "<!-- models -->", "<!-- end of models -->"


def settings_table() -> str:
    rows = ["| variable | default | meaning |", "| --- | --- | --- |"]
    for each in fields(Settings):
        default = int(each.default) if isinstance(each.default, bool) else each.default
        rows.append(f"| `BERT_DEMO_{each.name.upper()}` | `{default}` | {each.metadata['help']} |")
    return "\n".join(rows)


def methods_table() -> str:
    rows = ["| method | name | signed | adds up | cost | source |", "| --- | --- | --- | --- | --- | --- |"]
    for card in CARDS.values():
        said = ["yes" if each else "no" for each in (card.signed, card.additive)]
        rows.append(f"| {card.title} | `{card.name}` | {said[0]} | {said[1]} | {card.cost} | {card.paper} |")
    return "\n".join(rows)


def models_table() -> str:
    rows = ["| model | tasks | language | licence | |", "| --- | --- | --- | --- | --- |"]
    for card in CATALOGUE:
        where = "bundled: " if card.bundled else ""
        tasks = ", ".join(card.tasks)
        rows.append(f"| `{card.name}` | {tasks} | {card.language} | {card.licence} | {where}{card.description} |")
    return "\n".join(rows)


def test_the_models_table_is_the_generated_one() -> None:
    text = README.read_text(encoding="utf-8")
    assert text.partition(MODELS_BEGIN)[2].partition(MODELS_END)[0].strip() == models_table()


def test_the_methods_table_is_the_generated_one() -> None:
    text = README.read_text(encoding="utf-8")
    assert text.partition(METHODS_BEGIN)[2].partition(METHODS_END)[0].strip() == methods_table()


def test_the_corpus_table_is_that_of_the_page_and_of_these_weights() -> None:
    figures = json.loads(corpus.KEPT.read_text(encoding="utf-8"))
    written = README.read_text(encoding="utf-8").partition(corpus.BEGIN)[2].partition(corpus.END)[0].strip()
    assert written == corpus.table(figures)
    assert list(figures["methods"]) == list(CARDS)
    hashes = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in corpus.WEIGHTS.items()}
    assert figures["sha256"] == hashes


def test_the_settings_table_is_the_generated_one() -> None:
    text = README.read_text(encoding="utf-8")
    assert text.partition(BEGIN)[2].partition(END)[0].strip() == settings_table()


def test_endpoints_commands_methods_and_models_are_documented() -> None:
    text = README.read_text(encoding="utf-8")
    for name in ENDPOINTS:
        assert f"`/{name}`" in text
        assert f"python -m bert_demo {name.replace('_', '-')}" in text
    for card in CATALOGUE:
        assert f"`{card.name}`" in text
        assert not card.bundled or (ROOT / "assets" / "models" / card.name / "README.md").is_file()
    for card in CARDS.values():
        assert f"`{card.name}`" in text and card.title in text


def test_every_error_stands_in_the_tree() -> None:
    import bert_demo.errors as errors

    tree = errors.__doc__ or ""
    found = [name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, DemoError)]
    assert len(found) >= 10 and all(name in tree for name in found)


def test_linked_files_exist() -> None:
    for document in (README, ROOT / "bert_demo" / "DESIGN.md", ROOT / "CHANGELOG.md"):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_the_snippet_of_the_readme_runs() -> None:
    snippet = re.search(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.S)
    assert snippet
    done = subprocess.run([sys.executable, "-c", snippet[1]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "positive" in lines[0] and "ice" in lines[1] and lines[2] == "(1, 1, 6, 6)"


def test_the_space_header_names_what_is_pinned() -> None:
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


if __name__ == "__main__":
    text = README.read_text(encoding="utf-8")
    tables = (
        (BEGIN, END, settings_table()),
        (METHODS_BEGIN, METHODS_END, methods_table()),
        (MODELS_BEGIN, MODELS_END, models_table()),
    )
    for begin, end, written in tables:
        before, _, rest = text.partition(begin)
        text = f"{before}{begin}\n{written}\n{end}{rest.partition(end)[2]}"
    README.write_text(text, encoding="utf-8")
