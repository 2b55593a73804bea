"""One word masked, deleted or replaced: does the prediction move as far as the explanation said the word was worth?"""

from __future__ import annotations

import numpy as np
import torch

from bert_demo.core.errors import ChoiceError, TextError
from bert_demo.core.validation import refuse_control_tokens
from bert_demo.models.base import Model
from bert_demo.models.words import in_words
from bert_demo.results import WhatIf
from bert_demo.tasks.attribution_request import Question, Score
from bert_demo.tasks.classification import label_logits
from bert_demo.tasks.probabilities import activate


def what_if(
    model: Model,
    question: Question,
    texts: tuple[str, str | None],
    word: int,
    change: str,
    replacement: str,
) -> WhatIf:
    """Change word number `word` (counted through both texts) and ask again. Raises ChoiceError, TextError."""
    encoding = in_words(model.encode(*texts), texts, question.words)
    places = [token for token in encoding.tokens if token.word == word]
    if not places:
        count = len({token.word for token in encoding.tokens if token.word is not None})
        raise ChoiceError(f"word must be from 0 to {count - 1}, the number of a word of the text.")
    segment, start, end = places[0].segment, places[0].start, places[-1].end
    source = texts[segment] or ""
    changed = _changed(source, start, end, _stand_in(model, change, replacement))
    if not changed.strip():
        raise TextError("Without this word the text is empty. Mask it or replace it instead.")
    refuse_control_tokens(changed, model.control_tokens, "changed text")
    after = (changed, texts[1]) if segment == 0 else (texts[0], changed)
    first, second = _scores(model, question, *texts), _scores(model, question, *after)
    return WhatIf(
        model=model.info.name,
        revision=model.info.revision,
        target=model.labels[question.target],
        output=question.output,
        word=source[start:end],
        change=change,
        text=changed,
        before=first[0],
        after=second[0],
        before_label=first[1],
        after_label=second[1],
    )


def _stand_in(model: Model, change: str, replacement: str) -> str:
    if change == "delete":
        return ""
    if change == "replace":
        if not replacement.strip():
            raise ChoiceError("replacement must be the word to put in this one's place.")
        return replacement.strip()
    if model.mask_token is None:
        raise ChoiceError("This model has no mask token. Delete or replace the word instead.")
    return model.mask_token


def _changed(source: str, start: int, end: int, by: str) -> str:
    """The text with a stretch replaced; a deleted word takes the space before it along."""
    before, after = source[:start], source[end:]
    if not by and before.endswith(" ") and (not after or after[0] == " "):
        before = before[:-1]
    elif not by and not before:
        after = after.lstrip()
    return f"{before}{by}{after}"


def _scores(model: Model, question: Question, text: str, pair: str | None) -> tuple[float, str]:
    """(score of the target, predicted label), both of the mean over the windows."""
    logits = label_logits(model, model.encode(text, pair)).astype(np.float64)
    score = Score(question, model.activation)(torch.from_numpy(logits)).mean()
    return float(score), model.labels[int(np.argmax(activate(logits, model.activation).mean(0)))]
