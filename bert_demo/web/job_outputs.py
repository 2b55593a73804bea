"""Where a job's progress, answer and error come into the page."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from bert_demo.core.errors import DemoError
from bert_demo.core.scheduler import was_logged
from bert_demo.views.markup import message, working

_log = logging.getLogger(__name__)


def error_message(error: BaseException) -> str:
    """The sentence shown for an error: a DemoError's own, a plain one for anything unforeseen (which is logged)."""
    if isinstance(error, DemoError):
        return message(str(error), "error")
    if not was_logged(error):
        _log.error("unforeseen %s", type(error).__name__, exc_info=error)
    return message("Something went wrong inside the demo. It was logged; please try another text.", "error")


def passes_notice(patience: str) -> Callable[[int, int], str]:
    """(done, planned) as a sentence that begins with `patience`."""
    return lambda done, planned: working(f"{patience} {done} of {planned} passes" if planned else patience)


@dataclass(frozen=True, slots=True)
class JobOutputs:
    """Values of an event's outputs: a notice, the column of the pictures and so many `pictures`; or, with None, one
    component that shows progress, answer and error alike."""

    pictures: int | None = None

    @property
    def unchanged(self) -> Any:
        """Everything as it is."""
        return gr.skip() if self.pictures is None else [gr.skip()] * (2 + self.pictures)

    def progress(self, notice: str, estimate: Sequence[Any] | None = None) -> Any:
        """A notice, and an estimate of the pictures if there is one."""
        if self.pictures is None:
            return notice
        if estimate is None:
            return [notice, *self.unchanged[1:]]
        return [notice, gr.Column(visible=True), *estimate]

    def answer(self, notice: str, values: Any) -> Any:
        """The pictures; the notice is empty but where there is something to say of them."""
        return values if self.pictures is None else [notice, gr.Column(visible=True), *values]

    def error(self, error: BaseException) -> Any:
        """A sentence in place of the pictures."""
        notice = error_message(error)
        return notice if self.pictures is None else [notice, gr.Column(visible=False), *self.unchanged[2:]]
