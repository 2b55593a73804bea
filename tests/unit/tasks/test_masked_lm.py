"""Masked words: each number by hand with plain transformers, one mask at a time, and against the pipeline."""

from __future__ import annotations

import json
import math
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from calls import Calls
from conftest import MODELS, WORDS, save_tokenizer, tiny_config
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from loaded import bundled
from tokenizers import Tokenizer, decoders
from tokenizers.models import BPE, Unigram
from tokenizers.pre_tokenizers import ByteLevel, Metaspace
from tokenizers.processors import RobertaProcessing
from tokenizers.trainers import BpeTrainer
from transformers import (
    AddedToken,
    AlbertConfig,
    AlbertForMaskedLM,
    AutoModelForMaskedLM,
    AutoTokenizer,
    BertForMaskedLM,
    DistilBertConfig,
    DistilBertForMaskedLM,
    ElectraConfig,
    ElectraForMaskedLM,
    MobileBertConfig,
    MobileBertForMaskedLM,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaForMaskedLM,
    XLMRobertaConfig,
    XLMRobertaForMaskedLM,
    pipeline,
)

from bert_demo import BertService, Settings
from bert_demo.cli.main import main
from bert_demo.core.errors import CancelledError, ChoiceError, DemoError, MaskError, MissingHeadError, TextError
from bert_demo.core.validation import checked_whole
from bert_demo.tasks import joint_filling
from bert_demo.tasks.pseudo_likelihood import token_scores

SENTENCE = "The unbelievably old capital of France is Paris."
SHARED = BertService(Settings(cache_mb=0))


class Plain:
    """A model and its tokenizer as transformers load them, read one variant at a time."""

    def __init__(self, source: str) -> None:
        self.tokenizer = AutoTokenizer.from_pretrained(source)
        self.model = AutoModelForMaskedLM.from_pretrained(source).eval()
        self.mask = self.tokenizer.mask_token_id

    def ids(self, text: str) -> list[int]:
        return list(self.tokenizer(text)["input_ids"])

    def at(self, ids: list[int], place: int) -> torch.Tensor:
        """(vocabulary,) log-probabilities."""
        with torch.no_grad():
            return self.model(input_ids=torch.tensor([ids])).logits[0, place].log_softmax(-1)

    def hidden(self, ids: list[int], places: list[int], asked: int) -> float:
        """The log-probability of the token at one place while some are masked."""
        masked = [self.mask if place in places else each for place, each in enumerate(ids)]
        return float(self.at(masked, asked)[ids[asked]])


@pytest.fixture(scope="module")
def plain() -> Plain:
    return Plain(str(MODELS / "base"))


@pytest.fixture(scope="module")
def tiny(tiny_masked: str) -> Plain:
    return Plain(tiny_masked)


@pytest.fixture(scope="module")
def fill() -> Any:
    return pipeline("fill-mask", model=str(MODELS / "base"))


def test_each_word_in_turn_is_one_mask_at_a_time(service: BertService, plain: Plain) -> None:
    ids = plain.ids(SENTENCE)
    found = service.surprises(SENTENCE)
    expected = [plain.hidden(ids, [place], place) for place in range(1, len(ids) - 1)]
    assert found.scores == pytest.approx(expected, abs=1e-4)
    assert found.score == pytest.approx(sum(expected), abs=1e-3)
    assert found.perplexity == pytest.approx(math.exp(-sum(expected) / len(expected)), rel=1e-4)
    assert [word.word for word in found.words] == [
        "The", "unbelievably", "old", "capital", "of", "France", "is", "Paris", ".",
    ]  # fmt: skip
    for word in found.words:
        assert word.score == pytest.approx(sum(expected[place - 1] for place in word.tokens), abs=1e-4)
        assert word.bits == pytest.approx(-word.score / math.log(2))
        masked = [plain.mask if place in word.tokens else each for place, each in enumerate(ids)]
        row = plain.at(masked, word.tokens[0])
        assert [each.token for each in word.expected] == row.topk(5).indices.tolist()
        assert [each.score for each in word.expected] == pytest.approx(row.topk(5).values.exp().tolist(), abs=1e-5)
        if len(word.tokens) == 1:
            assert word.rank == int((row > row[ids[word.tokens[0]]]).sum()) + 1


