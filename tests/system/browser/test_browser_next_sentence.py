"""The lens Next sentence in Chromium: what to do, a pair typed and one pressed, numbers of the page, how it looks."""

from __future__ import annotations

import pytest
from conftest import OPENING
from playwright.sync_api import Page, expect
from test_browser import browser, desk_and_phone, look_at, page, percent, write

from bert_demo import BertService
from bert_demo.web.tabs.next_sentence import offers

__all__ = ["browser", "desk_and_phone", "page"]
pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("default")]
FIRST, SECOND = "It rained all night.", "In the morning the street was <b>wet</b>."


def ask(page: Page, first: str, second: str) -> None:
    page.locator("#pair textarea").fill(second)
    write(page, first)


def drawn(page: Page, trace: int) -> list[float]:
    return page.evaluate(f"[...document.querySelector('#pair-dots .js-plotly-plot')._fullData[{trace}].x]")


def test_pairs_are_judged_both_ways_against_known_ones(page: Page, service: BertService) -> None:
    page.get_by_role("tab", name="Next sentence").click()
    expect(page.locator("#orders")).to_contain_text("Write a second text")
    expect(page.locator("#notice-next-sentence")).to_contain_text(
        "sentiment was not trained to say whether a sentence follows another; base answers here."
    )
    expect(page.locator("#orders .offer").first).to_be_visible()
    expect(page.locator("#known-pairs")).to_be_hidden()
    ask(page, FIRST, SECOND)
    expect(page.locator("#orders .bar")).to_have_count(2)
    expect(page.locator("#orders")).to_contain_text("<b>wet</b>")
    both = [service.next_sentence(*texts).is_next for texts in ((FIRST, SECOND), (SECOND, FIRST))]
    shown = [percent(text) for text in page.locator("#orders .bar em").all_inner_texts()]
    assert shown == pytest.approx([100 * each for each in both], abs=0.06)
    expect(page.locator("#pair-dots .scatterlayer .trace")).to_have_count(4)
    known = service.next_sentence_baseline()
    assert drawn(page, 2) == pytest.approx(known.shuffled.tolist(), abs=1e-6)
    assert drawn(page, 3) == pytest.approx(both, abs=1e-6)
    expect(page.locator("#known-pairs tbody tr").first).to_contain_text(f"{100 * known.true.mean():.1f} %")
    with page.expect_download() as saved:
        page.locator("#known-pairs [data-kind=svg]").click()
    assert saved.value.path().read_bytes().startswith(b"<svg")
    page.locator("#orders .pair-offers summary").click()
    first, second = offers()[4]
    page.locator("#orders .offer").nth(4).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#pair textarea")).to_have_value(second)
    expect(page.locator("#orders .pair-text").first).to_contain_text(first)
    page.wait_for_function("location.search.includes('pair=') && location.search.includes('tab=next-sentence')")
    ask(page, "good " * 400, "bad " * 200)
    expect(page.locator("#notice-next-sentence")).to_contain_text("this model reads 512. Shorten one.")
    ask(page, OPENING, "")
    expect(page.locator("#orders")).to_contain_text("Write a second text")
    expect(page.locator("#known-pairs")).to_be_hidden()


def test_it_looks_right(desk_and_phone: tuple[Page, Page]) -> None:
    long = "The weather in the harbour was fine and the boats went out. " * 15
    for each in desk_and_phone:
        each.get_by_role("tab", name="Next sentence").click()
        look_at(each, "opening-next-sentence", dark=False)
        for kind, second in {"pair": SECOND, "long": long}.items():
            ask(each, FIRST, second)
            expect(each.locator("#orders .pair-text").nth(1)).to_contain_text(second[:20])
            expect(each.locator("#pair-dots .scatterlayer .trace").first).to_be_visible()
            look_at(each, f"{kind}-next-sentence", dark=kind == "pair")
