"""What the fuzz tests share: values that JSON can bring, good and bad; a watchdog; and a tally of what became of them.

FUZZ_EXAMPLES says how many inputs each endpoint and command gets: 25 when it is not set, 1000 by `make fuzz`.
"""

from __future__ import annotations

import os
import queue
import resource
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from conftest import WORDS
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from bert_demo.api.endpoints import BY_NAME
from bert_demo.core.errors import DemoError
from bert_demo.registry.attribution_methods import CARDS

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "25"))
LONG = EXAMPLES > 100
PATIENCE = 20.0
"""Seconds after which a call counts as hanging."""
MOST_MEMORY = 1_000
"""MB by which one call may raise the highest memory of the process."""
MOST_REPEATED = 80
"""Characters of a visitor's text that an error may repeat."""

PROFILE = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=not LONG,
    print_blob=True,
    phases=(Phase.explicit, Phase.generate),  # to shrink a text of 100,000 characters takes longer than to find it
    suppress_health_check=list(HealthCheck),
)


def deep(depth: int) -> list[Any]:
    """A list in a list in a list ..."""
    found: list[Any] = []
    for _ in range(depth):
        found = [found]
    return found


CONTROL = ("[CLS]", "[SEP]", "[PAD]", "[UNK]", "<s>", "</s>", "<pad>", "[cls]", "##", "##ing")
ODD = (
    "\x00", "\x1b[31m", "\u202e", "\u200b", "\u200d", "\ufeff", "\ufffd", "\ud83d", "\udc00", "\U0010ffff",
    "\N{GRINNING FACE}", "\N{WOMAN}\u200d\N{PERSONAL COMPUTER}", "\u0301" * 40, "\ufdfa", "\u0130", "\u1e9e", "\u4e2d",
    "\u0627\u0644", "\r\n", "\t", "\u2028", "{}", "%s", "{0}", "${x}", "<script>", "&lt;", "'", '"', "\\", "|", "/",
    "a" * 300, "a" * 100_000, "a " * 5_000, "the cat " * 40, "=1+1", "../../etc/passwd", "nan", "-0",
)  # fmt: skip
JUNK = (
    None, True, False, 0, -1, 1, 7, 2**31, 2**63, -(2**63), 10**400, -(10**400), 0.0, -0.0, 0.5, 1.0, 2.5, -1e-320,
    1e308, -1e308, float("nan"), float("inf"), float("-inf"), "", " ", [], {}, [[]], [None], [{}], deep(50), deep(900),
    {"path": "/etc/passwd"}, {"": None}, [0] * 1000, ["a"] * 1000, [[0, 0]] * 1000, "a" * 100_000, "\ud800",
)  # fmt: skip

words = st.sampled_from([*WORDS.split(), "unknown", "don't", "U.S.", "3.14"])
masks = st.just("[MASK]")
sentences = st.lists(words, min_size=1, max_size=8).map(" ".join)
masked = st.lists(st.one_of(words, words, masks), min_size=1, max_size=8).map(
    lambda parts: " ".join([*parts, "[MASK]"])
)
one_mask = st.tuples(st.lists(words, max_size=4), st.lists(words, max_size=4)).map(
    lambda ends: " ".join([*ends[0], "[MASK]", *ends[1]])
)
fragments = st.one_of(
    st.sampled_from((*ODD, *CONTROL, "[MASK]")), words, st.text(st.characters(exclude_categories=()), max_size=5)
)
odd_texts = st.lists(fragments, max_size=6).flatmap(
    lambda parts: st.sampled_from((" ", "")).map(lambda s: s.join(parts))
)
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=8,
)
junk = st.one_of(st.sampled_from(JUNK), json_values, odd_texts)


LABELS = ("low", "middle", "high")
known = st.sampled_from(tuple(word for word in WORDS.split() if word.isalpha()))
CLASSIFIES = {
    *("classify", "attribute", "attribute_layers", "compare", "what_if", "ablate", "head_worth", "prune", "evaluate"),
    *("rerank", "attribute_ranking", "zero_shot", "attribute_rows", "label_issues", "compare_models"),
}
TAGS = {"entities", "attribute_entity"}
ANSWERS = {"answer", "attribute_answer"}
ONE_MASK = {"compare_blanks", "score_candidates"}
MASKED = {"fill_mask", "fill_jointly", "attribute_mask"}
MODELS = ("model", "other", "states")
"""Parameters that name a model."""
NAMES = (
    "", " ", ".", "..", "/", "/etc", "/etc/passwd", "/dev/null", "~", "nowhere", "a/b", "a/b@c", "a/b/c", "../a",
    "\x00", "a\x00b", "x" * 300, "x" * 100_000, "http://127.0.0.1:1/", "file:///etc/passwd", "\ud800", "base ",
)  # fmt: skip

