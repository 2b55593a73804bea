"""The laboratory in Chromium: each experiment against the service, a filling clicked, links, bad input, looks."""

from __future__ import annotations

import math
import re

import pytest
from conftest import OPENING
from playwright.sync_api import Browser, Page, expect
from test_browser import ODD, browser, desk_and_phone, file_button, look_at, open_tab, page, visit, write

from bert_demo import BertService
from bert_demo.views.markup import number
from bert_demo.web.components.masked_lm_experiments import BY_NAME, Experiment
from bert_demo.web.components.masked_lm_laboratory import OPENING as FIELDS

__all__ = ["browser", "desk_and_phone", "page"]
pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("default")]
MASKED = OPENING.replace("film", "[MASK]")


def choose(page: Page, name: str) -> Experiment:
    """Open an experiment; only what belongs to it is there."""
    each = BY_NAME[name]
    page.get_by_label(each.title, exact=True).check()
    expect(page.locator(f"#lab-said .lab-{name}")).to_be_visible()
    expect(page.locator("#lab-said .note:visible")).to_have_count(1)
    fields = {"candidates": "candidates", "blanks": "blank", "sentences": "sentence"}
    for other, field in fields.items():
        expect(page.locator(f"#lab-{field}")).to_be_visible(visible=other == name)
    expect(page.locator("#lab-rule")).to_be_visible(visible=name in ("sentences", "words"))
    return each


def run(page: Page, name: str) -> str:
    """Ask the experiment and wait for its picture; its text."""
    page.locator("#lab-run").click()
    shown = page.locator(f"#lab-panel .lab-{name}")
    expect(shown.locator(".check.ok").first).to_be_visible()
    expect(page.locator("#lab-panel .check.off")).to_have_count(0)
    expect(page.locator("#lab-notice .working")).to_have_count(0)
    return re.sub(r"\s+", " ", shown.inner_text())


def test_all_six_experiments_on_the_opening(page: Page, service: BertService) -> None:
    open_tab(page, "Fill-mask")
    choose(page, "together")
    said = run(page, "together")
    assert "sentiment was not trained to guess words" in said and "one mask only" in said
    best = service.fill_jointly(MASKED).fillings
    expect(page.locator("#lab-panel .panel").first.locator(".filling em")).to_have_text(
        [number(each.score, 2) for each in best]
    )
    choose(page, "candidates")
    expect(page.locator("#lab-panel .filling").first).to_be_hidden()
    run(page, "candidates")
    scored = service.score_candidates(MASKED, ["film", "motion picture", "love story"], pairs=[("film", "movie")])
    lines = page.locator("#lab-panel tbody").first.locator("tr")
    expect(lines.locator("th")).to_have_text([each.candidate for each in scored.candidates])
    expect(lines.locator("td:nth-child(3)")).to_have_text([number(each.score, 2) for each in scored.candidates])
    expect(page.locator("#lab-panel .odds em")).to_have_text([number(scored.pairs[0][2], 2)])
    choose(page, "blanks")
    said = run(page, "blanks")
    blanks = service.compare_blanks(MASKED, FIELDS.blank)
    assert f"Total variation {blanks.distance:.3f}" in said
    expect(page.locator("#lab-panel .twin > span")).to_have_text(
        [each.token_str for each in (*blanks.towards_first, *blanks.towards_second)]
    )
    choose(page, "sentences")
    said = run(page, "sentences")
    preference = service.prefer(OPENING, FIELDS.sentence)
    assert f"prefers the first sentence: {preference.difference:.3f} apart" in said
    expect(page.locator("#lab-panel .differs b")).to_have_text(["film", "films"])
    choose(page, "words")
    page.get_by_label("hide the rest of its word, too").check()
    run(page, "words")
    words = service.surprises(OPENING, rule="within_word_l2r").words
    expect(page.locator("#lab-panel .surprise i")).to_have_text([f"{word.bits:.1f}" for word in words])
    place = next(place for place, word in enumerate(words) if word.word == "funny")
    detail = page.locator("#lab-panel .expected [data-detail]:visible")
    expect(detail).not_to_contain_text("funny")
    page.locator("#lab-panel .surprise .w", has_text="funny").focus()
    expect(detail).to_have_count(1)
    expect(detail).to_contain_text(f"funny: {100 * math.exp(words[place].score):.1f} %")
    expect(detail.locator("bdi")).to_have_text(["funny", *(guess.token_str for guess in words[place].expected)])
    page.locator("#lab-panel .surprise .w", has_text="warm").hover()
    expect(detail).to_contain_text("warm:")
    with page.expect_download() as png:
        page.locator(f"#lab-panel {file_button('surprises', 'png')}").click()
    assert png.value.suggested_filename == "every-word.png"
    choose(page, "layers")
    run(page, "layers")
    layers = service.layer_guesses(MASKED)
    place = [token.text for token in layers.tokens].index("[MASK]")
    expect(page.locator("#lab-panel tr.masked td small")).to_have_text(
        [f"{rank:,}" for rank in layers.ranks[:, place].tolist()]
    )
    expect(page.locator("#lab-panel tr.masked td bdi")).to_have_text([names[place] for names in layers.names])
    write(page, "The dog sat on the mat.")
    expect(page.locator("#lab-panel tr.masked")).to_be_hidden()
    expect(page.locator("#lab-blank textarea, #lab-blank input").first).to_have_value("")


