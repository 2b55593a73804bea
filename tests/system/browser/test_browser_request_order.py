"""Two questions that leave the page one after the other and arrive the other way round."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from test_browser import browser, open_tab, page

import bert_demo.web

__all__ = ["browser", "page"]
ASSETS = Path(bert_demo.web.__file__).parent / "assets"
pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("default")]


def test_the_newest_question_stays_though_an_older_one_arrives_after_it(page: Page) -> None:
    open_tab(page, "Attention")
    held: dict[int, Route] = {}
    asked: list[list[object]] = []

    def swap(route: Route) -> None:
        body = route.request.post_data_json
        asked.append(body["data"][2:4])
        if body["fn_index"] not in held:
            held[body["fn_index"]] = route
            return
        route.continue_()
        time.sleep(0.5)
        held[body["fn_index"]].continue_()

    page.route("**/queue/join*", swap)
    page.locator("#layer input").fill("3")
    page.locator("#head input").fill("7")
    expect(page.locator("#head-title")).to_contain_text("Head 3-7")
    page.wait_for_timeout(2000)
    assert asked == [[3, 0], [3, 7]]
    expect(page.locator("#head-title")).to_contain_text("Head 3-7")


SERVER = """
() => {
  window.asked = [];
  const block = (message) => `data: ${JSON.stringify(message)}\\n\\n`;
  const streams = [
    block({ msg: 'process_completed', event_id: 'first' }) + block({ msg: 'close_stream', event_id: null }),
    block({ msg: 'process_completed', event_id: 'second' }) + block({ msg: 'close_stream', event_id: null }),
  ];
  const joins = [['first', 0], ['second', 200]];
  window.fetch = async (address) => {
    window.asked.push(address instanceof Request ? 'stream' : 'join');
    if (address instanceof Request) return new Response(streams.shift());
    const [event, wait] = joins.shift();
    await new Promise((resolve) => setTimeout(resolve, wait));
    return new Response(JSON.stringify({ event_id: event }));
  };
}
"""
"""A server that answers the first event and ends the stream while the second is on its way."""

CLIENT = """
async () => {
  const question = { method: 'POST', body: '{"fn_index": 1, "session_hash": "s"}' };
  const join = () => window.fetch('/gradio_api/queue/join?', question);
  await join();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const second = join();
  const answer = await window.fetch(new Request('/gradio_api/queue/data?session_hash=s'));
  const messages = (await answer.text()).split('\\n\\n').filter(Boolean).map((text) => JSON.parse(text.slice(5)));
  return { told: (await (await second).json()).event_id, asked: window.asked,
    messages: messages.map((each) => each.event_id || each.msg) };
}
"""


def test_an_event_sent_while_the_server_ends_the_stream_is_answered(browser: Browser) -> None:
    """gradio's client opens no other stream for it, so that it waited for ever."""
    page = browser.new_page()
    page.route("**/*", lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"))
    page.goto("http://127.0.0.1:9/")
    page.evaluate(SERVER)
    page.add_script_tag(content=(ASSETS / "queue.js").read_text(encoding="utf-8"))
    found = page.evaluate(CLIENT)
    page.close()
    assert found == {
        "told": "second",
        "asked": ["join", "join", "stream", "stream"],
        "messages": ["first", "second", "close_stream"],
    }
