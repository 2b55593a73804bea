"""Cards are Markdown; the page gets them as HTML."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from bert_demo.registry.models import CATALOGUE
from bert_demo.views.markup import markdown
from bert_demo.web.components.about import card_panel


def test_markdown_is_html_by_hand() -> None:
    text = "# A *b*\n\nIt has `x{y}` and [a link](https://example.org/a_b).\n\n- one\n- two\n\n|a|b|\n|-|-|\n|1|$2|\n"
    assert markdown(text) == (
        "<h1>A <em>b</em></h1>\n<p>It has <code>x&#123;y&#125;</code> and "
        '<a href="https://example.org/a_b" target="_blank" rel="noopener">a link</a>.</p>\n'
        "<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n<table>\n<thead>\n<tr>\n<th>a</th>\n<th>b</th>\n</tr>\n</thead>\n"
        "<tbody>\n<tr>\n<td>1</td>\n<td>&#36;2</td>\n</tr>\n</tbody>\n</table>\n"
    )


@pytest.mark.parametrize("text", ["<script>a()</script>", "<img src=x onerror=a()>", "[a](javascript:b)"])
def test_html_and_addresses_that_run_are_only_text(text: str) -> None:
    shown = markdown(text)
    assert "<script" not in shown and "<img" not in shown and "href" not in shown


class Tags(HTMLParser):
    """Whether each that is opened is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        if tag not in ("br", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", sorted(each.name for each in CATALOGUE if each.text()))
def test_every_card_is_whole(name: str) -> None:
    tags = Tags(card_panel(name))
    assert not tags.open and {"h1", "h2", "p", "table"} <= tags.seen
    assert tags.seen <= {
        "h1",
        "h2",
        "h3",
        "p",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "ul",
        "ol",
        "li",
        "code",
        "pre",
        "em",
        "strong",
        "a",
        "br",
        "hr",
    }
