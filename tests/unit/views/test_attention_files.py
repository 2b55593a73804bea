"""All heads as files: arrays, tables, one sheet, drawings, each read back and held to the weights."""

from __future__ import annotations

import base64
import csv
import io
import xml.etree.ElementTree
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import OPENING, oracle_classifier
from PIL import Image
from test_attention_views import attention, randomly, token, tokens
from transformers import AutoTokenizer

from bert_demo import BertService
from bert_demo.core.errors import CancelledError, ChoiceError
from bert_demo.results import Attention
from bert_demo.views.export import attention_files, contact_sheet
from bert_demo.web.components.attention_files import FORMATS, MOST_NUMBERS, made
from bert_demo.web.job_runner import JobProgress


def written(
    write: Callable[..., None], result: Attention, told: Callable[[int, int], None] = lambda *_: None
) -> io.BytesIO:
    stream = io.BytesIO()
    write(result, stream, told)
    stream.seek(0)
    return stream


def test_npz_is_what_transformers_gives(service: BertService) -> None:
    with np.load(written(attention_files.arrays, service.attention(OPENING, None, "sentiment"))) as held:
        kept = {name: held[name] for name in held}
    model = oracle_classifier("sentiment", attn_implementation="eager")
    inputs = AutoTokenizer.from_pretrained("assets/models/base")(OPENING, return_tensors="pt")
    with torch.no_grad():
        expected = torch.cat(model(**inputs, output_attentions=True).attentions).numpy()
    assert kept["weights"].dtype == np.float32 and np.abs(kept["weights"] - expected).max() <= 1e-6
    assert kept["tokens"].tolist()[:3] == ["[CLS]", "not", "a"]
    assert str(kept["model"]) == "sentiment" and str(kept["revision"])


def test_a_table_of_each_head() -> None:
    result = randomly(2, 3, 6)
    named = tuple(
        replace(each, text=text) for each, text in zip(result.tokens, ('a"b', ",", "=1", *"xyz"), strict=True)
    )
    result = replace(result, tokens=named)
    told: list[tuple[int, int]] = []
    files = zipfile.ZipFile(written(attention_files.tables, result, lambda *passes: told.append(passes)))
    assert files.namelist() == [f"attention-head-{layer}-{head}.csv" for layer in (0, 1) for head in (0, 1, 2)]
    assert told == [(place, 6) for place in range(6)]
    names = ['0 a"b', "1 ,", "2 =1", "3 x", "4 y", "5 z"]
    for layer, head in ((0, 0), (1, 2)):
        text = files.read(f"attention-head-{layer}-{head}.csv").decode()
        header, *rows = csv.reader(io.StringIO(text, newline=""))
        assert header == ["query", *names] and [row[0] for row in rows] == names
        assert np.array_equal(np.array([row[1:] for row in rows], np.float32), result.head(layer, head))


def test_too_many_weights_for_csv_are_refused(tmp_path: Path) -> None:
    none = np.broadcast_to(np.float32(0), (24, 16, 256, 256))
    large = Attention("m", "r", tokens(256), tuple(range(24)), tuple(range(16)), none)
    with pytest.raises(ChoiceError, match=r"25,165,824 weights are too many for CSV \(up to 20,000,000\)"):
        made(large, "csv", tmp_path, JobProgress())
    assert list(tmp_path.iterdir()) == []
    assert MOST_NUMBERS >= 72 * 512**2


def test_a_file_that_is_stopped_is_taken_away(tmp_path: Path) -> None:
    watch = JobProgress()
    assert made(randomly(1, 2, 3), "npz", tmp_path, watch).name == "attention.npz"
    watch.stopped.set()
    for kind in FORMATS:
        with pytest.raises(CancelledError):
            made(randomly(1, 2, 3), kind, tmp_path, watch)
    assert [path.name for path in tmp_path.rglob("*.*")] == ["attention.npz"]
    assert len(list(tmp_path.iterdir())) == 1


SVG, LINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"


