"""The demo: settings -> service -> page -> launch."""

from bert_demo.settings import Settings
from bert_demo.ui.app import build_app, launch
from bert_demo.ui.deferred import Deferred

settings = Settings.from_environment()
app = build_app(Deferred(settings))
demo = app.blocks

if __name__ == "__main__":
    launch(app, settings)