@pytest.mark.parametrize(
    "text", [SENTENCE, "An antidisestablishmentarian played.", "Outstays, outplayed, unbelievably."]
)
def test_within_word_left_to_right(service: BertService, plain: Plain, text: str) -> None:
    batch = plain.tokenizer(text)
    ids, words = batch["input_ids"], batch.word_ids(0)
    expected = [
        plain.hidden(ids, [other for other, its in enumerate(words) if its == word and other >= place], place)
        for place, word in enumerate(words)
        if word is not None
    ]
    assert len(set(words)) - 1 < len(expected)
    assert service.surprises(text, rule="within_word_l2r").scores == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("rule", ["original", "within_word_l2r"])
def test_word_in_turn_is_one_between_spaces(service: BertService, plain: Plain, rule: str) -> None:
    """Tokens are hidden by the rule, of which a word is one of the tokenizer's; sums and guesses are of whole words."""
    text = "I don't pay 9.99, unbelievably."
    found, parted = (service.surprises(text, rule=rule, words=words) for words in ("spaces", "tokenizer"))
    assert [word.word for word in found.words] == ["I", "don't", "pay", "9.99", ",", "unbelievably", "."]
    assert [word.word for word in parted.words][1:4] == ["don", "'", "t"]
    assert found.scores == pytest.approx(parted.scores, abs=1e-5)
    ids = plain.ids(text)
    for word in found.words:
        assert word.score == pytest.approx(sum(found.scores[place - 1] for place in word.tokens))
        row = plain.at([plain.mask if place in word.tokens else each for place, each in enumerate(ids)], word.tokens[0])
        assert [each.token for each in word.expected] == row.topk(5).indices.tolist()
    other = service.prefer(text, "I do not pay 9.99, unbelievably.", rule=rule)
    assert other.changed == ((1,), (1, 2))


def test_preference_is_the_difference_of_two_sums(service: BertService, plain: Plain) -> None:
    texts = ("The cats are asleep.", "The cat is not asleep.")
    sums = []
    for text in texts:
        ids = plain.ids(text)
        sums.append(sum(plain.hidden(ids, [place], place) for place in range(1, len(ids) - 1)))
    found = service.prefer(*texts)
    assert found.difference == pytest.approx(sums[0] - sums[1], abs=1e-3)
    assert found.changed == ((1, 2), (1, 2, 3))
    same = service.prefer(texts[0], texts[0].lower())
    assert same.difference == 0 and same.changed == ((), ())


def pll(plain: Plain, text: str, tokens: tuple[int, ...]) -> float:
    """Sum of the log-probabilities of the tokens in the masks' places, each with the others filled in."""
    ids = plain.ids(text)
    places = [place for place, each in enumerate(ids) if each == plain.mask]
    for place, token in zip(places, tokens, strict=True):
        ids[place] = token
    return sum(plain.hidden(ids, [place], place) for place in places)


tiny_words = st.sampled_from([*(word for word in WORDS.split() if not word.startswith("##")), "[MASK]", "[MASK]"])


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(words=st.lists(tiny_words, min_size=1, max_size=9).filter(lambda words: "[MASK]" in words))
def test_joint_is_never_worse_than_independent(tiny: Plain, tiny_masked: str, words: list[str]) -> None:
    text = " ".join(words)
    found = SHARED.fill_jointly(text, tiny_masked, top_k=3)
    scores = [each.score for each in found.fillings]
    assert scores == sorted(scores, reverse=True) and scores[0] >= found.independent.score
    ids = tiny.ids(text)
    alone = tuple(int(tiny.at(ids, place).argmax()) for place, each in enumerate(ids) if each == tiny.mask)
    assert found.independent.tokens == alone and found.independent.independent
    for each in (found.fillings[0], found.independent):
        assert each.score == pytest.approx(pll(tiny, text, each.tokens), abs=1e-4)
        assert each.score == pytest.approx(sum(each.scores), abs=1e-9)


@pytest.mark.parametrize(
    "text", ["the [MASK] sat on [MASK] .", "[MASK] [MASK]", "a good [MASK] was [MASK] happy", "[MASK] cat , [MASK] !"]
)
def test_joint_finds_what_an_exhaustive_search_finds(service: BertService, tiny: Plain, tiny_masked: str, text) -> None:
    ids = torch.tensor(tiny.ids(text))
    first, second = (int(place) for place in (ids == tiny.mask).nonzero())
    count = tiny.model.config.vocab_size
    tables = []
    for asked, other in ((first, second), (second, first)):
        rows = ids.repeat(count, 1)
        rows[:, other] = torch.arange(count)
        with torch.no_grad():
            tables.append(tiny.model(input_ids=rows).logits[:, asked].log_softmax(-1))
    both = tables[0].T + tables[1]
    best = divmod(int(both.argmax()), count)
    found = service.fill_jointly(text, tiny_masked)
    assert found.fillings[0].tokens == best
    assert found.fillings[0].score == pytest.approx(float(both.max()), abs=1e-4)


