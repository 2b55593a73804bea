"""A start that cannot be ends in a sentence and status 2, whoever starts what; an upload without room ends in one."""

from __future__ import annotations

import http.client
import os
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT, free_port
from test_server import ask, upload

MOST_WRITTEN = 200_000
"""Bytes of the largest file that the server of these tests can write: to the server a disk without room."""


def start(*command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a program of the project that ends by itself."""
    environment = {**os.environ, **{f"BERT_DEMO_{name}": value for name, value in settings.items()}}
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100, check=False
    )


def places(tmp_path: Path) -> dict[str, tuple[Path, str]]:
    """Directories that nobody can write to, whoever runs the tests, with what the system says of them."""
    (file := tmp_path / "file").write_text("")
    (loop := tmp_path / "loop").symlink_to(loop)
    return {
        "a file": (file, "Not a directory"),
        "below a file": (file / "cache", "Not a directory"),
        "a link to itself": (loop, "Too many levels of symbolic links"),
        "a file system that takes no files": (Path("/proc/self/cache"), "No such file or directory"),
    }


@pytest.mark.parametrize("command", [("app.py",), ("-m", "bert_demo", "models")])
@pytest.mark.parametrize("kind", ["a file", "below a file", "a link to itself", "a file system that takes no files"])
def test_cache_directory_that_cannot_be_written(command: tuple[str, ...], kind: str, tmp_path: Path) -> None:
    place, reason = places(tmp_path)[kind]
    done = start(*command, CACHE_DIR=str(place))
    before = "" if command == ("app.py",) else "bert_demo: "
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr in {
        f"{before}BERT_DEMO_CACHE_DIR is {str(place)!r}, which cannot be written to ({each}). "
        "Set BERT_DEMO_CACHE_DIR to a directory that this user may write to.\n"
        for each in (reason, "File exists")
    }


def test_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = start("app.py", PORT=str(port))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"Port {port} of 127.0.0.1 cannot be opened (Address already in use). "
        f"Set BERT_DEMO_PORT to another one, such as {port % 65_535 + 1}.\n"
    )


@pytest.mark.parametrize("host", ["no such host", "a" * 80, "a..b"])
def test_host_that_is_no_address(host: str) -> None:
    done = start("app.py", HOST=host, PORT="0")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"BERT_DEMO_HOST is {host!r}, which is no address of this computer.\n"


@pytest.mark.parametrize("command", [("app.py",), ("-m", "bert_demo", "classify", "good")])
def test_setting_that_cannot_be(command: tuple[str, ...]) -> None:
    done = start(*command, PORT="soon")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith('BERT_DEMO_PORT must be a whole number, not "soon".\n')
    assert done.stderr.count("\n") == 1


def test_gpu_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    done = start("app.py", DEVICE="cuda", PORT="0")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "torch sees no GPU here. Set BERT_DEMO_DEVICE to auto or cpu.\n"


def test_folder_of_uploads_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As one that another user made among the temporary files; root may write into that, but not into a file."""
    (file := tmp_path / "file").write_text("")
    for place, reason in ((file, "File exists"), (file / "uploads", "Not a directory")):
        monkeypatch.setenv("GRADIO_TEMP_DIR", str(place))
        done = start("app.py", PORT="0")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == (
            f"Uploads are kept in {str(place)!r}, which cannot be written to ({reason}). Set BERT_DEMO_CACHE_DIR to a "
            "directory that this user may write to.\n"
        )


@pytest.fixture(scope="module")
def full_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path, list[str]]]:
    """A server that cannot write much: its address, its directory, and the lines of its log."""
    place, port = tmp_path_factory.mktemp("full"), free_port()
    environment = {**os.environ, "BERT_DEMO_PORT": str(port), "BERT_DEMO_CACHE_DIR": str(place)}
    process = subprocess.Popen(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_WRITTEN, MOST_WRITTEN)),
    )
    lines: list[str] = []
    assert process.stderr is not None
    reader = threading.Thread(target=lines.extend, args=(process.stderr,), daemon=True)
    reader.start()
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_open(address, process)
        yield address, place, lines
    finally:
        process.kill()
        process.wait()
        reader.join()
        process.stderr.close()
    assert not [line for line in lines if "Traceback" in line or "rows.csv" in line]


def wait_until_open(address: str, process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 100
    while time.monotonic() < end:
        assert process.poll() is None
        try:
            return ask(address, "/healthz") and None
        except (OSError, http.client.HTTPException):
            time.sleep(0.1)
    raise AssertionError("the server did not open its port")


def test_upload_without_room_is_refused_and_leaves_nothing(full_disk: tuple[str, Path, list[str]]) -> None:
    address, place, _ = full_disk
    before = sorted(place.rglob("*"))
    status, body = upload(address, "rows.csv", b"x" * 900_000)
    sentence = "The server has no room for the file just now. Paste the rows instead, or try again later."
    assert (status, body.decode()) == (507, f'{{"detail": "{sentence}"}}')
    assert sorted(place.rglob("*")) == before
    status, body = upload(address, "rows.csv", b"good,positive\n")
    assert status == 200
    assert [path.read_bytes() for path in place.rglob("rows.csv")] == [b"good,positive\n"]


def test_page_opens_without_torch() -> None:
    """Importing the page's code must not import torch or transformers: the models are loaded behind it."""
    code = "import sys, bert_demo.web.app; sys.exit(str({'torch', 'transformers', 'captum'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr.strip().splitlines()[-1] == "set()", done.stderr
