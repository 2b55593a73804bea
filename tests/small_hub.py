"""A hub of our own on loopback: enough of the Hugging Face hub's HTTP for `from_pretrained` to download from it."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Handler(BaseHTTPRequestHandler):
    """/api/models/{id}[/revision/{rev}|/tree/{rev}] and /{id}/resolve/{rev}/{file}."""

    protocol_version = "HTTP/1.1"
    repositories: dict[str, Path]
    served: list[str]

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def _answer(self, body: bool) -> None:
        path = self.path.split("?")[0]
        if path.startswith("/api/models/"):
            self._describe("/".join(path.removeprefix("/api/models/").split("/")[:2]), "/tree/" in path, body)
            return
        owner, name, _, _, *rest = (path.lstrip("/").split("/") + [""] * 4)[:4] + path.lstrip("/").split("/")[4:]
        directory = self.repositories.get(f"{owner}/{name}")
        file = directory / "/".join(rest) if directory and rest else None
        if directory is None:
            self._refuse("RepoNotFound")
        elif file is None or not file.is_file():
            self._refuse("EntryNotFound")
        else:
            self._send(file, body)

    def _describe(self, repository: str, tree: bool, body: bool) -> None:
        directory = self.repositories.get(repository)
        if directory is None:
            self._refuse("RepoNotFound")
            return
        files = sorted(file.name for file in directory.iterdir())
        if tree:
            answer: object = [
                {"type": "file", "path": name, "size": (directory / name).stat().st_size, "oid": COMMIT}
                for name in files
            ]
        else:
            answer = {"id": repository, "sha": COMMIT, "siblings": [{"rfilename": name} for name in files]}
        content = json.dumps(answer).encode()
        self._head(200, {"Content-Type": "application/json", "Content-Length": str(len(content))})
        if body:
            self.wfile.write(content)

    def _send(self, file: Path, body: bool) -> None:
        content = file.read_bytes()
        self._head(
            200,
            {
                "ETag": f'"{hashlib.sha256(content).hexdigest()}"',
                "X-Repo-Commit": COMMIT,
                "Content-Length": str(len(content)),
                "Content-Type": "application/octet-stream",
            },
        )
        if body:
            self.served.append(file.name)
            self.wfile.write(content)

    def _refuse(self, reason: str) -> None:
        self._head(404, {"X-Error-Code": reason, "Content-Length": "0"})

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


@contextmanager
def small_hub(repositories: dict[str, Path]) -> Iterator[tuple[str, list[str]]]:
    """Serve directories as repositories. Yields the address for HF_ENDPOINT and the names of the files sent."""
    served: list[str] = []
    handler = type("Repositories", (Handler,), {"repositories": repositories, "served": served})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", served
    finally:
        server.shutdown()
        server.server_close()
