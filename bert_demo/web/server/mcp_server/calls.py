"""A call of a tool: in the lane of its endpoint, with progress, ended when its caller cancels or leaves."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mcp import types
from mcp.server.lowlevel import Server
from starlette.requests import Request

from bert_demo.api.endpoint import Endpoint
from bert_demo.api.run import compact, run
from bert_demo.core.errors import CancelledError, DemoError, ModelComingError
from bert_demo.core.scheduler import was_logged
from bert_demo.core.validation import checked_flag
from bert_demo.web.job_runner import AGAIN, PATIENCE, submit
from bert_demo.web.server.client_address import visitor_address
from bert_demo.web.server.mcp_server.tools import FULL, structured, tool_of

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService

_log = logging.getLogger(__name__)
LEFT = "bert_demo.left"
"""Where the scope of a request keeps the event that its client has left."""
SHOWN = 40
"""Characters of a name of the caller's in an answer."""


class Tools:
    """The tools. refuse: (session, address) -> the sentence for who has too many calls under way, or nothing."""

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        service: Callable[[], BertService],
        refuse: Callable[[str, str], str] = lambda session, address: "",
    ) -> None:
        self.endpoints = {each.name: each for each in endpoints}
        self.listed = [tool_of(each) for each in endpoints]
        self.refuse = refuse
        self._service = service
        self._calls: dict[object, tuple[str, str]] = {}

    def server(self, version: str) -> Server[Any, Any]:
        """The server of the SDK that lists and calls them."""
        server: Server[Any, Any] = Server("BERT under the lens", version)

        async def list_tools(_: types.ListToolsRequest) -> types.ServerResult:
            return types.ServerResult(types.ListToolsResult(tools=self.listed))

        async def call_tool(request: types.CallToolRequest) -> types.ServerResult:
            return types.ServerResult(await self._call(server, request.params.name, request.params.arguments or {}))

        server.request_handlers[types.ListToolsRequest] = list_tools
        server.request_handlers[types.CallToolRequest] = call_tool
        return server

    def schema(self) -> list[dict[str, Any]]:
        """The tools as JSON, for who asks without a session: gradio's page about the API, and the hub of Spaces."""
        return [
            tool.model_dump(exclude_none=True, by_alias=True)
            | {"meta": {"file_data_present": False, "mcp_type": "tool", "endpoint_name": tool.name}}
            for tool in self.listed
        ]

    def under_way(self) -> Iterator[tuple[str, str]]:
        """(session, address) of each call."""
        yield from list(self._calls.values())

    async def _call(self, server: Server[Any, Any], name: str, arguments: dict[str, Any]) -> types.CallToolResult:
        request = _request(server)
        session, address = request.headers.get("mcp-session-id", ""), visitor_address(request.scope)
        if name not in self.endpoints:
            return _failed(f"There is no tool {name[:SHOWN]!r}. Tools: {', '.join(self.endpoints)}.")
        if sentence := self.refuse(session, address):
            return _failed(sentence)
        call = object()
        self._calls[call] = session, address
        try:
            answer = await self._answer(server, self.endpoints[name], arguments, address)
            return _answered(answer)
        except DemoError as error:
            return _failed(f"{type(error).__name__}: {error}")
        except Exception as error:
            if not was_logged(error):
                _log.error("unforeseen %s in %s", type(error).__name__, name, exc_info=error)
            return _failed("Something went wrong inside the demo; it was logged.")
        finally:
            del self._calls[call]

    async def _answer(
        self, server: Server[Any, Any], endpoint: Endpoint, arguments: Mapping[str, Any], address: str
    ) -> Any:
        """The answer when its turn comes, in its compact form unless the whole is asked for."""
        given = {name: value for name, value in arguments.items() if name != FULL or not endpoint.long}
        full = bool(endpoint.long) and checked_flag(arguments.get(FULL) or False, FULL)
        left = _request(server).scope.get(LEFT)
        progress = _Progress(server)

        def work() -> Any:
            answer = run(endpoint, self._service(), given, progress)
            return answer if full else compact(endpoint, answer)

        while True:
            job = submit(f"address {address}", endpoint.name, endpoint.cost_for(given), work, f"/{endpoint.name}")
            task = asyncio.wrap_future(job.future)
            task.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody may be left to ask
            try:
                while not (await asyncio.wait({task}, timeout=PATIENCE))[0]:
                    if left is not None and left.is_set():
                        raise CancelledError("The caller has left.")
                    await progress.send()
                return task.result()
            except ModelComingError:
                if left is not None and left.is_set():
                    raise
                await asyncio.sleep(AGAIN)
            finally:
                job.cancel()


class _Progress:
    """How far a call is: set by the thread that computes, sent on by the event loop if the caller wants it."""

    def __init__(self, server: Server[Any, Any]) -> None:
        context = server.request_context
        self._session, self._request = context.session, context.request_id
        self._token = context.meta.progressToken if context.meta else None
        self._latest, self._sent = (0, 0), 0

    def __call__(self, done: int, planned: int) -> None:
        """Keep it."""
        self._latest = done, planned

    async def send(self) -> None:
        """Send it, if it is more than what was sent last."""
        done, planned = self._latest
        if self._token is not None and done > self._sent:
            self._sent = done
            await self._session.send_progress_notification(
                self._token, done, planned or None, related_request_id=str(self._request)
            )


def _request(server: Server[Any, Any]) -> Request:
    """The HTTP request that the call came with."""
    request = server.request_context.request
    assert isinstance(request, Request)
    return request


def _answered(answer: Any) -> types.CallToolResult:
    content = structured(answer)
    text = json.dumps(content, ensure_ascii=False)
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], structuredContent=content)


def _failed(sentence: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=sentence)], isError=True)
