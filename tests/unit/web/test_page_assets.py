"""The scripts and styles that the page takes lie beside the tabs and components that need them."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from conftest import ROOT

from bert_demo.web.page_assets import (
    DEFERRED,
    Script,
    address_tag,
    beside,
    deferred_scripts,
    page_assets,
    script_tags,
    styles,
)
from bert_demo.web.tabs import TABS, attention, heads

WEB = ROOT / "bert_demo" / "web"
STYLES = sorted(WEB.rglob("*.css"))


def test_beside_finds_files_of_the_modules_name_alone() -> None:
    assert [path.name for path in beside(heads.__file__)] == [
        "heads.css",
        "heads.deferred.js",
        "heads_search.deferred.js",
    ]
    names = {path.name for path in beside(attention.__file__)}
    assert {"attention.css", "attention.js", "attention_arcs.deferred.js", "attention_steps.deferred.js"} == names


def test_page_has_every_script_and_style_once_and_the_general_ones_first() -> None:
    found = page_assets(tab.assets for tab in TABS)
    assert sorted(found) == sorted([*WEB.rglob("*.js"), *WEB.rglob("*.css")])
    general = [path.name for path in found if path.parent == WEB / "assets"]
    assert [path.name for path in found[: len(general)]] == general
    text = styles(found)
    assert text.startswith(":root") or text.startswith("."), text[:80]
    rules = [re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.S) for path in STYLES]
    assert sorted(re.findall(r"\S+", text)) == sorted(re.findall(r"\S+", " ".join(rules)))
    assert not re.search(r"^\s|\n\n|/\*", text, re.M)
    begins = [path for path in found if path.suffix == ".js" and not path.name.endswith(DEFERRED)]
    assert script_tags(found).count("<script>") == len(begins)


def test_deferred_scripts_are_those_of_their_lens_and_are_named_after_what_is_in_them(tmp_path: Path) -> None:
    (tmp_path / "a.deferred.js").write_text("// why\ngo();\n", encoding="utf-8")
    (tmp_path / "a_b.deferred.js").write_text("stay();\n", encoding="utf-8")
    assets = [tmp_path / "a.css", tmp_path / "a.js", tmp_path / "a.deferred.js", tmp_path / "a_b.deferred.js"]
    digest = hashlib.sha256(b"go();\nstay();\n").hexdigest()[:12]
    expected = Script(f"assets/lens-a-{digest}.js", "go();\nstay();\n")
    assert deferred_scripts({"a": assets, "b": assets[:2]}) == {"a": expected}
    assert address_tag({"a": expected}) == f'<script>window.bertLensScripts = {{"a": "{expected.address}"}};</script>'
    found = [path for tab in TABS for path in tab.assets if path.name.endswith(DEFERRED)]
    assert sorted(set(found)) == sorted(WEB.rglob(f"*{DEFERRED}"))  # two lenses may share a component


def test_lens_names_are_those_of_links_and_appear_once() -> None:
    names = [tab.name for tab in TABS]
    links = ["classify", "fill-mask", "next-sentence", "attention", "heads", "without", "attributions", "layers"]
    assert {*links, "methods", "inside"} <= set(names) and len(set(names)) == len(names)
    places = [tab.place for tab in TABS]
    assert len(set(places)) == len(places)


def test_scripts_are_those_of_the_files_without_lines_of_comments(tmp_path: Path) -> None:
    file = tmp_path / "a.js"
    file.write_text("// why\nconst a = 'http://b'; // kept\n  // gone\n\n  go(`$a`);\n", encoding="utf-8")
    assert script_tags([file]) == "<script>const a = 'http://b'; // kept\ngo(`$a`);\n</script>"


def test_no_line_inside_a_template_of_a_script_looks_like_a_comment() -> None:
    """It would be taken out of the text."""
    for path in WEB.rglob("*.js"):
        for template in re.findall("`[^`]*`", path.read_text(encoding="utf-8")):
            assert not re.search(r"^\s*//", template, re.MULTILINE), path.name


def test_no_template_of_a_script_has_lines() -> None:
    """Their indents would be taken out of the text."""
    for path in WEB.rglob("*.js"):
        assert not [each for each in re.findall("`[^`]*`", path.read_text(encoding="utf-8")) if "\n" in each], path.name


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_no_style_looks_into_an_element(path: Path) -> None:
    """With some `:has()` in them Chromium styles the whole page anew with each element that is put in: the picture of a
    head then takes seconds. What an element holds is marked by assets/holds.js."""
    assert ":has(" not in re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.S)
