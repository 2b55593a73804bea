"""The lens Inside in Chromium: its five views with the service's values, bad input in place, light, dark and phone."""

from __future__ import annotations

import csv
import math
import re

import numpy as np
import pytest
from conftest import OPENING
from playwright.sync_api import Page, expect
from test_browser import ODD, browser, desk_and_phone, look_at, page, take, write

from bert_demo import BertService
from bert_demo.views.panels.positions import step_of
from bert_demo.web.components.contexts import SENTENCES, WORD
from bert_demo.web.components.similarity import SENTENCES as SIX

__all__ = ["browser", "desk_and_phone", "page"]
pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("default")]
LONG = "The weather in the harbour was fine and the boats went out. " * 38
TEXT = "An unbelievably caf\N{LATIN SMALL LETTER E WITH ACUTE} \N{CLAPPING HANDS SIGN} by the sea."
POINTS = "document.querySelector('#plane .js-plotly-plot')._fullData.map((trace) => [[...trace.x], [...trace.y]])"
SQUARES = "document.querySelector('#position-map .js-plotly-plot')._fullData[0].z.map((row) => [...row])"


def open_inside(page: Page) -> None:
    page.get_by_role("tab", name="Pieces and states", exact=True).click()


def view(page: Page, name: str) -> None:
    page.locator("#inside-view").get_by_label(name, exact=True).check()


def use(page: Page, model: str) -> None:
    page.locator("#model input").fill(model)
    page.locator("#model input").press("Enter")


def choose(page: Page, place: str, value: str) -> None:
    page.locator(f"{place} input").fill(value)
    page.locator(f"{place} input").press("Enter")


def fill(page: Page, place: str, text: str) -> None:
    page.locator(f"{place} textarea, {place} input").first.fill(text)


def numbers(page: Page, cells: str, columns: int) -> np.ndarray:
    """The visible numbers of a table, row by row."""
    said = page.locator(cells).locator("visible=true").all_inner_texts()
    return np.array([float(each.replace("\N{MINUS SIGN}", "-")) for each in said]).reshape(-1, columns)


def test_five_views_with_the_numbers_of_the_service(page: Page, service: BertService) -> None:
    open_inside(page)
    expect(page.locator("#notice-inside")).to_contain_text("Press Enter or Run")
    page.locator("#text textarea").fill(TEXT)
    use(page, "base")
    expect(page.locator("#pieces")).to_contain_text("##bly")
    fill(page, "#second-tokenizer", "sentiment")
    take(page, "#second-tokenizer")
    page.locator("#look-inside").click()
    pieces_are_the_tokenizers(page, service)
    view(page, "Positions and segments")
    positions_are_those_of_the_model(page, service)
    view(page, "Meaning in context")
    expect(page.locator("#notice-inside")).to_be_hidden()
    page.locator("#contexts-button").click()
    contexts_follow_the_slider(page, service)
    view(page, "Sentence similarity")
    page.locator("#similar-button").click()
    similarity_is_that_of_the_service(page, service)
    view(page, "Features")
    features_are_shown_and_kept(page, service)
    view(page, "Meaning in context")
    page.wait_for_timeout(1200)
    assert np.allclose(page.evaluate(POINTS)[0][0], others(service, 2)[0], atol=1e-4), "the slider stands at 2 still"
    use(page, "sentiment")
    expect(page.locator("#contexts")).to_be_hidden()


def pieces_are_the_tokenizers(page: Page, service: BertService) -> None:
    found = service.pieces(TEXT)
    tokens = [token for token in found.tokens if not token.special]
    first = page.locator("#pieces .pieces").first
    expect(first.locator(".check.ok")).to_contain_text(f"the tokenizer's own pieces and ids, {len(tokens)} of them")
    expect(first.locator(".piece bdi")).to_have_text([token.text for token in tokens])
    expect(first.locator(".piece i")).to_have_text([str(token.id) for token in tokens])
    expect(page.locator("#pieces")).to_contain_text("Both cut the text alike and give the pieces the same numbers")
    for number, word in enumerate(found.words):
        first.locator(".cut").nth(number).focus()
        expect(first.locator(".greedy h3 bdi").first).to_have_text(word.word)
        steps = word.steps or word.found
        expect(first.locator(".greedy b:not(.lost) bdi")).to_have_text([step.piece for step in steps])
        tried = [name for step in steps for name in step.tried[:16]] + list(word.failed[:16])
        expect(first.locator(".greedy s")).to_have_text(tried)
    expect(first.locator(".note.lost")).to_contain_text("1 word is unknown: \N{CLAPPING HANDS SIGN}")
    first.locator(".cut").nth(3).click()
    expect(first.locator(".greedy")).to_contain_text("so that the whole word becomes [UNK]")
    first.locator(".cut").nth(2).click()
    expect(first.locator(".greedy h3")).to_contain_text("written caf\N{LATIN SMALL LETTER E WITH ACUTE}")


