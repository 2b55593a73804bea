"""Who called an endpoint, and whether they still wait.

Read against gradio 6.31.0 (context.LocalContext, queueing.Event). Used:
`LocalContext.request`, `.blocks`, `.event_id`; `Blocks._queue.event_ids_to_events`, of an event `alive`, which
gradio takes away when the client closes its stream.
"""

from __future__ import annotations

from gradio.context import LocalContext


def address_of_caller() -> str:
    """The caller's address: simple calls over HTTP have a session each."""
    request = LocalContext.request.get(None)
    client = getattr(request, "client", None)
    return f"address {client.host}" if client else "a caller"


def caller_is_there() -> bool:
    """Whether gradio still waits for the event that runs here."""
    blocks, event = LocalContext.blocks.get(None), LocalContext.event_id.get(None)
    if blocks is None or event is None:
        return True
    known = blocks._queue.event_ids_to_events.get(event)
    return known is None or bool(known.alive)
