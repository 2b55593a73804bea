"""python -m benchmarks.peers.attention: the lens Attention beside bertviz 1.4.1, at BERT-base's size.

For each length: bytes, server seconds beyond the forward pass, and seconds until drawn in Chromium, of what the lens
sends (overview of all heads, one head as a heatmap, its table) and of bertviz's head_view and model_view of the same
weights. bertviz fetches its scripts from elsewhere; they are given to it here, from npm (`npm pack`), kept with bertviz
itself in .venv-peers. Ours counts without plotly's script, bertviz's without d3.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from playwright.sync_api import Browser, Error, Page, Route, sync_playwright

from benchmarks.attributions import like_bert_base, plain, texts_of
from benchmarks.tables import BERTVIZ, HEADER, ROOT, markdown, printed, put
from benchmarks.timing import seconds
from bert_demo import BertService, Settings
from bert_demo.core.settings import ASSETS

sys.path.insert(0, str(ROOT / "tests"))
LENGTHS = (16, 70, 140, 512)
PATIENCE = 120
PACKAGE, IPYTHON = "bertviz==1.4.1", "ipython==9.8.0"
HERE = Path(__file__).resolve().parent
SCRIPTS = {"d3": "d3@5.7.0", "jquery": "jquery@2.1.4", "require": "requirejs@2.3.6"}
FILES = {"d3": "dist/d3.min.js", "jquery": "dist/jquery.min.js", "require": "require.js"}


def packages(folder: Path, options: Sequence[str]) -> Path:
    """A folder with bertviz and what it imports beside torch, made when it is not there. options: more for pip."""
    if not (folder / "bertviz").is_dir():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), *options]
        subprocess.run([*pip, IPYTHON], check=True)
        subprocess.run([*pip, "--no-deps", PACKAGE], check=True)
    return folder


def scripts(folder: Path) -> dict[str, Path]:
    """bertviz's scripts by name, fetched with npm when they are not in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, package in SCRIPTS.items():
        if not (folder / name).is_dir():
            done = subprocess.run(["npm", "pack", package], cwd=folder, check=True, capture_output=True, text=True)
            with tarfile.open(folder / done.stdout.strip().splitlines()[-1]) as packed:
                packed.extractall(folder / name, filter="data")
    return {name: folder / name / "package" / FILES[name] for name in SCRIPTS}


def lens(service: BertService, text: str, source: str) -> list[Any]:
    """What the lens sends for its first view: overview, title, heatmap, table."""
    from bert_demo.web.components.attention_views import Wanted, panels
    from bert_demo.web.tab import Ask

    wanted = Wanted.of([0, 0, 0, "heatmap", "head", "keep", "tokens", "all", 1, False, 0, 1, "", "", None])
    return [each for each in panels(service, Ask(text, "", source), wanted) if isinstance(each, str) or _figure(each)]


def _figure(value: Any) -> bool:
    return hasattr(value, "to_json") and hasattr(value, "layout")


def as_page(sent: Sequence[Any]) -> str:
    """The lens as one HTML file; plotly's script lies beside it."""
    style = (ASSETS / "style.css").read_text(encoding="utf-8")
    parts = [each for each in sent if isinstance(each, str)]
    (figure,) = (each for each in sent if _figure(each))
    drawing = f"Plotly.newPlot('heatmap', {figure.to_json()}).then(() => {{ window.drawn = true; }});"
    body = "".join(parts)
    return (
        f"<!doctype html><meta charset='utf-8'><style>{style}</style><div class='gradio-container'>{body}</div>"
        f"<div id='heatmap' style='width:600px'></div><script src='plotly.min.js'></script><script>{drawing}</script>"
    )


def _answer(path: Path) -> Callable[[Route], None]:
    return lambda route: route.fulfill(path=path, content_type="text/javascript")


def drawn(browser: Browser, page: Path, holds: str, given: dict[str, Path]) -> float | None:
    """Seconds from opening a file until `holds` (JavaScript) is true and a frame was painted; None if it never is."""
    tab: Page = browser.new_page(viewport={"width": 1240, "height": 1000})
    for name, path in given.items():
        tab.route(f"**/*{name}*min*", _answer(path))
    began = time.perf_counter()
    try:
        tab.goto(page.as_uri(), timeout=PATIENCE * 1000)
        tab.wait_for_function(holds, timeout=PATIENCE * 1000)
        tab.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return time.perf_counter() - began
    except Error:
        return None
    finally:
        tab.close()


