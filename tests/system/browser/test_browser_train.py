"""The lens Train in Chromium: a set, a plan, frozen features, the model in another lens; a page that is loaded anew."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, expect
from test_browser import browser, open_tab, page, visit, write

from bert_demo.registry.training_rows import SETS

__all__ = ["browser", "page"]
pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("default")]
WORDS = ("bin", "lamp", "bench", "fence", "clock", "sign", "tap", "swing", "drain", "bell", "door", "path")
LONG = 120_000
"""Milliseconds that a training may take beside other tests."""


def planned(page: Page, name: str = "") -> None:
    """The rows of a set are understood, and what is known before the start stands below."""
    open_tab(page, "Train")
    expect(page.locator("#train-understood")).to_contain_text("Understood: 160 rows")
    if name:
        page.locator(f"#train-rows-source [data-set={name}]").click()
        (rows,) = (each for each in SETS if each.name == name)
        expect(page.locator("#train-understood")).to_contain_text(rows.teaches)
    page.locator("#train-plan-button").click()
    expect(page.locator("#train-plan h2")).to_contain_text("Before the start: 160 rows")


class Asked:
    """What a page asks from now on. One that is left before its answers have ended says so in its console."""

    def __init__(self, page: Page) -> None:
        self._page, self._open = page, set[Request]()
        page.on("request", lambda request: self._open.add(request))
        page.on("requestfinished", lambda request: self._open.discard(request))
        page.on("requestfailed", lambda request: self._open.discard(request))

    def wait(self) -> None:
        """Until nothing is open."""
        for _ in range(100):
            if not self._open:
                return
            self._page.wait_for_timeout(100)
        raise AssertionError(f"still open: {[each.url for each in self._open]}")


def test_set_is_trained_on_and_its_model_answers_in_another_lens(page: Page) -> None:
    planned(page, "town_hall")
    expect(page.locator("#train-plan")).to_contain_text("constant answer")
    page.locator("#train-begin").click()
    live = page.locator("#train-live [data-mark]")
    expect(live).to_have_attribute("data-state", "done", timeout=LONG)
    expect(page.locator("#train-ended .evaluated h2")).to_contain_text("test rows")
    expect(page.locator("#train-compared .methods tbody tr")).to_have_count(1)
    page.locator("[data-train-lens]").select_option("classify")
    page.get_by_role("button", name="Use this model").click()
    expect(page.get_by_role("tab", name="Classify", exact=True)).to_have_attribute("aria-selected", "true")
    expect(page.locator("#labels .bar")).to_have_count(5)
    asked = Asked(page)
    write(page, "The lamp in front of our house has been dark for a week.")
    expect(page.locator("#labels .bar").first).to_be_visible()
    for label in SETS[1].labels:
        expect(page.locator(f'#labels .bar[aria-label="{label}"]')).to_be_visible()
    title = page.locator("#model input").input_value()
    assert title.startswith("mine: Frozen features")
    asked.wait()
    page.reload()
    page.wait_for_function("window.bertDemo?.isReady()")
    expect(page.locator("#labels .bar")).to_have_count(5)
    expect(page.locator("#model input")).to_have_value(title)
    expect(page.locator("#outdated-line")).to_be_empty()


def test_job_is_found_again_after_the_page_was_loaded_anew_and_can_be_deleted(page: Page) -> None:
    planned(page)
    page.get_by_role("radio", name="The head only").click()
    page.locator("#train-plan-button").click()
    expect(page.locator("#train-plan h2")).to_contain_text("Before the start")
    page.locator("#train-begin").click()
    expect(page.locator("#train-live [data-mark]")).to_be_visible(timeout=LONG)
    token = page.locator("#train-live [data-mark]").get_attribute("data-token")
    page.reload()
    page.wait_for_function("window.bertDemo?.isReady()")
    open_tab(page, "Train")
    live = page.locator("#train-live [data-mark]")
    expect(live).to_have_attribute("data-token", token or "", timeout=LONG)
    expect(live).to_have_attribute("data-state", "done", timeout=LONG)
    expect(page.locator(".train-curve")).to_have_count(2)
    with page.expect_download(timeout=LONG) as download:
        page.locator("#train-ended [data-file]").click()
    with zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes())) as made:
        names = {Path(name).name for name in made.namelist()}
    assert {"config.json", "README.md"} <= names and any(name.endswith(".safetensors") for name in names)
    page.get_by_role("button", name="Delete this model").click()
    expect(page.locator("#train-compared .methods tbody tr")).to_have_count(0)
    page.wait_for_function("JSON.parse(window.localStorage.getItem('bert-demo-train')).jobs.length === 0")


def test_words_of_a_text_are_learnt_and_the_model_fills_masks(page: Page) -> None:
    open_tab(page, "Train")
    expect(page.locator("#train-text")).to_be_hidden()
    page.get_by_role("radio", name="Continued pre-training").click()
    letters = [f"The {each} at the gate of the park is broken again, and nobody mends it." for each in WORDS]
    page.locator("#train-text textarea").fill("\n".join(letters))
    page.get_by_role("button", name="More choices").click()
    page.get_by_label("Epochs").fill("4")
    page.locator("#train-plan-button").click()
    expect(page.locator("#train-plan h2")).to_contain_text("Before the start: 12 rows")
    page.locator("#train-begin").click()
    expect(page.locator("#train-live [data-mark]")).to_have_attribute("data-state", "done", timeout=LONG)
    expect(page.locator(".train-masked h2")).to_contain_text("Perplexity on 2 test passages")
    expect(page.locator(".train-masked .train-watched li")).to_have_count(2)
    page.locator("[data-train-lens]").select_option("fill-mask")
    page.get_by_role("button", name="Use this model").click()
    expect(page.locator("#model input")).to_have_value("mine: Continued pre-training (text)")
    write(page, "The [MASK] at the gate is broken.")
    expect(page.locator("#slots .candidate").first).to_be_visible()


def test_two_more_seeds_are_thin_curves_beside_the_first(page: Page) -> None:
    planned(page)
    page.locator("#train-begin").click()
    live = page.locator("#train-live [data-mark]")
    expect(live).to_have_attribute("data-state", "done", timeout=LONG)
    token = live.get_attribute("data-token") or ""
    page.get_by_role("button", name="Two more seeds").click()
    expect(page.locator("#train-compared .methods tbody tr")).to_have_count(3, timeout=LONG)
    expect(page.locator("#train-compared .methods tbody tr", has_text="is done")).to_have_count(3, timeout=LONG)
    expect(live).to_have_attribute("data-token", token)
    expect(page.locator(".train-curve polyline.seed")).to_have_count(2)
    page.get_by_role("button", name="Learning curve").click()
    expect(page.locator("#train-compared .methods tbody tr")).to_have_count(5, timeout=LONG)
    expect(page.locator("#train-compared .methods tbody tr", has_text="is done")).to_have_count(5, timeout=LONG)
    expect(page.locator("#train-compared")).to_contain_text("25% of the rows")
    expect(live).to_have_attribute("data-token", token)


def long_training(page: Page) -> str:
    """The token of a training of some minutes that was started."""
    planned(page)
    page.get_by_role("radio", name="The head only").click()
    page.get_by_role("button", name="More choices").click()
    page.get_by_label("Epochs").fill("50")
    page.get_by_label("Rows in a batch").fill("1")
    page.locator("#train-plan-button").click()
    expect(page.locator("#train-plan h2")).to_contain_text("Before the start")
    page.locator("#train-begin").click()
    expect(page.locator("#train-live [data-mark]")).to_be_visible(timeout=LONG)
    return page.locator("#train-live [data-mark]").get_attribute("data-token") or ""


def test_two_visitors_at_once_see_their_own(browser: Browser, server: str) -> None:
    """One stops, one loads its page anew and closes its tab: what the other has goes on."""
    visitors = [visit(browser, server), visit(browser, server, viewport={"width": 1239, "height": 1000})]
    first, second = (next(visitor) for visitor in visitors)
    tokens = [long_training(page) for page in (first, second)]
    assert tokens[0] != tokens[1]
    states = [page.locator("#train-live [data-mark]") for page in (first, second)]
    expect(states[0]).to_have_attribute("data-state", "running", timeout=LONG)
    expect(states[1]).to_have_attribute("data-state", "queued")
    for own, token in zip((first, second), tokens, strict=True):
        expect(own.locator("#train-compared .methods tbody tr")).to_have_count(1)
        assert own.evaluate("JSON.parse(window.localStorage.getItem('bert-demo-train')).jobs") == [token]
    first.get_by_role("button", name="Stop training").click()
    expect(states[0]).to_have_attribute("data-state", "stopped", timeout=LONG)
    expect(states[1]).to_have_attribute("data-state", "running", timeout=LONG)
    second.reload()
    second.wait_for_function("window.bertDemo?.isReady()")
    open_tab(second, "Train")
    expect(states[1]).to_have_attribute("data-token", tokens[1], timeout=LONG)
    expect(states[1]).to_have_attribute("data-state", "running", timeout=LONG)
    again = second.context.new_page()
    second.close()
    again.goto(server)
    again.wait_for_function("window.bertDemo?.isReady()")
    open_tab(again, "Train")
    expect(again.locator("#train-live [data-mark]")).to_have_attribute("data-state", "running", timeout=LONG)
    first.get_by_role("button", name="Delete this model").click()
    again.get_by_role("button", name="Pause").click()
    expect(again.locator("#train-live [data-mark]")).to_have_attribute("data-state", "paused", timeout=LONG)
    again.get_by_role("button", name="Delete this model").click()
    for own in (first, again):
        own.wait_for_function("JSON.parse(window.localStorage.getItem('bert-demo-train')).jobs.length === 0")
    again.close()
    assert [next(visitor, None) for visitor in visitors] == [None, None]


def test_rows_that_cannot_be_learnt_from_get_a_sentence(page: Page) -> None:
    open_tab(page, "Train")
    expect(page.locator("#train-understood")).to_contain_text("Understood: 160 rows")
    page.locator("#train-rows textarea").fill("text,label\nA rose.,one\nA dog.,one\nA cat.,one\n")
    expect(page.locator("#train-understood")).to_contain_text("Understood: 3 rows")
    page.locator("#train-plan-button").click()
    expect(page.locator("#notice-train .error")).to_contain_text("at least two labels")
    expect(page.locator("#train-plan")).to_be_hidden()