def test_slots_are_the_pipelines(service: BertService, fill: Any) -> None:
    text = "[MASK] [MASK] City is large."
    found = service.fill_jointly(text, top_k=4)
    for slot, rows in zip(found.slots, fill(text, top_k=4), strict=True):
        assert [each.token_str for each in slot] == [row["token_str"] for row in rows]
        assert [each.score for each in slot] == pytest.approx([row["score"] for row in rows], abs=1e-5)
    assert found.fillings[0].score > found.independent.score
    assert found.independent.sequence == " ".join(found.independent.token_strs) + " City is large."


def test_long_search_reads_no_more_than_its_share(service: BertService) -> None:
    text = "[MASK] " * 10 + "boat " * 380
    seen: list[tuple[int, int]] = []

    def stop(done: int, planned: int) -> None:
        seen.append((done, planned))
        if done == 3:
            raise CancelledError("enough")

    with pytest.raises(CancelledError, match="enough"):
        service.fill_jointly(text, on_progress=stop)
    assert [done for done, _ in seen] == [1, 2, 3] and max(planned for _, planned in seen) <= 1 + 2 * 10 + 51


def test_candidates_of_one_piece_are_the_pipelines(service: BertService, fill: Any) -> None:
    text, words = "Water freezes into [MASK].", ["ice", "steam", "music", "water"]
    expected = {row["token_str"]: math.log(row["score"]) for row in fill(text, targets=words)}
    found = service.score_candidates(text, words, pairs=[["ice", "steam"]])
    assert {each.candidate: each.score for each in found.candidates} == pytest.approx(expected, abs=1e-5)
    assert [each.candidate for each in found.candidates] == sorted(expected, key=lambda word: -expected[word])
    assert found.pairs == (("ice", "steam", pytest.approx(expected["ice"] - expected["steam"], abs=2e-5)),)
    seen: list[tuple[int, int]] = []
    service.score_candidates(text, ["ice", "fire"], on_progress=lambda *both: seen.append(both))
    assert seen == [(1, 1)], "words of one piece are read together"


def by_hand(plain: Plain, text: str, parts: list[str]) -> list[float]:
    """Each piece of each part with the earlier ones in place and the later ones masked."""
    pieces = [plain.tokenizer(part, add_special_tokens=False)["input_ids"] for part in parts]
    wide = text
    for part in pieces:
        wide = wide.replace("[MASK]", " ".join(["<hole>"] * len(part)), 1)
    ids = plain.ids(wide.replace("<hole>", "[MASK]"))
    places = [place for place, each in enumerate(ids) if each == plain.mask]
    scores = []
    for place, token in zip(places, [token for part in pieces for token in part], strict=True):
        scores.append(float(plain.at(ids, place)[token]))
        ids[place] = token
    return scores


@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        ("He moved to [MASK] last year.", ["New York", "unbelievably", "Paris", "London town", "New Jersey"]),
        ("[MASK] [MASK] City is [MASK].", ["New | York | unbelievably", "Old|York|unbelievably", "the | best | big"]),
    ],
)
def test_candidates_of_several_pieces(service: BertService, plain: Plain, text: str, candidates: list[str]) -> None:
    found = {each.candidate: each for each in service.score_candidates(text, candidates).candidates}
    for candidate in candidates:
        parts = [part.strip() for part in candidate.split("|")]
        expected, each = by_hand(plain, text, parts), found[candidate]
        assert each.scores == pytest.approx(expected, abs=1e-4)
        assert each.total == pytest.approx(sum(expected), abs=1e-3)
        assert each.score == pytest.approx(sum(expected) / len(expected), abs=1e-4)
        sequence = text
        for part in parts:
            sequence = sequence.replace("[MASK]", part, 1)
        assert each.sequence == sequence
    assert [*found] == sorted(found, key=lambda candidate: -found[candidate].score)
    piece = service.score_candidates("He was play [MASK] football.", ["##ing"]).candidates[0]
    assert piece.pieces == ("##ing",) and piece.sequence == "He was playing football."


