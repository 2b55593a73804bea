"""The real page in Chromium: each lens, the examples, bad input, two visitors, links, light, dark and a phone."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit
from weakref import WeakKeyDictionary

import find_browser
import pytest
from conftest import OPENED, OPENING
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from bert_demo import BertService
from bert_demo.registry.attribution_methods import CARDS
from bert_demo.registry.languages import mostly_chinese
from bert_demo.web.examples import load_examples
from bert_demo.web.tabs import TABS

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("default")]
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
PATIENCE = 30_000
MACHINES: WeakKeyDictionary[Browser, dict[str, BrowserContext]] = WeakKeyDictionary()
PHONE = {"viewport": {"width": 360, "height": 780}, "device_scale_factor": 2}


@pytest.fixture(scope="module")
def browser() -> Browser:
    return chromium()


@cache
def chromium() -> Browser:
    """The one browser of all files: it keeps the page's scripts from one file to the next."""
    path = find_browser.find()
    assert path, "no Chromium: run python tests/find_browser.py"
    expect.set_options(timeout=PATIENCE)
    opened = OPENED.enter_context(sync_playwright()).chromium.launch(executable_path=path, args=FLAGS)
    OPENED.callback(chromium.cache_clear)
    OPENED.callback(opened.close)
    return opened


@pytest.fixture
def page(browser: Browser, server: str) -> Iterator[Page]:
    yield from visit(browser, server)


def visit(browser: Browser, address: str, **settings: object) -> Iterator[Page]:
    """A visitor of their own; fails on script errors and on any request to another host.

    Visitors with the same settings come from one machine, which keeps the page's scripts.
    """
    settings.setdefault("viewport", {"width": 1240, "height": 1000})
    machines = MACHINES.setdefault(browser, {})
    name = repr(sorted(settings.items()))
    if name not in machines:
        machines[name] = browser.new_context(**settings)
        machines[name].set_default_timeout(PATIENCE)
    page = machines[name].new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    page.on("request", lambda request: wrong.append(request.url) if foreign(request.url) else None)
    page.add_init_script("window.name || (window.localStorage.clear(), window.name = 'visited')")
    try:
        page.goto(address)
        page.wait_for_function("window.bertDemo?.isReady()")
        yield page
    finally:
        page.close()
    assert not wrong, wrong


@pytest.fixture
def desk_and_phone(browser: Browser, server: str) -> Iterator[tuple[Page, Page]]:
    """Two visitors, one of them with a small screen."""
    visitors = [visit(browser, server), visit(browser, server, **PHONE)]
    yield next(visitors[0]), next(visitors[1])
    assert [next(visitor, None) for visitor in visitors] == [None, None]


def file_button(what: str, kind: str) -> str:
    """The button of a panel that asks the server for a file."""
    return f"""[data-file*='"{what}"'][data-file*='"{kind}"']"""


def foreign(url: str) -> bool:
    return urlsplit(url).scheme in ("http", "https", "ws", "wss") and urlsplit(url).hostname != "127.0.0.1"


def open_tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()


def unfold(page: Page) -> None:
    """Open the choices of the open lens, which a small screen folds away."""
    button = page.locator(".choices").locator("visible=true")
    if button.count() and button.first.get_attribute("aria-expanded") == "false":
        button.first.click()


def take(page: Page, place: str) -> None:
    """Enter in a list, and the frames in which gradio takes the choice in: by hand nobody clicks before them."""
    page.locator(f"{place} input").press("Enter")
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(() => setTimeout(done, 50))))")


def write(page: Page, text: str) -> None:
    page.locator("#text textarea").fill(text)
    page.locator("#text textarea").press("Enter")


def percent(text: str) -> float:
    return float(re.search(r"[\d.]+", text).group())


def test_page_opens_with_the_first_lens_of_the_opening(browser: Browser, server: str) -> None:
    context = browser.new_context()
    try:
        page = context.new_page()
        page.route("**/gradio_api/queue/**", lambda route: None)  # an answer that never comes
        page.goto(server)
        expect(page.locator("#labels .bar")).to_have_count(2)
        expect(page.locator("#tokens")).to_contain_text("masterpiece")
    finally:
        page.unroute_all(behavior="ignoreErrors")
        context.close()


