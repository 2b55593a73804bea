"""The lens Evaluate in Chromium: a file, what was understood of it, the answer, its rows, its files; Stop; a phone."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from test_browser import PHONE, browser, open_tab, page, take, visit, write

from bert_demo import BertService

__all__ = ["browser", "page"]
pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("default")]
TEXTS = ["A fine film.", "A dull film.", "A warm story; I laughed.", "Nothing happens.", "=A joy", "I slept."]
LABELS = ["positive", "negative", "positive", "positive", "negative", "negative"]
"""Some of them wrong."""
SEMICOLONS = "nr;text;label\n" + "".join(
    f'{at};"{text}";{label}\n' for at, (text, label) in enumerate(zip(TEXTS, LABELS, strict=True), 1)
)


def bring(page: Page, content: str | bytes, name: str = "films.csv") -> None:
    """Open a file, as from the disk."""
    raw = content.encode() if isinstance(content, str) else content
    place = page.locator("#rows-source input[type=file]")
    expect(place).to_be_attached()
    place.set_input_files({"name": name, "mimeType": "text/csv", "buffer": raw})


def opened(page: Page) -> None:
    open_tab(page, "Evaluate")
    expect(page.locator("#understood")).to_contain_text("Understood: 24 rows")


def test_file_is_understood_before_anything_is_computed_and_answered(page: Page, service: BertService) -> None:
    opened(page)
    expect(page.locator("#notice-evaluate")).to_contain_text("Press Enter or Run")
    bring(page, SEMICOLONS)
    said = page.locator("#understood")
    expect(said).to_contain_text("Understood: 6 rows of films.csv")
    expect(said).to_contain_text("Semicolon-separated.")
    expect(said).to_contain_text("Left out: nr.")
    expect(page.locator("#evaluated-rows textarea")).to_have_value("")
    expect(page.locator("#evaluated")).to_be_hidden()
    page.locator("#evaluate").click()
    rows = list(zip(TEXTS, LABELS, strict=True))
    found = service.evaluate(rows, lines=range(2, 8))
    expect(page.locator("#evaluated h2")).to_contain_text(f"{100 * found.accuracy.value:.1f} %")
    expect(page.locator("#reliability .scatterlayer .trace")).to_have_count(2)
    drawn = page.evaluate("[...document.querySelector('#reliability .js-plotly-plot')._fullData[1].y]")
    assert drawn == pytest.approx([each.right.value for each in found.calibration.bins])
    wrong = page.locator("#answered-rows li:visible")
    expect(wrong).to_have_count(len(found.mistakes))
    assert [each.inner_text().split("\n")[-1] for each in wrong.all()] == [each.text for each in found.mistakes]
    cell = page.locator('#confusion button:not([disabled])[aria-label*="truth negative, answer negative"]')
    cell.click()
    expect(cell).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".rows-shown")).to_contain_text("truth negative, answer negative")
    assert found.confusion is not None
    expect(wrong).to_have_count(int(found.confusion[0, 0]))


def test_clicked_row_is_asked_in_the_lens_that_is_chosen_and_the_answer_stays(page: Page, service: BertService) -> None:
    opened(page)
    bring(page, SEMICOLONS)
    expect(page.locator("#understood")).to_contain_text("films.csv")
    page.locator("#analyse").click()
    expect(page.locator("#evaluated .panel")).to_be_visible()
    page.get_by_role("button", name="all: 6").click()
    page.locator("#answered-rows [data-lens]").select_option("attributions")
    page.locator("#answered-rows li:visible", has_text="I laughed").get_by_role("button").click()
    expect(page.locator("#text textarea")).to_have_value(TEXTS[2])
    expect(page.get_by_role("tab", name="Attributions", exact=True)).to_have_attribute("aria-selected", "true")
    expect(page.locator("#attributed button.w")).to_have_count(len(service.attribute(TEXTS[2]).words))
    open_tab(page, "Evaluate")
    expect(page.locator("#evaluated .panel")).to_be_visible()
    expect(page.locator("#answered-rows li:visible").first).to_be_visible()
    write(page, "Another question.")  # Enter asks the rows again, and not the text
    expect(page.locator("#evaluated h2")).to_contain_text("of sentiment")


def test_files_are_made(page: Page, service: BertService) -> None:
    opened(page)
    bring(page, SEMICOLONS)
    expect(page.locator("#understood")).to_contain_text("films.csv")
    page.locator("#evaluate").click()
    expect(page.locator("#evaluated .panel")).to_be_visible()
    held = {}
    for label in ("all rows, CSV", "all rows, JSON lines", "all figures, JSON"):
        with page.expect_download() as download:
            page.get_by_role("button", name=label, exact=True).click()
        held[download.value.suggested_filename] = Path(download.value.path()).read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(held["evaluated-rows.csv"])))
    assert [row["text"] for row in rows] == [text if text[0] != "=" else f"'{text}" for text in TEXTS]
    assert [row["truth"] for row in rows] == LABELS
    lines = [json.loads(line) for line in held["evaluated-rows.jsonl"].splitlines()]
    found = service.evaluate(list(zip(TEXTS, LABELS, strict=True)), lines=range(2, 8))
    assert [list(line["probabilities"].values()) for line in lines] == [
        pytest.approx(row, abs=1e-6) for row in found.probabilities.tolist()
    ]
    assert json.loads(held["evaluation.json"])["accuracy"]["value"] == found.accuracy.value


def test_choices_are_changed_on_the_page(page: Page) -> None:
    opened(page)
    said = page.locator("#understood")
    bring(page, "text,label\nA fine film.,gut\nA dull film.,schlecht\nA sad film.,schlecht\n", "kritik.csv")
    expect(said.get_by_role("alert")).to_contain_text("Say which is which")
    page.locator("#evaluate").click()
    expect(page.locator("#notice-evaluate .error")).to_contain_text("Say which is which")
    said.locator("[data-label=gut]").select_option("positive")
    said.locator("[data-label=schlecht]").select_option("negative")
    expect(said).to_contain_text("schlecht = negative, gut = positive")
    expect(said).to_contain_text("Understood: 3 rows")
    bring(page, "text,sentence,label\nA fine film.,It is,positive\nA dull film.,It was,negative\n")
    expect(said.get_by_role("alert")).to_contain_text("several columns that may be the text")
    said.locator("[data-choice=text]").select_option("sentence")
    expect(said).to_contain_text("Columns sentence and label. Left out: text.")
    said.get_by_role("button", name="Back to what was found").click()
    expect(said.get_by_role("alert")).to_contain_text("several columns that may be the text")
    bring(page, "text;label\nUn film dr\xf4le;positive\nUn film rat\xe9;negative\n".encode("cp1252"))
    expect(said).to_contain_text("Windows-1252, western languages (a guess)")
    said.locator("[data-choice=encoding]").select_option("cp1250")
    expect(said).not_to_contain_text("(a guess)")
    expect(said.locator("[data-choice=encoding]")).to_have_value("cp1250")


def test_bad_rows_are_listed_and_left_out_only_on_request(page: Page) -> None:
    opened(page)
    said = page.locator("#understood")
    page.locator("#evaluated-rows textarea").fill("A fine film.\tpositive\nA dull film.\tnegative\nIt ended.\tgreen\n")
    expect(said.locator(".bad-rows li")).to_have_text(["Line 3: the label 'green' is none of negative, positive."])
    page.locator("#evaluate").click()
    expect(page.locator("#notice-evaluate .error")).to_contain_text("Line 3: the label 'green'")
    said.locator("[data-choice=skip]").check()
    expect(said).to_contain_text("will be left out")
    page.locator("#evaluate").click()
    expect(page.locator("#evaluated .note").first).to_contain_text("Over 2 rows.")
    page.locator("#evaluated-rows textarea").fill("A fine film.\tpositive\nA dull film.\tnegative\nGood.\tpositive\n")
    expect(page.locator("#evaluated")).to_be_hidden()  # it was the answer to other rows
    expect(said).to_contain_text("Understood: 3 rows")


def test_file_that_cannot_be_read_gets_a_sentence(page: Page) -> None:
    opened(page)
    said = page.locator("#understood").get_by_role("alert")
    bring(page, bytes(range(256)) * 9, "photo.csv")
    expect(said).to_contain_text("photo.csv is no text")
    bring(page, "", "nothing.csv")
    expect(said).to_contain_text("nothing.csv is empty")
    bring(page, "x" * 1_000_001, "long.csv")
    expect(page.locator(".rows-said")).to_contain_text("long.csv has 1,000,001 bytes; the limit is 1,000,000.")
    page.get_by_role("button", name="Use the example").click()
    expect(page.locator("#understood")).to_contain_text("Understood: 24 rows")
    expect(page.locator(".rows-said")).to_be_empty()


def test_run_shows_its_progress_and_stops(page: Page) -> None:
    opened(page)
    long = "It was a long evening and the film did not end before the last train had left. " * 8
    bring(page, "text,label\n" + "".join(f"{n} {long},{('positive', 'negative')[n % 2]}\n" for n in range(1200)))
    expect(page.locator("#understood")).to_contain_text("Understood: 1,200 rows")
    page.locator("#evaluate").click()
    notice = page.locator("#notice-evaluate")
    expect(notice).to_contain_text("/ 1200")
    page.locator("#stop").click()
    expect(notice).to_contain_text("Stopped")
    page.wait_for_timeout(1500)
    expect(notice).to_contain_text("Stopped")
    expect(page.locator("#answered-rows li")).to_have_count(0)


def test_another_model_has_other_labels(page: Page) -> None:
    opened(page)
    page.locator("#evaluate").click()
    expect(page.locator("#evaluated .panel")).to_be_visible()
    open_tab(page, "Classify")
    page.locator("#model input").fill("topics")
    page.locator("#model input").press("Enter")
    expect(page.locator("#labels .bar")).to_have_count(4)
    open_tab(page, "Evaluate")
    expect(page.locator("#understood").get_by_role("alert")).to_contain_text("this model's are")
    expect(page.locator("#evaluated")).to_be_hidden()


def test_phone_has_all_of_it_without_overflow(browser: Browser, server: str) -> None:
    for phone in visit(browser, f"{server}/?tab=evaluate", **PHONE):
        expect(phone.get_by_role("tab", name="Evaluate")).to_be_in_viewport(ratio=0.9)
        expect(phone.locator("#answered-rows li").first).to_be_visible()
        bring(phone, SEMICOLONS)
        expect(phone.locator("#understood")).to_contain_text("films.csv")
        phone.locator("#evaluate").click()
        expect(phone.locator("#answered-rows li").first).to_be_visible()
        assert phone.evaluate("document.documentElement.scrollWidth") == 360
        tall = phone.locator("#confusion button:visible").evaluate_all("(all) => all.map((each) => each.offsetHeight)")
        assert min(tall) >= 24


FILMS = "text,label\n" + "".join(
    f"A {word} {noun}.,{label}\n"
    for noun in ("film", "story", "comedy", "drama", "script", "thriller")
    for word, label in (("warm", "positive"), ("dull", "negative"))
)


def evaluated(page: Page) -> None:
    opened(page)
    bring(page, FILMS)
    expect(page.locator("#understood")).to_contain_text("Understood: 12 rows of films.csv")
    page.locator("#evaluate").click()
    expect(page.locator("#answered-rows li").first).to_be_attached()


def study(page: Page, title: str) -> None:
    """Unfold one."""
    page.get_by_role("button", name=title).click()


def test_words_lead_to_their_rows(page: Page, service: BertService) -> None:
    evaluated(page)
    study(page, "Which words push a label")
    page.locator("#pushed-label input").fill("positive")
    take(page, "#pushed-label")
    page.locator("#attribute-rows-run").click()
    words = page.locator("#attribute-rows")
    expect(words.locator("h2")).to_have_text("Words that push positive")
    rows = [(text, label) for text, label in (line.split(",") for line in FILMS.splitlines()[1:])]
    found = service.attribute_rows(rows, target="positive", lines=range(2, 14))
    pushing = [each.word for each in found.words if each.effect.low > 0]
    expect(words.locator(".both-ways > div").first.locator("bdi")).to_have_text(pushing)
    words.get_by_role("button", name="warm", exact=True).focus()
    page.keyboard.press("Enter")
    shown = page.locator("#answered-rows li:visible")
    expect(shown).to_have_count(6)
    assert all("warm" in each.inner_text() for each in shown.all())
    with page.expect_download() as download:
        words.get_by_role("button", name="all attributions, CSV").click()
    held = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8"))))
    assert [each["word"] for each in held[:3]] == ["A", "warm", "film"]
    page.locator("#evaluated-rows textarea").fill("A fine film.\tpositive\nA dull film.\tnegative\n")
    expect(words).to_be_hidden()


def test_doubtful_labels_and_a_second_file(page: Page) -> None:
    evaluated(page)
    study(page, "Labels that may be wrong")
    place = page.locator("#second-file")
    content = "text,label\nA DULL film!,negative\nQuite another.,positive\n"
    place.locator("input[type=file]").set_input_files(
        {"name": "training.csv", "mimeType": "text/csv", "buffer": content.encode()}
    )
    expect(place.get_by_role("status")).to_have_text("training.csv")
    page.locator("#label-issues-run").click()
    said = page.locator("#label-issues")
    expect(said).to_contain_text("Texts in both files: 1")
    said.get_by_role("button", name="line 3", exact=True).click()
    expect(page.locator("#answered-rows li:visible")).to_have_text([re.compile("A dull film.")])


def test_another_model_on_the_same_rows(page: Page) -> None:
    evaluated(page)
    study(page, "Another model on the same rows")
    page.locator("#compare-models-run").click()
    said = page.locator("#compare-models")
    expect(said.get_by_role("alert")).to_contain_text("Name the other model first")
    page.locator("#other-model input, #other-model textarea").fill("sentiment")
    page.locator("#compare-models-run").click()
    expect(said).to_contain_text("Answered otherwise: 0")


def test_what_labels_mean_is_kept_in_the_link(page: Page, server: str) -> None:
    opened(page)
    said = page.locator("#understood")
    bring(page, "text,label\nA fine film.,gut\nA dull film.,schlecht\n", "kritik.csv")
    expect(said.get_by_role("alert")).to_contain_text("Say which is which")
    said.locator("[data-label=gut]").select_option("positive")
    expect(said.locator("[data-label=schlecht]")).to_be_visible()
    said.locator("[data-label=schlecht]").select_option("negative")
    expect(said).to_contain_text("Understood: 2 rows")
    assert "labels=" in page.url
    page.goto(page.url)
    expect(page.locator("#understood")).to_contain_text("Understood: 24 rows")
    bring(page, "text,label\nA fine film.,gut\nA dull film.,schlecht\nA sad one.,schlecht\n", "mehr.csv")
    expect(said).to_contain_text("Understood: 3 rows of mehr.csv")
    said.get_by_role("button", name="Back to what was found").click()
    expect(said.get_by_role("alert")).to_contain_text("Say which is which")
    assert "labels=" not in page.url


def test_report_opens_by_itself(page: Page, tmp_path: Path) -> None:
    evaluated(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="report, HTML", exact=True).click()
    report = tmp_path / download.value.suggested_filename
    download.value.save_as(report)
    with page.context.new_page() as alone:
        asked: list[str] = []
        alone.on("request", lambda request: asked.append(request.url))
        alone.goto(report.as_uri())
        expect(alone.get_by_role("heading", level=1)).to_have_text("sentiment on 12 rows")
        assert asked == [report.as_uri()]
    with page.expect_download() as download:
        page.get_by_role("button", name="all rows, Parquet", exact=True).click()
    assert Path(download.value.path()).read_bytes()[:4] == b"PAR1"


def test_study_shows_its_progress_and_stops(page: Page) -> None:
    opened(page)
    long = "It was a long evening and the film did not end before the last train had left. " * 8
    bring(page, "text,label\n" + "".join(f"{n} {long},{('positive', 'negative')[n % 2]}\n" for n in range(40)))
    expect(page.locator("#understood")).to_contain_text("Understood: 40 rows")
    page.locator("#evaluate").click()
    expect(page.locator("#answered-rows li").first).to_be_attached(timeout=60_000)
    study(page, "Which words push a label")
    page.locator("#attribute-rows-run").click()
    words = page.locator("#attribute-rows")
    expect(words).to_contain_text("/ 40")
    page.locator("#stop").click()
    expect(words).to_contain_text("Stopped")
    page.wait_for_timeout(1500)
    expect(words).to_contain_text("Stopped")
    expect(page.locator("#evaluated .panel")).to_be_visible()  # the answer stays


def test_word_of_a_list_that_comes_after_that_of_its_button_takes_no_answer_away(page: Page) -> None:
    """gradio tells of a list once more when it is left, which a click on the button does."""
    evaluated(page)
    study(page, "Which words push a label")
    label = page.locator("#pushed-label input")
    label.fill("positive")
    take(page, "#pushed-label")
    page.locator("#attribute-rows-run").dispatch_event("click")
    label.dispatch_event("blur")
    expect(page.locator("#attribute-rows h2")).to_have_text("Words that push positive")
    label.focus()
    page.locator("#evaluate").focus()
    page.wait_for_timeout(1000)
    expect(page.locator("#attribute-rows h2")).to_have_text("Words that push positive")
    label.fill("negative")
    label.press("Enter")
    expect(page.locator("#attribute-rows h2")).to_have_count(0)


def test_numbers_are_held_against_those_of_the_model(
    page: Page, server: str, service: BertService, tiny_regressor: str
) -> None:
    page.goto(f"{server}/?tab=evaluate&model={tiny_regressor}")
    page.wait_for_function("window.bertDemo?.isReady()")
    said = page.locator("#understood")
    expect(said.get_by_role("alert")).to_contain_text("is no number")  # the example has labels
    texts = ["the cat sat", "a dog ran", "the film was bad", "a good dog"]
    bring(page, "text;rating\n" + "".join(f"{text};{at},5\n" for at, text in enumerate(texts)), "stars.csv")
    expect(said).to_contain_text("Numbers from 0.5 to 3.5, 2 on average.")
    page.locator("#evaluate").click()
    found = service.evaluate_regression(
        [(text, at + 0.5) for at, text in enumerate(texts)], tiny_regressor, lines=range(2, 6)
    )
    expect(page.locator("#reliability .scatterlayer .trace")).to_have_count(2)
    expect(page.locator("#evaluated h2")).to_contain_text(f"mean absolute error {found.mean_absolute_error.value:.3f}")
    drawn = page.evaluate("[...document.querySelector('#reliability .js-plotly-plot')._fullData[1].y]")
    assert drawn == pytest.approx(found.answers.tolist(), abs=1e-5)
    rows = page.locator("#answered-rows li:visible")
    expect(rows).to_have_count(4)
    assert [each.inner_text().split("\n")[-1] for each in rows.all()] == [each.text for each in found.farthest]
    low = [each for each in found.farthest if each.answer < each.truth]
    page.get_by_role("button", name=f"too low: {len(low)}").click()
    expect(rows).to_have_count(len(low))
    with page.expect_download() as download:
        page.get_by_role("button", name="all rows, CSV", exact=True).click()
    kept = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8"))))
    assert [row["text"] for row in kept] == texts and [float(row["truth"]) for row in kept] == [0.5, 1.5, 2.5, 3.5]
    rows.first.get_by_role("button").click()
    expect(page.locator("#text textarea")).to_have_value(low[0].text)
