"""python -m bert_demo"""

import sys
from contextlib import suppress

from bert_demo.errors import DemoError
from bert_demo.settings import Settings
from bert_demo.surroundings import prepare

with suppress(DemoError):  # a command that reads the settings says what is wrong with them
    prepare(Settings.from_environment())  # before the libraries are imported, which read their variables once

from bert_demo.cli import main

sys.exit(main())
