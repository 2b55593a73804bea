"""python -m bert_demo"""

import sys

from bert_demo.core.environment import exit_with, prepare
from bert_demo.core.errors import DemoError
from bert_demo.core.settings import Settings

try:
    settings = Settings.from_environment()
except DemoError:  # a command that reads the settings says what is wrong with them
    settings = Settings()
try:
    prepare(settings)  # before the libraries are imported, which read their variables once
except DemoError as error:
    exit_with(error, "bert_demo: ")

from bert_demo.cli.main import main

sys.exit(main())
