"""Two questions that leave the page one after the other and arrive the other way round."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Page, Route, expect
from test_browser import browser, open_tab, page

__all__ = ["browser", "page"]
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
