"""What is shown of attention: summaries and options worked by hand, the panels' numbers, their cost."""

from __future__ import annotations

import base64
import html
import io
import json
import re
import time
from dataclasses import replace

import numpy as np
import pytest
from conftest import OPENING
from PIL import Image

from bert_demo import BertService, Settings
from bert_demo.core.errors import ChoiceError
from bert_demo.models.encoder import TransformersEncoder
from bert_demo.models.surgery import attention_steps as traced
from bert_demo.results import HABITS, Attention, HeadProfiles, Token
from bert_demo.results.attention_views import Choice, HeadView, by_words, difference, groups_of, look, rescaled, rollout
from bert_demo.views.figures.attention_head import head_figure
from bert_demo.views.panels import attention_head, attention_steps
from bert_demo.views.panels import attention_overview as overview
from bert_demo.views.panels.attention_arcs import arcs_panel
from bert_demo.web.components.attention_views import Wanted, panels
from bert_demo.web.tab import Ask

OPEN = Ask(OPENING, "", "sentiment")
PIECES = ("[CLS]", "play", "##ing", "[SEP]")
MATRIX = np.array([[0.4, 0.3, 0.2, 0.1], [0.1, 0.5, 0.3, 0.1], [0.2, 0.2, 0.2, 0.4], [0.7, 0.1, 0.1, 0.1]])


def token(text: str, word: int | None, segment: int = 0) -> Token:
    return Token(text, 1, 0, 0, segment, word, word is None, False)


def tokens(count: int) -> tuple[Token, ...]:
    return tuple(token(f"t{place}", place) for place in range(count))


def attention(weights: np.ndarray, named: tuple[Token, ...] | None = None) -> Attention:
    layers, heads, count, _ = weights.shape
    named = named or tokens(count)
    return Attention("m", "r", named, tuple(range(layers)), tuple(range(heads)), weights.astype(np.float32))


def pieces() -> Attention:
    words = (None, 0, 0, None)
    return attention(MATRIX[None, None], tuple(token(*each) for each in zip(PIECES, words, strict=True)))


def pair() -> Attention:
    named = (token("[CLS]", None), token("a", 0), token("[SEP]", None), token("b", 1, 1), token("[SEP]", None, 1))
    weights = np.full((5, 5), 0.1)
    weights[:, 3] = 0.6
    return attention(weights[None, None], named)


def randomly(layers: int, heads: int, count: int) -> Attention:
    scores = np.random.default_rng(0).normal(size=(layers, heads, count, count)) * 1.5
    powers = np.exp(scores)
    return attention(powers / powers.sum(-1, keepdims=True))


def test_words_by_hand() -> None:
    """Clark et al. 2019: to a split word the sum, from it the mean."""
    weights = np.array([[0.5, 0.3, 0.2], [0.1, 0.6, 0.3], [0.2, 0.2, 0.6]])
    named = (token("a", 0), token("play", 1), token("##ing", 1))
    assert groups_of(named) == [(0,), (1, 2)]
    assert by_words(weights, groups_of(named)) == pytest.approx(np.array([[0.5, 0.5], [0.15, 0.85]]))
    view = look(attention(weights[None, None], named), Choice(level="words"))
    assert view.names == ("a", "playing") and view.split == 1 and view.complete
    assert view.weights == pytest.approx(np.array([[0.5, 0.5], [0.15, 0.85]]), abs=1e-7)


def test_special_tokens_are_left_out_and_rows_rescaled_by_hand() -> None:
    left = look(pieces(), Choice(special="leave out"))
    assert left.rows == left.columns == (1, 2) and left.left_out == ("[CLS]", "[SEP]") and not left.complete
    assert left.weights == pytest.approx(np.array([[0.5, 0.3], [0.2, 0.2]]))
    assert left.kept == pytest.approx(0.6)
    whole = look(pieces(), Choice(special="rescale"))
    assert whole.weights == pytest.approx(np.array([[0.625, 0.375], [0.5, 0.5]]), abs=1e-6) and whole.complete
    words = look(pieces(), Choice(special="rescale", level="words"))
    assert words.names == ("[CLS]", "playing", "[SEP]") and words.weights == pytest.approx(np.array([[1.0]]))
    assert rescaled(np.array([[0.0, 0.0], [1.0, 3.0]])).tolist() == [[0.0, 0.0], [0.25, 0.75]]


