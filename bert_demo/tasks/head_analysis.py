"""Single heads: what one computes, what each does on a text, and what the model says without them."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence

import numpy as np
import torch

from bert_demo.attribution.base import Function
from bert_demo.models.base import Encoding, Model, Trace
from bert_demo.models.surgery.each_head_off import each_head_off
from bert_demo.models.surgery.without_heads import without_heads
from bert_demo.results import HABITS, Attention, HeadEffects, HeadProfiles, HeadSteps, Token
from bert_demo.tasks.attribution_request import Question, Score
from bert_demo.tasks.classification import label_logits
from bert_demo.tasks.fill_mask import mask_logits
from bert_demo.tasks.probabilities import softmax

OnProgress = Callable[[int, int], None]


def steps(
    model: Model,
    encoding: Encoding,
    window: int,
    layer: int,
    head: int,
    query: int,
    plain: np.ndarray,
    found: Trace,
) -> HeadSteps:
    """One query of one head, worked out in double precision from the model's own q, keys and values.

    plain: (n, n), the head's weights as the untouched model gives them; found: what the head computes on that window.
    """
    q, keys, values = (array.astype(np.float64) for array in (found.q[query], found.k, found.v))
    products = keys @ q
    scaled = products / np.sqrt(len(q))
    weights = softmax(scaled)
    output = weights @ values
    kept = (weights - plain[query], weights - found.weights[query], output - found.output[query])
    error = max(np.abs(each).max() for each in kept)
    return HeadSteps(
        model=model.info.name,
        revision=model.info.revision,
        tokens=tuple(encoding.tokens[place] for place in encoding.windows[window]),
        layer=layer,
        head=head,
        query=query,
        q=q,
        keys=keys,
        values=values,
        products=products,
        scaled=scaled,
        weights=weights,
        output=output,
        largest_error=float(error),
    )


def profiles(result: Attention, texts: tuple[str, str]) -> HeadProfiles:
    """Habits of all heads: shares of attention by where it goes, entropy, distance; means over the queries.

    texts: the two texts ("" for none) that the tokens stand in.
    """
    weights = result.weights
    kinds = _places(result.tokens, texts)
    shares = np.stack([(weights * kind).sum((-1, -2)) for kind in kinds], axis=-1) / len(result.tokens)
    logs = np.log(np.where(weights > 0, weights, 1))
    place = np.arange(len(result.tokens))
    distances = np.abs(place[:, None] - place)
    return HeadProfiles(
        model=result.model,
        revision=result.revision,
        tokens=result.tokens,
        shares=shares.astype(np.float64),
        entropy=-(weights * logs).sum(-1).mean(-1, dtype=np.float64),
        distance=(weights * distances).sum(-1).mean(-1, dtype=np.float64),
    )


def _places(tokens: Sequence[Token], texts: tuple[str, str]) -> list[np.ndarray]:
    """For each of HABITS an (n, n) array of 0 and 1: whether a key is of that kind for a query."""
    count = len(tokens)
    special = np.asarray([token.special for token in tokens])
    first = special & (np.arange(count) == 0)
    spelt = [texts[token.segment][token.start : token.end].strip() for token in tokens]
    marks = np.asarray([not token.special and _is_punctuation(text) for token, text in zip(tokens, spelt, strict=True)])
    rows = np.ones((count, 1))
    kinds = [np.eye(count), np.eye(count, k=-1), np.eye(count, k=1), rows * first, rows * (special & ~first)]
    found = [*kinds, rows * marks, _same_word(tokens, texts)]
    assert len(found) == len(HABITS)
    return found


def _same_word(tokens: Sequence[Token], texts: tuple[str, str]) -> np.ndarray:
    """(n, n): 1 where the key is a piece of another word that is spelt like the query's, capitals or not."""
    spans: dict[int, tuple[int, int, int]] = {}
    for token in tokens:
        if token.word is not None:
            _, start, end = spans.get(token.word, (token.segment, token.start, token.end))
            spans[token.word] = (token.segment, min(start, token.start), max(end, token.end))
    names = {word: texts[segment][start:end].strip().casefold() for word, (segment, start, end) in spans.items()}
    words = np.asarray([-1 if token.word is None else token.word for token in tokens])
    spelt = np.asarray([names.get(word, "") for word in words.tolist()])
    same: np.ndarray = (spelt[:, None] == spelt) & (words[:, None] != words) & (spelt != "") & (spelt != "")[:, None]
    return same.astype(float)


def _is_punctuation(text: str) -> bool:
    return bool(text) and all(unicodedata.category(character).startswith("P") for character in text)


def head_effects(
    model: Model, encoding: Encoding, question: Question, mask: int | None, watch: OnProgress
) -> HeadEffects:
    """The change of one score when each head in turn adds nothing; of the windows of a long text, the mean.

    question: target and output; mask: the position of the mask whose filling is scored, None for a classifier. `watch`
    is called after each batch of heads.
    """
    score: Function = Score(question, "softmax" if mask is not None else model.activation)

    def scored(logits: np.ndarray) -> np.ndarray:
        return score(torch.from_numpy(np.array(logits, dtype=np.float64))).numpy()

    layers, heads, windows = model.info.layers, model.info.heads, len(encoding.windows)

    def read(model: Model) -> np.ndarray:
        logits = label_logits(model, encoding) if mask is None else mask_logits(model, encoding, mask)[None]
        return scored(logits)

    whole = np.zeros(windows)
    changes = np.zeros((layers, heads))
    for window in range(windows):
        untouched, batches = each_head_off(model, encoding, window, mask)
        whole[window] = scored(untouched[None])[0]
        for layer, first, logits in batches:
            last = first + len(logits)
            changes[layer, first:last] += (scored(logits) - whole[window]) / windows
            watch((window * layers + layer) * heads + last, windows * layers * heads)
    greatest = np.unravel_index(int(np.abs(changes).argmax()), changes.shape)
    again = read(without_heads(model, [(int(greatest[0]), int(greatest[1]))]))
    return HeadEffects(
        model=model.info.name,
        revision=model.info.revision,
        target=model.labels[question.target] if mask is None else model.tokenizer.token_str(question.target),
        output=question.output,
        score=float(whole.mean()),
        changes=changes,
        again=float((again - whole).mean()),
        layer_passes=windows * heads * layers * (layers + 1) // 2,
        full_passes=windows * heads * layers,
    )
