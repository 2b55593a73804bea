"""The order of the page in Chromium: groups of lenses, keyboard, screen reader, phone, projector, accessibility."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.resources import files
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit

import pytest
from conftest import OPENING
from playwright.sync_api import Browser, Page, expect
from test_browser import PHONE, browser, open_tab, page, unfold, visit, write

from bert_demo import BertService
from bert_demo.registry.models import CATALOGUE
from bert_demo.views.templates import number, percent
from bert_demo.web.components.model_choices import HERE, TO_DOWNLOAD, listed
from bert_demo.web.lens_groups import Group
from bert_demo.web.tabs import TABS

__all__ = ["browser", "page"]
pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("default")]
HEADINGS = """() => [...document.querySelectorAll('#lenses [role="tab"]')].map((tab) => [
  tab.dataset.tabId, getComputedStyle(tab, '::before').content.match(/"([^"]+)"/)?.[1] ?? '',
  tab.getAttribute('aria-description'), Math.round(tab.getBoundingClientRect().top)])"""
HERE_COUNT = sum(card.bundled for card in CATALOGUE)
WIDE = {"viewport": {"width": 1440, "height": 900}}


@pytest.fixture
def wide(browser: Browser, server: str) -> Iterator[Page]:
    yield from visit(browser, server, **WIDE)


@pytest.fixture
def phone(browser: Browser, server: str) -> Iterator[Page]:
    yield from visit(browser, server, **PHONE)


def test_groups_are_named_above_their_first_lens_and_stand_in_one_line(wide: Page) -> None:
    found = wide.evaluate(HEADINGS)
    firsts = {group: next(tab.name for tab in TABS if tab.group is group) for group in Group if group in GROUPS}
    assert {name: heading for name, heading, *_ in found if heading} == {name: g.value for g, name in firsts.items()}
    assert [(name, group) for name, _, group, _ in found] == [(tab.name, tab.group.value) for tab in TABS]
    assert len({top for *_, top in found}) == 1
    expect(wide.get_by_role("tab", name="Classify", exact=True)).to_be_visible()  # the group is no part of its name


GROUPS = {tab.group for tab in TABS}


def test_lenses_that_do_not_fit_are_parted_between_groups(page: Page) -> None:
    page.set_viewport_size({"width": 900, "height": 900})
    page.wait_for_function("document.querySelector('#lenses [role=tablist]').dataset.lines === '2'")
    lines: dict[int, set[str]] = {}
    for _, _, group, top in page.evaluate(HEADINGS):
        lines.setdefault(top, set()).add(group)
    assert [lines[top] for top in sorted(lines)] == [
        {Group.PREDICT, Group.LOOK_INSIDE},
        GROUPS - {Group.PREDICT, Group.LOOK_INSIDE},
    ]


def test_tabs_are_one_stop_and_arrows_move_between_them(page: Page) -> None:
    tabs = page.locator('#lenses [role="tab"]')
    assert tabs.evaluate_all("(all) => all.map((tab) => tab.tabIndex)") == [0] + [-1] * (len(TABS) - 1)
    tabs.first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name=TABS[1].title)).to_be_focused()
    expect(page.get_by_role("tab", name=TABS[1].title)).to_have_attribute("aria-selected", "true")
    page.wait_for_function("name => location.search.includes(`tab=${name}`)", arg=TABS[1].name)
    page.keyboard.press("End")
    expect(tabs.last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowRight")
    expect(tabs.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Tab")
    assert not page.evaluate("document.activeElement.matches('[role=tab]')")
    page.keyboard.press("Shift+Tab")
    expect(tabs.first).to_be_focused()


def test_open_lens_is_in_sight_on_a_phone(browser: Browser, server: str) -> None:
    for visitor in visit(browser, f"{server}/?tab=without", **PHONE):
        tab = visitor.get_by_role("tab", name="Without heads")
        expect(tab).to_be_in_viewport(ratio=0.99)
        assert len({top for *_, top in visitor.evaluate(HEADINGS)}) == 1


def test_opening_says_what_to_do_and_where_to_begin(page: Page) -> None:
    lines = page.locator(".opening > span")
    assert [line.bounding_box()["height"] for line in lines.all()] == pytest.approx([22, 26], abs=6)  # a line each
    expect(lines.first).to_contain_text("BERT is a model of language")
    expect(lines.nth(1)).to_contain_text("Type a sentence and press Enter")
    page.get_by_role("button", name="Begin with the lesson").click()
    links = page.get_by_role("dialog").get_by_role("link")
    lenses = [parse_qs(urlsplit(link.get_attribute("href")).query)["tab"][0] for link in links.all()]
    assert lenses == ["classify", "fill-mask", "attention", "without", "attributions", "classify"]
    links.nth(4).click()
    expect(page.get_by_role("tab", name="Attributions", exact=True)).to_have_attribute("aria-selected", "true")
    expect(page.locator("#text textarea")).to_have_value("I would not say that this was a bad evening.")


def test_model_list_has_two_groups_and_closes_when_it_is_left(page: Page) -> None:
    page.locator("#pair textarea").focus()
    page.keyboard.press("Tab")
    expect(page.locator("#model input")).to_be_focused()
    options = page.locator("#model [role=option]")
    assert options.evaluate_all("(all) => all.map((each) => each.getAttribute('aria-label'))") == [
        listed(card) for card in CATALOGUE
    ]
    headed = options.evaluate_all(
        "(all) => all.map((each) => getComputedStyle(each, '::before').content).map((text, row) => [row, text])"
    )
    assert [row for row in headed if row[1] != "none"] == [[0, f'"{HERE}"'], [HERE_COUNT, f'"{TO_DOWNLOAD}"']]
    page.keyboard.press("Tab")
    expect(page.locator("#stop")).to_be_focused()
    expect(options).to_have_count(0)
    page.wait_for_timeout(300)  # gradio opened it again a moment later
    expect(options).to_have_count(0)
    page.locator("#model input").click()
    page.get_by_role("option", name="topics", exact=True).click()
    expect(page.locator("#labels .bar")).to_have_count(4)
    page.locator("#model input").fill("spam")
    page.keyboard.press("Enter")
    expect(page.locator("#labels .bar").first).to_contain_text("ham")
    expect(page.locator("#model input")).to_be_focused()  # gradio left it to the page
    expect(options).to_have_count(0)


@pytest.mark.parametrize("place", ["#text textarea", "#pair textarea", "#model input"])
def test_fields_show_their_focus(page: Page, place: str) -> None:
    page.locator("h1").click()
    page.locator(place).focus()
    rings = page.locator(place).evaluate(
        """(field) => [field, field.closest('.wrap-inner')].filter(Boolean).map((each) => getComputedStyle(each))
        .map((style) => style.outlineStyle === 'solid' ? parseFloat(style.outlineWidth) : 0)"""
    )
    assert max(rings) == 2


def test_first_line_of_an_answer_is_spoken(page: Page, service: BertService) -> None:
    expect(page.get_by_role("status").and_(page.locator("#spoken"))).to_have_count(1)
    text = "A terrible boring film."
    write(page, text)
    best = service.classify(text).labels[0]
    expect(page.locator("#spoken")).to_have_text(f"{best.label}, {percent(best.score)}")
    open_tab(page, "Next sentence")
    expect(page.locator("#spoken")).to_have_text("No second text yet")
    open_tab(page, "Fill-mask")
    write(page, "Water freezes into [MASK].")
    guess = service.fill_mask("Water freezes into [MASK].").slots[0].candidates[0]
    expect(page.locator("#spoken")).to_have_text(f"mask 1: {guess.token_str}, {percent(guess.score)}")
    open_tab(page, "Attention")
    expect(page.locator("#spoken")).to_have_text(re.compile("^Head [0-9]+-[0-9]+: "))
    page.locator('#overview [data-head="2-4"]').focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#spoken")).to_have_text(re.compile("^Head 2-5: "))
    assert page.locator("#overview .thumb[tabindex='0']").count() == 1


def test_answer_to_a_click_is_spoken(page: Page, service: BertService) -> None:
    open_tab(page, "Without heads")
    page.locator('#gates [data-off-head="3-7"]').click()
    best = service.ablate(OPENING, [(3, 7)], model="sentiment").labels[1].labels[0].label
    expect(page.locator("#spoken")).to_have_text(f"Without head 3-7: The decision stays {best}.")


def test_choices_of_a_group_are_one_stop_and_arrows_choose(page: Page) -> None:
    """gradio 6.31.0 gives each choice a name of its own, which the browser takes for as many groups."""
    open_tab(page, "Attributions")
    expect(page.locator("#attributed .w").first).to_be_visible()
    mask, delete, replace = (page.get_by_role("radio", name=name, exact=True) for name in ("mask", "delete", "replace"))
    mask.focus()
    page.keyboard.press("ArrowRight")
    expect(delete).to_be_checked()
    expect(delete).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(replace).to_be_checked()
    page.keyboard.press("Tab")
    assert not page.evaluate("document.activeElement.matches('input[type=radio]')")
    page.keyboard.press("Shift+Tab")
    expect(replace).to_be_focused()


def test_bars_are_meters_with_a_name_and_a_value(page: Page, service: BertService) -> None:
    for label in service.classify(OPENING).labels:
        meter = page.locator("#labels").get_by_role("meter", name=label.label)
        expect(meter).to_have_attribute("aria-valuetext", percent(label.score))
        assert float(meter.get_attribute("aria-valuenow")) == pytest.approx(100 * label.score, abs=0.06)


def test_scores_are_read_with_their_direction(page: Page, service: BertService) -> None:
    open_tab(page, "Attributions")
    found = service.attribute(OPENING)
    expect(page.locator("#attributed button.w")).to_have_count(len(found.words))
    names = page.locator("#attributed button.w").evaluate_all("(all) => all.map((each) => each.ariaLabel)")
    assert names == [
        f"{word.text}, {number(word.score)}, {'for' if word.score >= 0 else 'against'} positive" for word in found.words
    ]
    assert len({name.split(", ")[-1] for name in names}) == 2


def test_visible_words_are_in_accessible_names(page: Page) -> None:
    open_tab(page, "Without heads")
    expect(page.locator("#gates .gate").first).to_be_visible()
    names = page.locator("#gates .gate").evaluate_all("(all) => all.map((each) => [each.innerText, each.ariaLabel])")
    assert [seen for seen, heard in names if seen not in heard] == []
    page.get_by_role("button", name="layer 4: all").click()
    expect(page.locator("#beside .twin").first).to_be_visible()


ANSWERS = ".panel, .message:not(.working), #open-head, .sheet"


PICTURES = ":is(.panel, .sheet, #open-head):not(.notice *)"
"""What an answer is made of; a line above it that asks or explains is none."""
ROOM = 25
"""Pixels that another computer's fonts may take more."""


