"""Markup is made by templates that escape by themselves, and nowhere else."""

from __future__ import annotations

import ast
import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT
from jinja2 import DictLoader, Environment, UndefinedError

from bert_demo.views.tables import Table, as_json
from bert_demo.views.templates import LineBreaks, esc, number, percent, render, visible

VIEWS = ROOT / "bert_demo" / "views"
TEMPLATES = sorted([*VIEWS.rglob("*.html"), *VIEWS.rglob("*.svg")])
TAG = re.compile(r"</?[a-zA-Z][a-zA-Z0-9]*(?=[\s/>])|<!--")

TAGS_IN_PYTHON = {
    "views/templates.py": "a frame that keeps a hard word and the sign behind it together",
    "views/figures/attention_head.py": "plotly's own <br> and <extra>",
    "views/figures/contexts.py": "plotly's own <br> and <extra>",
    "views/figures/head_effects.py": "plotly's own <br> and <extra>",
    "views/figures/layer_attribution.py": "plotly's own <br> and <extra>",
    "views/figures/method_comparison.py": "plotly's own <br> and <extra>",
    "views/figures/next_sentence.py": "plotly's own <br> and <extra>",
    "views/figures/positions.py": "plotly's own <br> and <extra>",
    "views/figures/head_pruning.py": "plotly's own <extra>",
    "views/figures/regression.py": "plotly's own <extra>",
    "views/figures/reliability.py": "plotly's own <extra>",
    "web/page_assets.py": "the page's scripts: no value of anybody",
    "web/components/input_bar.py": "a button: no value of anybody",
    "web/components/opening.py": "the page's header: values of this program alone, escaped",
    "web/components/contexts.py": "a heading without values",
    "web/components/features.py": "a heading without values",
    "web/components/head_effects.py": "a heading without values",
    "web/components/head_pruning.py": "a heading without values",
    "web/components/labelled_source.py": "how to paste rows, in a field: no value of anybody",
    "web/components/row_study.py": "a frame around a sentence of this program",
    "web/components/similarity.py": "a heading without values",
    "web/components/masked_lm_laboratory.py": "a heading; frames around panels, named by words of this program",
    "web/tabs/fill_mask.py": "a frame around two panels",
    "web/tabs/inside.py": "a frame around two panels",
    "web/tabs/heads.py": "sentences that ship with the program",
}
"""Python files with tags in their texts, each with the reason."""

MARKED_AS_SAFE = {
    "views/tables.py": "base64",
    "views/templates.py": "what esc escaped",
    "views/export/evaluation_report.py": "the style of the report: no value of anybody",
    "views/panels/head_ablation.py": "panels about missing parts, made by `message`",
}
"""Python files that call something markup already."""


def texts(path: Path) -> Iterator[str]:
    """Every string of a file but its docstrings, parts of f-strings too."""
    tree = ast.parse(path.read_text("utf-8"))
    lone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in lone:
            yield node.value


def files_with(found: dict[str, bool]) -> set[str]:
    return {name for name, holds in found.items() if holds}


def sources() -> dict[str, Path]:
    package = ROOT / "bert_demo"
    return {
        str(path.relative_to(package)): path
        for folder in ("views", "web")
        for path in sorted((package / folder).rglob("*.py"))
    }


def test_tags_stand_in_templates_alone() -> None:
    found = files_with({name: any(map(TAG.search, texts(path))) for name, path in sources().items()})
    assert found <= set(TAGS_IN_PYTHON), found - set(TAGS_IN_PYTHON)


