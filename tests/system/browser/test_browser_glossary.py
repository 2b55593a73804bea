"""Hard words in Chromium: by hover, tap and keyboard, for a screen reader, on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect
from test_browser import PHONE, browser, open_tab, page, visit

from bert_demo.registry.glossary import RELATIONS, WORDS

__all__ = ["browser", "page"]
pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("default")]
SOFTMAX = WORDS["softmax"]


def test_meaning_comes_by_hover_and_by_keyboard_and_goes(page: Page) -> None:
    word = page.locator("#labels .term").first
    meaning = page.locator(f"#{SOFTMAX.id}")
    expect(meaning).to_be_hidden()
    word.hover()
    expect(meaning).to_be_visible()
    expect(meaning).to_contain_text(SOFTMAX.meaning)
    expect(meaning).to_contain_text(SOFTMAX.example)
    meaning.hover()  # who points at the meaning itself may read on
    page.wait_for_timeout(400)
    expect(meaning).to_be_visible()
    page.mouse.move(2, 2)
    expect(meaning).to_be_hidden()
    page.locator("#labels summary").first.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    expect(word).to_be_focused()
    expect(meaning).to_be_visible()
    page.keyboard.press("Escape")
    expect(meaning).to_be_hidden()
    expect(word).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator(f"#{WORDS['logit'].id}")).to_be_visible()
    expect(meaning).to_be_hidden()
    page.locator("#header h1").click()
    expect(page.locator(".meanings p:popover-open")).to_have_count(0)


def test_screen_reader_gets_the_meaning_as_a_description(page: Page) -> None:
    word = page.locator("#labels .term").first
    expect(word).to_have_accessible_name("Softmax")
    expect(word).to_have_accessible_description(f"softmax {SOFTMAX.meaning} {SOFTMAX.example}")
    expect(word).to_have_role("button")


def test_every_word_of_every_lens_has_its_meaning_on_the_page(page: Page) -> None:
    for tab in page.get_by_role("tab").all():
        tab.click()
        lost = page.evaluate(
            "[...document.querySelectorAll('.term')].map((word) => word.getAttribute('aria-describedby'))"
            ".filter((id) => !document.getElementById(id))"
        )
        assert not lost
    open_tab(page, "What heads do")  # whose answer brings those of the relations
    expect(page.locator(".meanings p")).to_have_count(len(WORDS) + len(RELATIONS))


def test_tap_opens_the_meaning_inside_a_phone(browser: Browser, server: str) -> None:
    for phone in visit(browser, server, **PHONE, has_touch=True):
        meaning = phone.locator(f"#{WORDS['logit'].id}")
        phone.locator("#labels .term").nth(1).tap()
        expect(meaning).to_be_visible()
        place = meaning.bounding_box()
        assert place and place["x"] >= 0 and place["x"] + place["width"] <= PHONE["viewport"]["width"]
        phone.locator("#labels h2").tap()
        expect(meaning).to_be_hidden()