def test_page_says_what_was_done() -> None:
    choice = Choice(special="leave out", level="words")
    said = attention_head.title_panel(choice, look(pieces(), choice), "m", "heatmap")
    assert "Left out: [CLS], [SEP], which leaves 60.0% of a row" in said and "Rows were not rescaled" in said
    assert "summed over its pieces, from it averaged (Clark et al. 2019); 1 word is split" in said
    assert "The rows sum to 0.600 to 0.600; the rest went to what is not shown." in said
    choice = Choice(special="rescale")
    assert "Rows were rescaled to sum to 1 again." in attention_head.title_panel(
        choice, look(pieces(), choice), "m", "arcs"
    )
    kept = attention_head.title_panel(Choice(), look(pieces(), Choice()), "m", "heatmap")
    assert "Left out" not in kept and "Each row sums to 1, by" in kept and "check" not in kept


def test_quadrants_of_a_pair() -> None:
    """[CLS] and the first [SEP] are A's: 3 tokens ask in A, 2 in B; B answers with 0.7, A with 0.3."""
    view = look(pair(), Choice())
    assert view.shares == pytest.approx((0.18, 0.42, 0.12, 0.28), abs=1e-6)
    assert sum(view.shares or ()) == pytest.approx(1)
    part = look(pair(), Choice(quadrant="A to B"))
    assert part.rows == (0, 1, 2) and part.columns == (3, 4) and not part.complete
    assert part.weights == pytest.approx(np.array([[0.6, 0.1]] * 3)) and part.shares == view.shares
    bare = look(pair(), Choice(quadrant="B to A", special="leave out"))
    assert bare.weights == pytest.approx(np.array([[0.1]])) and sum(bare.shares or ()) == pytest.approx(1)
    assert "A to B <b>42.0 %</b>" in attention_head.title_panel(Choice(quadrant="A to B"), part, "m", "heatmap")
    said = attention_head.title_panel(Choice(quadrant="A to B"), part, "m", "heatmap")
    assert "Only A to B: [CLS] and the first [SEP] count as A, the last [SEP] as B." in said
    said = attention_head.title_panel(Choice(quadrant="B to A", special="leave out"), bare, "m", "heatmap")
    assert "Only B to A." in said and "count as" not in said and "Left out: [CLS], [SEP]" in said
    alone = look(pieces(), Choice(quadrant="A to B"))
    assert alone.shares is None and alone.weights.shape == (4, 4)


def test_special_tokens_of_a_pair_go_by_their_own_names() -> None:
    """<s> a </s> </s> b </s>, as RoBERTa reads a pair; and a model whose only special tokens end the texts."""
    names = (("<s>", None, 0), ("a", 0, 0), ("</s>", None, 0), ("</s>", None, 0), ("b", 1, 1), ("</s>", None, 1))
    named = tuple(token(*each) for each in names)
    choice = Choice(quadrant="B to B")

    def sentence(tokens: tuple[Token, ...]) -> str:
        count = len(tokens)
        view = look(attention(np.full((1, 1, count, count), 1 / count), tokens), choice)
        return html.unescape(attention_head.title_panel(choice, view, "m", "heatmap"))

    assert "Only B to B: <s> and the first 2 </s> count as A, the last </s> as B." in sentence(named)
    assert "Only B to B: the first </s> counts as A, the last </s> as B." in sentence((named[1], named[2], *named[4:]))
    assert "Only B to B: </s> counts as B." in sentence((named[1], *named[4:]))


def test_rollout_by_hand() -> None:
    """(0.5 A2 + 0.5 I)(0.5 A1 + 0.5 I), A the mean of the heads."""
    first = np.array([[[1.0, 0.0], [1.0, 0.0]], [[0.0, 1.0], [1.0, 0.0]]])
    second = np.array([[[0.0, 1.0], [0.0, 1.0]], [[0.0, 1.0], [0.0, 1.0]]])
    flow = rollout(np.stack([first, second]))
    lower = np.array([[0.75, 0.25], [0.5, 0.5]])
    upper = np.array([[0.5, 0.5], [0.0, 1.0]])
    assert flow == pytest.approx(upper @ lower) and flow.tolist() == [[0.625, 0.375], [0.5, 0.5]]
    shown = look(attention(np.stack([first, second])), Choice(shown="rollout"))
    assert shown.weights == pytest.approx(flow) and shown.largest_row_error < 1e-7


