"""What the server must know of gradio's queue. Read against gradio 6.31.0 (queueing.Queue, Event; Blocks.max_threads).

Used: `Blocks._queue`, of it `event_ids_to_events`, `pending_messages_per_session`, `pending_event_ids_session`; of an
event `session_hash`, `request`, `alive`. `launch` takes the number of threads as an argument, `mount_gradio_app` does
not; the two variables of the environment are read where a queue is made and documented nowhere.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator

import gradio as gr
from starlette.types import Scope

from bert_demo.web.gradio_patches.message_queues import UNREAD, MessageQueues


def widen_queue(blocks: gr.Blocks, events: int) -> None:
    """Let a queue that is made from now on run so many events at once, and keep no statistics of them: gradio makes a
    table of the last thousands behind each, for a page that this server does not serve."""
    blocks.max_threads = events
    os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", str(10**12))
    os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "1")


def events_under_way(blocks: gr.Blocks, address_of: Callable[[Scope], str]) -> Iterator[tuple[str, str]]:
    """(session, address) of each event that runs or waits."""
    for event in list(blocks._queue.event_ids_to_events.values()):
        yield event.session_hash, address_of(event.request.scope) if event.request else ""


def bound_unread_answers(blocks: gr.Blocks, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
    """Keep answers that nobody fetches for so long (UNREAD at least), then end the work on the next ones."""
    queue = blocks._queue

    def give_up(session: str) -> None:
        for event in [each for each in queue.event_ids_to_events.values() if each.session_hash == session]:
            event.alive = False
        queue.pending_event_ids_session.pop(session, None)

    queue.pending_messages_per_session = MessageQueues(
        queue.pending_event_ids_session, give_up, max(UNREAD, seconds), clock
    )