def test_enter_runs_and_all_lenses_follow(page: Page, service: BertService) -> None:
    text = "The second half of this film is a dreadful bore."
    write(page, text)
    expect(page.locator("#tokens")).to_contain_text("dreadful")
    labels = service.classify(text).labels
    expect(page.locator("#labels .bar").first).to_contain_text(labels[0].label)
    shown = percent(page.locator("#labels .bar em").first.inner_text())
    assert shown == pytest.approx(100 * labels[0].score, abs=0.06)
    open_tab(page, "Attention")
    expect(page.locator("#heatmap")).to_contain_text("dreadful")
    open_tab(page, "Attributions")
    expect(page.locator("#attributed .w").filter(has_text="dreadful")).to_be_visible()
    found = service.attribute(text)
    expect(page.locator("#ledger")).to_contain_text(f"{found.forward_passes}")
    ledger = page.locator("#ledger strong").all_inner_texts()
    numbers = [float(each.replace("\N{MINUS SIGN}", "-").rstrip("%")) for each in ledger]
    assert numbers[0] == pytest.approx(found.input_output, abs=1e-3)
    assert numbers[3] - numbers[2] == pytest.approx(numbers[4], abs=2e-3)
    open_tab(page, "Fill-mask")
    expect(page.locator("#slots")).to_contain_text("No mask yet")


def test_fill_mask_by_clicks(page: Page, service: BertService) -> None:
    open_tab(page, "Fill-mask")
    write(page, "Water freezes into ice.")
    expect(page.locator("#slots")).to_contain_text("No mask yet")
    page.locator("#words .word", has_text="ice").click()
    expect(page.locator("#words [aria-pressed=true]")).to_have_text("[MASK]")
    expected = service.fill_mask("Water freezes into [MASK].").slots[0].candidates
    names = page.locator("#slots .candidate span")
    expect(names).to_have_text([each.token_str for each in expected])
    expect(page.locator("#slots")).to_contain_text("The hidden word ice")
    page.wait_for_function("location.search.includes('hide=19-22')")
    names.nth(1).click()
    expect(page.locator("#text textarea")).to_have_value(expected[1].sequence)
    page.wait_for_function("location.search.includes('text=Water+freezes') && !location.search.includes('hide=')")
    open_tab(page, "Classify")
    expect(page.locator("#tokens")).to_contain_text(expected[1].token_str)


def test_selected_word_can_be_masked(page: Page) -> None:
    open_tab(page, "Fill-mask")
    page.locator("#text textarea").evaluate("(area) => { area.focus(); area.setSelectionRange(26, 27); }")
    page.locator("#mask-selected").click()
    expect(page.locator("#words [aria-pressed=true]")).to_have_count(2)
    expect(page.locator("#slots .panel")).to_have_count(2)
    expect(page.locator("#slots")).to_contain_text("The hidden word warm")
    page.wait_for_function("location.search.includes('hide=')")
    page.reload()
    open_tab(page, "Fill-mask")
    expect(page.locator("#words [aria-pressed=true]")).to_have_count(2)


def test_top_k_and_several_masks(page: Page) -> None:
    open_tab(page, "Fill-mask")
    page.get_by_role("button", name="Several masks").click()
    expect(page.locator("#slots .panel")).to_have_count(2)
    page.locator("#top-k input[type=number]").fill("9")
    page.locator("#top-k input[type=number]").press("Enter")
    expect(page.locator("#slots .candidate")).to_have_count(18)


def test_head_is_opened_by_click_and_by_number(page: Page, service: BertService) -> None:
    open_tab(page, "Attention")
    page.locator('#overview [data-head="2-4"]').click()
    expect(page.locator("#head-title")).to_contain_text("Head 2-4")
    expect(page.locator("#head-title")).to_contain_text("3-5 counted from one")
    expect(page.locator('#overview [data-head="2-4"]')).to_have_attribute("aria-pressed", "true")
    page.wait_for_function("location.search.includes('layer=2') && location.search.includes('head=4')")
    page.locator("#layer input").fill("5")
    page.locator("#layer input").press("Enter")
    expect(page.locator("#head-title")).to_contain_text("Head 5-4")
    drawn = page.evaluate("document.querySelector('#heatmap .js-plotly-plot')._fullData[0].z.map((row) => [...row])")
    weights = service.attention(OPENING, model="sentiment").head(5, 4)
    assert [value for row in drawn for value in row] == pytest.approx(weights.ravel().tolist(), abs=1e-6)
    page.locator("#layer input").fill("77")
    page.locator("#layer input").press("Enter")
    expect(page.locator("#notice-attention")).to_contain_text("layer must be from 0 to 5")
    page.locator("#layer input").fill("1")
    page.locator("#layer input").press("Enter")
    expect(page.locator("#head-title")).to_contain_text("Head 1-4")
    expect(page.locator("#head-title")).to_be_visible()


