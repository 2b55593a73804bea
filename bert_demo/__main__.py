"""python -m bert_demo"""

import sys

from bert_demo.errors import DemoError
from bert_demo.settings import Settings
from bert_demo.surroundings import prepare

try:
    settings = Settings.from_environment()
except DemoError:  # a command that reads the settings says what is wrong with them
    settings = Settings()
try:
    prepare(settings)  # before the libraries are imported, which read their variables once
except DemoError as error:
    sys.exit(f"bert_demo: {error}")

from bert_demo.cli import main

sys.exit(main())
