"""The page as it is served: something to read before its scripts run, and no `<base>`."""

from __future__ import annotations

import asyncio
from pathlib import Path

import gradio
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from bert_demo import BertService
from bert_demo.views.panels.placeholder import placeholder
from bert_demo.views.templates import percent
from bert_demo.web.server.placeholder import APP, BASE, FRAMED, SIGN, Placeholder

PAGE = f"<html><head>{BASE.decode()}</head><body>\u00e9<gradio-app x></gradio-app></body></html>"


def served(path: str = "/", status: int = 200) -> tuple[str, str]:
    """What a browser gets, and what it would get without the middleware."""
    routes = [
        Route("/", lambda _: HTMLResponse(PAGE, status)),
        Route("/config", lambda _: JSONResponse({"page": PAGE})),
    ]
    app = Starlette(routes=routes)
    with_words = Placeholder(app, lambda: "<p>first</p>")
    return TestClient(with_words).get(path).text, TestClient(app).get(path).text


def test_first_words_stand_before_the_app_and_the_base_is_gone() -> None:
    shown, plain = served()
    assert shown == plain.replace(BASE.decode(), SIGN.decode()).replace("<gradio-app", "<p>first</p><gradio-app")


def test_other_answers_stay_as_they_are() -> None:
    for path, status in (("/config", 200), ("/", 401)):
        shown, plain = served(path, status)
        assert shown == plain


def test_page_of_this_gradio_has_both_places_once() -> None:
    """Red with another version of gradio: see what its page begins with."""
    template = Path(gradio.__file__).parent / "templates" / "frontend" / "index.html"
    content = template.read_text(encoding="utf-8").replace("{{ base_url | default('./') }}", "./").encode()
    assert content.count(BASE) == content.count(APP + b"\n") == content.count(FRAMED) == 1
    assert b"iframeResizer" in content[: content.index(FRAMED)][-2000:]
    assert content.index(BASE) < content.index(APP)


def test_first_words_are_only_text() -> None:
    shown = placeholder("BERT", "a line", "<img src=x> ${ran} {{x}} `y`")
    assert "&lt;img src=x&gt; &#36;&#123;ran&#125; &#123;&#123;x&#125;&#125; &#96;y&#96;" in shown
    assert "<img" not in shown and 'class="bar"' not in shown


def test_first_words_hold_the_first_answer_once_there_is_one(service: BertService) -> None:
    answer = service.classify("A warm film.")
    shown = placeholder("BERT", "a line", "A warm film.", "classify", answer)
    best = answer.labels[0]
    assert f"<em>{answer.model}</em> says: <bdi>{best.label}</bdi>" in shown and 'data-lens="classify"' in shown
    assert shown.count('class="bar"') == len(answer.labels) and f"<em>{percent(best.score)}</em>" in shown


def test_script_of_the_first_words_has_no_comment_to_the_end_of_a_line() -> None:
    """Its lines are joined: what follows would be a part of it, and the first words would stay."""
    script = placeholder("BERT", "a line", "a text").split("<script>")[1]
    assert "//" not in script and "first.remove()" in script


def test_answer_that_breaks_off_is_not_sent_as_whole() -> None:
    async def breaks(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        raise ConnectionError

    async def play() -> list[Message]:
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        async def receive() -> Message:
            return {"type": "http.disconnect"}

        scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
        try:
            await Placeholder(breaks, lambda: "x")(scope, receive, send)
        except ConnectionError:
            return sent
        raise AssertionError("the error is lost")

    assert asyncio.run(play()) == []