def test_means_are_means() -> None:
    result = randomly(3, 4, 5)
    exact = result.weights.astype(np.float64)
    assert look(result, Choice(2, 1)).weights.tolist() == result.head(2, 1).tolist()
    assert look(result, Choice(2, 1, "layer")).weights == pytest.approx(exact[2].mean(0))
    assert look(result, Choice(2, 1, "across")).weights == pytest.approx(exact[:, 1].mean(0))
    assert look(result, Choice(2, 1, "all")).weights == pytest.approx(exact.reshape(12, 5, 5).mean(0))
    for shown in ("layer", "across", "all", "rollout"):
        title = attention_head.title_panel(Choice(2, 1, shown), look(result, Choice(2, 1, shown)), "m", "heatmap")
        assert html.escape(attention_head.SUMMARIES[shown]) in title


def test_difference_of_two_views() -> None:
    one, other = (HeadView(("a", "b"), (0, 1), (0, 1), np.array(rows), True, 0, (), 1.0, None) for rows in ROWS)
    assert difference(one, other) == pytest.approx((0.5 + 0.0) / 2)
    assert difference(one, one) == 0
    assert difference(one, replace(other, names=("a", "c"))) is None
    said = attention_head.compared_panel(("head 0-0", "head <1>"), (one, other), 0.25, Choice(1, 2))
    assert "0.2500" in said and "total variation" in said and "&lt;1&gt;" in said
    assert "different words" in attention_head.compared_panel(("a", "b"), (one, other), None, Choice())


ROWS = ([[1.0, 0.0], [0.5, 0.5]], [[0.5, 0.5], [0.5, 0.5]])


def test_overview_is_light_and_quick() -> None:
    result = randomly(12, 12, 140)
    shares = np.zeros((12, 12, len(HABITS)))
    shares[2, 3, HABITS.index("next")] = 0.62
    profiles = HeadProfiles("m", "r", result.tokens, shares, np.zeros((12, 12)), np.zeros((12, 12)))
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        panel = overview.overview_panel(result, (2, 3), profiles)
        seconds.append(time.perf_counter() - start)
    assert len(panel.encode()) <= 1_500_000 and min(seconds) <= 0.3
    assert panel.count('class="thumb"') == 144 and panel.count('aria-pressed="true"') == 1
    assert 'title="layer 2, head 3: next 62%" aria-label="layer 2, head 3: next 62%"' in panel
    assert "140 tokens are averaged down to 64" in panel


def test_small_pictures_show_the_weights() -> None:
    result = pieces()
    packed = re.search(r"base64,([^\"]+)", overview.overview_panel(result, (0, 0)))
    assert packed
    drawn = np.array(Image.open(io.BytesIO(base64.b64decode(packed[1]))).convert("RGBA"))[..., 3]
    assert drawn == pytest.approx(255 * np.sqrt(MATRIX / 0.7), abs=255 / 30 + 1)
    assert overview.shrink(np.arange(16.0).reshape(1, 4, 4), 2).tolist() == [[[2.5, 4.5], [10.5, 12.5]]]


def test_arcs_hold_the_exact_weights_and_run_nothing() -> None:
    view = look(pair(), Choice(quadrant="A to B"))
    view = replace(view, names=("<b>${x}</b>", *view.names[1:]))
    panel = arcs_panel(view)
    found = {
        name: html.unescape(re.search(f'data-{name}="([^"]*)"', panel)[1]) for name in ("names", "rows", "weights")
    }
    weights = np.frombuffer(base64.b64decode(found["weights"]), "<f4").reshape(3, 2)
    assert np.array_equal(weights, view.weights) and json.loads(found["rows"]) == [0, 1, 2]
    assert json.loads(found["names"])[0] == "<b>${x}</b>" and "<b>$" not in panel and "${" not in panel


def test_heatmap_of_a_quadrant_keeps_words_apart() -> None:
    figure = head_figure(look(pair(), Choice(quadrant="B to A")))
    assert list(figure.data[0].y) == ["3 b", "4 [SEP]"] and list(figure.data[0].x) == ["0 [CLS]", "1 a", "2 [SEP]"]
    assert np.asarray(figure.data[0].z) == pytest.approx(np.full((2, 3), 0.1))


