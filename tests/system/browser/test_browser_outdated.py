"""An answer that does not belong to what the bar says is faded and names its text; heads that are off are named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from zlib import crc32

import pytest
from conftest import OPENING
from playwright.sync_api import Browser, Page, expect
from test_browser import browser, open_tab, page, visit, write

from bert_demo.web.tabs import TABS

__all__ = ["browser", "page"]
pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("default")]
OTHER = "A terrible boring film."
LINE = "#outdated-line"
TITLES = {tab.name: tab.title for tab in TABS}


def note(text: str, model: str = "sentiment") -> str:
    quoted = text if len(text) <= 50 else f"{text[:50].rstrip()} \u2026"
    return f"This is the answer to \u201c{quoted}\u201d, asked of {model}. Press Enter to ask what stands above."


def expect_old(page: Page, name: str, text: str, model: str = "sentiment") -> None:
    expect(page.locator(LINE)).to_have_text(note(text, model))
    expect(page.locator(f"#tab-{name}")).to_have_class(re.compile("outdated"))
    shown = page.locator(f"#tab-{name} .lens-answer").first
    assert float(shown.evaluate("each => getComputedStyle(each).opacity")) < 0.5


def expect_current(page: Page) -> None:
    expect(page.locator(LINE)).to_be_hidden()
    expect(page.locator(".outdated")).to_have_count(0)


def test_answer_to_another_text_is_faded_and_named(page: Page) -> None:
    asked: list[str] = []
    expect_current(page)
    page.on("request", lambda request: asked.append(request.url))
    page.locator("#text textarea").fill(OTHER)
    expect_old(page, "classify", OPENING)
    expect(page.locator("#labels")).to_contain_text("positive")
    page.locator("#text textarea").fill(OPENING)
    expect_current(page)
    page.locator("#pair textarea").fill("And it was long.")
    expect_old(page, "classify", OPENING)
    page.locator("#pair textarea").fill("")
    expect_current(page)
    assert asked == []
    page.locator("#model input").fill("base")
    expect_old(page, "classify", OPENING)
    page.locator("#model input").fill("sentiment")
    expect_current(page)
    write(page, OTHER)
    expect(page.locator("#labels")).to_contain_text("negative")
    expect_current(page)


@pytest.mark.parametrize("name", ["fill-mask", "attention", "heads", "attributions"])
def test_answer_of_every_lens_is_named_through_a_change_of_tab(page: Page, name: str) -> None:
    open_tab(page, TITLES[name])
    expect(page.locator(f"#tab-{name} .lens-answer").first).to_be_visible()
    open_tab(page, "Classify")
    page.locator("#text textarea").fill(OTHER)
    expect_old(page, "classify", OPENING)
    open_tab(page, TITLES[name])
    expect_old(page, name, OPENING)
    page.locator("#text textarea").press("Enter")
    expect(page.locator(f"#tab-{name} .lens-answer").first).to_contain_text("boring")
    expect_current(page)
    open_tab(page, "Classify")
    expect(page.locator("#tokens")).to_contain_text("boring")
    expect_current(page)


def test_example_and_its_model_are_never_out_of_date(page: Page) -> None:
    page.get_by_role("button", name="News").click()
    expect(page.locator("#labels .bar")).to_have_count(4)
    expect_current(page)
    text = page.locator("#text textarea").input_value()
    page.locator("#text textarea").fill(text[:-1])
    expect_old(page, "classify", text, "topics")


@pytest.mark.parametrize("text", ["", OPENING, "\u8fd9 \N{FIRE} \u00e9\n`x`", "a" * 5000])
def test_mark_is_the_checksum_that_the_server_makes(page: Page, text: str) -> None:
    mark = page.evaluate("text => window.bertOutdated.mark(text, 'two', 'base')", text)
    assert mark == str(crc32(f"{text}\0two\0base".encode()))


@pytest.fixture
def linked(browser: Browser, server: str) -> Iterator[Page]:
    """A visitor whose link names two heads that are off."""
    yield from visit(browser, f"{server}/?off=3-9,1-8")


def test_heads_that_are_off_are_named_in_every_other_lens(linked: Page) -> None:
    line = linked.locator("#heads-off")
    said = f"Answered with all heads: 1-8, 3-9 are off in {TITLES['without']} alone."
    for name in ("classify", "fill-mask", "attention", "attributions"):
        open_tab(linked, TITLES[name])
        expect(line).to_contain_text(said)
    write(linked, OTHER)
    expect(linked.locator("#attributed")).to_contain_text("boring")
    expect(line).to_contain_text(said)
    open_tab(linked, TITLES["without"])
    expect(linked.locator("#beside h2").first).to_contain_text("without heads 1-8 and 3-9")
    expect(line).to_be_hidden()
    open_tab(linked, "Classify")
    line.get_by_role("button", name="All on again").click()
    expect(line).to_be_hidden()
    linked.wait_for_function("!location.search.includes('off=')")
    open_tab(linked, TITLES["without"])
    expect(linked.locator("#beside")).to_contain_text("Switch a head off")


def test_features_of_another_text_are_faded_and_named(page: Page) -> None:
    open_tab(page, "Pieces and states")
    page.locator("#inside-view").get_by_label("Features", exact=True).check()
    page.locator("#features-button").click()
    expect(page.locator("#feature-code")).to_contain_text("transformers")
    expect_current(page)
    page.locator("#text textarea").fill(OTHER)
    expect(page.locator(LINE)).to_have_text(note(OPENING))
    expect(page.locator("#features")).to_have_css("opacity", "0.32")
    page.locator("#text textarea").fill(OPENING)
    expect_current(page)
    expect(page.locator("#features")).to_have_css("opacity", "1")


def test_text_that_changes_while_methods_come_in_fades_them(page: Page) -> None:
    open_tab(page, "Compare methods")
    write(page, "The waiter was rude but kind, and nobody minded the long wait for a table by the door.")
    expect(page.locator("#methods-table tbody tr").first).to_be_visible()
    expect(page.locator("#outdated-line")).to_be_empty()
    page.locator("#text textarea").fill("Something else")
    expect(page.locator("#outdated-line")).to_contain_text("What is being computed is \u201cThe waiter was rude")
    expect(page.locator("#tab-methods")).to_have_class(re.compile("outdated"))
    page.locator("#stop").click()
    expect(page.locator("#outdated-line")).to_contain_text("This is the answer to \u201cThe waiter was rude")


def test_part_of_an_answer_that_was_stopped_is_faded_and_named(page: Page) -> None:
    longer = f"{OPENING} {OPENING}"
    open_tab(page, "Compare methods")
    write(page, longer)
    expect(page.locator("#tab-methods .lens-answer .methods").first).to_be_visible(timeout=60_000)
    page.locator("#stop").click()
    expect(page.locator("#notice-methods")).to_contain_text("Stopped")
    expect_current(page)
    page.locator("#text textarea").fill(OTHER)
    expect_old(page, "methods", longer)
    page.locator("#text textarea").fill(longer)
    expect_current(page)
