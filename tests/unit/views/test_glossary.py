"""Each hard word of the page has a meaning and an example, and the page can find it."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest
from conftest import ROOT

from bert_demo.registry.glossary import RELATIONS, WORDS, term_of
from bert_demo.registry.known_heads.sentences import gold_sentences
from bert_demo.registry.known_heads.tables import NAMES
from bert_demo.views.panels.glossary import legend_panel, meanings_panel, relations_panel
from bert_demo.views.templates import render
from bert_demo.web.components import about

TEMPLATES = sorted((ROOT / "bert_demo" / "views" / "panels").glob("*.html"))
ASKED_FOR = (
    "token", "logit", "softmax", "attention head", "layer", "entropy", "baseline", "comprehensiveness", "sufficiency",
    "expected calibration error", "perplexity", "MFT", "INV", "DIR", "[CLS]", "[UNK]", "[MASK]",
)  # fmt: skip
"""Words that a newcomer was stopped by; each is explained where it stands."""


class Markup(HTMLParser):
    """The ids of popovers, and what the buttons of words point at."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.meanings: list[str] = []
        self.pointed: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if "popover" in found:
            assert found["role"] == "tooltip"
            self.meanings.append(found["id"] or "")
        if found.get("class") == "term":
            assert tag == "button" and found["type"] == "button"
            self.pointed.append(found["aria-describedby"] or "")


def named_in_templates() -> set[str]:
    """The words that templates name literally."""
    every = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES)
    return {one or other for one, other in re.findall(r"""\bterm\((?:"([^"]+)"|'([^']+)')""", every)}


def test_words_of_templates_and_cards_have_entries() -> None:
    named = named_in_templates() | set(about.WORDS)
    assert named and not {name for name in named if name not in WORDS}
    assert not set(ASKED_FOR) - named, "words that no template explains"


def test_word_without_an_entry_is_an_error() -> None:
    with pytest.raises(KeyError):
        render("_macros.term", "flibbertigibbet")
    assert render("_macros.relation", "acl:own<") == "acl:own&lt;"  # a treebank of one's own may have any code


def test_each_relation_that_can_be_shown_has_an_entry() -> None:
    """Those of the measured tables, of the papers, and of the sentences of the tour."""
    tables = json.loads((ROOT / "assets" / "heads.json").read_text(encoding="utf-8"))
    measured = set(re.findall(r'"relation": "([^"]+)"', json.dumps(tables)))
    tour = json.loads((ROOT / "assets" / "tour.json").read_text(encoding="utf-8"))
    written = {word.rpartition("/")[2] for each in tour for word in each["words"].split()}
    assert {"nsubj", "nmod:unmarked"} <= measured and "obl:agent" in written and gold_sentences()
    assert not (measured | written | set(NAMES)) - set(RELATIONS)


@pytest.mark.parametrize("name", [*WORDS, *RELATIONS])
def test_entry_is_a_sentence_and_an_example(name: str) -> None:
    entry = term_of(name)
    assert entry.meaning[0].isupper() and entry.meaning.endswith(".") and 20 <= len(entry.meaning) <= 220
    assert 3 <= len(entry.example) <= 120 and entry.example.endswith((".", "]"))
    assert not set("{}$`<>") & {*entry.meaning, *entry.example}


def test_button_points_at_a_meaning_of_the_page() -> None:
    page = Markup(meanings_panel() + relations_panel())  # those of relations come with the lens that names them
    assert len(page.meanings) == len(set(page.meanings)) == len(WORDS) + len(RELATIONS)
    assert Markup(legend_panel("Words:", about.WORDS)).pointed == [WORDS[name].id for name in about.WORDS]
    assert Markup(render("_macros.term", "softmax", "Softmax")).pointed == ["word-softmax"]
    assert {"word-cls", "word-softmax", "relation-nmod-poss"} <= set(page.meanings)
    assert "<b>softmax</b> Turns scores into shares that are positive and sum to 1" in meanings_panel()


def test_known_names_of_methods_and_units_are_explained() -> None:
    assert Markup(render("attributions.known", "margin (logit less another)")).pointed == ["word-margin"]
    assert render("attributions.known", "Saliency <b>") == "Saliency &lt;b&gt;"