@pytest.mark.timeout(400)
@pytest.mark.parametrize("width", [360, 390])
def test_answers_begin_in_the_upper_half_of_a_phone(browser: Browser, server: str, width: int) -> None:
    settings = {"viewport": {"width": width, "height": 780}, "has_touch": True, "device_scale_factor": 2}
    tops = {}
    for tab in TABS:
        pair = "&pair=It+was+fun." if tab.name == "next-sentence" else ""
        for visitor in visit(browser, f"{server}/?tab={tab.name}{pair}", **settings):
            lens = visitor.locator(f"#tab-{tab.name}")
            without = tab.name == "answers"  # no bundled model has its head: its answer is the sentence that says so
            answer = lens.locator(".message:not(.working)" if without else PICTURES).locator("visible=true").first
            expect(answer).to_be_visible(timeout=90_000)
            if tab.name != "methods":  # whose rows come one after the other
                expect(lens.locator(".working").locator("visible=true")).to_have_count(0, timeout=90_000)
            visitor.wait_for_timeout(300)
            tops[tab.name] = answer.bounding_box()["y"] + visitor.evaluate("scrollY")
    assert {name: top for name, top in tops.items() if top > 390 - ROOM} == {}


LINES = """(field) => {
  const style = getComputedStyle(field);
  const line = parseFloat(style.lineHeight);
  const more = field.scrollHeight > field.clientHeight + line / 2;
  return [(field.clientHeight - parseFloat(style.paddingTop)) % line, line, more];
}"""


