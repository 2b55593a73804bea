"""The app as deployed, with one endpoint more, which does nothing."""

from __future__ import annotations

import gradio as gr

from bert_demo.settings import Settings
from bert_demo.ui.app import build_app, launch
from bert_demo.ui.deferred import Deferred


async def nothing(text: str) -> str:
    """What any call costs."""
    return text


if __name__ == "__main__":
    settings = Settings.from_environment()
    app = build_app(Deferred(settings))
    with app.blocks:
        gr.api(nothing, api_name="nothing", concurrency_limit=None)
    launch(app, settings)
