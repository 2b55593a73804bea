"""Where it lives: the Space is sent by huggingface_hub itself to a hub of ours; the Dockerfile and make are read."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from bert_demo.cli import space as cli_space
from bert_demo.core.errors import BadDataError

LARGE = 10 * 2**20


class Space:
    """What the hub holds of one Space, and what was asked of it."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {"old.txt": b"old", ".gitattributes": b"*.bin filter=lfs"}
        self.large: dict[str, bytes] = {}
        self.asked: list[tuple[str, str]] = []
        self.made: dict[str, Any] = {}
        self.public = False
        self.tokens: set[str | None] = set()
        self.refuse = False


class Hub(BaseHTTPRequestHandler):
    """The hub's HTTP as far as a Space is made and written: create, validate, preupload, LFS batch, commit, tree."""

    protocol_version = "HTTP/1.1"
    space: Space

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def _say(self, content: Any, status: int = 200) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _body(self) -> bytes:
        self.space.asked.append((self.command, self.path.split("?")[0]))
        self.space.tokens.add(self.headers["Authorization"])
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def do_GET(self) -> None:
        self._body()
        if "/tree/" in self.path:
            self._say([{"type": "file", "path": name, "size": 1, "oid": "0" * 40} for name in self.space.files])
        else:
            private = not self.space.public
            files = [{"rfilename": name} for name in self.space.files]
            self._say({"id": "someone/bert", "private": private, "sha": "0" * 40, "siblings": files})

    def do_PUT(self) -> None:
        self.space.large[self.path.rsplit("/", 1)[1]] = self._body()
        self._say({})

    def do_POST(self) -> None:
        body, space = self._body(), self.space
        if space.refuse:
            self._say({"error": "You may not write here."}, 403)
        elif self.path == "/api/repos/create":
            space.made = json.loads(body)
            self._say({"url": f"http://{self.headers['Host']}/spaces/someone/bert"})
        elif self.path == "/api/validate-yaml":
            self._say({"errors": [], "warnings": []})
        elif "/preupload/" in self.path:
            files = json.loads(body)["files"]
            modes = {each["path"]: "lfs" if each["size"] > LARGE else "regular" for each in files}
            self._say({"files": [{"path": p, "uploadMode": m, "shouldIgnore": False} for p, m in modes.items()]})
        elif self.path.endswith("/info/lfs/objects/batch"):
            base = f"http://{self.headers['Host']}/large/"
            objects = [
                {**each, "actions": {"upload": {"href": base + each["oid"]}}} for each in json.loads(body)["objects"]
            ]
            self._say({"transfer": "basic", "objects": objects})
        elif "/commit/" in self.path:
            self._commit([json.loads(line) for line in body.splitlines()])
            self._say(
                {"commitUrl": f"http://{self.headers['Host']}/spaces/someone/bert/commit/1", "commitOid": "1" * 40}
            )
        else:
            self._say({"error": self.path}, 404)

    def _commit(self, lines: list[Any]) -> None:
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                self.space.files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                self.space.files[value["path"]] = self.space.large[value["oid"]]
            elif line["key"] == "deletedFile":
                del self.space.files[value["path"]]


@pytest.fixture(scope="module")
def hub() -> Iterator[tuple[str, Space]]:
    yield from own_hub()


def own_hub() -> Iterator[tuple[str, Space]]:
    space = Space()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("OwnHub", (Hub,), {"space": space}))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", space
    server.shutdown()
    server.server_close()
    thread.join()