def test_example_a_clicked_filling_and_a_link(browser: Browser, server: str, service: BertService) -> None:
    visitor = visit(browser, f"{server}?tab=fill-mask&lab=layers")
    page = next(visitor)
    expect(page.get_by_label("When does it know?", exact=True)).to_be_checked()
    expect(page.locator("#lab-said .lab-layers")).to_be_visible()
    choose(page, "together")
    page.locator("#lab-example").click()
    text = BY_NAME["together"].text
    expect(page.locator("#text textarea")).to_have_value(text)
    expect(page.locator("#slots .panel")).to_have_count(2)
    said = run(page, "together")
    found = service.fill_jointly(text)
    ahead = math.exp(found.fillings[0].score - found.independent.score)
    assert f"{ahead:.1f} times as likely" in said
    page.locator("#lab-panel .filling").nth(1).click()
    expect(page.locator("#text textarea")).to_have_value(found.fillings[1].sequence)
    expect(page.locator("#lab-panel .filling").first).to_be_hidden()
    page.wait_for_function("location.search.includes('text=She+moved') && !location.search.includes('MASK')")
    choose(page, "blanks")
    page.wait_for_function("location.search.includes('lab=blanks')")
    page.locator("#lab-example").click()
    expect(page.locator("#text textarea")).to_have_value(BY_NAME["blanks"].text)
    box = page.locator("#lab-blank textarea, #lab-blank input").first
    expect(box).to_have_value(BY_NAME["blanks"].inputs.blank)
    said = run(page, "blanks")
    distance = service.compare_blanks(BY_NAME["blanks"].text, BY_NAME["blanks"].inputs.blank).distance
    assert f"Total variation {distance:.3f}" in said
    page.locator("#lab-copy").click()
    expect(box).to_have_value(BY_NAME["blanks"].text)
    page.locator("#lab-run").click()
    expect(page.locator("#lab-panel .lab-blanks")).to_contain_text("Total variation 0.000")
    assert next(visitor, None) is None


def test_laboratory_shows_errors_in_place(page: Page) -> None:
    open_tab(page, "Fill-mask")
    write(page, "The dog <b>sat</b> on the mat.")
    expect(page.locator("#slots")).to_contain_text("No mask yet")
    wrong = page.locator("#lab-panel .error:visible")

    def refused(name: str, said: str) -> None:
        choose(page, name)
        page.locator("#lab-run").click()
        expect(wrong).to_contain_text(said)
        expect(page.locator("#lab-panel .panel:visible")).to_have_count(0)

    refused("together", "There is no [MASK] in the text")
    refused("candidates", "There is no candidate")
    refused("blanks", "The second text is empty")
    refused("sentences", "The second sentence is empty")
    page.locator("#lab-sentence textarea, #lab-sentence input").first.fill("The [MASK] sat.")
    refused("sentences", "Here each word is hidden in turn")
    write(page, "[MASK] " * 11)
    expect(page.locator("#slots .panel")).to_have_count(11)
    refused("together", "up to 10")
    write(page, "It was a long and winding story about the sea. " * 15)
    expect(page.locator("#words")).to_contain_text("winding")
    choose(page, "words")
    page.locator("#lab-run").click()
    expect(page.locator("#lab-notice")).to_contain_text("over variants of the text")
    page.locator("#stop").click()
    expect(page.locator("#lab-notice")).to_contain_text("Stopped. Press its Run")


LOOKS = {"one": "words", "chinese": "layers", "emoji": "sentences", "long": "layers"}
TEXTS = {**ODD, "long": "The weather in the harbour was fine and the boats went out. " * 33}


@pytest.mark.timeout(300)
def test_it_looks_right(desk_and_phone: tuple[Page, Page]) -> None:
    desk, phone = desk_and_phone
    for each in desk_and_phone:
        open_tab(each, "Fill-mask")
        for name in BY_NAME if each is phone else ("candidates", "blanks", "words"):
            choose(each, name)
            run(each, name)
            look_at(each, f"opening-lab-{name}", dark=name == "words")
    for kind, name in LOOKS.items():
        for each in (phone,) if kind in ("one", "emoji") else (desk, phone):
            write(each, TEXTS[kind])
            expect(each.locator("#words .word")).to_have_count(len(_words(kind)))
            choose(each, name)
            if name == "sentences":
                each.locator("#lab-copy").click()
                expect(each.locator("#lab-sentence textarea, #lab-sentence input").first).not_to_have_value("")
            run(each, name)
            look_at(each, f"{kind}-lab-{name}", dark=False)


def _words(kind: str) -> range:
    return range({"one": 1, "chinese": 9, "emoji": 5, "long": 33 * 13}[kind])