def test_attribution_choices(page: Page, service: BertService) -> None:
    open_tab(page, "Attributions")
    for place, choice in (("#target", "negative"), ("#baseline", "mask"), ("#output", "probability")):
        page.locator(f"{place} input").click()
        page.get_by_role("option", name=choice).click()
    expect(page.locator("#attributed h2")).to_contain_text("negative")
    expect(page.locator("#ledger")).to_contain_text("score of the baseline (mask)")
    expect(page.locator("#attributed")).to_contain_text("in units of probability")
    found = service.attribute(OPENING, target="negative", baseline="mask", output="probability")
    expect(page.locator("#ledger strong").first).to_have_text(f"{found.input_output:+.4f}")
    page.locator("#level").get_by_label("pieces").check()
    expect(page.locator("#attributed .w").filter(has_text="##ta")).to_be_visible()


def test_other_methods_and_the_margin(page: Page, service: BertService) -> None:
    open_tab(page, "Attributions")
    for place, choice in (("#method", "Occlusion"), ("#output", "margin")):
        page.locator(f"{place} input").click()
        page.get_by_role("option", name=choice).click()
    expect(page.locator("#attributed .note")).to_contain_text("Occlusion")
    expect(page.locator("#ledger")).to_contain_text("It need not")
    found = service.attribute(OPENING, method="occlusion", output="margin")
    funny = next(word for word in found.words if word.text == "funny")
    expect(page.locator("#attributed .w").filter(has_text="funny").locator("i")).to_have_text(signed(funny.score))
    expect(page.locator("#waterfall .step")).to_have_count(0)
    page.locator("#method input").click()
    page.get_by_role("option", name="Integrated Gradients").click()
    expect(page.locator("#waterfall .step").last).to_contain_text("your text")
    last = page.locator("#waterfall .step em").last.inner_text()
    assert last == signed(service.attribute(OPENING, output="margin").input_output)


def test_every_label_at_once(page: Page, service: BertService) -> None:
    page.get_by_role("button", name="News").click()
    expect(page.locator("#labels .bar")).to_have_count(4)
    open_tab(page, "Attributions")
    page.locator("#target input").click()
    page.get_by_role("option", name="every label").click()
    expect(page.locator("#attributed .methods tbody th")).to_have_text(["World", "Sports", "Business", "Sci/Tech"])
    text = page.locator("#text textarea").input_value()
    found = service.attribute(text, model="topics", target="Sports")
    row = page.locator("#attributed .methods tbody tr").nth(1)
    expect(row.locator("td").first).to_have_text(signed(found.words[0].score))
    expect(page.locator("#attributed .check")).to_contain_text("4 of 4 ledgers closed")


def test_clicked_word_is_masked_deleted_or_replaced(page: Page, service: BertService) -> None:
    open_tab(page, "Attributions")
    words = [word.text for word in service.attribute(OPENING).words]
    place = words.index("funny")
    expect(page.locator("#what-if")).to_contain_text("Click a word")
    page.locator("#attributed .w").filter(has_text="funny").click()
    expect(page.locator("#what-if .changed")).to_contain_text("a warm and [MASK] film")
    masked = service.what_if(OPENING, place)
    shown = page.locator("#what-if strong").all_inner_texts()
    assert shown[1] == signed(masked.after, 3) and shown[2] == signed(masked.before - masked.after, 3)
    assert shown[3] == signed(service.attribute(OPENING).words[place].score, 3)
    page.get_by_label("replace", exact=True).check()
    expect(page.locator("#what-if h2")).to_contain_text("Replace")
    page.get_by_label("delete").check()
    expect(page.locator("#what-if .changed")).to_contain_text("a warm and film that")
    offer = page.locator("#what-if .offer").first
    offered = offer.inner_text()
    offer.click()
    expect(page.locator("#what-if .changed")).to_contain_text(f"a warm and {offered} film")
    page.locator("#replacement textarea, #replacement input").first.fill("dreadful")
    page.locator("#replacement textarea, #replacement input").first.press("Enter")
    expect(page.locator("#what-if .changed")).to_contain_text("a warm and dreadful film")
    page.wait_for_timeout(500)  # gradio sends an answer once more, and nobody types a text within that moment
    write(page, "Another text.")
    expect(page.locator("#attributed")).to_contain_text("Another")
    expect(page.locator("#what-if")).to_contain_text("Click a word")


