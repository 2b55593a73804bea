"""One meaning of each colour: the same values in pictures and style sheet, and ink that can be read on all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest
from conftest import ROOT

from bert_demo.results import HeadEffects, LayerAttribution, Token
from bert_demo.views import colours
from bert_demo.views.colours import DARK, LIGHT, Palette, Rgb, blend, contrast, rgb
from bert_demo.views.figures.head_effects import head_effects_figure
from bert_demo.views.figures.layer_attribution import layers_figure
from bert_demo.views.panels import head_effects
from bert_demo.views.scales import Scale, size

WEB = ROOT / "bert_demo" / "web"
SHEETS = sorted(WEB.rglob("*.css"))
PAGES = pytest.mark.parametrize("page", [LIGHT, DARK], ids=["light", "dark"])
READABLE = 4.5
FOR_AGAINST_USERS = {".w", ".sign-for", ".sign-against", ".step", ".methods td", ".odds", ".worth"}
"""What may have the colours of for and against."""


def variables(block: str) -> dict[str, str]:
    """The custom properties of a rule of the style sheet; a triple as "#rrggbb"."""
    found = dict(re.findall(r"--([a-z-]+): ([^;]+);", block))
    for name, value in found.items():
        if re.fullmatch(r"\d+, \d+, \d+", value):
            found[name] = "#" + "".join(f"{int(each):02x}" for each in value.split(","))
        if re.fullmatch("#[0-9a-f]{3}", value):
            found[name] = "#" + "".join(2 * each for each in value[1:])
    return found


@PAGES
def test_style_sheet_has_the_colours_of_the_pictures(page: Palette) -> None:
    sheet = (WEB / "assets" / "style.css").read_text(encoding="utf-8")
    light, dark = (re.search(rf"^{name} {{(.*?)}}", sheet, re.M | re.S) for name in (":root", r"\.dark"))
    assert light and dark
    found = variables(light[1]) | (variables(dark[1]) if page is DARK else {})
    names = {"positive": "pos", "negative": "neg"}
    for field in fields(Palette):
        assert found[names.get(field.name, field.name)] == getattr(page, field.name), field.name
    assert float(found["most"]) == colours.MOST


def test_luminance_and_contrast_are_those_of_wcag() -> None:
    """Black on white is 21, and #767676 is the lightest grey that can be read on white."""
    assert contrast(rgb("#000000"), rgb("#ffffff")) == pytest.approx(21)
    assert contrast(rgb("#767676"), rgb("#ffffff")) == pytest.approx(4.54, abs=0.005)
    assert contrast(rgb("#777777"), rgb("#ffffff")) < READABLE
    assert blend((0, 0, 0), (200, 100, 50), 0.25) == (150, 75, 37.5)


@PAGES
def test_ink_is_readable_on_every_strength_of_every_colour(page: Palette) -> None:
    for name in ("accent", "positive", "negative", "other"):
        for behind in (page.panel, page.page):
            for strength in np.linspace(0, 1, 101):
                seen = blend(rgb(getattr(page, name)), rgb(behind), colours.MOST * float(strength))
                assert contrast(rgb(page.ink), seen) >= READABLE, (name, behind, strength)
    for name in ("ink", "soft", "accent", "other", "warning"):
        assert contrast(rgb(getattr(page, name)), rgb(page.panel)) >= READABLE, name


def cells(figure: go.Figure, page: Palette) -> Iterator[Rgb]:
    """The colour that is seen in each cell of a heatmap, as plotly draws it."""
    heat = figure.data[0]
    stops = [(at, [float(each) for each in re.findall(r"[\d.]+", colour)]) for at, colour in heat.colorscale]
    shares = np.clip((np.asarray(heat.z, float) - heat.zmin) / (heat.zmax - heat.zmin), 0, 1)
    for share in shares.ravel():
        red, green, blue, opacity = (
            np.interp(share, [at for at, _ in stops], [c[k] for _, c in stops]) for k in range(4)
        )
        yield blend((red, green, blue), rgb(page.panel), float(opacity))


def effects(changes: Sequence[Sequence[float]], score: float) -> HeadEffects:
    return HeadEffects("m", "r", "yes", "logit", score, np.array(changes), changes[0][0], 252, 72)


