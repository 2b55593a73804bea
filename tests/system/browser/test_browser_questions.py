"""What a question costs on the wire: only the open lens is asked, nothing is fetched twice, what is sent is small."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from test_browser import OPENING, browser, page, signed, write

from benchmarks.wire import Wire
from bert_demo import BertService

__all__ = ["browser", "page"]
pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("default")]
PAGE_LOADED_AGAIN = """performance.getEntriesByType('resource')
    .filter((each) => new URL(each.name).pathname === '/').map((each) => each.name)"""
SCREEN = {"width": 1240, "height": 1000}


@pytest.fixture
def wire(page: Page) -> Wire:
    found = Wire(page)
    page.wait_for_timeout(500)  # what the opening still asks for
    found.clear()
    return found


def open_tab(page: Page, lens: str) -> None:
    """Open a lens by its name in addresses."""
    page.evaluate(f"document.querySelector('#tab-{lens}-button').click()")


def quiet(page: Page) -> None:
    """Time for what should not come."""
    page.wait_for_timeout(1000)


def test_question_asks_the_open_lens_and_no_other(page: Page, wire: Wire) -> None:
    write(page, "A funny film about dogs and cats.")
    expect(page.locator("#tokens")).to_contain_text("dogs")
    quiet(page)
    assert sorted(set(wire.paths())) == ["/gradio_api/queue/data", "/gradio_api/queue/join"]
    assert wire.asked() == 1, "Classify: the bar asks nothing by itself"
    assert len(wire.urls) == 2, "what was asked, and its answer"
    assert 500 < wire.size() < 40_000


@pytest.mark.parametrize("lens", ["attention", "heads", "attributions", "layers"])
def test_question_is_one_event_in_every_lens_whose_labels_are_there(page: Page, wire: Wire, lens: str) -> None:
    open_tab(page, lens)
    shown = page.locator(f"#tab-{lens} .lens-answer")
    for text in ("A film about cats.", "A funny film about dogs and cats."):
        quiet(page)
        wire.clear()
        write(page, text)
        expect(shown).to_contain_text(text.split()[1])
    quiet(page)
    assert wire.asked() == 1
    assert len(wire.urls) <= 3


def test_leaving_the_list_of_models_asks_nothing(page: Page, wire: Wire) -> None:
    page.locator("#model input").fill("spam")
    page.locator("#model input").press("Enter")
    expect(page.locator("#labels .bar").first).to_contain_text("ham")
    quiet(page)
    wire.clear()
    page.locator("#text textarea").focus()
    quiet(page)
    assert wire.asked() == 0


def test_labels_follow_another_model_and_are_asked_for_once(page: Page, wire: Wire, service: BertService) -> None:
    open_tab(page, "attributions")
    expect(page.locator("#attributed .w").first).to_be_visible()
    page.get_by_role("button", name="News").click()
    page.wait_for_function("location.search.includes('model=topics')")
    text = page.locator("#text textarea").input_value()
    label = service.classify(text, None, "topics").labels[0].label
    expect(page.locator("#attributed h2")).to_contain_text(label)
    quiet(page)
    wire.clear()
    page.locator("#text textarea").press("Enter")
    quiet(page)
    assert wire.asked() == 1
    page.locator("#target input").click()
    expect(page.locator("#target [role=option]")).to_have_count(6)


DRAWN = """() => {
  window.draws = 0;
  document.querySelector('#heatmap .js-plotly-plot').on('plotly_afterplot', () => { window.draws += 1; });
}"""


def test_answer_is_drawn_once(page: Page) -> None:
    """gradio sends the last word of a work once more when it is done, and lets plotly find out the width anew."""
    open_tab(page, "attention")
    expect(page.locator("#heatmap .heatmaplayer image").first).to_be_attached()
    quiet(page)
    page.evaluate(DRAWN)
    write(page, "A dull film with a funny end.")
    expect(page.locator("#heatmap")).to_contain_text("dull")
    quiet(page)
    assert page.evaluate("window.draws") == 1


def test_hidden_lens_answers_when_it_is_opened_and_only_then(page: Page, wire: Wire, service: BertService) -> None:
    open_tab(page, "attributions")
    expect(page.locator("#attributed .w").filter(has_text="masterpiece")).to_be_visible()
    open_tab(page, "classify")
    quiet(page)
    wire.clear()
    open_tab(page, "attributions")
    quiet(page)
    assert not wire.urls, "its answer is that to the question"
    open_tab(page, "classify")
    write(page, "A dull film.")
    expect(page.locator("#tokens")).to_contain_text("dull")
    shown = page.evaluate("""() => new Promise((resolve) => {
        document.querySelector('#tab-attributions-button').click();
        const seen = new Set();
        const began = performance.now();
        const look = () => {
            const place = document.querySelector('#attributed');
            if (place?.getClientRects().length) seen.add(place.textContent.includes('dull') ? 'new' : 'old');
            if (seen.has('new') || performance.now() - began > 20000) resolve([...seen]);
            else requestAnimationFrame(look);
        };
        look();
    })""")
    assert shown == ["new"]
    found = service.attribute("A dull film.")
    expect(page.locator("#ledger strong").first).to_have_text(signed(found.input_output, 3))


@pytest.mark.parametrize(
    ("name", "place"), [("layers", "#layer-map"), ("inside", "#pieces"), ("methods", "#methods-table")]
)
def test_dear_lens_waits_for_enter(page: Page, wire: Wire, name: str, place: str) -> None:
    open_tab(page, name)
    expect(page.locator(f"#notice-{name}")).to_contain_text("Press Enter or Run")
    quiet(page)
    assert not [path for path in wire.paths() if not path.startswith("/assets/lens-")]  # its own script alone
    write(page, "A parrot.")
    expect(page.locator(place)).to_contain_text("parrot")
    open_tab(page, "classify")
    write(page, "A raven.")
    expect(page.locator("#tokens")).to_contain_text("raven")
    open_tab(page, name)
    expect(page.locator(f"#notice-{name}")).to_contain_text("Press Enter or Run")
    expect(page.locator(place)).to_be_hidden()
    page.locator("#analyse").click()
    expect(page.locator(place)).to_contain_text("raven")


def test_enter_switches_each_head_off_where_that_is_open(page: Page, service: BertService) -> None:
    open_tab(page, "without")
    expect(page.locator("#gates button").first).to_be_visible()
    expect(page.locator("#worth")).to_be_hidden()
    write(page, "A dull film.")
    found = service.head_worth("A dull film.")
    expect(page.locator("#worth")).to_contain_text(signed(found.score, 3))


def test_what_is_chosen_in_a_hidden_lens_is_not_asked_before_it_is_opened(page: Page, wire: Wire) -> None:
    open_tab(page, "heads")
    expect(page.locator("#all-heads tbody tr").first).to_be_visible()
    quiet(page)
    wire.clear()
    page.locator("#all-heads [data-pick]").first.click()
    expect(page.locator("#head-title")).to_contain_text("Head ")
    quiet(page)
    assert wire.asked() <= 2, "Attention alone, which is open now"


@pytest.mark.parametrize(
    ("query", "place", "shown"),
    [
        ("?tab=layers", "#layer-ledgers", "Every layer, the same ledger"),
        ("?tab=layers&text=A+parrot.", "#layer-map", "parrot"),
        ("?tab=attributions&text=A+parrot.", "#attributed", "parrot"),
        ("?tab=inside", "#pieces", "masterpiece"),
    ],
)
def test_linked_lens_is_computed(browser: Browser, server: str, query: str, place: str, shown: str) -> None:
    context = browser.new_context()
    try:
        page = context.new_page()
        page.goto(server + query)
        expect(page.locator(place)).to_contain_text(shown)
    finally:
        context.close()


def test_question_with_a_plotly_picture_loads_no_page_again(page: Page, wire: Wire) -> None:
    open_tab(page, "attention")
    expect(page.locator("#heatmap .heatmaplayer image").first).to_be_attached()
    for text in ("A funny film.", "A dull film."):
        write(page, text)
        expect(page.locator("#heatmap")).to_contain_text(text.split()[1])
    quiet(page)
    assert page.evaluate(PAGE_LOADED_AGAIN) == []
    assert not {"/"} & set(wire.paths())
    clips = page.evaluate("[...document.querySelectorAll('[clip-path]')].map((each) => each.getAttribute('clip-path'))")
    assert clips and all(clip.startswith(("url(#", "url('#", 'url("#')) for clip in clips)


@pytest.fixture
def newcomer(browser: Browser, server: str) -> Iterator[tuple[Page, Wire]]:
    """A visitor with an empty cache, before the page is opened."""
    context = browser.new_context(viewport=SCREEN)
    page = context.new_page()
    yield page, Wire(page)
    context.close()


def test_first_visit_is_small_and_fetches_nothing_twice(newcomer: tuple[Page, Wire], server: str) -> None:
    page, wire = newcomer
    for _ in range(2):  # the first visitor's files are compressed in a hurry
        page.goto(server)
        page.wait_for_function("window.bertDemo?.isReady()")
        page.wait_for_timeout(4000)
    page.context.new_cdp_session(page).send("Network.clearBrowserCache")
    wire.clear()
    page.goto(server)
    page.wait_for_function("window.bertDemo?.isReady()")
    expect(page.locator("#labels .bar")).to_have_count(2)
    page.wait_for_timeout(2000)
    fetched = [url for url in wire.urls if "/gradio_api/" not in url]
    assert sorted(fetched) == sorted(set(fetched))
    assert not [url for url in fetched if "Plotly" in url]
    assert page.evaluate("performance.getEntriesByType('navigation')[0].transferSize") < 140_000
    assert wire.size() < 335_000


@pytest.mark.parametrize(
    ("query", "text"), [("", OPENING), ("?text=%3Cb%3E+%24%7Bx%7D+A+parrot.", "<b> ${x} A parrot.")]
)
def test_page_can_be_read_before_its_scripts_run(
    newcomer: tuple[Page, Wire], server: str, query: str, text: str
) -> None:
    page, _ = newcomer
    page.route("**/assets/*.js", lambda route: None)
    page.goto(server + query, wait_until="commit")
    first = page.locator("#placeholder")
    expect(first.locator("h1")).to_have_text("BERT under the lens")
    expect(first.locator(".asked")).to_have_text(text)
    expect(first.locator(".bar")).to_have_count(0 if query else 2)  # the answer to the opening, to no other text
    page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
    page.unroute_all(behavior="ignoreErrors")


def test_first_words_go_when_the_page_is_there(page: Page) -> None:
    expect(page.locator("#placeholder")).to_have_count(0)
    expect(page.locator("gradio-app")).to_have_css("opacity", "1")


SEEN = """
window.seen = [];
const look = () => {
  const area = document.querySelector('#text textarea');
  const answer = document.querySelector('#tab-classify .lens-answer');
  const there = (each) => each?.offsetHeight > 0 && getComputedStyle(each).visibility === 'visible';
  if (area && !document.querySelector('#placeholder')) {
    const parts = there(answer) ? [...answer.querySelectorAll('#labels .bar')].map((each) => each.textContent) : [];
    const now = [area.value, parts.join(' ').replace(/\\s+/g, ' ')].join('|');
    if (window.seen.at(-1) !== now) window.seen.push(now);
  }
  requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""
"""What a visitor sees of the bar and of Classify, frame by frame."""


@pytest.mark.parametrize("query", ["?text=A+dull+film.&tab=classify&model=sentiment", "?text=A+dull+film."])
def test_link_never_shows_the_opening(
    newcomer: tuple[Page, Wire], server: str, service: BertService, query: str
) -> None:
    page, _ = newcomer
    page.add_init_script(SEEN)
    page.goto(server + query)
    found = service.classify("A dull film.")
    best = max(found.labels, key=lambda each: each.score)
    expect(page.locator("#labels .bar").first).to_contain_text(f"{100 * best.score:.1f}")
    expect(page.locator("#tab-classify .lens-answer")).to_have_css("visibility", "visible")
    page.wait_for_timeout(300)
    seen = page.evaluate("window.seen")
    assert {each.split("|")[0] for each in seen} == {"A dull film."}
    answers = [each.split("|")[1] for each in seen if each.split("|")[1]]
    assert answers and all(f"{100 * best.score:.1f}" in each for each in answers)


def test_back_and_forward_ask_the_questions_before_and_after(
    newcomer: tuple[Page, Wire], server: str, service: BertService
) -> None:
    page, _ = newcomer

    def shows(text: str, model: str = "sentiment") -> None:
        expect(page.locator("#text textarea")).to_have_value(text)
        expect(page.locator("#model input")).to_have_value(model)
        best = max(service.classify(text, model=model).labels, key=lambda each: each.score)
        expect(page.locator("#labels .bar").first).to_contain_text(f"{100 * best.score:.1f}")
        expect(page.locator("#outdated-line")).to_be_empty()

    page.goto("about:blank")
    page.goto(server)
    page.wait_for_function("window.bertDemo?.isReady()")
    shows(OPENING)
    write(page, "A dull film.")
    shows("A dull film.")
    page.get_by_role("tab", name="Attention").click()
    page.get_by_role("tab", name="Classify").click()
    clean = "\u623f\u95f4\u5f88\u5e72\u51c0\u3002"
    write(page, clean)
    expect(page.locator("#model input")).not_to_have_value("sentiment")
    chinese = page.locator("#model input").input_value()
    shows(clean, chinese)
    write(page, "A dull film.")
    shows("A dull film.")
    page.go_back()
    shows(clean, chinese)
    page.go_back()
    shows("A dull film.")
    assert "text=A+dull+film." in page.url and "tab=classify" in page.url
    page.go_back()
    shows(OPENING)
    page.go_forward()
    shows("A dull film.")
    page.reload()
    page.wait_for_function("window.bertDemo?.isReady()")
    shows("A dull film.")
    page.go_back()
    shows(OPENING)
    page.go_back()
    page.wait_for_url("about:blank")