def test_methods_are_put_to_the_test(page: Page, service: BertService) -> None:
    open_tab(page, "Compare methods")
    expect(page.locator("#notice-methods")).to_contain_text("Press Enter or Run")
    page.locator("#compare").click()
    expect(page.locator("#methods-table .methods tbody th")).to_have_text([card.title for card in CARDS.values()])
    expect(page.locator("#curves .scatterlayer .trace").first).to_be_attached()
    expect(page.locator("#trial")).to_contain_text("the mean of 30 random orders")
    expect(page.locator("#agreement")).to_contain_text("Neely et al. 2022")
    found = service.compare(OPENING)
    best = max(found.trials, key=lambda trial: trial.area)
    expect(page.locator("#trial .methods tbody tr").first).to_contain_text(signed(best.area, 3))
    page.locator("#compare-target input").click()
    page.get_by_role("option", name="negative").click()
    expect(page.locator("#notice-methods")).to_contain_text("Press Enter or Run")
    expect(page.locator("#methods-table")).to_be_hidden()
    write(page, "It was a long and winding story about the sea. " * 10)
    expect(page.locator("#notice-methods")).to_contain_text("passes")
    expect(page.locator("#notice-methods .working")).to_be_visible()
    open_tab(page, "Classify")
    write(page, "A different text.")
    expect(page.locator("#tokens")).to_contain_text("different")
    open_tab(page, "Compare methods")
    expect(page.locator("#notice-methods")).to_contain_text("Press Enter or Run")
    page.wait_for_timeout(2500)
    expect(page.locator("#notice-methods")).to_contain_text("Press Enter or Run")
    expect(page.locator("#methods-table")).to_be_hidden()


def test_layers_close_the_same_ledger(page: Page, service: BertService) -> None:
    open_tab(page, "Attribution by layer")
    write(page, "A warm film.")
    expect(page.locator("#layer-ledgers .methods tbody tr")).to_have_count(7)
    expect(page.locator("#layer-map .heatmaplayer image").first).to_be_attached()
    found = service.attribute_layers("A warm film.")
    expect(page.locator("#layer-ledgers .methods tbody td").first).to_have_text(signed(float(found.scores[0].sum()), 3))


def test_why_that_word(page: Page, service: BertService) -> None:
    open_tab(page, "Fill-mask")
    write(page, "Water freezes into [MASK].")
    expect(page.locator("#slots .candidate").first).to_be_visible()
    page.locator("#why textarea, #why input").first.fill("ice")
    page.locator("#why-not textarea, #why-not input").first.fill("steam")
    page.locator("#explain-word").click()
    found = service.attribute_mask("Water freezes into [MASK].", "ice", "steam")
    expect(page.locator("#why-panel h2").first).to_contain_text("steam")
    expect(page.locator("#why-panel .ledger strong").first).to_have_text(signed(found.input_output, 3))
    page.locator("#why textarea, #why input").first.fill("unbelievable words")
    page.locator("#explain-word").click()
    expect(page.locator("#why-panel .error")).to_contain_text("one mask holds one token")


def signed(value: float, digits: int = 2) -> str:
    return f"{value:+.{digits}f}".replace("-", "\N{MINUS SIGN}")


def test_every_example_keeps_the_lens_and_says_when_it_changes_the_model(page: Page) -> None:
    examples = load_examples()
    titles = {tab.name: tab.title for tab in TABS}
    expect(page.locator("#examples b")).to_have_text([each.name for each in examples])
    expect(page.locator("#examples small")).to_have_text([f"try {titles[each.lens]}" for each in examples])
    chosen = "sentiment"
    for number, example in enumerate(examples):
        page.locator("#examples button").nth(number).click()
        expect(page.locator("#text textarea")).to_have_value(example.ask.text)
        expect(page.locator("#pair textarea")).to_have_value(example.ask.pair)
        expect(page.get_by_role("tab", selected=True)).to_have_text("Classify")
        first = example.ask.text.split()[0].lower()
        if mostly_chinese(first):
            expect(page.locator("#tokens")).to_contain_text(example.ask.text[0])
        else:
            expect(page.locator("#tokens .chip").nth(1)).to_contain_text(first)
        model = example.ask.model or chosen
        expect(page.locator("#model input")).to_have_value(model)
        if model != chosen:
            said = f"\u201c{example.name}\u201d is a text for {model}: the model was changed from {chosen} to {model}"
            expect(page.locator("#example-changed, #model-changed").filter(has_text=said)).to_have_count(1)
        chosen = model
        if example.name == "Long review":
            expect(page.locator("#labels")).to_contain_text("overlapping windows")
            expect(page.locator("#windows .bar")).to_have_count(2)
    expect(page.locator(".message.error")).to_have_count(0)