def test_text_of_a_phone_ends_between_two_lines(phone: Page) -> None:
    field = phone.locator("#text textarea")
    field.fill("a word and " * 30)
    phone.locator("h1").click()
    phone.wait_for_timeout(300)
    seen, line, more = field.evaluate(LINES)
    assert more and seen <= 0.2 * line, "letters begin a fifth of a line below its edge"


def test_heads_of_a_layer_stay_in_one_row_on_a_phone(phone: Page) -> None:
    open_tab(phone, "Without heads")
    rows = phone.locator("#gates .gate-row")
    expect(rows).to_have_count(6)
    boxes = [[gate.bounding_box() for gate in row.locator(".gate:not(.all)").all()] for row in (rows.first, rows.last)]
    for row in boxes:
        assert len(row) == 12 and len({box["y"] for box in row}) == 1
        assert max(box["x"] + box["width"] for box in row) <= 360
    assert [box["x"] for box in boxes[0]] == [box["x"] for box in boxes[1]]


def test_names_of_a_heatmap_do_not_overlap_on_a_phone(phone: Page) -> None:
    open_tab(phone, "Attention")
    expect(phone.locator("#heatmap .xtick").first).to_be_attached()
    phone.wait_for_timeout(600)
    for kind, near, far in (("x", "left", "right"), ("y", "top", "bottom")):
        boxes = phone.locator(f"#heatmap .{kind}tick text").evaluate_all(
            "(all) => all.map((each) => each.getBoundingClientRect().toJSON())"
        )
        assert len(boxes) >= 8
        boxes.sort(key=lambda box: box[near])
        assert all(one[far] <= two[near] + 1.5 for one, two in pairwise(boxes)), (kind, boxes)
    expect(phone.locator("#heatmap .modebar")).to_be_hidden()


