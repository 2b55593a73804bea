"""Files of what a lens shows: a button in one of its panels asks, the server makes the file, the browser keeps it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import gradio as gr

from bert_demo.core.errors import ChoiceError
from bert_demo.core.scheduler import Cost
from bert_demo.web.components.download_files import make_file
from bert_demo.web.event_settings import AT_ONCE, PRIVATE
from bert_demo.web.job_outputs import passes_notice
from bert_demo.web.job_runner import JobProgress, LatestJob
from bert_demo.web.tab import html

MOST_WORDS = 4096
"""Words that may be chosen in a picture: more than a window has."""


@dataclass(frozen=True, slots=True)
class FileRequest:
    """What a button asked for.

    what, kind: which part of the lens, and how it is written, such as "weights" as "csv"; dark: in the page's dark
    colours; words: those chosen in the picture, by position.
    """

    what: str
    kind: str
    dark: bool
    words: tuple[int, ...]

    @classmethod
    def of(cls, sent: Any) -> FileRequest:
        """From what components/downloads.js sends; anything else asks for nothing that there is."""
        given = sent if isinstance(sent, dict) else {}
        words = given.get("words")
        places = [word for word in words if type(word) is int] if isinstance(words, list) else []
        what, kind = str(given.get("what", ""))[:40], str(given.get("kind", ""))[:40]
        return cls(what, kind, bool(given.get("dark")), tuple(places[:MOST_WORDS]))


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file's name, and what writes it."""

    name: str
    write: Callable[[IO[bytes]], object]


class Downloads:
    """A place of the lens `name` where its panels' [data-file] buttons are heard, and a sentence where one fails."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._request = gr.JSON(visible=False)
        listen = f"window.bertDownloads.listen('tab-{name}', () => trigger('save', {{}}));"
        self._notice = html(elem_id=f"download-{name}", elem_classes="asked-for", js_on_load=listen)
        with gr.Column(elem_classes="out-of-sight") as self._place:
            self._file = gr.File(visible=False)

    def wire(self, make: Callable[..., NamedFile], inputs: Sequence[Any], cost: Cost = Cost.BATCH) -> Any:
        """make(request, progress, *inputs) says what the file holds. Returns the event that Stop ends."""
        cache = Path(self._file.GRADIO_CACHE)

        def work(progress: JobProgress, sent: Any, *given: Any) -> list[Any]:
            made = make(FileRequest.of(sent), progress, *given)
            return [str(make_file(cache, made.name, made.write))]

        job = LatestJob(f"download_{self._name}", cost)
        event = self._notice.save(
            job.handler(work, passes_notice("Making the file \N{HORIZONTAL ELLIPSIS}"), 1),
            [self._request, *inputs],
            [self._notice, self._place, self._file],
            js="(_, ...rest) => [window.bertDownloads.request(), ...rest]",
            **AT_ONCE,
        )
        event.then(None, self._file, js="(file) => window.bertDownloads.keep(file)", **PRIVATE)
        return event


def no_such_file() -> ChoiceError:
    """The error for what no button of a lens asks for."""
    return ChoiceError("There is no such file. Press one of the buttons of this lens.")
