"""python -m bert_demo"""

import sys
from contextlib import suppress

from bert_demo.errors import DemoError
from bert_demo.settings import Settings
from bert_demo.surroundings import prepare

settings = Settings()
with suppress(DemoError):  # a command that reads the settings says what is wrong with them
    settings = Settings.from_environment()
try:
    prepare(settings)  # before the libraries are imported, which read their variables once
except DemoError as error:
    sys.exit(f"bert_demo: {error}")

from bert_demo.cli import main  # noqa: E402

sys.exit(main())
