"""python -m benchmarks.question --base CHECKOUT: what a visit and a question cost, in turns with another checkout.

Both apps run at once, warm; Chromium visits one after the other. A question is typed and Enter pressed; it is answered
when the open lens shows it. In the other checkout, whose dear lenses wait for a button, that button is pressed as soon
as the bar has taken the text.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.app_process import running_app, wait_for
from benchmarks.tables import HEADER, QUESTION, ROOT, markdown, printed, put
from benchmarks.wire import Wire

sys.path.insert(0, str(ROOT / "tests"))

SEVEN = "{} funny film about dogs and cats"
LONG = (
    "{0} {0} years after the first part, which nobody had asked for, they meet in the same house, say the same"
    " things, and the film looks at them until it ends"
)
"""31 words; the first one tells a question from those before it. It stands twice, since an axis may leave out every
second name."""
NUMBERS = ("Two", "Three", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve", "Forty", "Fifty")
QUIET = 1000
"""Milliseconds after an answer in which nothing more may come."""
PATIENCE = 300_000

WATCH = """(() => {
  const seen = window.seen = {};
  const note = (name, holds) => { if (!(name in seen) && holds) seen[name] = performance.now(); };
  const look = () => {
    if (document.body) {
      note('read', document.body.innerText.trim().length >= 60);
      const bar = document.querySelector('#placeholder .bar, #labels .bar');
      note('answer', bar && bar.getClientRects().length);
    }
    note('usable', window.bertDemo?.isReady());
    if (!('read' in seen) || !('answer' in seen) || !('usable' in seen)) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})()"""
"""When a page has 60 characters to read, when the first answer is seen, and when it takes a question."""
ASKED = """([sign, word, notice]) => { window.answered = new Promise((resolve) => {
  const field = document.querySelector('#text textarea');
  // A picture may leave names out where there is no room for all; its axis has them.
  const names = (place) => place.querySelector('.js-plotly-plot')?.layout?.xaxis?.ticktext ?? [];
  const look = (began) => {
    const place = document.querySelector(sign);
    const busy = document.querySelector(`${notice} .working`);
    const there = place && place.getClientRects().length
      && [place.textContent, ...names(place)].some((text) => String(text).toLowerCase().includes(word));
    if (there && !busy) resolve(performance.now() - began);
    else setTimeout(() => look(began), 10);
  };
  field.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') look(performance.now());
  }, { once: true, capture: true });
}); }"""
AGAIN = """performance.getEntriesByType('resource')
    .filter((each) => new URL(each.name).pathname === '/').length"""
"""How often the page itself was loaded as a part of itself.

ASKED: milliseconds from Enter until a place shows a word and its lens does not work any more."""
LENSES = {
    "classify": ("#tokens", ""),
    "fill-mask": ("#words", ""),
    "next-sentence": ("#orders", ""),
    "attention": ("#heatmap", ""),
    "heads": ("#tour", ""),
    "attributions": ("#attributed", ""),
    "layers": ("#layer-map", "#explain-layers"),
    "methods": ("#methods-table", "#compare"),
    "inside": ("#pieces", "#look-inside"),
}
"""Where each lens shows the text, and the button that the other checkout waits for."""


@dataclass
class Visitor:
    """A page of one of the apps, and what came over the wire."""

    address: str
    process: int
    page: Page
    wire: Wire


def visitor(browser: Browser, address: str, process: int, query: str = "") -> Visitor:
    """A new visitor with an empty cache, once the page can be used."""
    page = browser.new_context(viewport={"width": 1240, "height": 1000}).new_page()
    page.set_default_timeout(PATIENCE)
    found = Visitor(address, process, page, Wire(page))
    page.add_init_script(WATCH)
    page.goto(f"{address}/{query}")
    page.wait_for_function("window.bertDemo && window.bertDemo.isReady()")
    return found


def first_visit(browser: Browser, address: str, process: int, _: int = 0) -> dict[str, float]:
    """Bytes, requests and milliseconds of a first visit."""
    new = visitor(browser, address, process)
    new.page.wait_for_function("'answer' in window.seen && 'read' in window.seen && 'usable' in window.seen")
    new.page.wait_for_timeout(2 * QUIET)
    paint = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
    found = {
        "bytes": new.wire.size(),
        "requests": len(new.wire.urls),
        "page": new.page.evaluate("performance.getEntriesByType('navigation')[0].transferSize"),
        "paint": new.page.evaluate(paint),
        **new.page.evaluate("window.seen"),
    }
    new.page.context.close()
    return found


def cpu_seconds(process: int) -> float:
    """What a process has used of the processors so far."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ask(who: Visitor, lens: str, text: str, pressed: bool = False) -> dict[str, float]:
    """One question: milliseconds to its answer, bytes, requests, seconds of the server. pressed: the lens's button."""
    sign, button = LENSES[lens]
    who.page.wait_for_timeout(QUIET)
    who.wire.clear()
    before = cpu_seconds(who.process)
    field = who.page.locator("#text textarea")
    field.fill(text)
    word = text.split()[0].lower()
    who.page.evaluate(ASKED, [sign, word, f"#notice-{lens}"])
    field.press("Enter")
    if pressed and button:
        who.page.wait_for_function(f"location.search.includes('text={text.split()[0]}')")
        who.page.locator(button).click()
    taken = who.page.evaluate("window.answered")
    who.page.wait_for_timeout(QUIET)
    cpu = cpu_seconds(who.process) - before
    return {"ms": taken, "bytes": who.wire.size(), "requests": len(who.wire.urls), "cpu": cpu}