def sent(panel: str) -> tuple[list[np.ndarray], list[np.ndarray], dict[str, str]]:
    """What the browser draws the steps from: q, keys, values; products, scaled, weights, output; other attributes."""
    found = {name: html.unescape(text) for name, text in re.findall(r' data-(\w+)="([^"]*)"', panel)}
    count = len(json.loads(found["tokens"]))
    vectors = np.frombuffer(base64.b64decode(found["vectors"]), "<f4").reshape(2 * count + 1, -1)
    figures = np.frombuffer(base64.b64decode(found["figures"]), "<f8")
    parts = np.split(figures, [count, 2 * count, 3 * count])
    return [vectors[0], vectors[1 : count + 1], vectors[count + 1 :]], parts, found


def test_every_number_of_the_steps_is_sent_once(service: BertService) -> None:
    found = service.attention_steps(OPENING, 9, None, "sentiment", 2, 4)
    panel = attention_steps.steps_panel(found)
    assert "equal the untouched model's" in panel and 'class="check ok"' in panel and found.largest_error <= 1e-5
    (q, keys, values), (products, scaled, weights, output), rest = sent(panel)
    given = (found.q, found.keys, found.values, found.products, found.scaled, found.weights, found.output)
    for number, each in zip((q, keys, values, products, scaled, weights, output), given, strict=True):
        assert np.array_equal(number, each)
    exact = (keys.astype(np.float64) @ q) / np.sqrt(len(q))
    powers = np.exp(exact - exact.max())
    model = service.attention(OPENING, None, "sentiment", 2, 4).weights[0, 0, 9]
    assert powers / powers.sum() == pytest.approx(model, abs=1e-5)
    assert weights == pytest.approx(model, abs=1e-5) and weights @ values == pytest.approx(output, abs=1e-12)
    assert json.loads(rest["tokens"])[9] == "funny" and rest["query"] == "9"
    strips = re.findall(r'class="cells" data-of="([^"]+)" data-row="(\d+)"></div>', panel)
    rows = [(kind, str(place)) for place in range(20) for kind in ("k", "q\N{MULTIPLICATION SIGN}k")]
    assert strips == [("q", "0"), *rows, *(("v", str(place)) for place in range(20)), ("output", "0")]


def test_long_steps_draw_the_strongest_keys_and_send_all_lightly(service: BertService) -> None:
    found = service.attention_steps("good " * 510, 5, None, "sentiment", 0, 0)
    panel = attention_steps.steps_panel(found)
    shown = attention_steps.shown_keys(found)
    assert len(shown) == 24 and shown == sorted(shown)
    assert min(found.weights[shown]) >= max(np.delete(found.weights, shown))
    assert "24 strongest of 512 keys" in panel and "The other 488 keys" in panel
    (_, keys, values), _, _ = sent(panel)
    assert np.array_equal(keys, found.keys) and np.array_equal(values, found.values)
    assert len(panel.encode()) <= 400_000
    wide = np.tile(found.keys, (1, 2))  # as wide as BERT-base's
    big = replace(found, q=wide[5], keys=wide, values=wide, output=wide[0])
    assert len(attention_steps.steps_panel(big).encode()) <= 600_000


def controls(**changes: object) -> list[object]:
    values: dict[str, object] = {
        "layer": 0, "head": 0, "window": 0, "display": "heatmap", "shown": "head", "special": "keep", "level": "tokens",
        "quadrant": "all", "query": 1, "compare": False, "layer2": 0, "head2": 1, "text2": "", "model2": "",
        "drawn": None,
    }  # fmt: skip
    return [*(values | changes).values()]


def test_overview_is_sent_once_for_a_question(service: BertService) -> None:
    first = panels(service, OPEN, Wanted.of(controls()))
    assert "thumb" in first[0] and "Head 0-0" in first[1]
    second = panels(service, OPEN, Wanted.of(controls(layer=2, drawn=first[-1])))
    assert not isinstance(second[0], str) and "Head 2-0" in second[1]
    again = panels(service, OPEN.again(), Wanted.of(controls(drawn=first[-1])))
    assert "thumb" in again[0]


