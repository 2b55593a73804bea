"""The demo: settings -> service -> page -> launch."""

import sys

from bert_demo.errors import DemoError
from bert_demo.settings import Settings
from bert_demo.surroundings import prepare

try:
    settings = Settings.from_environment()
    prepare(settings)  # before gradio is imported, which reads its variables once
except DemoError as error:
    sys.exit(str(error))

from bert_demo.ui.app import build_app, launch
from bert_demo.ui.deferred import Deferred

app = build_app(Deferred(settings))
demo = app.blocks

if __name__ == "__main__":
    launch(app, settings)