def ask_number(who: Visitor, lens: str, text: str, number: int, pressed: bool = False) -> dict[str, float]:
    """The same with the text of a number, so that no answer is kept from an earlier one."""
    return ask(who, lens, text.format(NUMBERS[number]), pressed)


def in_turns(makers: list[Callable[[int], dict[str, float]]], times: int) -> list[dict[str, float]]:
    """Medians of what each maker gives, called in turns."""
    kept: list[list[dict[str, float]]] = [[] for _ in makers]
    for number in range(times):
        for make, found in zip(makers, kept, strict=True):
            found.append(make(number))
    return [{name: median(each[name] for each in found) for name in found[0]} for found in kept]


def row(what: str, ours: float, base: float, unit: str, scale: float, peer: str) -> tuple[str, str, str, str]:
    """A row of the table; the ratio is of what was measured, not of what is printed."""
    digits = 0 if unit == "requests" else 2 if scale >= 1 else 3
    share = f"{ours / base:.2f}" if base else "-"
    return what, f"{ours / scale:.{digits}f} {unit}", f"{base / scale:.{digits}f} {unit}, {peer}", share


def measure(base: Path, peer: str, times: int) -> Iterator[tuple[str, str, str, str]]:
    """All rows. peer: how the other checkout is called."""
    import find_browser

    with sync_playwright() as playwright, ExitStack() as stack:
        browser = playwright.chromium.launch(
            executable_path=find_browser.find(), args=["--no-sandbox", "--disable-background-networking"]
        )
        stack.callback(browser.close)
        apps = [stack.enter_context(running_app(root=root))[:2] for root in (ROOT, base)]
        for address, _ in apps:
            wait_for(f"{address}/config", lambda body: "What the model reads" in body)
        yield from visits(browser, apps, peer, times)
        yield from questions(browser, apps, peer, times)
        yield from lenses(browser, apps, peer, times)


def visits(browser: Browser, apps: list[tuple[str, int]], peer: str, times: int) -> Iterator[tuple[str, str, str, str]]:
    """What a first visit costs."""
    ours, old = in_turns([partial(first_visit, browser, *app) for app in apps], times)
    for name, what, unit, scale in (
        ("bytes", "first visit: bytes", "MB", 1e6),
        ("requests", "first visit: requests", "requests", 1),
        ("page", "first visit: bytes of the page itself", "MB", 1e6),
        ("paint", "first visit: first contentful paint", "s", 1e3),
        ("read", "first visit: something to read", "s", 1e3),
        ("answer", "first visit: first answer seen, warm server", "s", 1e3),
        ("usable", "first visit: the page takes a question", "s", 1e3),
    ):
        yield row(what, ours[name], old[name], unit, scale, peer)


def questions(
    browser: Browser, apps: list[tuple[str, int]], peer: str, times: int
) -> Iterator[tuple[str, str, str, str]]:
    """Bytes, requests and server seconds of seven words."""
    for lens, title in (("classify", "Classify open"), ("attention", "a plotly picture open (Attention)")):
        both = [visitor(browser, *app, f"?tab={lens}") for app in apps]
        for who in both:
            ask(who, lens, SEVEN.format("One"))
        ours, old = in_turns([partial(ask_number, who, lens, SEVEN) for who in both], times)
        yield row(f"seven words, {title}: bytes", ours["bytes"], old["bytes"], "MB", 1e6, peer)
        yield row(f"seven words, {title}: requests", ours["requests"], old["requests"], "requests", 1, peer)
        yield row(f"seven words, {title}: server's CPU", ours["cpu"], old["cpu"], "s", 1, peer)
        loaded = [float(who.page.evaluate(AGAIN)) for who in both]
        if lens == "attention":
            what = f"the page loaded again in {times + 1} such questions"
            yield what, f"{loaded[0]:.0f} times", f"{loaded[1]:.0f} times, {peer}", "-"
        for who in both:
            who.page.context.close()


def lenses(browser: Browser, apps: list[tuple[str, int]], peer: str, times: int) -> Iterator[tuple[str, str, str, str]]:
    """Enter to answer in each lens."""
    for lens in LENSES:
        both = [
            visitor(browser, *app, f"?tab={lens}&pair=It+rained." if lens == "next-sentence" else f"?tab={lens}")
            for app in apps
        ]
        for place, who in enumerate(both):
            ask(who, lens, LONG.format("One"), pressed=place == 1)
        makers = [partial(ask_number, who, lens, LONG, pressed=place == 1) for place, who in enumerate(both)]
        ours, old = in_turns(makers, times)
        yield row(f"31 words, Enter to answer: {lens}", ours["ms"], old["ms"], "s", 1e3, peer)
        for who in both:
            who.page.context.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.question", description=__doc__)
    parser.add_argument("--base", type=Path, required=True, help="the other checkout")
    parser.add_argument("--peer", default="release 0.3.0", help="how it is called in the table")
    parser.add_argument("--times", type=int, default=5, help="how often each is measured; the median counts")
    parser.add_argument("--readme", action="store_true", help="write the table between its marks")
    options = parser.parse_args()
    table = markdown(HEADER, list(printed(measure(options.base.resolve(), options.peer, options.times))))
    if options.readme:
        put(QUESTION, table)


if __name__ == "__main__":
    main()