RIGHT = {
    "text": "the cat sat", "first": "the [MASK] sat", "second": "the [MASK] ran", "word": "cat", "candidate": "dog",
    "texts": ["the cat sat", "a cat ran"], "heads": [[0, 1]], "rows": [["the cat", "low"], ["a dog", "high"]],
    "candidates": ["dog", "ice"], "query": 1, "steps": 4, "points": 2, "orders": 1,
    "question": "the cat", "passage": "the cat sat", "passages": ["the cat sat", "a dog ran"], "start": 0, "end": 3,
    "labels": ["cat", "dog"], "entailment": "high", "token": "a" * 32,
}  # fmt: skip
OTHERWISE: dict[str, dict[str, Any]] = {
    "what_if": {"word": 1, "change": "replace", "replacement": "dog"},
    "compare": {"text": "sat"},
    "rerank": {"query": "the cat", "target": "low"},
    "attribute_ranking": {"query": "the cat", "first": "the cat sat", "second": "a dog ran", "target": "low"},
    "train": {
        "rows": [[f"the cat {word}", "low"] for word in "abc"] + [[f"a dog {word}", "high"] for word in "abc"],
        "start": "base",
        "text": "",
    },
    "prefer": {"first": "the cat", "second": "the dog"},
    **{name: {"text": "the [MASK] sat"} for name in (*MASKED, "score_candidates")},
}
"""Arguments that are answered, and where an endpoint wants others."""


def rows() -> st.SearchStrategy[Any]:
    row = st.tuples(sentences, st.sampled_from((*LABELS, *LABELS, "low;high", ""))).map(list)
    return st.lists(row, min_size=2, max_size=6)


def good(name: str, parameter: str) -> st.SearchStrategy[Any]:
    """Values of a parameter that are right, or nearly."""
    text = one_mask if name in ONE_MASK else masked if name in MASKED else sentences
    one = {
        "text": st.one_of(*[st.just("") if name == "train" else text] * 6, masked, sentences),
        "first": text,
        "second": text,
        "pair": st.one_of(st.none(), st.none(), st.just(""), sentences),
        "words": st.sampled_from(("spaces", "spaces", "tokenizer", "letters")),
        "word": st.integers(0, 9) if name == "what_if" else st.sampled_from(("the", "cat", "The Cat", "cat sat")),
        "texts": st.lists(sentences.map(lambda each: f"{each} the cat sat"), min_size=1, max_size=5),
        "candidate": known,
        "against": st.one_of(*[st.none()] * 3, known),
        "replacement": words,
        "candidates": st.one_of(*[st.lists(known, min_size=1, max_size=5)] * 3, st.none()),
        "pairs": st.one_of(st.none(), st.lists(st.tuples(known, words).map(list), max_size=3)),
        "heads": st.lists(st.tuples(small(1), small(1)).map(list), min_size=1, max_size=3),
        "rows": rows(),
        "sample": small(6, 2),
        "others": st.one_of(st.none(), st.lists(sentences, max_size=4)),
        "target": st.one_of(*[st.none()] * 3, st.sampled_from((*LABELS, "the", 0, 2, 3))),
        "method": st.sampled_from(tuple(CARDS)),
        "baseline": st.sampled_from(("pad", "mask", "zero")),
        "output": st.sampled_from((*["logit"] * 4, "probability", "margin")),
        "change": st.sampled_from(("mask", "delete", "replace")),
        "rule": st.sampled_from(("original", "within_word_l2r")),
        "pooling": st.sampled_from(("mean", "cls", None)),
        "tolerance": st.floats(0, 1),
        "steps": st.one_of(*[st.none()] * 6, small(16, 1)),
        "top_k": small(100, 1),
        "points": small(8, 2),
        "orders": small(4, 1),
        "attributions": st.booleans(),
        "query": sentences if name in ("rerank", "attribute_ranking") else small(3),
        "question": sentences,
        "passage": sentences,
        "passages": st.lists(sentences, min_size=1, max_size=4),
        "labels": st.lists(known, min_size=1, max_size=4),
        "template": st.sampled_from(("This example is {}.", "the {} sat", "no place")),
        "entailment": st.one_of(st.sampled_from(LABELS), st.none()),
        "several": st.booleans(),
        "activation": st.one_of(st.none(), st.sampled_from(("softmax", "sigmoid", "none"))),
        "aggregation": st.sampled_from(("none", "simple", "first", "average", "max")),
        "truth": st.one_of(*[st.none()] * 3, st.lists(st.tuples(known, words).map(list), max_size=2)),
        "pieces": st.sampled_from(("first", "all")),
        "start": st.just("base") if name == "train" else small(8),
        "end": small(12, 1),
        "longest": small(30, 1),
        "mask": small(0),
        "way": st.sampled_from(("frozen", "lora", "full", "head", "pretrain")),
        "kind": st.sampled_from(("single", "single", "several", "number")),
        "epochs": small(5),
        "learning_rate": st.sampled_from((0.0, 0.0, 1e-4)),
        "batch_size": small(64, 1),
        "length": small(128, 8),
        "seed": small(9),
        "rank": st.just(8),
        "class_weights": st.booleans(),
        "early_stopping": small(3),
        "layer_decay": st.just(1.0),
        "share": st.sampled_from((1.0, 1.0, 0.5, 0.0)),
        "token": st.just("a" * 32),
        "action": st.sampled_from(("stop", "pause", "resume", "forget")),
        "layer": small(1) if name == "attention_steps" else st.one_of(st.none(), small(1)),
        "head": small(1) if name == "attention_steps" else st.one_of(st.none(), small(1)),
    }
    return one[parameter]