def test_rows_that_can_be_swiped_fade_where_they_go_on(phone: Page) -> None:
    examples = phone.locator(".examples")
    expect(examples).to_have_attribute("data-more", "right")
    assert "linear-gradient" in examples.evaluate("(row) => getComputedStyle(row).maskImage")
    examples.evaluate("(row) => row.scrollTo(row.scrollWidth, 0)")
    expect(examples).to_have_attribute("data-more", "left")


def test_choices_are_folded_on_a_phone_and_open_by_a_press(phone: Page) -> None:
    open_tab(phone, "Attributions")
    expect(phone.locator("#method")).to_be_hidden()
    unfold(phone)
    expect(phone.locator("#method")).to_be_visible()


def test_presentation_has_big_type_and_the_picture_in_the_first_screenful(
    browser: Browser, server: str, service: BertService
) -> None:
    for visitor in visit(browser, f"{server}/?tab=attention", viewport={"width": 1920, "height": 1080}):
        expect(visitor.locator("#heatmap .heatmaplayer image").first).to_be_attached()
        assert visitor.locator("main").bounding_box()["width"] > 1130
        visitor.locator("#text textarea").press("End")
        visitor.keyboard.type("p")
        expect(visitor.locator("#text textarea")).to_have_value(f"{OPENING}p")
        assert not visitor.evaluate("document.body.classList.contains('presenting')")
        visitor.get_by_role("tab", name="Attention").focus()
        visitor.keyboard.press("p")
        expect(visitor.get_by_role("button", name="Present (P)")).to_have_attribute("aria-pressed", "true")
        expect(visitor.locator("#model")).to_be_hidden()
        expect(visitor.locator("#examples")).to_be_hidden()
        visitor.wait_for_timeout(800)  # plotly draws anew
        picture = visitor.locator("#heatmap .heatmaplayer image").first.bounding_box()
        assert picture["y"] + picture["height"] <= 1080 and picture["height"] >= 250 and picture["width"] >= 500
        rows = visitor.locator("#heatmap .ytick text")
        assert rows.count() == visitor.locator("#heatmap .xtick text").count() == len(service.classify(OPENING).tokens)
        letters = visitor.locator("#heatmap .xtick text").first.evaluate("(text) => getComputedStyle(text).fontSize")
        assert float(letters.removesuffix("px")) >= 14
        assert visitor.locator("#head-title h2").bounding_box()["height"] >= 30
        assert visitor.locator("main").bounding_box()["width"] >= 1800
        first, second = [json.loads(each) for each in visitor.evaluate(OFFERS)][:2]
        assert first["text"] == OPENING != second["text"]
        visitor.get_by_role("tab", name="Attention").focus()
        for example in (first, second):  # behind a text of one's own comes the first
            visitor.keyboard.press("n")
            expect(visitor.locator("#text textarea")).to_have_value(example["text"])
            named = f"Example \u201c{example['name']}\u201d, next (N)"
            expect(visitor.locator("#next-example")).to_have_text(named)
        visitor.get_by_role("button", name="Present (P)").click()
        expect(visitor.locator("#model")).to_be_visible()
        visitor.keyboard.press("n")
        expect(visitor.locator("#next-example")).to_be_hidden()
        expect(visitor.locator("#text textarea")).to_have_value(second["text"])


