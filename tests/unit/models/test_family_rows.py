"""What families do in their own way, against their own code in transformers."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from loaded import loaded
from PIL import Image
from tiny_families import CHECKPOINTS, Checkpoint, build
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer
from transformers.masking_utils import create_bidirectional_mask
from transformers.models.modernbert import modeling_modernbert

from bert_demo.core.errors import BrokenModelError, MissingHeadError, ModelKindError
from bert_demo.models.base import Model
from bert_demo.models.surgery.attention_steps import trace_head
from bert_demo.models.surgery.without_heads import without_heads
from bert_demo.models.transformers_model import load
from bert_demo.models.trial import try_out
from bert_demo.registry.names import card_of
from bert_demo.results import Attention, Token
from bert_demo.results.attention_views import Choice, look
from bert_demo.tasks.attention import attention
from bert_demo.tasks.classification import label_logits
from bert_demo.views.colours import UNSEEN
from bert_demo.views.export.attention_head import heatmap_picture
from bert_demo.views.figures.attention_head import head_figure
from bert_demo.views.panels.attention_arcs import arcs_panel
from bert_demo.views.panels.attention_head import title_panel
from bert_demo.views.panels.attention_overview import overview_panel, thumbnails

TEXT = "the cat sat on the mat"


def checkpoint(name: str) -> Checkpoint:
    return next(each for each in CHECKPOINTS if each.name == name)


def made(name: str, directory: Path) -> Model:
    build(checkpoint(name), "ForSequenceClassification", directory)
    return loaded(str(directory))


def test_window_of_a_local_layer_holds_in_attention_steps(tmp_path: Path) -> None:
    """Two tokens on either side: what a registered function of attention loses unless its mask is registered, too."""
    model = made("modernbert", tmp_path)
    encoding = model.encode(TEXT)
    weights = attention(model, encoding, 0).weights
    far = np.abs(np.subtract.outer(range(len(encoding.tokens)), range(len(encoding.tokens)))) > 2
    assert weights[1][:, far].max() == 0 < weights[0][:, far].min()
    np.testing.assert_allclose(trace_head(model, encoding, 0, 1, 0).weights, weights[1, 0], atol=1e-6)
    assert (
        "1 of its 3 layers (the first of them is layer 2) attend to 2 tokens on either side" in model.info.description
    )


def test_heads_that_share_keys_and_values_are_traced(tmp_path: Path) -> None:
    model = made("eurobert", tmp_path)
    encoding = model.encode(TEXT)
    weights = attention(model, encoding, 0).weights
    for head in (0, 1):
        np.testing.assert_allclose(trace_head(model, encoding, 0, 2, head).weights, weights[2, head], atol=1e-6)


def test_gate_of_a_convolving_layer_leaves_its_convolution(tmp_path: Path) -> None:
    """The oracle: the rows of the projection that read a head are zero."""
    model = made("convbert", tmp_path)
    oracle = AutoModelForSequenceClassification.from_pretrained(tmp_path).eval()
    width = 4  # of one of two heads, of 16 in all, half of which is the convolution's
    with torch.no_grad():
        oracle.convbert.encoder.layer[1].attention.output.dense.weight[:, width : 2 * width] = 0
        expected = oracle(**AutoTokenizer.from_pretrained(tmp_path)(TEXT, return_tensors="pt")).logits[0].numpy()
    without = without_heads(model, [(1, 1)])
    found = label_logits(without, model.encode(TEXT))[0]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.abs(found - label_logits(model, model.encode(TEXT))[0]).max() > 1e-3


def test_gate_of_a_layer_with_channels_first(tmp_path: Path) -> None:
    model = made("squeezebert", tmp_path)
    oracle = AutoModelForSequenceClassification.from_pretrained(tmp_path).eval()
    layer = oracle.transformer.encoder.layers[0]
    real = layer.attention.transpose_output

    def silenced(mixed: torch.Tensor) -> torch.Tensor:
        return real(torch.cat((mixed[:, :1], torch.zeros_like(mixed[:, 1:])), dim=1))

    layer.attention.transpose_output = silenced
    with torch.no_grad():
        expected = oracle(**AutoTokenizer.from_pretrained(tmp_path)(TEXT, return_tensors="pt")).logits[0].numpy()
    found = label_logits(without_heads(model, [(0, 1)]), model.encode(TEXT))[0]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_model_without_attention_says_so(tmp_path: Path) -> None:
    model = made("fnet", tmp_path)
    for ask in (lambda: attention(model, model.encode(TEXT), 0), lambda: without_heads(model, [(0, 0)])):
        with pytest.raises(MissingHeadError, match="FNet has no attention: no weights to show, no heads to switch off"):
            ask()
    assert "Fourier transform" in model.info.description


@pytest.mark.parametrize("text", ["MKTAYIAKQR", "mkt", "MK jj T", "L<mask>V", "A B", "MXZ"])
def test_letters_are_read_as_by_the_familys_own_tokenizer(text: str, tmp_path: Path) -> None:
    model = made("esm", tmp_path)
    oracle = AutoTokenizer.from_pretrained(tmp_path)
    assert [token.id for token in model.encode(text).tokens] == oracle(text)["input_ids"]
    assert [token.id for token in model.encode(text, "LAG").tokens] == oracle(text, "LAG")["input_ids"]
    assert model.encode("MKT").tokens[2].start == 1


def test_shapes_that_are_missing_are_named(tmp_path: Path) -> None:
    build(checkpoint("roc_bert"), "ForSequenceClassification", tmp_path)
    (tmp_path / "word_shape.json").unlink()
    with pytest.raises(BrokenModelError, match=r"incomplete: it has no word_shape\.json"):
        loaded(str(tmp_path))


def test_language_of_an_adapter_is_on_the_card(tmp_path: Path) -> None:
    model = made("xmod", tmp_path)
    assert "read with its parts for en_XX of 2 languages" in model.info.description
    written(tmp_path, default_language="de_DE")
    other = loaded(str(tmp_path))
    assert "for de_DE of 2" in other.info.description
    oracle = AutoModelForSequenceClassification.from_pretrained(tmp_path).eval()
    with torch.no_grad():
        expected = oracle(**AutoTokenizer.from_pretrained(tmp_path)(TEXT, return_tensors="pt")).logits[0].numpy()
    np.testing.assert_allclose(label_logits(other, other.encode(TEXT))[0], expected, atol=1e-5)


def test_long_texts_are_read_in_windows_of_the_servers_length(tmp_path: Path) -> None:
    build(checkpoint("gte"), "ForSequenceClassification", tmp_path)
    model = load(card_of(str(tmp_path), "any"), max_tokens=64)
    assert model.info.limit == 64 and "reads 64 tokens at once here, of the 128 that it was made for" in (
        model.info.description
    )
    assert {len(window) for window in model.encode(" ".join([TEXT] * 20)).windows} == {64}
    assert loaded(str(tmp_path)).info.limit == 128


def test_sparse_attention_is_computed_in_full(tmp_path: Path) -> None:
    model = made("big_bird", tmp_path)
    assert AutoConfig.from_pretrained(tmp_path).attention_type == "block_sparse"
    assert model.encoder.module.config.attention_type == "original_full"


def test_family_that_is_not_read_is_named(tmp_path: Path) -> None:
    build(checkpoint("bert"), "ForSequenceClassification", tmp_path)
    written(tmp_path, model_type="longformer")
    with pytest.raises(ModelKindError, match=r"is a longformer, none of the \d\d kinds of encoders"):
        loaded(str(tmp_path))


def written(directory: Path, **fields: Any) -> None:
    path = directory / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def test_local_layer_is_drawn_as_a_band(tmp_path: Path) -> None:
    """Of three layers the middle one is local: its window is four tokens, two on either side."""
    model = made("modernbert", tmp_path)
    found = attention(model, model.encode(TEXT), 0)
    place = np.arange(len(found.tokens))
    far = np.abs(place[:, None] - place) > 2
    assert model.capabilities.reach == found.reach == (None, 2, None) and far.any()
    for shown, layer in (("head", 0), ("layer", 2), ("across", 1), ("all", 1), ("rollout", 1)):
        assert look(found, Choice(layer, 0, shown)).outside is None
    for shown in ("head", "layer"):
        view = look(found, Choice(1, 0, shown))
        assert view.outside is not None and (view.outside == far).all() and view.reach == 2

    view = look(found, Choice(1, 1))
    drawn, grey = head_figure(view).data
    assert (np.isnan(drawn.z) == far).all() and (np.isnan(grey.z) == ~far).all()
    assert (drawn.z[~far] == view.weights[~far].astype(np.float32)).all() and "not looked at" in grey.hovertemplate
    packed = re.search(r'data-weights="(.*?)"', arcs_panel(view)).group(1)
    arcs = np.frombuffer(base64.b64decode(packed), "<f4").reshape(far.shape)
    assert (np.isnan(arcs) == far).all()
    said = title_panel(Choice(1, 1), view, "m", "heatmap")
    assert "Layer 1 is local: a token looks at up to 2 tokens on either side, a window of 4; what is grey" in said
    assert "local" not in title_panel(Choice(0, 1), look(found, Choice(0, 1)), "m", "heatmap")

    for layer in (0, 1):
        with Image.open(io.BytesIO(base64.b64decode(thumbnails(found)[layer, 0]))) as opened:
            pixels = np.asarray(opened.convert("RGBA"))
        assert ((pixels[..., :3] == UNSEEN).all(-1) == (far if layer else False)).all()
    overview = " ".join(re.sub(r"<[^>]+>", " ", overview_panel(found, (0, 0))).split())
    assert "Layer 1 is local: a token looks at up to 2 tokens on either side, a window of 4" in overview
    stream = io.BytesIO()
    heatmap_picture(view, "png", stream)
    with Image.open(stream) as opened:
        near, away = (opened.getpixel((2 * (150 + 22 * column + 11), 2 * (150 + 11))) for column in (0, len(place) - 1))
    assert len(set(near)) > 1 == len(set(away)) and away != (255, 255, 255)


def test_words_are_outside_where_all_their_pieces_are() -> None:
    """Five pieces in three words, of which each looks at one on either side."""
    place = np.arange(5)
    weights = (np.abs(place[:, None] - place) <= 1).astype(np.float32)
    tokens = tuple(Token(f"t{n}", 1, 0, 0, 0, word, False, False) for n, word in enumerate((0, 0, 1, 2, 2)))
    found = Attention("m", "r", tokens, (4,), (0,), (weights / weights.sum(-1, keepdims=True))[None, None], reach=(1,))
    view = look(found, Choice(4, 0, level="words"))
    assert view.outside is not None
    assert view.outside.tolist() == [[False, False, True], [False, False, False], [True, False, False]]


def test_window_that_is_not_kept_is_not_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A version of transformers that loses the mask of local layers would show weights where there can be none."""
    model = made("modernbert", tmp_path)
    encoder: Any = model.encoder
    monkeypatch.setattr(modeling_modernbert, "create_bidirectional_sliding_window_mask", create_bidirectional_mask)
    assert try_out(encoder, False, list(range(5, 25)), 32).reach == ()
