"""Bytes and seconds until the page can be used in Chromium, against an empty Gradio page with one plot."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks.app_process import running_app, wait_for
from benchmarks.tables import ROOT

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

PEER = """
import sys, gradio as gr, plotly.graph_objects as go
with gr.Blocks(analytics_enabled=False) as demo:
    gr.Textbox(); gr.HTML("<p id='labels'>x</p>"); gr.Plot(go.Figure(go.Heatmap(z=[[1, 2], [3, 4]])))
demo.launch(server_port=int(sys.argv[1]), quiet=True, share=False, run_history=False)
"""


def measure() -> Iterator[tuple[str, str, str, str]]:
    """Ours warm, first visit, empty browser cache."""
    import find_browser

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser.find(), args=["--no-sandbox", "--disable-background-networking"]
        )
        with running_app() as (address, _, _):
            wait_for(f"{address}/config", lambda body: "panel decision" in body)
            ours = _visit(browser, address, "#labels .bar")
        peer = _peer(browser)
        browser.close()
    beyond = (ours[0] - peer[0]) / 1e6
    yield (
        "bytes until the page can be used",
        f"{ours[0] / 1e6:.2f} MB",
        f"{peer[0] / 1e6:.2f} MB, Gradio page with one plot",
        f"{ours[0] / peer[0]:.2f} ({beyond:+.2f} MB)",
    )
    yield (
        "seconds until the labels of the opening are seen",
        f"{ours[1]:.2f} s",
        f"{peer[1]:.2f} s, Gradio page with one plot",
        f"{ours[1] / peer[1]:.2f}",
    )


def _peer(browser: Browser) -> tuple[int, float]:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-c", PEER, str(port)], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}")
        return _visit(browser, f"http://127.0.0.1:{port}", "#labels")
    finally:
        process.terminate()
        process.wait(timeout=20)


def _visit(browser: Browser, address: str, sign: str) -> tuple[int, float]:
    """Bytes over the wire until the network is quiet, and median seconds until `sign` is seen, of five new visitors."""
    taken: list[float] = []
    bytes_read = 0
    for _ in range(5):
        context = browser.new_context()
        page = context.new_page()
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        sizes: list[float] = []
        session.on("Network.loadingFinished", lambda event, sizes=sizes: sizes.append(event["encodedDataLength"]))
        began = time.perf_counter()
        page.goto(address)
        page.wait_for_selector(sign)
        taken.append(time.perf_counter() - began)
        page.wait_for_timeout(3000)
        bytes_read = int(sum(sizes))
        context.close()
    return bytes_read, sorted(taken)[2]
