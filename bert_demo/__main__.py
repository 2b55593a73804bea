"""python -m bert_demo"""

import sys

from bert_demo.cli import main

sys.exit(main())