def test_all_heads_on_one_sheet() -> None:
    result = randomly(2, 3, 6)
    funny = ("<script>alert(1)</script>", "a&b", '"', "\x07\uffff", "x" * 40, "\u4e2d")
    result = replace(result, tokens=tuple(token(text, place) for place, text in enumerate(funny)), model="<m>")
    text = written(contact_sheet.sheet, result).getvalue()
    root = xml.etree.ElementTree.fromstring(text)
    assert b"<script" not in text and b"&lt;script&gt;" in text
    names = [each.text for each in root.iter(f"{SVG}text")]
    spelt = ["<script>alert(1\u2026", "a&b", '"', "\u2423\u2423", "x" * 15 + "\u2026", "\u4e2d"]
    assert names[1:8] == ["head 0", *spelt] and names.count("a&b") == 2 + 3 and "layer 1" in names
    assert names[0].startswith("Attention of <m>, 6 tokens: layers 0 to 1 downwards, heads 0 to 2 to the right")
    pictures = list(root.iter(f"{SVG}image"))
    assert len(pictures) == 6 and pictures[5].find(f"{SVG}title").text == "head 1-2 (2-3 counted from one)"
    drawn = Image.open(io.BytesIO(base64.b64decode(pictures[5].get(LINK).split(",")[1])))
    strengths = np.array(drawn)
    expected = 255 * np.sqrt(result.head(1, 2) / result.head(1, 2).max())
    assert strengths == pytest.approx(expected, abs=0.51) and drawn.getpalette()[:3] == [255, 255, 255]
    assert drawn.getpalette()[-3:] == [14, 107, 124]
    places = {(each.get("x"), each.get("y")) for each in pictures}
    assert len(places) == 6 and all(0 < float(x) < float(root.get("width")) for x, _ in places)


def test_a_sheet_of_a_long_text_names_every_few_words() -> None:
    text = written(contact_sheet.sheet, attention(np.full((1, 1, 512, 512), 1 / 512))).getvalue()
    names = [each.text for each in xml.etree.ElementTree.fromstring(text).iter(f"{SVG}text")]
    assert names.count("t0") == 2 and names.count("t4") == 2 and "t1" not in names and len(text) < 100_000


def test_the_drawings_of_a_homework() -> None:
    result = randomly(2, 3, 6)
    told: list[tuple[int, int]] = []
    files = zipfile.ZipFile(written(attention_files.drawings, result, lambda *passes: told.append(passes)))
    names = [f"Attention_Layer{layer}_Head{head}.png" for layer in (1, 2) for head in (1, 2, 3)]
    assert files.namelist() == names and told == [(place, 6) for place in range(6)]
    drawn = np.array(Image.open(io.BytesIO(files.read("Attention_Layer2_Head1.png"))))
    assert drawn.shape == (200 + 6 * 40, 200 + 6 * 40)
    squares = drawn[200 + 20 :: 40, 200 + 20 :: 40]
    assert squares == pytest.approx(255 * result.head(1, 0), abs=0.51)
    for place in range(6):
        at = slice(200 + 40 * place, 240 + 40 * place)
        assert drawn[at, :200].max() > 200 and drawn[:200, at].max() > 200
    assert drawn[:200, :200].max() == 0


def test_drawings_of_odd_and_of_long_texts() -> None:
    named = tuple(token(text, place) for place, text in enumerate(("\u4e2d", "\N{CLAPPING HANDS SIGN}", "x" * 300)))
    odd = zipfile.ZipFile(written(attention_files.drawings, attention(np.full((1, 1, 3, 3), 1 / 3), named)))
    drawn = np.array(Image.open(io.BytesIO(odd.read("Attention_Layer1_Head1.png"))))
    assert all(drawn[200 + 40 * place : 240 + 40 * place, :200].max() > 200 for place in range(3))
    long = zipfile.ZipFile(written(attention_files.drawings, attention(np.full((1, 1, 512, 512), 1 / 512))))
    assert Image.open(io.BytesIO(long.read("Attention_Layer1_Head1.png"))).width == 200 + 3 * 512
