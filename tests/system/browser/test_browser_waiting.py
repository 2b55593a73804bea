"""What stands on the page while a lens computes: the methods that are done, seconds left by a measured rate."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from test_browser import browser, open_tab, page, write

from bert_demo.registry.attribution_methods import CARDS

__all__ = ["browser", "page"]
pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("default")]
HUNDRED = "It was a long and winding story about the sea. " * 10
MANY = "The ship left the quiet harbour in the early morning and came back late. " * 40
"""600 tokens and more."""
WATCH = """() => {
  window.began = 0;
  window.first = 0;
  const observer = new MutationObserver(() => {
    if (window.began && !window.first && document.querySelector('#notice-heads .working')) {
      window.first = performance.now() - window.began;
    }
  });
  observer.observe(document.body, { childList: true, subtree: true });
  document.addEventListener('keydown', () => { window.began = performance.now(); }, { capture: true, once: true });
}"""
"""Milliseconds from the Enter to the first word on the work."""


def test_methods_come_one_by_one_with_the_seconds_left(page: Page) -> None:
    open_tab(page, "Compare methods")
    write(page, HUNDRED)
    page.wait_for_function("location.search.includes('winding')")
    expect(page.locator("#notice-classify")).not_to_contain_text("Reading")
    page.locator("#compare").click()
    rows = page.locator("#methods-table tbody th")
    expect(rows.first).to_have_text(next(iter(CARDS.values())).title)
    expect(page.locator("#notice-methods .working")).to_be_visible()
    assert rows.count() < len(CARDS)
    expect(page.locator("#methods-table")).to_contain_text("not there yet")
    expect(page.locator("#notice-methods .remaining")).to_have_text(
        re.compile(r"^About [\d,]+ s left, at [\d,.]+ passes a second so far\.$")
    )
    expect(page.locator("#curves .js-plotly-plot")).to_have_count(0)
    expect(page.locator("#trial")).to_be_hidden()
    page.locator("#stop").click()
    expect(page.locator("#notice-methods")).to_contain_text("Stopped")
    expect(page.locator(".remaining")).to_have_count(0)


def test_methods_that_were_stopped_show_nothing_of_an_older_question(page: Page) -> None:
    open_tab(page, "Compare methods")
    write(page, "A warm film.")
    expect(page.locator("#curves .js-plotly-plot")).to_be_visible()
    write(page, HUNDRED)
    page.wait_for_function("location.search.includes('winding')")
    page.locator("#stop").click()
    expect(page.locator("#notice-methods")).to_contain_text("Stopped")
    expect(page.locator("#methods-table").get_by_text("warm", exact=True)).to_be_hidden()


def test_heads_of_a_long_text_say_at_once_that_they_work(page: Page) -> None:
    open_tab(page, "What heads do")
    expect(page.locator("#all-heads td").first).to_be_visible()
    page.evaluate(WATCH)
    before = page.locator("#all-heads").inner_text()
    write(page, MANY)
    page.wait_for_function("(before) => document.querySelector('#all-heads').innerText !== before", arg=before)
    assert 0 < page.evaluate("window.first") < 1000