def test_chinese_text_is_asked_of_the_model_that_reads_it_and_the_choice_can_be_undone(page: Page) -> None:
    write(page, "这家酒店的服务很好,房间也很干净。")
    expect(page.locator("#model input")).to_have_value("sentiment-zh")
    expect(page.locator("#model-changed")).to_contain_text("This text is mostly Chinese, which sentiment cannot read")
    expect(page.locator("#tokens")).to_contain_text("酒店")
    expect(page.locator("#labels")).to_contain_text("positive")
    expect(page.locator("#notice-classify .message")).to_have_count(0)
    page.wait_for_function("location.search.includes('model=sentiment-zh')")
    open_tab(page, "Fill-mask")
    expect(page.locator("#notice-fill-mask")).to_contain_text("bilingual answers here")
    expect(page.locator("#words")).to_contain_text("each piece of the tokenizer counts as a word")
    page.locator("#words .word", has_text="服务").click()
    expect(page.locator("#slots .candidate").first).to_be_visible()
    open_tab(page, "Classify")
    page.get_by_role("button", name="Back to sentiment").click()
    expect(page.locator("#model input")).to_have_value("sentiment")
    expect(page.locator("#notice-classify")).to_contain_text("unknown to sentiment")
    write(page, "早餐很差。")
    expect(page.locator("#tokens")).to_contain_text("[UNK]")
    expect(page.locator("#model input")).to_have_value("sentiment")
    write(page, "A good hotel.")
    expect(page.locator("#tokens")).to_contain_text("hotel")
    write(page, "早餐很差。")
    expect(page.locator("#model input")).to_have_value("sentiment-zh")
    write(page, "A good hotel.")
    expect(page.locator("#model input")).to_have_value("sentiment")
    expect(page.locator("#model-changed")).to_contain_text("no longer Chinese")


def test_model_of_an_example_is_named_until_something_else_is_asked(page: Page) -> None:
    page.get_by_role("button", name="Freezing water").click()
    said = "\u201cFreezing water\u201d is a text for base: the model was changed from sentiment to base"
    expect(page.locator("#example-changed")).to_contain_text(said)
    expect(page.locator("#notice-classify")).to_contain_text("sentiment answers here")
    page.get_by_role("button", name="Back to sentiment").click()
    expect(page.locator("#model input")).to_have_value("sentiment")
    expect(page.locator("#notice-classify")).not_to_contain_text("answers here")
    expect(page.locator("#example-changed")).to_be_hidden()
    expect(page.locator("#text textarea")).to_have_value("Water freezes into [MASK].")
    page.wait_for_function("location.search.includes('model=sentiment')")
    page.get_by_role("button", name="Freezing water").click()
    expect(page.locator("#example-changed")).to_contain_text(said)
    page.get_by_role("button", name="Two meanings").click()  # which leaves the model: nothing is said of the first
    expect(page.locator("#text textarea")).to_have_value(re.compile("bank"))
    expect(page.locator("#example-changed")).to_be_hidden()
    page.get_by_role("button", name="Mixed feelings").click()
    expect(page.locator("#example-changed")).to_contain_text("from base to sentiment")
    write(page, "He drank a cup of tea.")
    expect(page.locator("#tokens")).to_contain_text("drank")
    expect(page.locator("#example-changed")).to_be_hidden()
    page.get_by_role("button", name="News").click()
    expect(page.locator("#example-changed")).to_contain_text("from sentiment to topics")
    page.locator("#model input").fill("spam")
    page.locator("#model input").press("Enter")
    expect(page.locator("#labels")).to_contain_text("ham")
    expect(page.locator("#example-changed")).to_be_hidden()


