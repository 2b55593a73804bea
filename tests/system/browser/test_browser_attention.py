"""The lens Attention in Chromium: arcs, steps, summaries, what is compared and kept, by mouse, keyboard and touch."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree
import zipfile
from collections.abc import Iterator
from urllib.parse import quote

import numpy as np
import pytest
from conftest import OPENING
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from test_browser import PATIENCE, browser, file_button, open_tab, page, photograph, unfold, visit, write

from bert_demo import BertService
from bert_demo.results.attention_views import Choice, look

__all__ = ["browser", "page"]
pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("default")]
FUNNY = 9
"""Position of "funny" among the tokens of the opening."""


@pytest.fixture
def lens(page: Page) -> Page:
    """The lens Attention of the opening example, head 2-4."""
    open_tab(page, "Attention")
    page.locator('#overview [data-head="2-4"]').click()
    expect(page.locator("#head-title")).to_contain_text("Head 2-4")
    return page


@pytest.fixture
def phone(browser: Browser, server: str) -> Iterator[Page]:
    yield from visit(browser, server, viewport={"width": 360, "height": 780}, has_touch=True, device_scale_factor=2)


def display(page: Page, name: str) -> None:
    page.locator("#display").get_by_label(name).check()
    expect(page.locator(f'#head-title [data-display="{name.lower()}"]')).to_be_attached()


def choose(page: Page, place: str, option: str) -> None:
    page.locator(f"{place} input").click()
    page.get_by_role("option", name=option, exact=True).click()


def word(page: Page, place: int, side: str = "row") -> object:
    return page.locator(f'#arcs [data-word="{place}"][data-side="{side}"]')


def test_heads_name_their_habits_and_arrow_keys_walk(lens: Page, service: BertService) -> None:
    profiles = service.head_profiles(OPENING, None, "sentiment")
    thumb = lens.locator('#overview [data-head="1-4"]')
    assert thumb.get_attribute("title") == f"layer 1, head 4: {profiles.habit(1, 4)}"
    thumb.hover()
    expect(lens.locator("#habit")).to_have_text(f"layer 1, head 4: {profiles.habit(1, 4)}")
    lens.locator('#overview [data-head="2-4"]').focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp"):
        lens.keyboard.press(key)
    expect(lens.locator("#head-title")).to_contain_text("Head 1-6")
    expect(lens.locator('#overview [aria-pressed="true"]')).to_have_count(1)
    expect(lens.locator('#overview [data-head="1-6"]')).to_have_attribute("aria-pressed", "true")
    expect(lens.locator('#overview [data-head="1-6"]')).to_be_focused()


def test_mark_of_the_overview_is_the_head_of_the_title(lens: Page) -> None:
    """Three arrow keys, fast, again and again; and a mark that something else has written."""
    pressed = lens.locator('#overview [aria-pressed="true"]')
    for turn in range(20):
        layer, head = turn % 3, turn % 9
        lens.locator(f'#overview [data-head="{layer}-{head}"]').focus()
        for key in ("ArrowRight", "ArrowDown", "ArrowRight"):
            lens.keyboard.press(key)
        name = f"{layer + 1}-{head + 2}"
        expect(lens.locator(f'#head-title [data-open="{name}"]')).to_be_attached()
        expect(pressed).to_have_count(1)
        expect(pressed).to_have_attribute("data-head", name)
    lens.locator('#overview [data-head="0-0"]').evaluate("(thumb) => thumb.setAttribute('aria-pressed', 'true')")
    expect(pressed).to_have_count(1)
    expect(pressed).to_have_attribute("data-head", name)


def test_the_last_of_many_clicks_is_shown(lens: Page) -> None:
    for head in range(12):
        lens.locator(f'#overview [data-head="{head % 6}-{head}"]').click()
    expect(lens.locator("#head-title")).to_contain_text("Head 5-11")
    lens.wait_for_timeout(1000)
    expect(lens.locator("#head-title")).to_contain_text("Head 5-11")
    expect(lens.locator("#layer input")).to_have_value("5")


def test_arcs_show_where_words_look_and_who_looks_at_them(lens: Page, service: BertService) -> None:
    display(lens, "Arcs")
    weights = service.attention(OPENING, None, "sentiment").head(2, 4)
    word(lens, FUNNY).click()
    expect(word(lens, FUNNY)).to_have_attribute("aria-pressed", "true")
    seen, lookers = int((weights[FUNNY] >= 0.01).sum()), int((weights[:, FUNNY] >= 0.01).sum())
    expect(lens.locator("#arcs path.from")).to_have_count(seen)
    expect(lens.locator("#arcs path.into")).to_have_count(lookers)
    best = int(weights[FUNNY].argmax())
    expect(lens.locator(".arcs-said p").first).to_contain_text(f"[CLS]\u201d {weights[FUNNY, best]:.6f}")
    word(lens, 10).hover()
    said = f"funny \u2192 film {weights[FUNNY, 10]:.6f}   film \u2192 funny {weights[10, FUNNY]:.6f}"
    expect(lens.locator("#arcs .readout")).to_have_text(said)
    word(lens, 7, "column").click()
    expect(lens.locator('#arcs [data-side="row"][aria-pressed="true"]')).to_have_count(2)
    lens.locator('#overview [data-head="2-5"]').click()
    expect(lens.locator("#head-title")).to_contain_text("Head 2-5")
    expect(lens.locator('#arcs [data-side="row"][aria-pressed="true"]')).to_have_count(2)
    lens.locator("#arcs [data-clear]").click()
    expect(lens.locator('#arcs [aria-pressed="true"]')).to_have_count(0)


def test_arcs_by_keyboard(lens: Page) -> None:
    display(lens, "Arcs")
    word(lens, 0).focus()
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        lens.keyboard.press(key)
    expect(word(lens, 2)).to_have_attribute("aria-pressed", "true")
    lens.keyboard.press("ArrowRight")
    expect(word(lens, 2, "column")).to_be_focused()
    lens.keyboard.press(" ")
    expect(lens.locator('#arcs [aria-pressed="true"]')).to_have_count(0)


def test_steps_follow_the_word_that_asks(lens: Page, service: BertService) -> None:
    display(lens, "Steps")
    lens.locator("#steps .queries button", has_text="funny").click()
    expect(lens.locator("#steps h3").first).to_contain_text("funny")
    expect(lens.locator("#query input")).to_have_value(str(FUNNY))
    found = service.attention_steps(OPENING, FUNNY, None, "sentiment", 2, 4)
    expect(lens.locator("#steps .check")).to_contain_text("equal the untouched model's")
    first = lens.locator("#steps .line", has_text="0 [CLS]").first
    expect(first.locator("em").nth(1)).to_have_text(f"{found.scaled[0]:+.3f}".replace("-", "\N{MINUS SIGN}"))
    cell = lens.locator('#steps .cells[data-of="q"] i').nth(3)
    cell.hover()
    expect(lens.locator("#steps .readout")).to_have_text(f"q, number 3: {found.q[3]:.6f}")
    lens.locator('#overview [data-head="0-1"]').click()
    expect(lens.locator("#steps h2")).to_contain_text("Step through head 0-1")
    expect(lens.locator("#steps h3").first).to_contain_text("funny")


def test_summaries_and_options(lens: Page, service: BertService) -> None:
    choose(lens, "#shown", "rollout")
    expect(lens.locator("#head-title")).to_contain_text("Abnar and Zuidema 2020")
    choose(lens, "#special", "leave out and rescale rows")
    expect(lens.locator("#head-title")).to_contain_text("Rows were rescaled")
    choose(lens, "#by", "words")
    expect(lens.locator("#head-title")).to_contain_text("Clark et al. 2019")
    expect(lens.locator("#heatmap")).to_contain_text("outstays")
    drawn = lens.evaluate("document.querySelector('#heatmap .js-plotly-plot')._fullData[0].z.map((row) => [...row])")
    view = look(service.attention(OPENING, None, "sentiment"), Choice(2, 4, "rollout", "rescale", "words"))
    assert np.array(drawn) == pytest.approx(view.weights, abs=1e-6)


def test_quadrants_of_a_pair(page: Page, service: BertService) -> None:
    page.get_by_role("tab", name="Attention").click()
    page.get_by_role("button", name="Sentence pair").click()
    expect(page.locator("#head-title .halves")).to_contain_text("Of all this attention")
    choose(page, "#quadrant", "A to B")
    expect(page.locator("#head-title")).to_contain_text("Only A to B")
    ask = page.locator("#text textarea").input_value(), page.locator("#pair textarea").input_value(), "sentiment"
    view = look(service.attention(*ask), Choice(quadrant="A to B"))
    expect(page.locator(".halves .chosen b")).to_have_text(f"{100 * view.shares[1]:.1f} %")
    rows = page.evaluate("document.querySelector('#heatmap .js-plotly-plot')._fullData[0].y.length")
    assert rows == len(view.rows)
    write(page, OPENING)
    page.locator("#pair textarea").fill("")
    page.locator("#pair textarea").press("Enter")
    expect(page.locator("#quadrant")).to_be_hidden()


def test_two_heads_side_by_side(lens: Page, service: BertService) -> None:
    expect(lens.locator("#other-head")).to_be_hidden()
    lens.locator("#compare-heads input").check()
    one, other = (service.attention(OPENING, None, "sentiment").head(*head) for head in ((2, 4), (0, 1)))
    expect(lens.locator("#other-title b").first).to_have_text(f"{0.5 * np.abs(one - other).sum(-1).mean():.4f}")
    expect(lens.locator("#other-heatmap .heatmaplayer image").first).to_be_attached()
    left, right = (lens.locator(place).bounding_box() for place in ("#open-head", "#other-head"))
    assert left["x"] + left["width"] <= right["x"] and abs(left["y"] - right["y"]) < 2
    lens.locator("#compare-with textarea").fill("A dreadful bore.")
    lens.locator("#compare-with textarea").press("Enter")
    expect(lens.locator("#other-title")).to_contain_text("different words")
    expect(lens.locator("#other-heatmap")).to_contain_text("bore")
    photograph(lens, "attention-compared")
    lens.locator("#compare-heads input").uncheck()
    expect(lens.locator("#other-head")).to_be_hidden()


def test_the_open_picture_is_kept(lens: Page, service: BertService) -> None:
    for name, place in (("Arcs", "#head-table"), ("Steps", "#steps"), ("Heatmap", "#head-table")):
        display(lens, name)
        expect(lens.locator(f"{place} [data-file*=picture]")).to_have_count(2)
        if name == "Heatmap":
            expect(lens.locator("#heatmap .heatmaplayer image").first).to_be_attached()
        for kind, start in (("png", b"\x89PNG"), ("svg", b"<svg")):
            with lens.expect_download() as kept:
                lens.locator(f"{place} {file_button('picture', kind)}").click()
            content = kept.value.path().read_bytes()
            assert kept.value.suggested_filename == f"attention-{name.lower()}-2-4.{kind}"
            assert content.startswith(start) and (kind == "png" or b"masterpiece" in content)
    display(lens, "Arcs")
    for name in ("Arcs", "Heatmap"):
        display(lens, name)
        the_weights_are_kept(lens, service)


def kept_file(page: Page, button: str, name: str) -> bytes:
    with page.expect_download() as kept:
        page.locator(button).click()
    assert kept.value.suggested_filename == name
    return kept.value.path().read_bytes()


def the_weights_are_kept(page: Page, service: BertService) -> None:
    """Of head 2-4 of the opening, exactly, as CSV and as npz."""
    expected = service.attention(OPENING, None, "sentiment")
    text = kept_file(page, file_button("weights", "csv"), "attention-head-2-4.csv").decode()
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    assert header[:3] == ["query", "0 [CLS]", "1 not"] and rows[FUNNY][0] == "9 funny"
    assert np.array_equal(np.array([row[1:] for row in rows], np.float32), expected.head(2, 4))
    with np.load(io.BytesIO(kept_file(page, file_button("weights", "npz"), "attention-head-2-4.npz"))) as held:
        assert held["weights"].dtype == np.float32 and np.array_equal(held["weights"], expected.head(2, 4))
        names = [each.text for each in expected.tokens]
        assert held["query_tokens"].tolist() == held["key_tokens"].tolist() == names
        assert held["query_positions"].tolist() == held["key_positions"].tolist() == list(range(20))
        assert held["about"][0].startswith("Head 2-4") and "sentiment" in held["about"][1]


def test_the_numbers_of_the_steps_are_kept(lens: Page, service: BertService) -> None:
    display(lens, "Steps")
    found = service.attention_steps(OPENING, 1, None, "sentiment", 2, 4)
    for kind, row, expected in (
        ("k", 7, found.keys[7]),
        ("q\u00d7k", 7, found.q * found.keys[7]),
        ("output", 0, found.output),
    ):
        cells = lens.locator(f'#steps .cells[data-of="{kind}"][data-row="{row}"] i')
        expect(cells).to_have_count(32)
        assert cells.evaluate_all("(all) => all.map((each) => each.title)") == [f"{value:.6f}" for value in expected]
    lens.locator("#steps summary").click()
    lines = lens.locator("#steps tbody tr")
    expect(lines).to_have_count(42)
    assert lines.nth(4).locator("td").all_inner_texts()[:3] == ["k", "3", "masterpiece"]
    read = [float(cell) for cell in lines.nth(4).locator("td").all_inner_texts()[3:]]
    exact = [found.products[3], found.scaled[3], found.weights[3], *found.keys[3]]
    assert read == pytest.approx(exact, rel=1e-5)
    with np.load(io.BytesIO(kept_file(lens, file_button("steps", "npz"), "steps-2-4-1.npz"))) as held:
        for name in ("q", "keys", "values", "products", "scaled", "weights", "output"):
            assert np.array_equal(held[name], getattr(found, name)), name
        assert held["tokens"].tolist() == [each.text for each in found.tokens] and held["query"] == 1
    text = kept_file(lens, file_button("steps", "csv"), "steps-2-4-1.csv").decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    values = np.array([[row[str(cell)] for cell in range(32)] for row in rows if row["vector"] == "v"], np.float32)
    assert np.array_equal(values, found.values)
    assert json.loads(kept_file(lens, file_button("steps", "json"), "steps-2-4-1.json"))[4]["token"] == "masterpiece"


def test_the_overview_is_kept(lens: Page) -> None:
    with Image.open(io.BytesIO(kept_file(lens, file_button("overview", "png"), "attention-overview.png"))) as drawn:
        assert min(drawn.size) > 200 and len(drawn.convert("RGB").getcolors(drawn.width * drawn.height)) > 50
    content = kept_file(lens, file_button("overview", "svg"), "attention-overview.svg")
    root = xml.etree.ElementTree.fromstring(content)
    pictures = list(root.iter("{http://www.w3.org/2000/svg}image"))
    sources = lens.locator("#overview .thumb img").evaluate_all("(all) => all.map((each) => each.src)")
    assert len(sources) == 72 and [each.get("href") for each in pictures] == sources
    assert len({(each.get("x"), each.get("y")) for each in pictures}) == 72


def made_file(page: Page, option: str, name: str) -> bytes:
    choose(page, "#file-format", option)
    page.locator("#make-file").click()
    return kept_file(page, f'#made-file a[download="{name}"]', name)


def test_all_heads_as_files(lens: Page, service: BertService) -> None:
    result = service.attention(OPENING, None, "sentiment")
    with np.load(io.BytesIO(made_file(lens, "arrays (npz)", "attention.npz"))) as held:
        assert np.array_equal(held["weights"], result.weights)
    files = zipfile.ZipFile(io.BytesIO(made_file(lens, "drawings (PNG, zip)", "attention-drawings.zip")))
    names = files.namelist()
    assert len(names) == 72 and names[0] == "Attention_Layer1_Head1.png" and names[-1] == "Attention_Layer6_Head12.png"
    files = zipfile.ZipFile(io.BytesIO(made_file(lens, "tables (CSV, zip)", "attention-tables.zip")))
    rows = list(csv.reader(io.StringIO(files.read("attention-head-5-11.csv").decode(), newline="")))
    assert len(files.namelist()) == 72 and rows[0][:3] == ["query", "0 [CLS]", "1 not"]
    assert np.array_equal(np.array([row[1:] for row in rows[1:]], np.float32), result.head(5, 11))
    sheet = xml.etree.ElementTree.fromstring(made_file(lens, "one sheet (SVG)", "attention.svg"))
    assert len(list(sheet.iter("{http://www.w3.org/2000/svg}image"))) == 72
    write(lens, "Another text.")
    expect(lens.locator("#made-file")).to_be_hidden()


def test_a_link_opens_a_view(browser: Browser, server: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{server}?text={quote('The dog sat.')}&model=base&tab=attention&layer=3&head=7&view=arcs")
    expect(page.locator("#head-title")).to_contain_text("Head 3-7", timeout=PATIENCE)
    expect(page.locator('#arcs [data-side="row"]')).to_have_count(6, timeout=PATIENCE)
    display(page, "Steps")
    page.wait_for_function("location.search.includes('view=steps')")
    context.close()


def test_on_a_phone_by_touch(phone: Page) -> None:
    open_tab(phone, "Attention")
    unfold(phone)
    phone.locator('#overview [data-head="3-6"]').tap()
    expect(phone.locator("#head-title")).to_contain_text("Head 3-6")
    display(phone, "Arcs")
    word(phone, FUNNY).tap()
    expect(phone.locator(".arcs-said p").first).to_contain_text("\u201cfunny\u201d looks at")
    display(phone, "Steps")
    phone.mouse.move(1, 1)
    phone.locator('#steps .cells[data-of="q"] i').nth(5).tap()
    expect(phone.locator("#steps .readout")).to_contain_text("q, number 5:")
    for text in ("a", "\u8fd9\u90e8\u7535\u5f71\u5f88\u597d\u770b \N{CLAPPING HANDS SIGN}"):
        write(phone, text)
        for name in ("Heatmap", "Arcs", "Steps"):
            display(phone, name)
            phone.wait_for_timeout(300)
            assert phone.evaluate("document.documentElement.scrollWidth") <= 360
            photograph(phone, f"phone-attention-{len(text)}-{name.lower()}")


def test_a_text_of_scripts_is_only_text(page: Page) -> None:
    page.evaluate("window.ran = 0")
    write(page, "<img src=x onerror='window.ran=1'> ${window.ran=2} {{value}} <script>window.ran=3</script>")
    expect(page.locator("#tokens")).to_contain_text("script")
    open_tab(page, "Attention")
    for name in ("Arcs", "Steps", "Heatmap"):
        display(page, name)
        page.wait_for_timeout(600)
    display(page, "Arcs")
    expect(page.locator("#arcs svg")).to_contain_text("script")
    word(page, 1).click()
    assert page.evaluate("window.ran") == 0