def by_layer(scores: Sequence[Sequence[float]], score: float) -> LayerAttribution:
    tokens = tuple(Token(name, 1, 0, 1, 0, place, False, False) for place, name in enumerate("abc"))
    return LayerAttribution("m", "r", "yes", "pad", "logit", tokens, np.array(scores), score, 0.0, 0.01, (True,) * 2, 9)


@PAGES
def test_numbers_of_both_maps_are_readable_in_all_cells(page: Palette) -> None:
    every = np.linspace(-1.5, 1.5, 72).reshape(6, 12)
    figures = [
        head_effects_figure(effects(every.tolist(), 1.0)),
        layers_figure(by_layer(np.linspace(-2, 2, 6).reshape(2, 3).tolist(), 1.0)),
    ]
    for figure in figures:
        worst = min(contrast(rgb(page.ink), seen) for seen in cells(figure, page))
        assert worst >= READABLE
        assert figure.data[0].textfont.color == LIGHT.ink  # of a saved picture; the page has its own ink


def test_layer_zero_is_at_the_top_of_every_map() -> None:
    maps = [head_effects_figure(effects([[0.1, 0.2]], 1.0)), layers_figure(by_layer([[1, 0, 0], [0, 0, 1]], 1.0))]
    assert [each.layout.yaxis.autorange for each in maps] == ["reversed", "reversed"]
    assert next(iter(maps[1].data[0].y)) == "embeddings"


def test_head_that_spoke_for_the_answer_is_for_in_map_and_list() -> None:
    """Without head 0-1 the score falls by 0.3: the head is worth +0.3, in the colour of for."""
    found = effects([[0.1, -0.3]], 1.2)
    figure, panel = head_effects_figure(found), head_effects.head_effects_panel(found)
    assert figure.data[0].z.tolist() == [[-0.1, 0.3]] and list(figure.data[0].text[0]) == [
        "\N{MINUS SIGN}0.10",
        "+0.30",
    ]
    assert figure.data[0].colorscale[-1][1] == colours.rgba(LIGHT.positive, colours.PLOTTED)
    first, second = re.findall(r'<u class="(\w+)" style="width:([\d.]+)%"></u></div><em>([^<]+)</em>', panel)
    assert first == ("pos", "25.0", "+0.3000") and second == ("neg", "8.3", "\N{MINUS SIGN}0.1000")


def test_scale_is_that_of_the_whole_or_says_that_it_is_stretched() -> None:
    assert Scale.of([0.1, -0.16], 1.19) == Scale(1.19, 0.16, True)
    assert Scale.of([0.1, -0.16], 1.19).strength(-0.16) == pytest.approx(0.16 / 1.19)
    assert Scale.of([2.0, -0.5], 1.5) == Scale(2.0, 2.0, False) == Scale.of([2.0, -0.5])
    assert Scale.of([]) == Scale(1.0, 0.0, False) == Scale.of([0.0], 3.0)
    assert [size(each) for each in (1.19, -0.16, 0.0312, 0)] == ["1.19", "0.16", "0.031", "0.00"]
    fixed = head_effects.head_effects_panel(effects([[-0.16]], 1.19))
    assert "full colour is the whole logit, 1.19; the strongest here is 0.16." in fixed
    stretched = head_effects.head_effects_panel(effects([[-0.16]], 0.02))
    assert "Colours are stretched: the strongest, 0.16, has full colour." in stretched
    assert head_effects_figure(effects([[-0.16]], 1.19)).data[0].zmax == 1.19


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_colours_of_for_and_against_mean_nothing_else(path: Path) -> None:
    rules = re.findall(r"([^{}]+){([^{}]*)}", path.read_text(encoding="utf-8"))
    users = [rule.split("*/")[-1].strip() for rule, body in rules if "var(--pos)" in body or "var(--neg)" in body]
    for user in users:
        assert any(user.startswith(each) for each in FOR_AGAINST_USERS), user


def test_figures_have_the_colours_of_the_table_alone() -> None:
    for path in sorted((ROOT / "bert_demo" / "views" / "figures").glob("*.py")):
        text = path.read_text(encoding="utf-8").lower()
        for colour in (LIGHT.positive, LIGHT.negative):
            red, green, blue = (int(each) for each in rgb(colour))
            assert colour not in text and f"{red},{green},{blue}" not in text.replace(" ", ""), path.name
    assert not {LIGHT.positive, LIGHT.negative} & {*colours.LINES, colours.FIRST, colours.SECOND, colours.APART}