def test_bad_input_is_answered_in_words(page: Page) -> None:
    write(page, "   ")
    expect(page.locator("#notice-classify")).to_contain_text("The text is empty. Type at least one word.")
    write(page, "a [SEP] b")
    expect(page.locator("#notice-classify")).to_contain_text("spells [SEP]")
    page.locator("#model input").fill("nonsense")
    page.locator("#model input").press("Enter")
    write(page, "fine")
    expect(page.locator("#notice-classify")).to_contain_text("There is no model 'nonsense'")
    page.locator("#model input").fill("sentiment")
    page.locator("#model input").press("Enter")
    write(page, "fine again")
    expect(page.locator("#tokens")).to_contain_text("again")
    expect(page.locator("#notice-classify .message")).to_have_count(0)


def test_scripts_and_templates_are_shown_and_not_run(page: Page) -> None:
    page.evaluate("window.ran = 0")
    write(page, "<img src=x onerror='window.ran=1'> <script>window.ran=2</script> ${window.ran=3} {{value}} &amp; `x`")
    expect(page.locator("#tokens")).to_contain_text("script")
    for name in ("Fill-mask", "Attention", "Attributions", "Attribution by layer", "Compare methods", "Classify"):
        open_tab(page, name)
        page.wait_for_timeout(800)
    open_tab(page, "Attributions")
    page.locator("#attributed .w").filter(has_text="script").first.click()
    expect(page.locator("#what-if .changed")).to_contain_text("onerror")
    open_tab(page, "Fill-mask")
    expect(page.locator("#words .text")).to_have_text(re.compile(r"\$\{window\.ran=3\} \{\{value\}\} &amp; `x`"))
    assert page.evaluate("window.ran") == 0
    write(page, "<script>window.ran=4</script>${window.ran=5}")  # shorter: the ten methods take a pass for each word
    expect(page.locator("#words .text")).to_have_text(re.compile("window.ran=4"))
    open_tab(page, "Compare methods")
    page.locator("#compare").click()
    expect(page.locator("#methods-table")).to_contain_text("script", timeout=3 * PATIENCE)
    open_tab(page, "Attribution by layer")
    page.locator("#explain-layers").click()
    expect(page.locator("#layer-map .heatmaplayer image").first).to_be_attached()
    assert page.evaluate("window.ran") == 0


def test_card_of_the_chosen_model_opens_beside_the_page(page: Page) -> None:
    panel = page.locator("#about")
    expect(panel).to_contain_text("About the model sentiment")
    expect(page.locator("#card h1")).to_have_count(0)
    below = page.locator("#examples").bounding_box()["y"]
    panel.get_by_role("button").click()
    expect(page.locator("#card h1")).to_have_text("sentiment")
    expect(page.locator("#card")).to_contain_text("CheckList")
    expect(page.locator("#card h2").first).to_have_text("Known failures: negation")
    expect(page.locator("#card table").nth(3)).to_contain_text("accuracy, SST-2 dev")
    assert page.locator("#examples").bounding_box()["y"] <= below  # beside the page, which stays where it is
    assert page.locator("#card").bounding_box()["x"] >= 1240 - 600
    photograph(page, "card")
    page.locator("#model input").fill("base")
    page.locator("#model input").press("Enter")
    expect(panel).to_contain_text("About the model base")
    expect(page.locator("#card h1")).to_have_text("base")
    expect(page.locator("#card")).to_contain_text("Stereotypes")
    page.locator("#model input").fill("nobody/nothing")
    page.locator("#model input").press("Enter")
    expect(page.locator("#card")).to_contain_text("not bundled")
    page.keyboard.press("Escape")
    expect(page.locator("#card")).to_be_hidden()


def test_topics_and_spam_are_asked_from_the_examples(page: Page) -> None:
    page.get_by_role("button", name="News").click()
    expect(page.locator("#labels")).to_contain_text("Sci/Tech")
    expect(page.locator("#labels .bar")).to_have_count(4)
    open_tab(page, "Attributions")
    page.get_by_role("button", name="Text message").click()
    expect(page.locator("#tab-attributions")).to_contain_text("spam")


