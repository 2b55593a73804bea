"""How a computation says how far it is, and how it is stopped: one callback, called between two batches."""

from __future__ import annotations

import time
from collections.abc import Callable

from bert_demo.core.errors import ChoiceError
from bert_demo.core.scheduler import check_cancelled

OnProgress = Callable[[int, int], None]
"""(done, planned) after each batch. Raises CancelledError when the work is to stop."""


def watched(on_progress: OnProgress | None) -> OnProgress:
    """The callback of a caller behind the check whether its asker has left, which it never replaces."""
    if on_progress is None:
        return check_cancelled

    def call(done: int, planned: int) -> None:
        check_cancelled()
        on_progress(done, planned)

    return call


def limited(seconds: float, advice: str, on_progress: OnProgress | None = None) -> OnProgress:
    """A callback that ends the work after so many seconds from now. It raises ChoiceError.

    advice: the rest of the sentence, from the noun that is counted on, such as "texts read. Send fewer rows."
    """
    end = time.monotonic() + seconds

    def call(done: int, planned: int) -> None:
        if time.monotonic() > end:
            raise ChoiceError(f"This was ended after {seconds:.0f} seconds, {done} of {planned} {advice}")
        if on_progress is not None:
            on_progress(done, planned)

    return call
