"""Directories altered in ways that their formats allow: each answers with numbers, or is refused in a sentence.

FUZZ_EXAMPLES says how many; the directory of a number is always the same one.
"""

from __future__ import annotations

import os
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fuzzing import EXAMPLES, RIGHT, Watchdog, check_message
from loaded import loaded
from odd_directories import numbers, odd_directory
from tiny_families import Checkpoint

from bert_demo import BertService, Settings
from bert_demo.api.endpoints import BY_NAME
from bert_demo.api.run import run
from bert_demo.core.errors import DemoError

FIRST = int(os.environ.get("FUZZ_FIRST", "0"))
CHUNK = 50
ASKED: dict[str, tuple[str, ...]] = {
    "text-classification": ("classify", "attribute", "compare", "what_if", "attribute_layers", "head_worth"),
    "fill-mask": ("fill_mask", "attribute_mask", "score_candidates", "surprises", "layer_guesses"),
    "next-sentence": ("next_sentence",),
    "token-classification": ("entities", "attribute_entity"),
    "question-answering": ("answer", "attribute_answer"),
}
ALWAYS = ("attention", "pieces", "features", "similarity", "head_profiles", "first_states", "contexts")
TOO_LITTLE = "could not be loaded. Choose a bundled model."
"""What the pool says of an exception that nobody foresaw."""


def arguments(name: str, checkpoint: Checkpoint, mask: str, number: int) -> dict[str, Any]:
    text, second, third = checkpoint.texts
    word = text.split()[-1] if " " in text else text[0]
    blank = f"{second} {mask} {third}"
    own: dict[str, Any] = RIGHT | {
        "text": blank if name in ("fill_mask", "attribute_mask", "score_candidates") else text,
        "pair": second if number % 2 else None,
        "word": word if name == "contexts" else 0,
        "texts": [text, f"{text} {second}"],
        "candidates": [word],
        "candidate": word,
        "first": text,
        "second": second,
        "question": second,
        "passage": text,
        "start": 0,
        "end": len(word),
        "max_steps": 16,
    }
    own |= {"steps": 4} if name.startswith("attribute") else {}
    fields = BY_NAME[name].request.model_fields
    return {key: own[key] for key in fields if key in own}


def tried(service: BertService, place: Path, checkpoint: Checkpoint, number: int) -> str:
    """What became of a directory: "answered", or the kind of error. Raises what nobody foresaw."""
    try:
        model = loaded(str(place))
    except DemoError as error:
        check_message(error, [])
        return type(error).__name__
    names = [*(each for task in model.info.tasks for each in ASKED[task]), ALWAYS[number % len(ALWAYS)]]
    outcome = "answered"
    for name in (names[number % len(names)], names[(number // 7) % len(names)]):
        given = arguments(name, checkpoint, model.mask_token or "[MASK]", number)
        try:
            answer = getattr(service, BY_NAME[name].call.rpartition(".")[2])(**given, model=str(place))
        except DemoError as error:
            check_message(error, [])
            assert TOO_LITTLE not in str(error), error
            outcome = f"{name}: {type(error).__name__}"
        else:
            lost = {at for at, each in numbers(answer) if not np.isfinite(np.asarray(each, dtype=float)).all()}
            lost -= {".agreement"}  # of methods of which one finds all words alike, and of one word
            assert not lost, f"{name} answers with what is no number: {sorted(lost)}"
            run(BY_NAME[name], service, {**given, "model": str(place)})
    return outcome


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("first", range(FIRST, FIRST + EXAMPLES, CHUNK))
def test_odd_directories_answer_or_are_refused(first: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("odd")
    service, watchdog = BertService(Settings(max_steps=16)), Watchdog()
    outcomes: Counter[str] = Counter()
    failures = []
    for number in range(first, min(first + CHUNK, FIRST + EXAMPLES)):
        place, checkpoint, done = odd_directory(root, number)
        try:
            outcomes[watchdog.call(partial(tried, service, place, checkpoint, number))] += 1
        except BaseException as error:
            failures.append(f"{number}: {done}\n  {type(error).__name__}: {str(error)[:300]}")
    print(dict(outcomes.most_common()))
    assert not failures, "\n".join(failures)
