"""The demo: settings -> service -> page -> serve."""

from bert_demo.core.environment import exit_with, prepare
from bert_demo.core.errors import DemoError
from bert_demo.core.settings import Settings
from bert_demo.web.server.start_check import check_start

try:
    settings = Settings.from_environment()
    prepare(settings)  # before gradio is imported, which reads its variables once
    check_start(settings)
except DemoError as error:
    exit_with(error)

from bert_demo.web.app import build_app, launch
from bert_demo.web.deferred_service import Deferred

app = build_app(Deferred(settings))
demo = app.blocks

if __name__ == "__main__":
    try:
        launch(app, settings)
    except DemoError as error:
        exit_with(error)
