"""All heads as files, made when they are asked for: arrays (npz) and drawings (zip)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.errors import DemoError
from bert_demo.plots.drawings import arrays, drawings
from bert_demo.results import Attention
from bert_demo.ui.attention_views import whole
from bert_demo.ui.base import Ask, Page

if TYPE_CHECKING:
    from bert_demo.service import BertService


class Files:
    """Two buttons and the file that the last of them has made."""

    def __init__(self) -> None:
        with gr.Row(elem_classes="controls", elem_id="head-files"):
            self.npz = gr.Button("All heads as npz", size="sm", min_width=140, scale=0, elem_id="make-npz")
            self.zip = gr.Button("A drawing of each head", size="sm", min_width=190, scale=0, elem_id="make-zip")
        self.file = gr.File(visible=False, interactive=False, show_label=False, elem_id="made-file")

    def wire(self, page: Page, window: gr.Dropdown) -> list[Any]:
        """A click makes the file of the last question; a new question takes it away. Returns what Stop ends."""
        place = Path(self.file.GRADIO_CACHE)
        settings: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": 1, "show_progress": "full"}
        events = [
            button.click(_maker(page, place, name, make), [page.asked, window], self.file, **settings)
            for button, name, make in (
                (self.npz, "attention.npz", lambda result, told: arrays(result)),
                (self.zip, "attention-drawings.zip", drawings),
            )
        ]
        page.asked.change(
            lambda: gr.File(value=None, visible=False),
            None,
            self.file,
            api_visibility="private",
            show_progress="hidden",
        )
        return events


Make = Callable[[Attention, Callable[[int, int], None]], bytes]


def _maker(page: Page, cache: Path, name: str, make: Make) -> Callable[..., Any]:
    def made(ask: Ask, window: Any, progress: gr.Progress = gr.Progress()) -> Any:  # noqa: B008 - gradio's own way
        try:
            result = whole_attention(page.service(), ask, whole(window))
        except DemoError as error:
            raise gr.Error(str(error), print_exception=False) from None
        content = make(result, lambda done, planned: progress((done, planned), unit="heads"))
        folder = cache / secrets.token_hex(16)
        folder.mkdir(parents=True)
        (folder / name).write_bytes(content)
        return gr.File(value=str(folder / name), visible=True)

    return made


def whole_attention(service: BertService, ask: Ask, window: int) -> Attention:
    """All heads of the window, or of the last one when there are fewer."""
    window = min(window, service.count_windows(ask.text, ask.pair, ask.model) - 1)
    return service.attention(ask.text, ask.pair, ask.model, window=window)