def test_only_the_open_view_is_made(service: BertService) -> None:
    heat = panels(service, OPEN, Wanted.of(controls()))
    assert heat[4] is not None and heat[5] == heat[6] == ""
    arcs = panels(service, OPEN, Wanted.of(controls(display="arcs")))
    assert arcs[4] is None and 'class="arcs"' in arcs[5] and arcs[6] == ""
    step = panels(service, OPEN, Wanted.of(controls(display="steps", query=999, shown="rollout")))
    assert step[4] is None and step[5] == "" and "The query of \u201c[SEP]\u201d" in step[6]


def test_click_reads_the_text_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a budget that holds the small results but not the attention of this text."""
    passes: list[str] = []
    for name, place in (("attentions", TransformersEncoder), ("with_traces", traced)):
        real = getattr(place, name)

        def counted(*given: object, real: object = real, name: str = name) -> object:
            passes.append(name)
            return real(*given)

        monkeypatch.setattr(place, name, counted)
    small = BertService(Settings(cache_mb=1))
    ask = Ask("good " * 120, "", "sentiment")
    assert small.attention(ask.text, None, "sentiment").weights.nbytes > 2**20

    def click(**changes: object) -> list[str]:
        passes.clear()
        panels(small, ask, Wanted.of(controls(**changes)))
        return passes

    assert click() == ["attentions"]
    assert click(layer=2, head=3, display="arcs") == ["attentions"]
    assert click(layer=2, head=3, compare=True) == ["attentions"]
    assert click(layer=2, head=3, compare=True, model2="base") == ["attentions"] * 2
    assert click(layer=2, head=3, display="steps") == ["attentions", "with_traces"]
    assert click(layer=2, head=3, display="steps", query=7) == ["attentions"]
    roomy = BertService(Settings())
    panels(roomy, ask, Wanted.of(controls(display="steps")))
    passes.clear()
    panels(roomy, ask, Wanted.of(controls(display="steps", query=7)))
    assert passes == []


def test_two_heads_texts_and_models_are_compared(service: BertService) -> None:
    made = panels(service, OPEN, Wanted.of(controls(compare=True, layer2=2, head2=4)))
    one, other = (service.attention(OPENING, None, "sentiment").head(*head) for head in ((0, 0), (2, 4)))
    assert f"<b>{0.5 * np.abs(one - other).sum(-1).mean():.4f}</b>" in made[8]
    assert np.array_equal(np.asarray(made[9].data[0].z), other)
    model = panels(service, OPEN, Wanted.of(controls(compare=True, head2=0, model2="base")))
    untuned = service.attention(OPENING, None, "base").head(0, 0)
    assert f"<b>{0.5 * np.abs(one - untuned).sum(-1).mean():.4f}</b>" in model[8] and "of base on" in model[8]
    text = panels(service, OPEN, Wanted.of(controls(compare=True, text2="<b>ice", display="arcs")))
    assert "different words" in text[8] and "&lt;b&gt;ice" in text[8] and "ice" in text[10]


def test_attention_views_say_what_is_not_there(service: BertService) -> None:
    for wrong in ({"layer": 6}, {"head": -1}):
        with pytest.raises(ChoiceError, match="counted from 0"):
            panels(service, OPEN, Wanted.of(controls(**wrong)))
    beside = panels(service, OPEN, Wanted.of(controls(compare=True, layer2=77)))
    assert "counted from 0" in beside[8] and "error" in beside[8] and beside[9] is None
    assert np.array_equal(np.asarray(beside[4].data[0].z), service.attention(OPENING, None, "sentiment").head(0, 0))
    empty = Wanted.of(controls(layer=None, query=None, window=None, shown="nonsense", display="?", quadrant=None))
    assert empty.choice == Choice() and empty.query == 0 and empty.display == "heatmap"


@pytest.mark.parametrize("display", ["heatmap", "arcs", "steps"])
@pytest.mark.parametrize("text", ["a", "good " * 700])
def test_one_token_and_many(service: BertService, text: str, display: str) -> None:
    ask = Ask(text, "", "sentiment")
    made = panels(service, ask, Wanted.of(controls(display=display, special="rescale", level="words", window=9)))
    assert "Each row sums to 1, by" in made[1] and ("windows" in made[0]) == (text != "a")