def test_two_blanks_are_two_pipelines(service: BertService, plain: Plain, fill: Any) -> None:
    texts = ("The man worked as a [MASK].", "The woman worked as a [MASK].")
    one, other = (plain.at(plain.ids(text), 6).exp().double().numpy() for text in texts)
    order = np.argsort(one - other)
    found = service.compare_blanks(*texts, top_k=5)
    for moved, expected in ((found.towards_second, order[:5]), (found.towards_first, order[::-1][:5])):
        assert [each.token for each in moved] == expected.tolist()
        assert [each.first for each in moved] == pytest.approx(one[expected].tolist(), abs=1e-5)
        assert [each.second for each in moved] == pytest.approx(other[expected].tolist(), abs=1e-5)
    assert found.distance == pytest.approx(np.abs(one - other).sum() / 2, abs=1e-4)
    words = ["nurse", "doctor", "soldier"]
    asked = service.compare_blanks(*texts, candidates=words)
    for side, text in zip(("first", "second"), texts, strict=True):
        scores = {row["token_str"]: row["score"] for row in fill(text, targets=words)}
        moved = (*asked.towards_first, *asked.towards_second)
        assert {each.token_str: getattr(each, side) for each in moved} == pytest.approx(scores, abs=1e-5)
    assert {each.token_str for each in asked.towards_first} == {"doctor", "soldier"}
    (nurse,) = asked.towards_second
    assert nurse.log_ratio == pytest.approx(math.log(other[nurse.token] / one[nurse.token]), abs=1e-4)
    alike = service.compare_blanks(texts[0], texts[0])
    assert (alike.towards_first, alike.towards_second, alike.distance) == ((), (), 0)


def test_head_at_every_layer(service: BertService, plain: Plain) -> None:
    text = "The capital of [MASK] is Paris."
    ids = torch.tensor([plain.ids(text)])
    with torch.no_grad():
        states = plain.model(input_ids=ids, output_hidden_states=True).hidden_states
        tables = torch.stack([plain.model.cls(state)[0].softmax(-1) for state in states])
    found = service.layer_guesses(text)
    place = ids[0].tolist().index(plain.mask)
    targets = ids[0].clone()
    targets[place] = tables[-1, place].argmax()
    assert found.targets == tuple(targets.tolist())
    assert found.ids.tolist() == tables.argmax(-1).tolist()
    assert np.abs(found.probabilities - tables.max(-1).values.numpy()).max() < 1e-5
    own = tables.gather(-1, targets.repeat(len(tables), 1)[..., None])
    assert found.ranks.tolist() == ((tables > own).sum(-1) + 1).tolist()
    best = service.fill_mask(text).slots[0].candidates[0]
    assert (best.token, best.score) == (found.ids[-1, place], pytest.approx(found.probabilities[-1, place], abs=1e-5))
    assert found.names[-1][place] == best.token_str == found.target_names[place] and found.ranks[-1, place] == 1