def positions_are_those_of_the_model(page: Page, service: BertService) -> None:
    found, first = service.positions(), service.first_states(TEXT)
    expect(page.locator("#position-map .heatmaplayer image").first).to_be_attached()
    drawn = page.evaluate(SQUARES)
    assert np.allclose(drawn, found.similarity(step_of(found)), atol=1e-6) and len(drawn) == 64
    expect(page.locator("#positions .check.ok")).to_contain_text("130,816 pairs")
    expect(page.locator("#pieces")).to_be_hidden()
    expect(page.locator("#second-tokenizer")).to_be_hidden()
    rows = page.locator("#first-states tbody").first.locator("tr")
    expect(rows).to_have_count(len(first.tokens))
    shown = numbers(page, "#first-states .norms td", 5)
    assert np.allclose(shown, first.norms().T, atol=0.0051)
    expect(page.locator("#first-states .check.ok")).to_contain_text(f"for all {len(first.tokens)} tokens")


def others(service: BertService, state: int) -> list[list[float]]:
    found = service.contexts(WORD, list(SENTENCES))
    own = {(each.text, place) for each in found.occurrences for place in each.positions}
    kept = [place for place, each in enumerate(found.tokens) if each not in own]
    return found.plane[state][kept].T.tolist()


def contexts_follow_the_slider(page: Page, service: BertService) -> None:
    found = service.contexts(WORD, list(SENTENCES))
    expect(page.locator("#plane .scatterlayer .trace").first).to_be_attached()
    assert np.allclose(numbers(page, "#contexts .cosines td", 3), found.similarity[-1], atol=0.0051)
    expect(page.locator("#contexts .check.ok")).to_contain_text("no cosine of any state is further off than about")
    lines = page.evaluate("document.querySelector('#context-lines .js-plotly-plot')._fullData.map((t) => [...t.y])")
    assert len(lines) == 4 and np.allclose(lines[0], found.similarity[:, 0, 1]) and np.allclose(lines[3], found.others)
    drawn = page.evaluate(POINTS)
    assert len(drawn) == 4 and np.allclose(drawn[0], others(service, -1), atol=1e-4)
    shapes = page.evaluate("document.querySelector('#plane .js-plotly-plot')._fullData.map((t) => t.marker.symbol)")
    assert len(set(shapes)) == 4
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    number = page.locator("#context-state input[type=number]")
    expect(number).to_have_value("6")
    number.fill("2")
    number.press("Enter")
    expect(page.locator("#contexts h3:visible")).to_contain_text("After layer 1: different words")
    assert np.allclose(numbers(page, "#contexts .cosines td", 3), found.similarity[2], atol=0.0051)
    assert np.allclose(page.evaluate(POINTS)[0], others(service, 2), atol=1e-4)
    expect(page.locator("#plane .xtitle")).to_contain_text(f"direction 1: {100 * found.variance[2, 0]:.1f} %")
    assert not asked, "the browser moves the points by itself"


def similarity_is_that_of_the_service(page: Page, service: BertService) -> None:
    expect(page.locator("#similar-sentences .places li")).to_have_text(list(SIX))
    for pooling in ("mean", "cls"):
        found = service.similarity(list(SIX), pooling=pooling)
        assert np.allclose(numbers(page, f"#similar-{pooling} .cosines td", 6), found.matrix, atol=0.0051)
        expect(page.locator(f"#similar-{pooling} .check.ok")).to_contain_text("read again, several at once")