def test_only_listed_files_call_something_markup_already() -> None:
    found = files_with({name: "Markup(" in path.read_text("utf-8") for name, path in sources().items()})
    assert found <= set(MARKED_AS_SAFE), found - set(MARKED_AS_SAFE)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_never_switch_escaping_off(path: Path) -> None:
    source = path.read_text("utf-8")
    assert not re.search(r"\|\s*safe\b|autoescape|\|\s*(xmlattr|tojson|urlize)\b", source)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_load_nothing_from_other_hosts(path: Path) -> None:
    assert not re.search(r"(src|href|url)\s*[=(]\s*[\"']?(https?:)?//", path.read_text("utf-8"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_have_no_macro_that_nobody_calls(path: Path) -> None:
    python = "".join(source.read_text("utf-8") for source in sources().values())
    templates = "".join(re.sub(r"{%-? macro.*?%}", "", each.read_text("utf-8"), flags=re.S) for each in TEMPLATES)
    name = path.name.removesuffix(".html")
    for macro in re.findall(r"{%-? macro (\w+)\(", path.read_text("utf-8")):
        assert f'"{name}.{macro}"' in python or re.search(rf"\b{macro}\(", templates), (path.name, macro)


def test_render_gives_plain_text_that_is_not_escaped_again() -> None:
    shown = render("_macros.message", "<b> & ${x} {{y}} ` \x1b")
    assert type(shown) is str
    assert shown == (
        '<div class="message info" role="status">'
        "&lt;b&gt; &amp; &#36;&#123;x&#125; &#123;&#123;y&#125;&#125; &#96; \N{OPEN BOX}</div>"
    )


def test_render_raises_for_a_value_that_is_missing() -> None:
    with pytest.raises(UndefinedError, match="text"):
        render("_macros.message")


def test_esc_escapes_quotes_braces_and_control_characters() -> None:
    assert esc("\"'<>&") == "&#34;&#39;&lt;&gt;&amp;"
    assert esc("{}$`") == "&#123;&#125;&#36;&#96;"
    assert visible("a\x00\x1b\x7f\x9f\n\tb") == "a" + 4 * "\N{OPEN BOX}" + "\n\tb"


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("<p>\n  one\n  two\n</p>", "<p>one two</p>"),
        ("<p>one\n<b>two</b></p>", "<p>one<b>two</b></p>"),
        ("{{ 1 }}\nword\n{{ 2 }}\n{{ 3 }}", "1 word 23"),
        ("{% if true %}\n  word\n{% endif %}\n<i></i>", "word<i></i>"),
        ("a {{ 1 }} b", "a 1 b"),
    ],
)
def test_line_breaks_are_layout(source: str, shown: str) -> None:
    environment = Environment(loader=DictLoader({"x": source}), autoescape=True, extensions=[LineBreaks])
    assert environment.get_template("x").render() == shown


def test_hard_word_keeps_its_colon_on_its_line_and_none_that_has_no_sign() -> None:
    """A browser may break a line before and behind every button."""
    word = '<button type="button" class="term" aria-describedby="word-{}">{}</button>'
    shown = render("classification.activation", "none")
    assert f'made of the <span class="whole">{word.format("logit", "logits")}:</span> what stands here' in shown
    assert f"{word.format('layer', 'Layers')} 0 to 0 from top to bottom" in render("head_ablation.switches", 1, 1)


def test_table_gives_the_same_rows_as_page_csv_and_json() -> None:
    columns, rows = ("name", "score"), [("=sum", 0.1234567), ("b<c", float("nan")), ("ü", 3)]
    shown = render("_macros.table", Table(columns, rows, "n"))
    assert re.findall("<td>(.*?)</td>", shown) == ["=sum", "0.123457", "b&lt;c", "", "ü", "3"]
    links = dict(re.findall(r'download="(.*?)" href="data:[^,]*,(.*?)"', shown))
    records = [dict(zip(columns, row, strict=True)) for row in [rows[0], ("b<c", None), rows[2]]]
    assert base64.b64decode(links["n.json"]).decode() == json.dumps(records, ensure_ascii=False, indent=1)
    assert base64.b64decode(links["n.csv"]).decode().splitlines()[1:] == ["'=sum,0.1234567", "b<c,", "ü,3"]
    assert as_json(columns, []) == "[]"


def test_percent_says_none_and_all_of_those_alone() -> None:
    values = (0.0, 1e-5, 4e-4, 0.5, 0.9995, 0.99999, 1.0)
    assert [percent(each) for each in values] == [
        "0.0 %", "< 0.01 %", "0.04 %", "50.0 %", "99.95 %", "> 99.99 %", "100.0 %"
    ]  # fmt: skip
    assert number(-0.256) == "\N{MINUS SIGN}0.26" and number(1.0, 0) == "+1"


def test_pieces_count_as_words_where_no_spaces_stand() -> None:
    assert "no spaces" in render("_macros.by_pieces", ["这家", "酒店"])
    assert render("_macros.by_pieces", ["the", "hotel"]).strip() == ""