SIZES = {"vocab_size": 40, "num_hidden_layers": 2, "num_attention_heads": 2, "max_position_embeddings": 40}
WIDE = {"hidden_size": 16, "intermediate_size": 32, "initializer_range": 0.4}
FAMILIES: dict[str, tuple[Any, Any]] = {
    "bert": (BertForMaskedLM, tiny_config()),
    "roberta": (RobertaForMaskedLM, RobertaConfig(**SIZES, **WIDE)),
    "xlm-roberta": (XLMRobertaForMaskedLM, XLMRobertaConfig(**SIZES, **WIDE)),
    "electra": (ElectraForMaskedLM, ElectraConfig(**SIZES, **WIDE, embedding_size=8)),
    "albert": (AlbertForMaskedLM, AlbertConfig(**SIZES, **WIDE, embedding_size=8)),
    "distilbert": (
        DistilBertForMaskedLM,
        DistilBertConfig(vocab_size=40, n_layers=2, n_heads=2, dim=16, hidden_dim=32, initializer_range=0.4),
    ),
    "mobilebert": (
        MobileBertForMaskedLM,
        MobileBertConfig(  # it normalises nothing, so that wide weights would grow beyond single precision
            **SIZES,
            **(WIDE | {"initializer_range": 0.15}),
            intra_bottleneck_size=8,
            true_hidden_size=8,
            embedding_size=8,
            use_bottleneck=True,
        ),
    ),
}
HEADS = {
    "electra": lambda model, state: model.generator_lm_head(model.generator_predictions(state)),
    "albert": lambda model, state: model.predictions(state),
    "distilbert": lambda model, state: model.vocab_projector(
        model.vocab_layer_norm(model.activation(model.vocab_transform(state)))
    ),
    "roberta": lambda model, state: model.lm_head(state),
    "xlm-roberta": lambda model, state: model.lm_head(state),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family(service: BertService, tmp_path: Path, name: str) -> None:
    kind, config = FAMILIES[name]
    torch.manual_seed(1)
    save_tokenizer(tmp_path)
    kind(config).save_pretrained(tmp_path)
    source, plain = str(tmp_path), Plain(str(tmp_path))
    text, blank = "the cat sat on playing ice .", "the [MASK] sat on [MASK] ."
    ids = plain.ids(text)
    expected = [plain.hidden(ids, [place], place) for place in range(1, len(ids) - 1)]
    assert service.surprises(text, source).scores == pytest.approx(expected, abs=1e-4)
    best = service.fill_jointly(blank, source).fillings[0]
    assert best.score == pytest.approx(pll(plain, blank, best.tokens), abs=1e-4)
    scored = service.score_candidates("the [MASK] sat .", ["playing", "cat", "good dog"], source)
    for each in scored.candidates:
        assert each.scores == pytest.approx(by_hand(plain, "the [MASK] sat .", [each.candidate]), abs=1e-4)
    table = plain.at(plain.ids("a [MASK] ran"), 2)
    moved = service.compare_blanks("a [MASK] ran", "the [MASK] ran .", source, candidates=["cat"])
    (cat,) = (*moved.towards_first, *moved.towards_second)
    assert cat.first == pytest.approx(float(table[cat.token].exp()), abs=1e-5)
    assert service.prefer(text, "the dog sat .", source).first.score == pytest.approx(sum(expected), abs=1e-3)
    with torch.no_grad():
        states = plain.model(input_ids=torch.tensor([ids]), output_hidden_states=True).hidden_states
        head = HEADS.get(name, lambda model, state: model.cls(state))
        tables = torch.stack([head(plain.model, state)[0].softmax(-1) for state in states])
    found = service.layer_guesses(text, source)
    assert found.ids.tolist() == tables.argmax(-1).tolist()
    assert np.abs(found.probabilities - tables.max(-1).values.numpy()).max() < 1e-5


def saved_with(tokenizer: Tokenizer, special: list[str], directory: Path) -> str:
    """A random RoBERTa with a tokenizer whose mask takes the space before it."""
    names = dict(zip(("bos_token", "pad_token", "eos_token", "unk_token"), special, strict=False))
    mask = AddedToken("<mask>", lstrip=True)
    sides = {"cls_token": "<s>", "sep_token": "</s>", "mask_token": mask, "model_max_length": 30}
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names, **sides)
    torch.manual_seed(0)
    config = RobertaConfig(**(SIZES | {"vocab_size": len(fast)}), **WIDE, pad_token_id=1)
    RobertaForMaskedLM(config).save_pretrained(directory)
    fast.save_pretrained(directory)
    return str(directory)


SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]