@torch.inference_mode()
def attentions(model: Any, inputs: Any) -> Any:
    """The model's own forward pass with its attention weights."""
    return model(**inputs, output_attentions=True).attentions


def ours(
    service: BertService, browser: Browser, folder: Path, text: str, source: str
) -> tuple[int, float, float | None]:
    """Bytes, server seconds beyond the forward pass, seconds until drawn."""
    model, tokenizer = plain(source)
    inputs = tokenizer(text, return_tensors="pt")
    whole = seconds(lambda: lens(service, text, source), 3)
    forward = seconds(lambda: attentions(model, inputs), 3)
    page = folder / "ours.html"
    page.write_text(as_page(lens(service, text, source)), encoding="utf-8")
    shown = "() => window.drawn && [...document.querySelectorAll('.thumb img')].every((each) => each.complete)"
    return page.stat().st_size, whole - forward, drawn(browser, page, shown, {})


def theirs(
    where: Path, view: str, kept: Path, browser: Browser, folder: Path, given: dict[str, Path]
) -> tuple[int, float, float | None]:
    """The same of a view of bertviz."""
    page, task = folder / f"{view}.html", folder / "task.json"
    task.write_text(json.dumps({"weights": str(kept), "view": view, "page": str(page)}), encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(where)}
    command = [sys.executable, HERE / "bertviz_worker.py", task]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    took = float(json.loads(done.stdout.strip().splitlines()[-1])["seconds"])
    found = drawn(browser, page, "() => document.querySelectorAll('svg rect, svg line, svg path').length > 0", given)
    size = page.stat().st_size
    page.unlink()
    return size, took, found


def cell(found: tuple[int, float, float | None]) -> str:
    """The words for one measurement."""
    size, took, shown = found
    when = f"not drawn within {PATIENCE} s" if shown is None else f"drawn in {shown:.2f} s"
    return f"{size / 1e6:.2f} MB, {took:.2f} s on the server, {when}"


def measure(where: Path, given: dict[str, Path], lengths: Sequence[int]) -> Iterator[tuple[str, str, str, str]]:
    """Two rows for each length; the ratio is that of the bytes."""
    import find_browser
    import plotly

    script = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    with tempfile.TemporaryDirectory() as made, sync_playwright() as playwright:
        folder = Path(made)
        (folder / "plotly.min.js").symlink_to(script)
        source = like_bert_base(folder / "model")
        service = BertService(Settings(cache_mb=0))
        _, tokenizer = plain(source)
        for length in lengths:
            browser = playwright.chromium.launch(executable_path=find_browser.find(), args=["--no-sandbox"])
            text = texts_of(tokenizer, length, 1)[0][0]
            result = service.attention(text, model=source)
            mine = ours(service, browser, folder, text, source)
            kept = folder / "weights.npz"
            np.savez(kept, weights=result.weights, tokens=[token.text for token in result.tokens])
            for view in ("head_view", "model_view"):
                found = theirs(where, view, kept, browser, folder, given)
                yield (
                    f"Attention, BERT-base size, {length} tokens",
                    cell(mine),
                    f"{cell(found)}, bertviz {view}",
                    f"1 : {found[0] / mine[0]:.0f} in bytes",
                )
            browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers.attention", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--keep", type=Path, default=ROOT / ".venv-peers" / "bertviz", help="folder of what is fetched")
    parser.add_argument("--lengths", type=int, nargs="+", default=list(LENGTHS))
    parser.add_argument("--pip-options", default="", help="more options for pip, such as --index-url=...")
    parser.add_argument("--readme", action="store_true", help="write the table into the documents")
    options = parser.parse_args()
    where = packages(options.keep, options.pip_options.split())
    rows = measure(where, scripts(options.keep / "scripts"), options.lengths)
    table = markdown(HEADER, list(printed(rows)))
    if options.readme:
        put(BERTVIZ, table)


if __name__ == "__main__":
    main()
