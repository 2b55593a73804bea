"""Two questions that leave the page one after the other and arrive the other way round."""

from __future__ import annotations

import json
import time

import pytest
from playwright.sync_api import Page, Route, expect
from test_browser import browser, page

__all__ = ["browser", "page"]
pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("default")]


def test_the_newest_question_stays_though_an_older_one_arrives_after_it(page: Page) -> None:
    page.get_by_role("tab", name="Heads", exact=True).click()
    row = page.locator("#all-heads .habit-table tbody tr").nth(45)
    expect(row).to_be_visible()
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
    picked = json.loads(row.get_attribute("data-pick") or "")
    row.click()  # the lens Attention is asked twice: when the layer changes, and when the head does
    expect(page.locator("#head-title")).to_contain_text(f"Head {picked['layer']}-{picked['head']}")
    page.wait_for_timeout(2000)
    assert asked == [[picked["layer"], 0], [picked["layer"], picked["head"]]]
    expect(page.locator("#head-title")).to_contain_text(f"Head {picked['layer']}-{picked['head']}")
