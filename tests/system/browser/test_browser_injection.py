"""Texts, labels, tokens, model names and addresses that are markup: the real page shows them, and runs none of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
import torch
from conftest import WORDS, tiny_config
from playwright.sync_api import Browser, Page, expect
from test_browser import browser, visit, write
from transformers import BertForPreTraining, BertForSequenceClassification, BertTokenizer

__all__ = ["browser"]
pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("default")]
HIT = "window.__hit=1"
IMAGE = f"<img src=x onerror={HIT}>"
TEXTS = (
    f'{IMAGE} the cat "><script>{HIT}</script> sat [MASK] </textarea><svg/onload={HIT}>',
    f"' onmouseover='{HIT} the \" autofocus onfocus={HIT} x=\" [MASK] javascript:{HIT} ${{{HIT}}} {{{{{HIT}}}}}",
)
PAIR = f'a dog <iframe srcdoc="<script>parent.__hit=1</script>"> ran </style></title><img src=x onerror="{HIT}">'
LABELS = {0: IMAGE, 1: f'"><script>{HIT}</script>', 2: f"' onmouseover='{HIT}"}
TOKENS = (IMAGE, f'"onfocus={HIT}', f"</script><svg/onload={HIT}>", f"${{{HIT}}}", "&lt;img", f"javascript:{HIT}")
TABS = (
    "Classify", "Fill-mask", "Attention", "What heads do", "Attributions", "Attribution by layer", "Compare methods",
    "Pieces and states", "Next sentence", "Without heads", "Evaluate",
)  # fmt: skip
ASKED = ("#explain-layers", "#compare", "#look-inside", "#explain-word", "#lab-run", "#similar-button")
"""Buttons of what waits to be asked."""
MADE = """() => window.__hit !== undefined
    || document.querySelector('img[src="x"], iframe[srcdoc], [autofocus][onfocus]') !== null
    || [...document.querySelectorAll('script')].some((each) => each.textContent.trim() === 'window.__hit=1')
    || [...document.querySelectorAll('*')].some((each) => [...each.attributes].some((one) =>
        (one.name.startsWith('on') || one.name === 'href') && /^[^#?]*__hit/.test(one.value)))"""
"""Whether anything of the texts became an element, a handler or a script."""
MARKS = ("<", ">", "/", '"', "=", "(", ")", ":", ";", "{", "}", "$", "'", "&")


def save(directory: Path, model: type, **changes: object) -> str:
    """A tiny model whose vocabulary is markup in part."""
    directory.mkdir(parents=True)
    names = [*["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], *WORDS.split(), *TOKENS, *MARKS]
    vocabulary = {word: number for number, word in enumerate(dict.fromkeys(names))}
    BertTokenizer(vocab=vocabulary, do_lower_case=True, model_max_length=120).save_pretrained(directory)
    torch.manual_seed(0)
    config = tiny_config(**changes)
    config.vocab_size, config.max_position_embeddings = len(vocabulary), 120
    config.license = config.language = config.finetuning_task = IMAGE
    model(config).save_pretrained(directory)
    return str(directory)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Directories, whose own names are markup, of a classifier and of a model that fills masks."""
    here = tmp_path_factory.mktemp("hostile")
    names = (f"{IMAGE}'\"&lt;", f'" onerror={HIT} x="')
    return {
        "classifier": save(here / names[0], BertForSequenceClassification, id2label=LABELS, num_labels=3),
        "masked": save(here / names[1], BertForPreTraining),
    }


@pytest.fixture
def page(browser: Browser, server: str, hostile: dict[str, str]) -> Iterator[Page]:
    """A visitor whose link is markup in every part."""
    parts = {
        "text": TEXTS[0],
        "pair": PAIR,
        "model": hostile["classifier"],
        "tab": "attention",
        "layer": "1",
        "head": "1",
    }
    parts |= {"hide": f"0-3,{IMAGE}", "view": IMAGE, "lab": f'"><script>{HIT}</script>'}
    yield from visit(browser, f"{server}/?{urlencode(parts)}")


def use(page: Page, model: str) -> None:
    page.locator("#model input").fill(model)
    page.locator("#model input").press("Enter")


def through(page: Page, *lenses: str) -> None:
    """Open each tab, press what waits to be asked, click what is drawn."""
    for name in lenses:
        page.get_by_role("tab", name=name, exact=True).click()
        for button in ASKED:
            if page.locator(button).is_visible() and page.locator(button).is_enabled():
                page.locator(button).click()
        page.wait_for_timeout(500)
        panel = page.get_by_role("tabpanel").locator("visible=true").first
        for word in panel.locator("button.w, button.word, button[data-word], .bar.candidate").all()[:1]:
            if word.is_visible() and word.is_enabled():
                word.click()
        assert not page.evaluate(MADE), name


def test_markup_is_shown_and_never_run(page: Page, hostile: dict[str, str]) -> None:
    opened: list[str] = []
    page.on("dialog", lambda dialog: (opened.append(dialog.message), dialog.dismiss()))
    expect(page.locator("#text textarea")).to_have_value(TEXTS[0])
    page.get_by_role("tab", name="Classify", exact=True).click()
    expect(page.locator("#labels .bar")).to_have_count(3)
    expect(page.locator("#labels")).to_contain_text(IMAGE)
    through(page, *TABS)
    rows = [{"text": text, "label": LABELS[at]} for at, text in enumerate((*TEXTS, PAIR))]
    page.locator("#evaluated-rows textarea").fill("\n".join(map(json.dumps, rows)))
    expect(page.locator("#understood")).to_contain_text("Understood: 3 rows")
    page.locator("#evaluate").click()
    expect(page.locator("#answered-rows li")).to_have_count(3)
    expect(page.locator("#confusion")).to_contain_text(IMAGE)
    assert not page.evaluate(MADE)
    use(page, hostile["masked"])
    write(page, TEXTS[1])
    page.get_by_role("tab", name="Fill-mask", exact=True).click()
    expect(page.locator("#slots .candidate").first).to_be_visible()
    through(page, "Fill-mask", "What heads do", "Pieces and states", "Next sentence")
    use(page, IMAGE)
    page.get_by_role("tab", name="Classify", exact=True).click()
    expect(page.get_by_role("alert").first).to_contain_text("There is no model")
    expect(page.get_by_role("alert").first).to_contain_text("onerror")
    assert not page.evaluate(MADE) and not opened
    page.evaluate(f"document.body.setAttribute('onpaste', '{HIT}')")
    assert page.evaluate(MADE), "the check sees a handler"
