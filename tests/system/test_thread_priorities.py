"""The threads of slow and exclusive work have a lower priority than the process, whatever that is."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from conftest import ROOT

from bert_demo.core.scheduler import NICE, NICEST

PRIORITIES = """
import os, sys, threading
from bert_demo.core.scheduler import Cost, Scheduler
os.setpriority(os.PRIO_PROCESS, 0, int(sys.argv[1]))
scheduler = Scheduler()
own = lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
print(*(scheduler.put(cost, "a", "x", own).future.result(5) for cost in Cost))
"""


@pytest.mark.parametrize("base", [0, 5, 19])
def test_priority_of_slow_and_exclusive_threads_is_below_that_of_the_process(base: int) -> None:
    """Whatever that is: the app may run under `nice` already. On Linux, which knows it of each thread."""
    if (own := os.getpriority(os.PRIO_PROCESS, 0)) > base:
        base = own  # nobody may raise a priority
    done = subprocess.run([sys.executable, "-c", PRIORITIES, str(base)], cwd=ROOT, capture_output=True, text=True)
    lowered = min(NICEST, base + NICE)
    assert [int(each) for each in done.stdout.split()] == [base, base, lowered, lowered], done.stderr
