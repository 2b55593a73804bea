"""A hub of our own on loopback: enough of the Hugging Face hub's HTTP to download from it, and its faults on order."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"
OLDER = "89abcdef0123456789abcdef0123456789abcdef"
WEIGHTS = ".safetensors"


@dataclass
class Faults:
    """What goes wrong, and what was asked for. All may be changed while the hub runs.

    status, code: of every answer about a repository, and its X-Error-Code; refusals: after so many of them it answers
    as it should, never where negative; retry_after: header of a refusal; odd: small files that come with a byte
    changed, so many times; body: that answer itself; delay: seconds before it; drip:
    seconds between its bytes; cut: bytes of weights after which the connection breaks, `cuts` times;
    file_status: of every file; damaged: weights come with a byte changed; slow: seconds before each 64 kB of weights;
    pause: weights stop in the middle until `go` is set; sizes: what the listing says instead, by file; gated: what it
    says of that; commit: what "main" points to; ranges: the Range headers that came; asked: the paths.
    """

    status: int = 200
    code: str = ""
    refusals: int = -1
    retry_after: str = ""
    odd: dict[str, int] = field(default_factory=dict)
    body: bytes | None = None
    delay: float = 0.0
    drip: float = 0.0
    cut: int = 0
    cuts: int = 0
    file_status: int = 200
    file_code: str = ""
    damaged: bool = False
    slow: float = 0.0
    pause: bool = False
    sizes: dict[str, int] = field(default_factory=dict)
    gated: str | bool = False
    commit: str = COMMIT
    go: threading.Event = field(default_factory=threading.Event)
    ranges: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


class Handler(BaseHTTPRequestHandler):
    """/api/models/{id}[/revision/{rev}] and /{id}/resolve/{rev}/{file}."""

    protocol_version = "HTTP/1.1"
    repositories: dict[str, Path]
    served: list[str]
    faults: Faults

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def _answer(self, body: bool) -> None:
        path = self.path.split("?")[0]
        self.faults.asked.append(path)
        if path.startswith("/api/models/"):
            parts = path.removeprefix("/api/models/").split("/")
            self._describe("/".join(parts[:2]), parts[3] if len(parts) > 3 else "main")
            return
        owner, name, _, revision, *rest = [*path.lstrip("/").split("/"), "", "", "", ""]
        directory = self.repositories.get(f"{owner}/{name}")
        file = directory / "/".join(rest).rstrip("/") if directory and rest else None
        if self.faults.file_status != 200:
            self._refuse(self.faults.file_code, self.faults.file_status)
        elif directory is None:
            self._refuse("RepoNotFound")
        elif revision not in ("main", COMMIT, OLDER):
            self._refuse("RevisionNotFound")
        elif file is None or not file.is_file():
            self._refuse("EntryNotFound")
        else:
            self._send(file, revision, body)

    def _describe(self, repository: str, revision: str) -> None:
        faults = self.faults
        time.sleep(faults.delay)
        directory = self.repositories.get(repository)
        if faults.status != 200 and faults.refusals:
            faults.refusals -= 1
            self._refuse(faults.code, faults.status)
        elif faults.body is not None:
            self._reply(faults.body, "text/html")
        elif directory is None:
            self._refuse("RepoNotFound")
        elif revision not in ("main", COMMIT, OLDER):
            self._refuse("RevisionNotFound")
        else:
            commit = faults.commit if revision == "main" else revision
            siblings = [self._sibling(file) for file in sorted(directory.iterdir()) if file.is_file()]
            answer = {"id": repository, "sha": commit, "gated": faults.gated, "siblings": siblings}
            self._reply(json.dumps(answer).encode(), "application/json")

    def _sibling(self, file: Path) -> dict[str, object]:
        size = self.faults.sizes.get(file.name, file.stat().st_size)
        row: dict[str, object] = {"rfilename": file.name, "size": size, "blobId": _git_sha1(file.read_bytes())}
        if file.name.endswith(WEIGHTS):
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            row["lfs"] = {"sha256": digest, "size": size, "pointerSize": 134}
        return row

    def _reply(self, content: bytes, kind: str) -> None:
        self._head(200, {"Content-Type": kind, "Content-Length": str(len(content))})
        if not self.faults.drip:
            self.wfile.write(content)
            return
        for byte in content:
            time.sleep(self.faults.drip)
            self.wfile.write(bytes([byte]))

    def _send(self, file: Path, revision: str, body: bool) -> None:
        content = file.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        weights, faults = file.name.endswith(WEIGHTS), self.faults
        if weights and faults.damaged:
            content = content[:-1] + bytes([content[-1] ^ 1])
        if body and faults.odd.get(file.name):
            faults.odd[file.name] -= 1
            content = bytes([content[0] ^ 1]) + content[1:]
        start = 0
        headers = {"ETag": f'"{digest}"', "X-Repo-Commit": revision, "Content-Type": "application/octet-stream"}
        if (asked := self.headers.get("Range")) and body:
            faults.ranges.append(asked)
            start = int(asked.removeprefix("bytes=").split("-")[0])
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        headers["Content-Length"] = str(len(content) - start)
        self._head(206 if start else 200, headers)
        if not body:
            return
        self.served.append(file.name)
        if weights and faults.cuts:
            faults.cuts -= 1
            self.wfile.write(content[start : start + faults.cut])
            self.wfile.flush()
            self.close_connection = True
            self.connection.close()
            return
        if weights and faults.pause:
            self.wfile.write(content[start : len(content) // 2])
            faults.go.wait(60)
            start = max(start, len(content) // 2)
        for first in range(start, len(content), 65_536):
            if weights:
                time.sleep(faults.slow)
            self.wfile.write(content[first : first + 65_536])

    def _refuse(self, reason: str, status: int = 404) -> None:
        headers = {"X-Error-Code": reason, "Content-Length": "0", "Retry-After": self.faults.retry_after}
        self._head(status, headers)

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if value:
                self.send_header(name, value)
        self.end_headers()


def _git_sha1(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that leaves in the middle, as a killed one does, is no news."""


@contextmanager
def small_hub(repositories: dict[str, Path], faults: Faults | None = None) -> Iterator[tuple[str, list[str]]]:
    """Serve directories as repositories. Yields the address for HF_ENDPOINT and the names of the files sent."""
    served: list[str] = []
    members = {"repositories": repositories, "served": served, "faults": faults or Faults()}
    server = _Server(("127.0.0.1", 0), type("Repositories", (Handler,), members))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", served
    finally:
        members["faults"].go.set()
        server.shutdown()
        server.server_close()