def test_two_visitors_with_two_models_never_mix(browser: Browser, server: str) -> None:
    first, second = visit(browser, server), visit(browser, server)
    one, two = next(first), next(second)
    open_tab(two, "Attention")
    two.get_by_role("button", name="Two meanings").click()
    expect(two.locator("#heatmap")).to_contain_text("river")
    for number in range(3):
        write(one, f"visitor one says {number} good")
        write(two, f"visitor two says {number} bad")
    expect(one.locator("#tokens .chip").nth(4)).to_contain_text("2")
    open_tab(two, "Classify")
    expect(two.locator("#tokens")).to_contain_text("bad")
    expect(two.locator("#notice-classify")).to_contain_text(
        "base was not trained to put texts into classes; sentiment answers here."
    )
    expect(one.locator("#tokens")).not_to_contain_text("two")
    expect(one.locator("#notice-classify .message")).to_have_count(0)
    for visitor in (first, second):
        assert next(visitor, None) is None


def test_last_of_hurried_questions_is_answered(page: Page) -> None:
    for number in range(8):
        write(page, f"in a hurry {number}")
    expect(page.locator("#tokens .chip").nth(4)).to_contain_text("7")
    open_tab(page, "Attributions")
    expect(page.locator("#attributed")).to_contain_text("7")


def test_link_brings_back_text_pair_model_tab_and_head(browser: Browser, server: str) -> None:
    query = f"?text={quote('The dog sat.')}&pair={quote('It was tired.')}&model=base&tab=attention&layer=3&head=7"
    context = browser.new_context()
    page = context.new_page()
    page.goto(server + query)
    expect(page.locator("#head-title")).to_contain_text("Head 3-7", timeout=PATIENCE)
    expect(page.locator("#heatmap")).to_contain_text("tired")
    expect(page.locator("#text textarea")).to_have_value("The dog sat.")
    expect(page.locator("#pair textarea")).to_have_value("It was tired.")
    expect(page.locator("#model input")).to_have_value("base")
    kept = parse_qs(urlsplit(page.url).query)
    assert kept["text"] == ["The dog sat."] and kept["tab"] == ["attention"] and kept["layer"] == ["3"]
    context.close()


def test_address_follows_the_visitor(page: Page) -> None:
    write(page, "A new sentence & more.")
    open_tab(page, "Attributions")
    page.wait_for_function("location.search.includes('tab=attributions') && location.search.includes('text=A+new')")
    kept = parse_qs(urlsplit(page.url).query)
    assert kept["text"] == ["A new sentence & more."] and kept["model"] == ["sentiment"]


def test_long_work_shows_progress_and_can_be_stopped(page: Page) -> None:
    open_tab(page, "Attributions")
    write(page, "It was a long and winding story about the sea. " * 180)
    expect(page.locator("#notice-attributions")).to_contain_text("passes", timeout=PATIENCE)
    expect(page.locator("#notice-attributions .working")).to_be_visible()
    page.locator("#stop").click()
    expect(page.locator("#notice-attributions")).to_contain_text("Stopped")
    page.wait_for_timeout(1500)
    expect(page.locator("#notice-attributions")).to_contain_text("Stopped")
    write(page, "short again")
    expect(page.locator("#attributed")).to_contain_text("short")
    expect(page.locator("#notice-attributions .message")).to_have_count(0)


def test_stop_ends_what_has_no_place_in_the_queue_yet(page: Page) -> None:
    """Gradio's own client cancels nothing then (status 422, which `visit` refuses), and the computation goes on."""
    open_tab(page, "Attribution by layer")
    ended: list[str] = []
    page.on(
        "request", lambda request: ended.append(request.post_data or "") if request.url.endswith("/cancel") else None
    )
    page.route("**/queue/join*", lambda route: (page.wait_for_timeout(400), route.continue_()))
    page.locator("#explain-layers").click()
    page.locator("#stop").click()
    page.wait_for_timeout(1500)
    assert ended, "nothing was cancelled"
    assert all('"event_id":"' in body for body in ended), ended
    expect(page.locator("#notice-layers")).to_contain_text("Press Enter or Run")
    expect(page.locator("#layer-ledgers .methods")).to_have_count(0)
    page.unroute("**/queue/join*")
    page.locator("#explain-layers").click()
    expect(page.locator("#layer-ledgers .methods tbody tr")).to_have_count(7)