@pytest.mark.parametrize("tab", ["next-sentence", "methods"])
def test_styles_of_the_page_stay_out_of_the_pictures_of_plotly(browser: Browser, server: str, tab: str) -> None:
    """Plotly's own classes have plain names, such as line and text."""
    for visitor in visit(browser, f"{server}/?tab={tab}&text=Fine+rain.&pair=It+rained.&model=sentiment"):
        visitor.locator("#text textarea").press("Enter")
        expect(visitor.locator(f"#tab-{tab} .js-plotly-plot .xtick text").first).to_be_attached()
        assert visitor.evaluate(REACHING) == []


REACHING = """() => {
  const rules = (list) => [...list].flatMap((rule) => (rule.selectorText ? [rule] : rules(rule.cssRules ?? [])));
  const parts = rules([...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]))
    .flatMap((rule) => rule.selectorText.split(/,(?![^(]*\\))/).map((part) => part.trim()));
  const named = parts.filter((part) => /^\\.[a-z][\\w-]*$/.test(part.split(' ').pop()) && !part.includes('plotly'));
  return [...new Set(named)].filter((part) => document.querySelector(`.js-plotly-plot svg :is(${part})`));
}"""
"""Selectors that end with a class alone and find something in a picture."""
OFFERS = "[...document.querySelectorAll('#examples [data-example]')].map((each) => each.dataset.example)"


AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
CHECK = """async (tags) => {
  const said = (node) => `${node.html.slice(0, 160)} | ${node.any.map((each) => each.message).join('; ')}`;
  const found = await axe.run(document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] });
  return found.violations.map((rule) => [rule.id, rule.nodes.length, ...rule.nodes.slice(0, 3).map(said)]);
}"""
ASKING = "#explain-layers, #compare, #look-inside, #evaluate"


@pytest.mark.timeout(400)
@pytest.mark.parametrize("width", [1280, 360])
def test_axe_finds_no_violation_of_wcag_2_2_aa(browser: Browser, server: str, width: int) -> None:
    found = {}
    for visitor in visit(browser, server, viewport={"width": width, "height": 800}):
        visitor.evaluate(AXE)
        visitor.add_style_tag(content="*, *::before, *::after { transition: none !important; }")  # colours half-way
        for tab in TABS:
            open_tab(visitor, tab.title)
            lens = visitor.locator(f"#tab-{tab.name}")
            if lens.locator(ASKING).count():
                visitor.locator("#analyse").click()
                expect(lens.locator(".panel:not(.working)").locator("visible=true").first).to_be_visible(timeout=60_000)
            expect(lens.locator(ANSWERS).locator("visible=true").first).to_be_visible()
            visitor.wait_for_timeout(600)  # what is drawn in the browser
            for look in ("light", "dark"):
                visitor.evaluate("(dark) => window.bertDemo.theme(dark)", look == "dark")
                visitor.wait_for_timeout(400)
                if wrong := visitor.evaluate(CHECK, RULES):
                    found[f"{tab.name}, {look}"] = wrong
    assert not found, json.dumps(found, indent=1)
