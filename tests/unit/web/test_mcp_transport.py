"""What the SDK of the tools may write into the log."""

from __future__ import annotations

import logging

import pytest
from anyio import ClosedResourceError
from mcp.server.lowlevel import Server

from bert_demo.web.server.mcp_server.transport import MCPTransport


def test_session_that_is_closed_is_no_error_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    MCPTransport(Server("any"))
    log = logging.getLogger("mcp.server.streamable_http")
    for error in (ClosedResourceError(), ValueError()):
        log.error("failed", exc_info=error)
    assert [type(record.exc_info[1]) for record in caplog.records if record.exc_info] == [ValueError]
