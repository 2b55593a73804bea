"""The demo: settings -> service -> page -> launch."""

from bert_demo.settings import Settings
from bert_demo.surroundings import prepare

settings = Settings.from_environment()
prepare(settings)  # before gradio is imported, which reads its variables once

from bert_demo.ui.app import build_app, launch  # noqa: E402
from bert_demo.ui.deferred import Deferred  # noqa: E402

app = build_app(Deferred(settings))
demo = app.blocks

if __name__ == "__main__":
    launch(app, settings)