def features_are_shown_and_kept(page: Page, service: BertService) -> None:
    choose(page, "#feature-state", "3")
    page.locator("#features-button").click()
    found = service.features(TEXT, layer=3)
    expect(page.locator("#features h2").first).to_contain_text(f"{len(found.tokens)} rows of 384 numbers")
    cell = page.locator("#features tbody td").first.inner_text().replace("\N{MINUS SIGN}", "-")
    assert math.isclose(float(cell), found.values[0, 0], abs_tol=5.1e-5)
    expect(page.locator("#feature-code")).to_contain_text("hidden_states[3][0].detach()")
    for kind, label in (("npz", "arrays"), ("csv", "table")):
        page.locator("#feature-format input").click()
        page.get_by_role("option", name=re.compile(label)).click()
        page.locator("#make-features").click()
        link = page.locator("#feature-file a[download]").first
        expect(link).to_be_visible()
        expect(page.locator("#feature-file")).to_contain_text(kind)
        with page.expect_download() as kept:
            link.click()
        path = kept.value.path()
        if kind == "npz":
            with np.load(path) as held:
                assert np.array_equal(held["values"], found.values)
        else:
            _, *rows = csv.reader(path.read_text(encoding="utf-8").splitlines())
            assert np.array_equal(np.array([row[2:] for row in rows], np.float32), found.values)


def test_inside_shows_errors_in_place(page: Page) -> None:
    open_inside(page)
    fill(page, "#second-tokenizer", "nonsense")
    take(page, "#second-tokenizer")
    page.locator("#look-inside").click()
    expect(page.locator("#pieces .error")).to_contain_text("There is no model 'nonsense'")
    expect(page.locator("#pieces .check.ok")).to_have_count(1)
    view(page, "Meaning in context")
    for word, texts, said in (
        ("bank", "The river bank.\nThe river.", "The word 'bank' does not stand in text 2"),
        ("bank", "The river bank.", "The word stands in the texts only once"),
        ("bank", " \n", "Write two or more sentences with the word"),
        ("bank", "The bank.\n" * 21, "There are 21 sentences; up to 20 are compared"),
        (" ", "The bank.\nA bank.", "The word is empty"),
    ):
        fill(page, "#context-word", word)
        fill(page, "#context-texts", texts)
        page.locator("#contexts-button").click()
        expect(page.locator("#contexts-said .error")).to_contain_text(said)
    view(page, "Sentence similarity")
    fill(page, "#similar-texts", "Only one.")
    page.locator("#similar-button").click()
    expect(page.locator("#similar-said .error")).to_contain_text("There is one sentence")
    fill(page, "#similar-texts", "One.\nTwo <b>bold</b> ${x}.")
    choose(page, "#similar-state", "77")
    page.locator("#similar-button").click()
    expect(page.locator("#similar-said .error")).to_contain_text(
        "There is no state '77': sentiment has states 0 (before layer 0) to 6"
    )
    choose(page, "#similar-state", "0")
    page.locator("#similar-button").click()
    expect(page.locator("#similar-sentences li").nth(1)).to_have_text("Two <b>bold</b> ${x}.")
    expect(page.locator("#similar-mean h2")).to_contain_text("before layer 0")


@pytest.mark.timeout(300)
def test_it_looks_right(desk_and_phone: tuple[Page, Page]) -> None:
    texts = {"opening": OPENING, "one": "a", "chinese": ODD["chinese"], "emoji": ODD["emoji"], "many": LONG}
    for each in desk_and_phone:
        open_inside(each)
    desk, phone = desk_and_phone
    for kind, text in texts.items():
        for each in {"one": [desk], "chinese": [desk], "emoji": [phone]}.get(kind, [desk, phone]):
            if kind != "opening":
                view(each, "Pieces")
                write(each, text)
                expect(each.locator("#pieces")).to_contain_text(max(text.split(), key=len)[:1].lower())
            else:
                each.locator(
                    "#look-inside" if each is desk else "#analyse"
                ).click()  # a phone folds the lens's own away
            steps = "h2" if kind == "chinese" else ".greedy h3"  # the steps of WordPiece; its model is of another kind
            expect(each.locator(f"#pieces {steps}").first).to_be_visible()
            look_at(each, f"{kind}-inside-pieces", dark=kind == "opening")
            if kind in ("opening", "many"):
                view(each, "Positions and segments")
                expect(each.locator("#position-map .heatmaplayer image").first).to_be_attached()
                look_at(each, f"{kind}-inside-positions", dark=False)
    for each in desk_and_phone:
        for name, button, place in (
            ("Features", "#features-button", "#feature-code"),
            ("Sentence similarity", "#similar-button", "#similar-sentences .places"),
            ("Meaning in context", "#contexts-button", "#plane .scatterlayer .trace"),
        ):
            view(each, name)
            each.locator(button).click()
            expect(each.locator(place).first).to_be_visible()
            look_at(each, f"inside-{name.split()[0].lower()}", dark=name == "Meaning in context")