def small(most: int, least: int = 0) -> st.SearchStrategy[Any]:
    """A whole number of that range, now and then just beside it."""
    return st.one_of(*[st.integers(least, most)] * 7, st.sampled_from((least - 1, most + 1, float(most))))


def model_for(name: str, places: dict[str, str]) -> st.SearchStrategy[Any]:
    own = ("labels", "labels", "several", "single") if name in CLASSIFIES else ("words", "words", "sentences")
    if name not in CLASSIFIES and kind_of(name) != "words":
        own = (kind_of(name),)
    return st.sampled_from([places[each] for each in (*own * 3, *places)])


def parameters_of(name: str) -> list[str]:
    return list(BY_NAME[name].request.model_fields)


def kind_of(name: str) -> str:
    """Which of the tiny models answers an endpoint."""
    if name in CLASSIFIES:
        return "labels"
    if name.startswith("next_sentence"):
        return "sentences"
    return "tags" if name in TAGS else "answers" if name in ANSWERS else "words"


def answered(name: str, places: dict[str, str]) -> dict[str, Any]:
    """Arguments that are answered."""
    right = {**RIGHT, **dict.fromkeys(MODELS, places[kind_of(name)]), **OTHERWISE.get(name, {})}
    return {parameter: right[parameter] for parameter in parameters_of(name) if parameter in right}


class Watchdog:
    """Runs calls one by one in a thread of its own, so that one that hangs can be told from one that is slow."""

    def __init__(self) -> None:
        self._asked: queue.SimpleQueue[Callable[[], Any]] = queue.SimpleQueue()
        self._told: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()
        threading.Thread(target=self._work, daemon=True).start()

    def call(self, ask: Callable[[], Any], patience: float = PATIENCE) -> Any:
        """What `ask` returns or raises. Raises AssertionError when that takes longer than `patience` seconds."""
        self._asked.put(ask)
        try:
            answer, error = self._told.get(timeout=patience)
        except queue.Empty:
            raise AssertionError(f"no answer after {patience:.0f} seconds") from None
        if error is not None:
            raise error
        return answer

    def _work(self) -> None:
        while True:
            ask = self._asked.get()
            try:
                self._told.put((ask(), None))
            except BaseException as error:
                self._told.put((None, error))


@dataclass
class Tally:
    """What became of the inputs of one endpoint or command."""

    name: str
    inputs: int = 0
    answers: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    memory: int = 0

    def call(self, watchdog: Watchdog, ask: Callable[[], Any]) -> Any:
        """Count the call, its time and its memory; returns what it returns, raises what it raises."""
        self.inputs += 1
        start, before = time.monotonic(), _peak()
        try:
            return watchdog.call(ask)
        finally:
            self.slowest = max(self.slowest, time.monotonic() - start)
            self.memory = max(self.memory, _peak() - before)
            assert self.memory < MOST_MEMORY, f"one call took {self.memory} MB"

    def __str__(self) -> str:
        kinds = ", ".join(f"{count} {kind}" for kind, count in self.errors.most_common())
        return (
            f"{self.name}: {self.inputs} inputs, {self.answers} answers, {self.errors.total()} typed errors "
            f"({kinds or 'none'}), slowest {self.slowest:.2f} s"
        )


def _peak() -> int:
    """The highest memory of the process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def check_message(error: DemoError, arguments: Any) -> None:
    """An error is of the tree, a readable sentence, and repeats little of what was sent."""
    said = str(error)
    assert type(error) is not DemoError
    assert 10 <= len(said) <= 600, said
    said.encode("utf-8")
    assert not any(ord(character) < 32 for character in said), said
    assert "Traceback" not in said and "object at 0x" not in said, said
    for sent in strings_in(arguments):
        if len(sent) > MOST_REPEATED:
            starts = range(len(said) - MOST_REPEATED)
            assert not any(said[start : start + MOST_REPEATED + 1] in sent for start in starts), said


def strings_in(value: Any) -> list[str]:
    """All strings of a JSON value, however deep."""
    found, left = [], [value]
    while left:
        each = left.pop()
        if isinstance(each, str):
            found.append(each)
        elif isinstance(each, (list, tuple)):
            left += each
        elif isinstance(each, dict):
            left += [*each.keys(), *each.values()]
    return found