def command(address: str, *arguments: str, home: Path, token: str = "hf_mine") -> subprocess.CompletedProcess[str]:
    """The real command and the real client; Xet, which has servers of its own, is switched off for LFS."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "HF_ENDPOINT": address,
        **({"HF_TOKEN": token} if token else {}),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    return subprocess.run(
        [sys.executable, "-m", "bert_demo", *(arguments if arguments[0] == "train" else ("space", *arguments))],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_a_space_is_made_of_what_git_tracks(hub: tuple[str, Space], tmp_path: Path) -> None:
    address, space = hub
    index = "https://wheels.example/cpu"
    done = command(address, "someone/bert", "--torch-index", index, home=tmp_path)
    assert (done.returncode, "space: " in done.stderr, "Traceback" in done.stderr) == (0, False, False), done.stderr
    assert done.stdout == f"The Space stands at {address}/spaces/someone/bert\n"
    assert {"name": "bert", "organization": "someone", "type": "space", "sdk": "gradio"}.items() <= space.made.items()
    assert space.tokens == {"Bearer hf_mine", None}, "the token goes to the hub, not to where large files lie"
    wanted = {name: (ROOT / name).read_bytes() for name in cli_space.tracked(ROOT)}
    wanted["requirements.txt"] = f"--extra-index-url {index}\n".encode() + wanted["requirements.txt"]
    assert {name for name, content in wanted.items() if space.files.get(name) != content} == set()
    assert set(space.files) == {*wanted, ".gitattributes"}, "files that are gone here are gone there"
    weights = wanted["assets/models/base/model.safetensors"]
    assert len(weights) > LARGE
    assert space.large[hashlib.sha256(weights).hexdigest()] == weights
    page = {"bert_demo/web/app.py", "bert_demo/web/assets/style.css", "bert_demo/web/tabs/attention.js"}
    assert {"app.py", "README.md", "requirements.txt", *page} <= set(wanted)
    assert not [name for name in wanted if name.startswith(("tests/", "benchmarks/", "findings/", ".ci/"))]


def test_what_goes_wrong_is_a_sentence(hub: tuple[str, Space], tmp_path: Path) -> None:
    address, space = hub
    wrong = command(address, "not a name", home=tmp_path)
    assert (wrong.returncode, wrong.stderr) == (
        2,
        "space: The Space's name must look like user/name, not 'not a name'.\n",
    )
    space.refuse = True
    refused = command(address, "someone/bert", home=tmp_path)
    space.refuse = False
    assert refused.returncode == 2
    assert refused.stderr.startswith("space: The Space could not be written: ")
    assert "Traceback" not in refused.stderr
    assert "hf_mine" not in refused.stderr


def test_no_network_is_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and does not listen
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
        done = command(address, "someone/bert", home=tmp_path)
    assert (done.returncode, done.stderr) == (
        2,
        f"space: The hub at {address} cannot be reached (ConnectError). Check the network, and try again.\n",
    )


def test_own_model_is_pushed_with_ones_own_login(tmp_path: Path) -> None:
    folder = tmp_path / "own" / "model"
    (folder / "adapter").mkdir(parents=True)
    parts = {
        "config.json": b"{}",
        "README.md": b"# Mine\n",
        "model.safetensors": b"w" * 99,
        "adapter/a.safetensors": b"a",
    }
    for name, content in parts.items():
        (folder / name).write_bytes(content)
    (tmp_path / "own" / "model.zip").write_bytes(b"PK")
    words = ("train", "push", str(tmp_path / "own"), "someone/mine")
    for hub in own_hub():
        address, held = hub
        out = command(address, *words, home=tmp_path, token="")
        assert out.stderr == "train: You are not logged in to the hub. Run `hf auth login`, then try again.\n"
        assert not held.asked and out.returncode == 2
        done = command(address, *words, home=tmp_path)
        assert done.returncode == 0 and done.stdout.startswith(f"The model stands at {address}/"), done.stderr
        assert {"name": "mine", "organization": "someone", "visibility": "private"}.items() <= held.made.items()
        assert held.tokens == {"Bearer hf_mine"}
        assert {name: held.files[name] for name in parts} == parts and "model.zip" not in held.files
        command(address, *words, "--public", home=tmp_path)
        assert held.made.get("visibility") != "private" and "old.txt" in held.files, "what else is there stays"
        held.files.clear()
        held.public = True
        shut = command(address, *words, home=tmp_path)
        assert "someone/mine is public already; nothing was sent" in shut.stderr and not held.files
        (folder / "weights.bin").write_bytes(b"a pickle")
        asked = len(held.asked)
        odd = command(address, *words, home=tmp_path)
        assert "'weights.bin' is no part of a model; nothing was sent" in odd.stderr and len(held.asked) == asked
        none = command(address, "train", "push", str(tmp_path), "someone/mine", home=tmp_path)
        assert "There is no model in" in none.stderr
        name = command(address, *words[:3], "mine", home=tmp_path)
        assert "The model's name must look like user/name, not 'mine'" in name.stderr


def test_the_header_agrees_with_the_files(tmp_path: Path) -> None:
    names = cli_space.tracked(ROOT)
    cli_space.check_header(ROOT, names)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (tmp_path / "requirements.txt").write_text("gradio[mcp]==6.31.0\n", encoding="utf-8")
    changes = {
        "sdk_version: 6.31.0": ("sdk_version: 5.0.0", "sdk_version is '5.0.0', not '6.31.0'"),
        "app_file: app.py": ("app_file: main.py", "app_file names 'main.py'"),
        "short_description: ": ("short_description: " + "very " * 12, "longer than 60 characters"),
        'python_version: "3.11"': ('python_version: "3.9"', "python_version is '3.9'"),
        "sdk: gradio": ("sdk: docker", "sdk is 'docker', not 'gradio'"),
    }
    for old, (new, said) in changes.items():
        assert readme.count(old) >= 1
        (tmp_path / "README.md").write_text(readme.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(BadDataError, match=re.escape(said)):
            cli_space.check_header(tmp_path, names)
    (tmp_path / "README.md").write_text("# No header\n", encoding="utf-8")
    with pytest.raises(BadDataError, match=r"README\.md"):
        cli_space.check_header(tmp_path, names)
    with pytest.raises(BadDataError, match="no git checkout"):
        cli_space.tracked(tmp_path)
    (tmp_path / "requirements.txt").write_text("torch>=2\n", encoding="utf-8")
    with pytest.raises(BadDataError, match="must pin every package with =="):
        cli_space.pinned(tmp_path / "requirements.txt")


def test_the_locks_hold_what_is_required() -> None:
    required = cli_space.pinned(ROOT / "requirements.txt")
    for name in ("requirements.lock", "requirements-dev.lock"):
        locked = cli_space.pinned(ROOT / name)
        assert {key: locked.get(key) for key in required} == required


def steps(path: Path) -> list[tuple[str, str]]:
    """(instruction, arguments) of a Dockerfile."""
    text = re.sub(r"\\\n\s*", "", path.read_text(encoding="utf-8"))
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]


def test_the_dockerfile_runs_as_an_ordinary_user_and_says_whether_it_is_ready() -> None:
    found = steps(ROOT / "Dockerfile")
    words = [word for word, _ in found]
    assert found[0] == ("FROM", "python:3.11-slim")
    assert ("ARG", "TORCH_INDEX=") in found
    assert ("USER", "1000") in found
    assert words.index("USER") < words.index("CMD")
    assert ("EXPOSE", "7860") in found
    assert dict(found)["CMD"] == '["python", "app.py"]'
    assert "/healthz" in dict(found)["HEALTHCHECK"]
    assert any(word == "RUN" and "-r requirements.lock" in rest and "TORCH_INDEX" in rest for word, rest in found)
    copied = [source for word, rest in found if word == "COPY" for source in rest.split()[:-1] if source[0] != "-"]
    assert all((ROOT / source).exists() for source in copied), copied
    needed = {"requirements.lock", "app.py", "bert_demo", "assets"}
    assert needed <= {source.rstrip("/") for source in copied}
    values = dict(pair.split("=", 1) for word, rest in found if word == "ENV" for pair in rest.split())
    assert values["BERT_DEMO_HOST"] == "0.0.0.0"
    assert values["BERT_DEMO_CACHE_DIR"] == dict(found)["VOLUME"].strip('[]"')


def test_what_docker_does_not_see() -> None:
    left_out = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {".git", ".venv", "tests", "**/__pycache__"} <= set(left_out)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "pip install --quiet  -r requirements.lock"),
        ({"TORCH_INDEX": "https://x.example/cpu"}, "pip install --quiet --extra-index-url https://x.example/cpu "),
        ({"PIP_OPTIONS": "--no-deps"}, "pip install --quiet --no-deps "),
    ],
)
def test_make_takes_an_index_for_torch(given: dict[str, str], said: str, tmp_path: Path) -> None:
    assignments = [f"{name}={value}" for name, value in given.items()]
    done = subprocess.run(
        ["make", "--dry-run", "--always-make", "run", f"VENV={tmp_path}/venv", *assignments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert said in done.stdout


def test_make_sends_a_space(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            "make",
            "--dry-run",
            "space",
            "SPACE=someone/bert",
            f"VENV={tmp_path}/venv",
            "TORCH_INDEX=https://x.example/cpu",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "-m bert_demo space someone/bert --torch-index https://x.example/cpu" in done.stdout