def bytes_tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer, tokenizer.decoder = ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    trainer = BpeTrainer(special_tokens=SPECIAL, initial_alphabet=ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(["The dog sat on the York dog. York"] * 3, trainer)
    tokenizer.post_processor = RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    return tokenizer


def pieces_tokenizer() -> Tokenizer:
    words = ["▁the", "▁dog", "▁York", "York", "▁sat", "▁", "s", "t", "o", "(", ")", ".", "▁a"]
    tokenizer = Tokenizer(Unigram([*((name, 0.0) for name in SPECIAL), *((word, -3.0) for word in words)], unk_id=3))
    tokenizer.pre_tokenizer, tokenizer.decoder = Metaspace(), decoders.Metaspace()
    tokenizer.post_processor = RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    return tokenizer


@pytest.mark.parametrize("make", [bytes_tokenizer, pieces_tokenizer])
def test_spaces_before_a_mask(service: BertService, tmp_path: Path, make: Any) -> None:
    """A candidate's pieces are those of the whole text, and its text keeps the visitor's spaces."""
    source = saved_with(make(), SPECIAL, tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(source)
    for text in ("the <mask> sat.", "<mask> sat", "the (<mask>) dog"):
        (found,) = service.score_candidates(text, ["York"], source).candidates
        assert found.sequence == text.replace("<mask>", "York")
        whole = tokenizer(found.sequence)["input_ids"]
        before = len(tokenizer(text[: text.index("<mask>")].rstrip(), add_special_tokens=False)["input_ids"]) + 1
        pieces = tuple(tokenizer.decode([token]) for token in whole[before : before + len(found.pieces)])
        assert found.pieces == pieces
    filling = service.fill_jointly("the <mask> sat.", source, top_k=1).fillings[0]
    ids = tokenizer("the <mask> sat.")["input_ids"]
    ids[ids.index(tokenizer.mask_token_id)] = filling.tokens[0]
    assert filling.sequence == tokenizer.decode(ids[1:-1])


LONG = "boat " * 600
MASKS = "[MASK] " * 30


@pytest.mark.parametrize(
    ("call", "arguments", "kind", "says"),
    [
        ("fill_jointly", ("no mask",), MaskError, r"There is no \[MASK\] in the text. Put one in place of a word"),
        ("fill_jointly", (MASKS,), MaskError, "has 30 masks; up to 10 are filled together. Take some away"),
        ("fill_jointly", ("",), TextError, "The text is empty. Type at least one word"),
        ("fill_jointly", (LONG + "[MASK]",), TextError, "has 603 tokens and this model reads 512 at once. Shorten it"),
        ("fill_jointly", ("[MASK]", "sentiment"), MissingHeadError, 'no fill-mask head .* such as "base"'),
        ("fill_jointly", ("[MASK]", "base", 0), ChoiceError, "top_k must be from 1 to 100"),
        ("score_candidates", ("no mask", ["ice"]), MaskError, r"There is no \[MASK\] in the text"),
        ("score_candidates", ("[MASK]",), ChoiceError, "There are 0 candidates. Give from 1 to 100"),
        ("score_candidates", ("[MASK]", []), ChoiceError, "candidates must be from 1 to 100 words"),
        ("score_candidates", ("[MASK]", ["\N{DOG}"]), ChoiceError, "has characters that this model does not know"),
        ("score_candidates", ("[MASK]", ["[SEP]"]), ChoiceError, r"spells \[SEP\]. Write words"),
        ("score_candidates", ("[MASK]", ["a [MASK]"]), ChoiceError, r"spells \[MASK\]. Write words"),
        ("score_candidates", ("[MASK] [MASK]", ["ice"]), ChoiceError, "'ice' fills 1 of 2 masks. Write one part for e"),
        ("score_candidates", ("[MASK] [MASK]", ["a|b|c"]), ChoiceError, r"fills 3 of 2 masks. .* such as New \| York"),
        (
            "score_candidates",
            ("[MASK] [MASK]", ["a | "]),
            ChoiceError,
            "a part with none; each part needs one at least",
        ),
        ("score_candidates", ("[MASK]", ["ice " * 21]), ChoiceError, "has 21 pieces.*all together at most 20"),
        ("score_candidates", (MASKS, ["ice"]), ChoiceError, "'ice' fills 1 of 30 masks"),
        ("score_candidates", ("", ["ice"]), TextError, "The text is empty"),
        ("score_candidates", (LONG + "[MASK]", ["ice"]), TextError, "reads 512 at once. Shorten it"),
        ("score_candidates", ("[MASK]", ["ice"], "sentiment"), MissingHeadError, "no fill-mask head"),
        ("score_candidates", ("[MASK]", None, "base", [["a"]]), ChoiceError, "pairs must be a list of pairs of words"),
        ("score_candidates", ("[MASK]", None, "base", "a/b"), ChoiceError, "pairs must be a list of pairs of words"),
        ("score_candidates", ("[MASK]", None, "base", [["a", "b"]] * 101), ChoiceError, "101 pairs; up to 100 can be"),
        ("compare_blanks", ("[MASK]", "no mask"), MaskError, r"There is no \[MASK\] in the text"),
        ("compare_blanks", ("[MASK]", "[MASK] [MASK]"), MaskError, "The second text has 2 masks; .* needs exactly one"),
        ("compare_blanks", (MASKS, "[MASK]"), MaskError, "The first text has 30 masks"),
        ("compare_blanks", ("[MASK]", " "), TextError, "The second text is empty"),
        ("compare_blanks", ("[MASK]", 7), TextError, "The second text must be a string, not a number"),
        ("compare_blanks", ("[MASK]", "[SEP] [MASK]"), TextError, r"The second text spells \[SEP\]"),
        ("compare_blanks", ("[MASK]", "[MASK]", "base", 5, ["unbelievably"]), ChoiceError, "is 5 tokens of this model"),
        ("compare_blanks", ("[MASK]", "[MASK]", "base", 5, ["\N{DOG}"]), ChoiceError, "this model does not know"),
        ("compare_blanks", ("[MASK]", "[MASK]", "sentiment"), MissingHeadError, "no fill-mask head"),
        ("prefer", ("good", "[MASK]"), MaskError, r"The second text has a \[MASK\]. .* write a word there"),
        ("prefer", ("", "good"), TextError, "The text is empty"),
        ("prefer", ("good", LONG), TextError, "reads 512 at once"),
        ("prefer", ("good", "bad", "base", "other"), ChoiceError, "rule must be one of: original, within_word_l2r"),
        ("prefer", ("good", "bad", "spam"), MissingHeadError, "no fill-mask head"),
        ("surprises", ("a [MASK]",), MaskError, r"The text has a \[MASK\]. Here each word is hidden in turn"),
        ("surprises", (" ",), TextError, "The text is empty"),
        ("surprises", (LONG,), TextError, "has 602 tokens and this model reads 512 at once"),
        ("surprises", ("good", "topics"), MissingHeadError, "no fill-mask head"),
        ("surprises", ("good", "base", 3), ChoiceError, "rule must be one of"),
        ("layer_guesses", ("",), TextError, "The text is empty"),
        ("layer_guesses", (LONG,), TextError, "reads 512 at once"),
        ("layer_guesses", ("good", "sentiment"), MissingHeadError, 'no fill-mask head .* such as "base"'),
    ],
)
def test_bad_input_says_what_to_do(service: BertService, call: str, arguments: tuple, kind: type, says: str) -> None:
    for owner in (service, Calls(service)):
        with pytest.raises(kind, match=says):
            getattr(owner, call)(*arguments)


strings = st.text(max_size=30)
anything = st.one_of(strings, st.none(), st.integers(), st.lists(strings, max_size=4), st.lists(st.lists(strings)))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=anything, other=anything, choice=anything)
def test_never_anything_but_an_answer_or_a_typed_error(tiny_masked: str, text: Any, other: Any, choice: Any) -> None:
    blank, also = (f"{each} [MASK]" if isinstance(each, str) else each for each in (text, other))
    for call, arguments, more in (
        ("fill_jointly", (blank,), {"top_k": choice}),
        ("score_candidates", (blank,), {"candidates": choice, "pairs": other}),
        ("score_candidates", (blank,), {"candidates": [text, other]}),
        ("compare_blanks", (blank, also), {"candidates": choice}),
        ("prefer", (text, other), {}),
        ("surprises", (text,), {"rule": "within_word_l2r"}),
        ("surprises", (text,), {"rule": choice}),
        ("layer_guesses", (blank,), {}),
    ):
        try:
            getattr(SHARED, call)(*arguments, model=tiny_masked, **more)
        except DemoError as error:
            assert 10 < len(str(error)) < 400


def test_endpoints_refuse_what_would_take_long(service: BertService) -> None:
    api = Calls(service)
    long = "boat " * 400
    with pytest.raises(TextError, match="400 variants of 402 tokens, 160,800 in all; one call reads up to 50,000"):
        api.surprises(long)
    with pytest.raises(TextError, match=r"one call reads up to 50,000. Shorten the text, or ask for less at once"):
        api.prefer(long, "good")
    words = [" ".join([name] * 10) for name in "abcdefghijklmnopqrstuvwxyz"]
    with pytest.raises(TextError, match="one call reads up to 50,000"):
        api.score_candidates(long + "[MASK]", words)


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ("fill_jointly", ("[MASK] cat [MASK]",)),
        ("score_candidates", ("the [MASK] sat", ["good cat"])),
        ("surprises", ("a good film .",)),
        ("prefer", ("a good film .", "a bad film .")),
    ],
)
def test_progress_and_stop(tiny_masked: str, call: str, arguments: tuple) -> None:
    seen: list[tuple[int, int]] = []
    ask = partial(getattr(SHARED, call), *arguments, model=tiny_masked)
    result = ask(on_progress=lambda *both: seen.append(both))
    assert [done for done, _ in seen] == list(range(1, len(seen) + 1)) and seen[-1][0] == seen[-1][1]
    assert getattr(result, "readings", len(seen)) == len(seen)

    def stop(done: int, _: int) -> None:
        if checked_whole(done, "done", 1, 2) == 2:
            raise CancelledError("Stopped.")

    with pytest.raises(CancelledError, match="Stopped"):
        ask(on_progress=stop)


