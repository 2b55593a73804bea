"""One word masked, deleted or replaced: does the prediction move as far as the explanation said the word was worth?"""

from __future__ import annotations

import numpy as np
import torch

from bert_demo.backends.base import Backend
from bert_demo.errors import ChoiceError, TextError
from bert_demo.lenses.question import Question, Score
from bert_demo.results import WhatIf
from bert_demo.validation import refuse_control_tokens


def what_if(
    backend: Backend,
    question: Question,
    texts: tuple[str, str | None],
    word: int,
    change: str,
    replacement: str,
) -> WhatIf:
    """Change word number `word` (counted through both texts) and ask again. Raises ChoiceError, TextError."""
    encoding = backend.encode(*texts)
    places = [token for token in encoding.tokens if token.word == word]
    if not places:
        count = len({token.word for token in encoding.tokens if token.word is not None})
        raise ChoiceError(f"word must be from 0 to {count - 1}, the number of a word of the text.")
    segment, start, end = places[0].segment, places[0].start, places[-1].end
    source = texts[segment] or ""
    changed = _changed(source, start, end, _stand_in(backend, change, replacement))
    if not changed.strip():
        raise TextError("Without this word the text is empty. Mask it or replace it instead.")
    refuse_control_tokens(changed, backend.control_tokens, "changed text")
    after = (changed, texts[1]) if segment == 0 else (texts[0], changed)
    first, second = _scores(backend, question, *texts), _scores(backend, question, *after)
    return WhatIf(
        model=backend.info.name,
        revision=backend.info.revision,
        target=backend.labels[question.target],
        output=question.output,
        word=source[start:end],
        change=change,
        text=changed,
        before=first[0],
        after=second[0],
        before_label=first[1],
        after_label=second[1],
    )


def _stand_in(backend: Backend, change: str, replacement: str) -> str:
    if change == "delete":
        return ""
    if change == "replace":
        if not replacement.strip():
            raise ChoiceError("replacement must be the word to put in this one's place.")
        return replacement.strip()
    if backend.mask_token is None:
        raise ChoiceError("This model has no mask token. Delete or replace the word instead.")
    return backend.mask_token


def _changed(source: str, start: int, end: int, by: str) -> str:
    """The text with a stretch replaced; a deleted word takes the space before it along."""
    before, after = source[:start], source[end:]
    if not by and before.endswith(" ") and (not after or after[0] == " "):
        before = before[:-1]
    elif not by and not before:
        after = after.lstrip()
    return f"{before}{by}{after}"


def _scores(backend: Backend, question: Question, text: str, pair: str | None) -> tuple[float, str]:
    """(score of the target, predicted label), both of the mean over the windows."""
    logits = torch.from_numpy(backend.label_logits(backend.encode(text, pair)).copy()).double()
    score = Score(question, backend.activation)(logits).mean()
    probabilities = logits.sigmoid() if backend.activation == "sigmoid" else logits.softmax(-1)
    return float(score), backend.labels[int(np.argmax(probabilities.mean(0).numpy()))]
