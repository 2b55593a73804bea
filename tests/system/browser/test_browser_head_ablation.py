"""The lens Without heads in Chromium: switches, links, the worth of heads, pruning, bad rows, a phone."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

import pytest
from conftest import OPENING
from playwright.sync_api import Browser, Page, expect
from test_browser import browser, desk_and_phone, look_at, open_tab, page, percent, signed, unfold, visit, write

from bert_demo import BertService
from bert_demo.registry.models import for_text

__all__ = ["browser", "desk_and_phone", "page"]
pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("default")]
TAB = "Without heads"


def head(page: Page, name: str) -> None:
    page.locator(f'#gates [data-off-head="{name}"]').click()


def test_heads_are_switched_off_and_on_again(page: Page, service: BertService) -> None:
    open_tab(page, TAB)
    expect(page.locator("#gates [data-off-head]")).to_have_count(72)
    expect(page.locator("#beside")).to_contain_text("Switch a head off")
    head(page, "3-7")
    head(page, "5-6")
    head(page, "5-0")
    expect(page.locator("#beside h2")).to_have_text("What sentiment decides without heads 3-7, 5-0 and 5-6")
    expect(page.locator('#gates [aria-pressed="true"]')).to_have_count(3)
    before, after = service.ablate(OPENING, [(3, 7), (5, 0), (5, 6)]).labels
    shown = page.locator("#beside .twin em").first.inner_text().split("\N{RIGHTWARDS ARROW}")
    assert percent(shown[0]) == pytest.approx(100 * before.labels[0].score, abs=0.06)
    assert percent(shown[1]) == pytest.approx(100 * after.labels[0].score, abs=0.06)
    page.wait_for_function("location.search.includes('off=3-7%2C5-0%2C5-6')")
    head(page, "5-6")
    expect(page.locator("#beside h2")).to_contain_text("without heads 3-7 and 5-0")
    page.get_by_role("button", name="none off").click()
    expect(page.locator("#beside")).to_contain_text("Switch a head off")
    page.wait_for_function("!location.search.includes('off=')")


def test_quick_clicks_are_all_kept(page: Page) -> None:
    open_tab(page, TAB)
    expect(page.locator("#gates [data-off-head]")).to_have_count(72)
    page.evaluate(
        """() => { for (let head = 0; head < 11; head += 1)
        document.querySelector(`#gates [data-off-head="2-${head}"]`).click(); }"""
    )
    expect(page.locator("#beside h2")).to_contain_text("2-9 and 2-10")
    expect(page.locator('#gates [data-off-layer="2"]')).to_have_attribute("aria-pressed", "mixed")
    page.locator('#gates [data-off-layer="2"]').click()
    expect(page.locator('#gates [data-off-layer="2"]')).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#beside h2")).to_have_text(re.compile(r"without layer 2\s*$"))
    page.locator('#gates [data-off-layer="2"]').click()
    expect(page.locator("#beside")).to_contain_text("Switch a head off")


def test_keyboard_switches_too(page: Page) -> None:
    open_tab(page, TAB)
    page.locator('#gates [data-off-head="0-0"]').focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "Space", "ArrowLeft", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#beside h2")).to_contain_text("heads 2-0 and 2-1")
    assert page.evaluate("document.activeElement.dataset.offHead") == "2-0"
    assert page.locator('#gates .gate[tabindex="0"]').count() == 1


def test_all_off_is_refused_in_words(page: Page) -> None:
    open_tab(page, TAB)
    for layer in range(6):
        page.locator(f'#gates [data-off-layer="{layer}"]').click()
    expect(page.locator("#beside .error")).to_contain_text("All heads are off")
    head(page, "0-0")
    expect(page.locator("#beside h2")).to_contain_text("without 71 heads")


def test_link_brings_back_what_was_off(browser: Browser, server: str) -> None:
    visitor = visit(browser, f"{server}/?tab=without&off=3-7,02-1,77-0,nonsense")
    page = next(visitor)
    said = "77-0 is not a head of sentiment (6 layers, 12 heads, counted from 0); it was left out."
    expect(page.locator("#beside .message")).to_have_text(said)
    expect(page.locator("#beside h2")).to_contain_text("without heads 2-1 and 3-7")
    expect(page.locator("[data-off-count]")).to_have_text("2 of 72 off: 2-1, 3-7")
    expect(page.locator('#gates [aria-pressed="true"]')).to_have_count(2)
    head(page, "0-5")
    expect(page.locator("#beside .message")).to_have_count(0)
    page.wait_for_function("location.search.includes('off=0-5%2C2-1%2C3-7')")
    expect(page.locator("#beside h2")).to_contain_text("heads 0-5, 2-1 and 3-7")
    assert next(visitor, None) is None


def test_model_with_fewer_heads_leaves_out_what_it_lacks(
    browser: Browser, server: str, tiny_classifier: str, service: BertService
) -> None:
    visitor = visit(browser, f"{server}/?tab=without&off=3-7,1-1&text=the+cat+sat&model={quote(tiny_classifier)}")
    page = next(visitor)
    said = f"3-7 is not a head of {tiny_classifier} (2 layers, 2 heads, counted from 0); it was left out."
    expect(page.locator("#beside .message")).to_have_text(said)
    expect(page.locator("#beside h2")).to_contain_text("without head 1-1")
    expect(page.locator("[data-off-count]")).to_have_text("1 of 4 off: 1-1")
    _, after = service.ablate("the cat sat", [(1, 1)], model=tiny_classifier).labels
    shown = page.locator("#beside .twin em").all_inner_texts()
    best = max(percent(each.split("\N{RIGHTWARDS ARROW}")[1]) for each in shown)
    assert best == pytest.approx(100 * after.labels[0].score, abs=0.06)
    page.locator("#model input").fill("sentiment")
    page.locator("#model input").press("Enter")
    expect(page.locator("#beside h2")).to_have_text("What sentiment decides without heads 1-1 and 3-7")
    expect(page.locator("#beside .message")).to_have_count(0)
    assert next(visitor, None) is None


def test_two_visitors_have_heads_of_their_own(browser: Browser, server: str) -> None:
    first, second = visit(browser, server), visit(browser, server)
    one, two = next(first), next(second)
    for visited, name in ((one, "1-1"), (two, "4-4")):
        open_tab(visited, TAB)
        head(visited, name)
    expect(one.locator("#beside h2")).to_contain_text("without head 1-1")
    expect(two.locator("#beside h2")).to_contain_text("without head 4-4")
    for visitor in (first, second):
        assert next(visitor, None) is None


def test_candidates_and_attributions_before_and_after(page: Page, service: BertService) -> None:
    open_tab(page, TAB)
    head(page, "4-3")
    page.locator("#off-explained input").check()
    found = service.ablate(OPENING, [(4, 3)], attributions=True).attributions
    expect(page.locator("#beside .ledger")).to_have_count(2)
    expect(page.locator("#beside .ledger").nth(1).locator("strong").first).to_have_text(
        signed(found[1].input_output, 3)
    )
    expect(page.locator("#beside .check.ok", has_text="closed within")).to_have_count(2)
    place = [word.text for word in found[0].words].index("funny")
    cell = page.locator("#beside .methods tbody tr").nth(1).locator("td").nth(place)
    expect(cell).to_have_text(signed(found[1].words[place].score))
    page.locator("#model input").fill("base")
    page.locator("#model input").press("Enter")
    write(page, "Water freezes into [MASK].")
    expect(page.locator("#beside")).to_contain_text("base was not trained to put texts into classes")
    was, now = service.ablate("Water freezes into [MASK].", [(4, 3)], model="base").fillings
    names = page.locator("#beside .twin > span")
    expect(names.first).to_have_text(was.slots[0].candidates[0].token_str)
    shown = page.locator("#beside .twin em").first.inner_text().split("\N{RIGHTWARDS ARROW}")
    assert percent(shown[1]) == pytest.approx(100 * now.slots[0].candidates[0].score, abs=0.06)
    write(page, "No mask in here.")
    expect(page.locator("#beside")).to_contain_text(
        "base was not trained to put texts into classes; sentiment answers here."
    )


def test_head_effects_map_and_list(page: Page, service: BertService) -> None:
    open_tab(page, TAB)
    page.locator("#worth-button").click()
    expect(page.locator("#worth-map .heatmaplayer image").first).to_be_attached()
    found = service.head_worth(OPENING)
    drawn = page.evaluate("document.querySelector('#worth-map .js-plotly-plot')._fullData[0].z.map((row) => [...row])")
    assert [value for row in drawn for value in row] == pytest.approx((-found.changes).ravel().tolist(), abs=1e-6)
    expect(page.locator("#worth .check.ok")).to_have_count(1)
    expect(page.locator("#worth")).to_contain_text("252 passes through single layers")
    line = page.locator("#worth [data-off-head]").first
    name = line.get_attribute("data-off-head")
    line.click()
    expect(page.locator("#beside h2")).to_contain_text(f"without head {name}")
    expect(line).to_have_attribute("aria-pressed", "true")
    page.locator("#worth-output input").click()
    page.get_by_role("option", name="probability").click()
    page.locator("#worth-button").click()
    expect(page.locator("#worth .note")).to_contain_text("Probability of")
    expect(page.locator("#worth [data-off-head][aria-pressed=true]")).to_have_count(1)
    write(page, "Another film.")
    other = service.head_worth("Another film.", output="probability")
    page.wait_for_function(
        "(first) => Math.abs(document.querySelector('#worth-map .js-plotly-plot')?._fullData[0].z[0][0] - first)"
        " < 1e-6",
        arg=-float(other.changes[0, 0]),
    )


def test_pruning_the_example_and_stopping(page: Page, service: BertService) -> None:
    open_tab(page, TAB)
    page.locator("#prune-button").click()
    expect(page.locator("#prune-said .error")).to_contain_text("There are no rows")
    page.locator("#labelled-rows textarea").fill("A fine film.\tpositive\nA dull film.\tnegative\nIt ended.\tgreen")
    page.locator("#prune-button").click()
    expect(page.locator("#prune-said .error")).to_contain_text("Line 3: the label 'green' is none of")
    page.locator("#prune-example").click()
    expect(page.locator("#labelled-rows textarea")).to_have_value(re.compile("grandfather"))
    page.locator("#prune-button").click()
    expect(page.locator("#prune-said")).to_contain_text("passes")
    page.locator("#stop").click()
    expect(page.locator("#prune-said")).to_contain_text("Stopped")
    page.wait_for_timeout(1500)
    expect(page.locator("#prune-curve")).to_be_hidden()
    page.locator("#labelled-rows textarea").fill("A fine film.\tpositive\nA dull film.\tnegative")
    page.locator("#prune-button").click()
    expect(page.locator("#prune-curve .scatterlayer .trace")).to_have_count(2)
    expect(page.locator("#pruned .check.ok")).to_contain_text("100.0% are right")
    curve = service.prune([("A fine film.", "positive"), ("A dull film.", "negative")])
    drawn = page.evaluate("[...document.querySelector('#prune-curve .js-plotly-plot')._fullData[0].y]")
    assert drawn == pytest.approx(curve.accuracy.tolist())


def test_file_of_rows_is_opened(page: Page, tmp_path: Path) -> None:
    open_tab(page, TAB)
    good, bad = tmp_path / "rows.tsv", tmp_path / "bad.csv"
    good.write_text("sentence\tlabel\nA fine film.\t1\nA dull film.\t0\n", encoding="utf-8")
    bad.write_bytes(b"\xef\xbb\xbftext,label\nfine,positive\n\xff,negative\n")
    upload = page.locator("#tab-without input[type=file], #prune-tools input[type=file]").first
    upload.set_input_files(good)
    expect(page.locator("#labelled-rows textarea")).to_have_value(re.compile("A dull film"))
    page.locator("#prune-button").click()
    expect(page.locator("#pruned")).to_contain_text("over 2 texts")
    upload.set_input_files(bad)
    expect(page.locator("#prune-said .error")).to_contain_text("Line 3: not UTF-8")


ODD = {
    "one": "a",
    "many": "The weather in the harbour was fine and the boats went out. " * 40,
    "chinese": "\u8fd9\u90e8\u7535\u5f71\u5f88\u597d\u770b\uff0c\u6211\u975e\u5e38\u559c\u6b22\u3002",
    "script": "<script>window.ran=1</script> ${1+1} {{x}} <b>",
}


@pytest.mark.timeout(300)
def test_it_looks_right(desk_and_phone: tuple[Page, Page], service: BertService) -> None:
    off = [(3, 7), *((5, number) for number in range(12))]
    for each in desk_and_phone:
        open_tab(each, TAB)
        head(each, "3-7")
        each.locator('#gates [data-off-layer="5"]').click()
    for kind, text in {"opening": OPENING, **ODD}.items():
        best = service.ablate(text, off, model=for_text("sentiment", text)).labels[1]
        said = f"{100 * best.labels[0].score:.1f} %"
        for each in desk_and_phone:
            unfold(each)
            each.locator("#off-explained input").set_checked(kind in DEAR)
            if kind != "opening":
                write(each, text)
            expect(each.locator("#beside .twin em", has_text=f"\N{RIGHTWARDS ARROW} {said}")).to_have_count(1)
            if kind in DEAR:
                expect(each.locator("#beside .ledger")).to_have_count(2)
                each.locator("#worth-button").click()
                expect(each.locator("#worth .worth").first).to_be_visible()
                expect(each.locator("#worth-map .heatmaplayer image").first).to_be_attached()
            look_at(each, f"{kind}-without")
    assert [each.evaluate("window.ran") for each in desk_and_phone] == [None, None]


DEAR = ("opening", "one", "chinese")
"""Kinds of text whose attributions and worth of heads are looked at, too."""