def test_downloads_hold_the_numbers(page: Page, service: BertService) -> None:
    with page.expect_download() as csv:
        page.locator("#labels a", has_text="CSV").click()
    text = csv.value.path().read_text(encoding="utf-8")
    assert text.splitlines()[0] == "label,score"
    assert float(text.splitlines()[1].split(",")[1]) == pytest.approx(service.classify(OPENING).labels[0].score)
    open_tab(page, "Attention")
    expect(page.locator("#heatmap .heatmaplayer image").first).to_be_attached()
    with page.expect_download() as weights:
        page.locator(file_button("weights", "csv")).click()
    rows = weights.value.path().read_text(encoding="utf-8").splitlines()
    expected = service.attention(OPENING, model="sentiment").head(0, 0)
    assert rows[0].startswith('"query","0 [CLS]","1 not"') and len(rows) == 21
    assert [float(cell) for cell in rows[3].split(",")[1:]] == pytest.approx(expected[2].tolist(), abs=1e-6)
    open_tab(page, "Attributions")
    with page.expect_download() as png:
        page.locator(f"#attributed {file_button('words', 'png')}").click()
    assert png.value.path().read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    open_tab(page, "Attribution by layer")
    page.locator("#explain-layers").click()
    expect(page.locator("#layer-map .heatmaplayer image").first).to_be_attached()
    for kind, begins in (("png", b"\x89PNG\r\n\x1a\n"), ("svg", b"<svg")):
        with page.expect_download() as picture:
            page.locator(f"#layer-ledgers [data-kind={kind}]").click()
        assert picture.value.suggested_filename == f"layers.{kind}"
        assert picture.value.path().read_bytes().startswith(begins)


def test_tabs_stand_in_one_row_on_a_desk(page: Page) -> None:
    tops = page.locator("#lenses [role=tab]").evaluate_all("tabs => tabs.map(tab => tab.getBoundingClientRect().top)")
    assert len(tops) >= 10 and len({round(top) for top in tops if top}) == 1


ASKED_FOR = (("Attribution by layer", "#explain-layers", "#layer-map"), ("Compare methods", "#compare", "#trial"))
ODD = {
    "one": "a",
    "long-token": "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft " * 3,
    "many": "The weather in the harbour was fine and the boats went out. " * 40,
    "chinese": "\u8fd9\u90e8\u7535\u5f71\u5f88\u597d\u770b\uff0c\u6211\u975e\u5e38\u559c\u6b22\u3002",
    "emoji": "\N{SMILING FACE WITH HEART-SHAPED EYES} what a film \N{CLAPPING HANDS SIGN}\N{CLAPPING HANDS SIGN}",
}


@pytest.mark.parametrize("kind", ["opening", *ODD])
def test_it_looks_right(desk_and_phone: tuple[Page, Page], kind: str) -> None:
    """No lens is wider than the screen, in light and dark and on a phone, which asks what was answered just before."""
    for page in desk_and_phone:
        if kind != "opening":
            open_tab(page, "Fill-mask")  # what is on a tab that was never open is not in the page
            write(page, ODD[kind])
            expect(page.locator("#words .word").first).to_be_visible()
            page.wait_for_timeout(2500 if kind == "many" else 1200)
        for name in ("Classify", "Fill-mask", "Attention", "Attributions"):
            open_tab(page, name)
            if name == "Attention":
                expect(page.locator("#heatmap .heatmaplayer image").first).to_be_attached()
            look_at(page, f"{kind}-{name.lower()}", dark=kind in ("opening", "chinese"))
        if kind in ("opening", "one", "chinese"):
            for name, button, place in ASKED_FOR[: 1 if kind == "chinese" else None]:
                open_tab(page, name)
                folded = page.viewport_size == PHONE["viewport"]  # there Run of the bar starts it
                page.locator("#analyse" if folded else button).click()
                expect(page.locator(place)).to_be_visible()
                look_at(page, f"{kind}-{name.lower()}", dark=kind == "opening")


def photograph(page: Page, name: str) -> None:
    """Keep the whole page for a person to look at, in the folder that the variable SCREENS names."""
    if folder := os.environ.get("SCREENS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.wait_for_timeout(250)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def look_at(page: Page, name: str, dark: bool = True) -> None:
    """Nothing is wider than the screen; the page is photographed, also `dark` if asked."""
    for look in ("phone",) if page.viewport_size == PHONE["viewport"] else ("light", "dark"):
        if look == "dark":
            page.locator("#theme").click()
            assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(19, 22, 26)"
        page.wait_for_timeout(150)  # a lens is put into the page when its tab is opened
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= page.viewport_size["width"], f"{look}: {name} is {width} pixels wide"
        if dark or look != "dark":
            photograph(page, f"{look}-{name}")
        if look == "dark":
            page.locator("#theme").click()
