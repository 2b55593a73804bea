"""A visitor who closes the page stops costing."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Page, expect
from test_browser import browser, open_tab, page, write
from test_disconnect import TEXT, counted

__all__ = ["browser", "page"]
pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("default")]


def test_closing_the_page_ends_its_work_at_the_next_batch(page: Page, server: str) -> None:
    write(page, f"{TEXT} {TEXT} {TEXT}")
    answered = page.locator("#notice-classify .answered")  # before, the question would be asked of the lens opened next
    expect(answered).to_have_attribute("data-text", re.compile(re.escape(TEXT[:30])))
    open_tab(page, "Compare methods")
    before = counted(server, "bert_demo_seconds_count", "methods")
    page.locator("#compare").click()
    expect(page.locator("#notice-methods")).to_contain_text("passes")
    assert counted(server, "bert_demo_seconds_count", "methods") == before, "the work was too short for this test"
    page.close()
    left = time.monotonic()
    while counted(server, "bert_demo_seconds_count", "methods") == before:
        assert time.monotonic() - left < 10, "the work goes on"
        time.sleep(0.2)
    assert counted(server, "bert_demo_errors_total", "methods") == 0
