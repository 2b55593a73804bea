"""The app as deployed, with one endpoint more, which does nothing."""

from __future__ import annotations

from bert_demo.core.environment import prepare
from bert_demo.core.settings import Settings

settings = Settings.from_environment()
prepare(settings)

import gradio as gr  # noqa: E402

from bert_demo.web.app import build_app, launch  # noqa: E402
from bert_demo.web.deferred_service import Deferred  # noqa: E402


async def nothing(text: str) -> str:
    """What any call costs."""
    return text


if __name__ == "__main__":
    app = build_app(Deferred(settings))
    with app.blocks:
        gr.api(nothing, api_name="nothing", concurrency_limit=None)
    launch(app, settings)
