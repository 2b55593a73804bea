"""What the server makes of a result to keep: tables, arrays and pictures, each number of them the result's own."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageColor
from test_attention_views import attention
from test_injection import PAYLOADS, harmless, spoilt

from bert_demo.results import Attribution, HeadSteps, Token, WordScore
from bert_demo.results.attention_views import Choice, HeadView, look
from bert_demo.results.masked_lm import Surprises, WordSurprise
from bert_demo.views.colours import Palette
from bert_demo.views.export import attention_head, attention_overview, attention_steps, word_strips
from bert_demo.views.export.drawing import Box, Drawing, Polyline, Words, write
from bert_demo.views.panels.attention_overview import overview_panel

SVG = "{http://www.w3.org/2000/svg}"


def named(name: str, place: int) -> Token:
    return Token(name, place, place, place + 1, 0, place, False, False)


def view() -> HeadView:
    weights = np.array([[0.25, 0.75, 0.0], [0.5, 0.005, 0.495], [1 / 3, 1 / 3, 1 / 3]], np.float32)
    names = ("[CLS]", "=sum", 'say "it"')
    return HeadView(names, (0, 1, 2), (0, 1, 2), weights, True, 0, (), 1.0, None)


def steps() -> HeadSteps:
    generator = np.random.default_rng(1)
    tokens = tuple(named(name, place) for place, name in enumerate("abc"))
    q, keys, values = generator.normal(size=4), generator.normal(size=(3, 4)), generator.normal(size=(3, 4))
    products = keys @ q
    weights = np.exp(products / 2) / np.exp(products / 2).sum()
    single = (each.astype(np.float32) for each in (q, keys, values))
    return HeadSteps("m", "r", tokens, 2, 1, 1, *single, products, products / 2, weights, weights @ values, 0.0)


def kept(write_file: Callable[..., None], *values: object) -> bytes:
    stream = io.BytesIO()
    write_file(*values, stream)
    return stream.getvalue()


def pictured(draw: Callable[..., None], kind: str, *values: object, dark: bool = False) -> bytes:
    stream = io.BytesIO()
    draw(*values, kind, stream, dark)
    return stream.getvalue()


def test_weights_csv_reads_back_the_same_and_no_cell_is_a_formula() -> None:
    text = kept(attention_head.weights_csv, view()).decode()
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows[0] == ["query", "0 [CLS]", "1 =sum", '2 say "it"']
    assert [row[0] for row in rows[1:]] == rows[0][1:]
    assert np.array_equal(np.array([row[1:] for row in rows[1:]], np.float32), view().weights)


def test_weights_npz_and_json_hold_names_and_weights() -> None:
    with np.load(io.BytesIO(kept(attention_head.weights_npz, view(), ["Head 2-1"]))) as held:
        assert np.array_equal(held["weights"], view().weights) and held["weights"].dtype == np.float32
        assert held["query_tokens"].tolist() == list(view().names) == held["key_tokens"].tolist()
        assert held["query_positions"].tolist() == [0, 1, 2] == held["key_positions"].tolist()
        assert held["about"].tolist() == ["Head 2-1"]
    records = json.loads(kept(attention_head.weights_json, view()))
    assert records[0] == {"query": "0 [CLS]", "0 [CLS]": 0.25, "1 =sum": 0.75, '2 say "it"': 0.0}


@pytest.mark.parametrize(("chosen", "ways"), [((), {"": 7}), ((0,), {"": 2, "5 3": 3}), ((1, 2), {"": 5, "5 3": 4})])
def test_arcs_draw_every_weight_of_the_chosen_words(chosen: tuple[int, ...], ways: dict[str, int]) -> None:
    content = pictured(attention_head.arcs_picture, "svg", view(), chosen)
    lines = list(ElementTree.fromstring(content).iter(f"{SVG}path"))
    found: dict[str, int] = {}
    for line in lines:
        found[line.get("stroke-dasharray", "")] = found.get(line.get("stroke-dasharray", ""), 0) + 1
    assert found == ways
    titles = [line.findtext(f"{SVG}title") or "" for line in lines]
    weights = [float(title.split()[-1]) for title in titles]
    assert weights == sorted(weights)
    widths = [float(line.get("stroke-width", 0)) for line in lines]
    assert widths == pytest.approx([0.6 + 3 * weight for weight in weights], abs=0.01)


def test_heatmap_squares_have_the_weights_as_opacities() -> None:
    content = pictured(attention_head.heatmap_picture, "png", view())
    with Image.open(io.BytesIO(content)) as drawn:
        cell, left = 2 * 22, 2 * attention_head.MARGIN
        shown = [[drawn.getpixel((left + (column + 0.5) * cell, left + (row + 0.5) * cell)) for column in range(3)]
                 for row in range(3)]  # fmt: skip
    for row in range(3):
        for column in range(3):
            share = float(view().weights[row, column]) / 0.75
            expected = [255 + share * (colour - 255) for colour in (14, 107, 124)]
            assert shown[row][column] == pytest.approx(expected, abs=2)


def test_overview_pictures_are_those_of_the_page() -> None:
    result = attention(np.random.default_rng(0).dirichlet(np.ones(5), (2, 3, 5)))
    for dark in (False, True):
        content = pictured(attention_overview.overview_picture, "svg", result, dark=dark)
        pictures = list(ElementTree.fromstring(content).iter(f"{SVG}image"))
        page = re.findall(r'src="([^"]+)"', overview_panel(result, (0, 0)))
        assert [each.get("href") for each in pictures] == page and len(page) == 6
        assert len({(each.get("x"), each.get("y")) for each in pictures}) == 6
        assert [each.findtext(f"{SVG}title") for each in pictures][:2] == ["layer 0, head 0", "layer 0, head 1"]


def test_steps_files_hold_every_vector() -> None:
    result = steps()
    rows = list(csv.DictReader(io.StringIO(kept(attention_steps.steps_csv, result).decode(), newline="")))
    assert [row["vector"] for row in rows] == ["q", "k", "k", "k", "v", "v", "v", "output"]
    values = np.array([[row[str(cell)] for cell in range(4)] for row in rows if row["vector"] == "v"], np.float32)
    assert np.array_equal(values, result.values)
    assert [float(row["weight"]) for row in rows[1:4]] == pytest.approx(result.weights, rel=1e-8)
    records = json.loads(kept(attention_steps.steps_json, result))
    assert records[2]["token"] == "b" and records[0]["weight"] is None
    assert [records[-1][str(cell)] for cell in range(4)] == pytest.approx(result.output, rel=1e-8)
    with np.load(io.BytesIO(kept(attention_steps.steps_npz, result))) as held:
        for name in ("q", "keys", "values", "products", "scaled", "weights", "output"):
            assert np.array_equal(held[name], getattr(result, name)), name
        assert held["tokens"].tolist() == ["a", "b", "c"] and held["query"] == 1


def test_steps_picture_has_a_cell_for_each_number_in_the_colour_of_its_sign() -> None:
    result = steps()
    content = pictured(attention_steps.steps_picture, "svg", result)
    colours = Palette.of(False)
    boxes = list(ElementTree.fromstring(content).iter(f"{SVG}rect"))
    cells = [each for each in boxes if each.get("fill") in (colours.accent, colours.other)]
    mixed = result.keys * result.q.astype(np.float64)
    pairs = [vector for each in zip(result.keys, mixed, strict=True) for vector in each]
    numbers = np.concatenate([result.q, *pairs, *result.values, result.output])
    assert [each.get("fill") for each in cells] == [
        colours.accent if value >= 0 else colours.other for value in numbers
    ]
    most = np.abs(result.values).max()
    shown = [float(each.get("fill-opacity", 1)) for each in cells[28:40]]
    assert shown == pytest.approx([0.06 + 0.94 * abs(value) / most for value in result.values.ravel()], abs=0.001)


def attribution() -> Attribution:
    tokens = (Token("[CLS]", 1, 0, 0, 0, None, True, False), *(named(name, place) for place, name in enumerate("ab")))
    words = (WordScore("a", (1,), 0.4), WordScore("b", (2,), -0.2))
    scores = np.array([0.1, 0.4, -0.2])
    return Attribution(
        "m",
        "r",
        "integrated_gradients",
        "t",
        "pad",
        "logit",
        tokens,
        words,
        scores,
        0.3,
        0.0,
        0.01,
        8,
        8,
        1,
        "difference",
    )


def surprises() -> Surprises:
    words = tuple(WordSurprise(name, 0, 1, (1,), -bits * np.log(2), 1, ()) for name, bits in (("a", 7.5), ("b", 30.0)))
    tokens = (named("a", 0), named("b", 1))
    return Surprises("m", "r", "a b", "original", tokens, words, np.array([word.score for word in words]), 1)


def blend(colour: str, opacity: float) -> list[float]:
    return [255 + opacity * (each - 255) for each in ImageColor.getrgb(colour)]


def test_word_strips_have_the_strength_and_sign_of_each_word() -> None:
    colours, top = Palette.of(False), 2 * word_strips.EDGE + 8
    stream = io.BytesIO()
    word_strips.attributed_words_png([attribution()], True, stream)
    with Image.open(stream) as drawn:
        found = drawn.convert("RGB").getcolors(drawn.width * drawn.height) or []
        shown = [colour for _, colour in sorted(found, reverse=True)]
        assert shown[0] == (255, 255, 255) and drawn.size == (2 * 860, 2 * (50 + 2 * 12))
        assert any(each == pytest.approx(blend(colours.positive, 0.55), abs=2) for each in shown[1:3])
        assert any(each == pytest.approx(blend(colours.negative, 0.275), abs=2) for each in shown[1:3])
        assert drawn.getpixel((2 * word_strips.EDGE + 8, top)) == (255, 255, 255)  # a special token has no colour
    stream = io.BytesIO()
    word_strips.surprises_png(surprises(), stream)
    with Image.open(stream) as drawn:
        left = 2 * word_strips.EDGE + 4
        assert drawn.getpixel((left, top)) == pytest.approx(blend(colours.accent, 0.275), abs=2)


def test_drawing_has_the_pixels_of_its_shapes() -> None:
    drawing = Drawing(40, 20, "#ffffff")
    drawing.shapes += [Box(0, 0, 10, 20, "#000000", 0.5), Polyline(((20, 10), (40, 10)), "#ff0000", 4)]
    stream = io.BytesIO()
    write(drawing, "png", stream)
    with Image.open(stream) as drawn:
        assert drawn.size == (80, 40)
        assert drawn.getpixel((10, 20)) == pytest.approx((127, 127, 127), abs=1)
        assert drawn.getpixel((60, 20)) == (255, 0, 0) and drawn.getpixel((30, 20)) == (255, 255, 255)


def test_long_drawing_keeps_to_the_greatest_side() -> None:
    stream = io.BytesIO()
    write(Drawing(20, 20_000, "#ffffff", [Words("a", 0, 10, 10, "#000000")]), "png", stream)
    with Image.open(stream) as drawn:
        assert drawn.size == (16, 16_000)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_strings_of_a_picture_stay_strings(payload: str) -> None:
    trees = []
    for put in (payload, harmless(payload)):
        seen, found = spoilt(look(attention(np.full((1, 1, 3, 3), 1 / 3)), Choice(0, 0)), put), spoilt(steps(), put)
        for content in (
            pictured(attention_head.arcs_picture, "svg", seen, (0,)),
            pictured(attention_head.heatmap_picture, "svg", seen),
            pictured(attention_steps.steps_picture, "svg", found),
        ):
            trees.append([(each.tag, sorted(each.attrib)) for each in ElementTree.fromstring(content).iter()])
    assert trees[:3] == trees[3:]
