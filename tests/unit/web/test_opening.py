"""What stands above the lenses: the lesson's links, the list of models, the card of a model."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest

from bert_demo.registry.models import CATALOGUE, find
from bert_demo.web.components.about import card, failures_first
from bert_demo.web.components.model_choices import MOST_OWN, list_styles, listed, model_choices
from bert_demo.web.components.opening import lesson_links, opening
from bert_demo.web.examples import from_address, load_examples
from bert_demo.web.tabs import TABS


def test_lesson_links_ask_what_the_examples_ask() -> None:
    examples = load_examples()
    asks = {each.ask.text for each in examples}
    links = [
        {key: value[0] for key, value in parse_qs(urlsplit(url).query).items()} for url, _ in lesson_links(examples)
    ]
    assert len(links) == 6 and {link["tab"] for link in links} <= {tab.name for tab in TABS}
    for link in links:
        ask, hidden = from_address(link, examples[0].ask, ())
        assert ask.text in asks or ask.text == "He drank a cup of [MASK]."
        assert hidden == () and ask.model


def test_lesson_links_fail_for_an_example_that_is_gone() -> None:
    with pytest.raises(KeyError):
        lesson_links([each for each in load_examples() if each.name != "Sarcasm"])


def test_opening_escapes_the_addresses_that_it_holds() -> None:
    class Links(HTMLParser):
        found: ClassVar[list[str]] = []

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.found += [value or "" for name, value in attrs if name == "href"]

    examples = load_examples()
    reader = Links()
    reader.feed(opening(examples))
    assert reader.found == [url for url, _ in lesson_links(examples)]


def test_listed_models_say_what_is_downloaded() -> None:
    assert listed(CATALOGUE[0]) == "sentiment"
    large = find("google-bert/bert-large-uncased")
    assert large and listed(large) == "google-bert/bert-large-uncased (download, about 1.3 GB)"
    assert listed(replace(large, megabytes=45)).endswith("(download, about 45 MB)")
    assert listed(replace(large, megabytes=0)).endswith("bert-large-uncased (download)")
    assert [name for _, name in model_choices()] == [row.name for row in CATALOGUE]


def test_list_styles_name_each_row_in_one_group() -> None:
    firsts = [line for line in list_styles("model").splitlines() if "padding-top" in line]
    rows = [[int(each) for each in re.findall(r'data-index="(\d+)"', line.partition(":not")[0])] for line in firsts]
    bundled = sum(card.bundled for card in CATALOGUE)
    own = list(range(len(CATALOGUE), len(CATALOGUE) + MOST_OWN))  # a visitor's own stand behind them
    assert rows == [list(range(bundled)), list(range(bundled, len(CATALOGUE))), own]


@pytest.mark.parametrize("name", [row.name for row in CATALOGUE if row.bundled])
def test_card_has_known_failures_first_and_loses_nothing(name: str) -> None:
    row = find(name)
    assert row
    text, shown = row.text(), card(name)
    headings = re.findall(r"^## .*", shown, re.MULTILINE)
    failures = [heading for heading in headings if heading.startswith("## Known failures")]
    assert failures and headings[: len(failures)] == failures
    assert sorted(headings) == sorted(re.findall(r"^## .*", text, re.MULTILINE))
    assert sorted(shown.split()) == sorted(text.split())


def test_failures_first_keeps_a_card_without_failures() -> None:
    assert failures_first("# a\n\n## b\n\nc\n") == "# a\n\n## b\n\nc\n"