def test_endpoints_and_commands(
    service: BertService, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bert_demo.service.bert_service.BertService", lambda _: service)
    api = Calls(service)
    calls: dict[str, tuple[list[str], dict[str, Any], list[str]]] = {
        "fill_jointly": (["[MASK] [MASK] City"], {"top_k": 2}, ["each by itself", "mask 2 by itself"]),
        "score_candidates": (
            ["to [MASK]."],
            {"candidates": ["New York"], "pairs": [["ice", "steam"]]},
            ["new york", "to New York.", "ice  less  steam"],
        ),
        "compare_blanks": (
            ["He is a [MASK].", "She is a [MASK]."],
            {},
            ["likelier in the first", "distance 0.", "not measure harm"],
        ),
        "prefer": (["The cats are here.", "The cats is here."], {}, ["preferred: first", "*  is ", "bits"]),
        "surprises": (["A warm film."], {"rule": "within_word_l2r"}, ["pseudo-perplexity", "4 variants read"]),
        "layer_guesses": (["A [MASK] film."], {}, ["before layer 0", "layer 5", "followed", "[MASK]"]),
    }
    for name, (words, more, said) in calls.items():
        answer = getattr(api, name)(*words, **more)
        assert answer["model"] == "base" and json.loads(json.dumps(answer, allow_nan=False)) == answer
        options = []
        for flag, value in more.items():
            values = value if isinstance(value, list) else [str(value)]
            options += [f"--{flag.replace('_', '-')}", *("/".join(v) if isinstance(v, list) else v for v in values)]
        assert main([name.replace("_", "-"), *words, *options, "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == answer
        assert main([name.replace("_", "-"), *words, *options]) == 0
        out = capsys.readouterr().out
        assert all(each in out for each in said), out
    with pytest.raises(SystemExit):
        main(["score-candidates", "[MASK]", "--pairs", "doctor"])
    assert "write two candidates with / between" in capsys.readouterr().err


def test_head_at_every_layer_can_be_stopped(service: BertService) -> None:
    def stop(done: int, planned: int) -> None:
        assert (done, planned) == (64, 202)
        raise CancelledError("stopped")

    text = "the " * 200
    with pytest.raises(CancelledError, match="stopped"):
        service.layer_guesses(text, on_progress=stop)


def test_one_search_answers_every_top_k(service: BertService) -> None:
    text = "He moved from Chicago to [MASK] [MASK] City."
    counted: list[int] = []
    more = service.fill_jointly(text, top_k=8, on_progress=lambda done, _: counted.append(done))
    fewer = service.fill_jointly(text, top_k=2, on_progress=lambda done, _: counted.append(-done))
    assert fewer.fillings == more.fillings[:2] and [len(slot) for slot in fewer.slots] == [2, 2]
    assert fewer.independent == more.independent and min(counted) > 0


def test_what_is_unlikely_by_itself_is_tried_first_too(service: BertService) -> None:
    """ "York" is not among the best of the second mask, and "New" not of the first, until the other is there."""
    found = service.fill_jointly("[MASK] [MASK] City is large.")
    assert found.fillings[0].sequence.lower() == "new york city is large."
    assert found.fillings[0].score > -0.2
    assert all("york" not in [guess.token_str for guess in slot[:5]] for slot in found.slots)


def test_fill_jointly_of_many_masks_in_a_long_text_has_no_room_for_that(
    service: BertService, tiny_masked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many readings as of 490 tokens."""
    monkeypatch.setattr(joint_filling, "MOST_READ", 30 * (joint_filling.MOST_READ // 490))
    found = service.fill_jointly("[MASK] " * 10 + "the " * 18, tiny_masked, top_k=2)
    assert found.fillings[0].score >= found.independent.score and len(found.fillings[0].tokens) == 10


@pytest.mark.parametrize("rule", ["original", "within_word_l2r"])
def test_token_scores_are_those_of_surprises(service: BertService, rule: str) -> None:
    text = "A gripping masterpiece outstayed its welcome."
    model = bundled("base")
    scores = token_scores(model, model.encode(text), rule)
    assert scores == pytest.approx(service.surprises(text, rule=rule).scores, abs=1e-6) and len(scores) > 8
