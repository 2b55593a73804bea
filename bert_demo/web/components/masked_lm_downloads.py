"""Files of what the laboratory shows: the words of a text or of two sentences with their surprise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bert_demo.core.errors import ChoiceError
from bert_demo.results.masked_lm import Preference, Surprises
from bert_demo.views.export.word_strips import surprises_png
from bert_demo.web.components.downloads import FileRequest, NamedFile, no_such_file
from bert_demo.web.components.masked_lm_experiments import Inputs, Question, preference_of, question_of, surprises_of
from bert_demo.web.job_runner import JobProgress

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService

STRIPS = {"sentences": "two-sentences", "words": "every-word"}
"""The experiments that show strips of words, and what a picture of them is called."""


def strips_of(
    service: BertService, name: str, asked: Question, inputs: Inputs, progress: JobProgress
) -> Surprises | Preference:
    """What such an experiment shows. Raises ChoiceError for another one, DemoError."""
    if name not in STRIPS:
        raise ChoiceError(f"There is no strip of words here; it is shown by: {', '.join(STRIPS)}.")
    return (preference_of if name == "sentences" else surprises_of)(service, asked, inputs, progress)


def strips_file(service: BertService, asked: Any, request: FileRequest, progress: JobProgress) -> NamedFile:
    """The strips of words of the experiment that was answered last, as a picture. asked: its question, words that are
    hidden and controls. Raises ChoiceError where it has none."""
    if asked is None or (request.what, request.kind) != ("surprises", "png"):
        raise no_such_file()
    ask, hidden, (name, top_k, *fields) = asked
    question, inputs = question_of(service, ask, hidden), Inputs(int(top_k), *(str(field or "") for field in fields))
    found = strips_of(service, name, question, inputs, progress)
    return NamedFile(f"{STRIPS[name]}.png", lambda stream: surprises_png(found, stream, request.dark))
