"""What the model would write in place of a mask."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bert_demo.core.errors import ChoiceError, MaskError
from bert_demo.models.base import Encoding, Model
from bert_demo.results import Candidate, FillMask, MaskSlot, Original, Token
from bert_demo.tasks.probabilities import softmax

MOST_MASKS = 50
"""Each candidate carries the whole text, so that many masks in a long text would not fit into an answer."""


def _hide(text: str, spans: Sequence[tuple[int, int]], mask: str) -> tuple[str, dict[int, str]]:
    """Put a mask in place of each span. Returns the new text and, by the mask's place in it, the hidden word."""
    pieces: list[str] = []
    hidden: dict[int, str] = {}
    last = length = 0
    for start, end in spans:
        if not last <= start < end <= len(text):
            raise ChoiceError("The words to hide must lie in the text, one after the other.")
        length += start - last
        hidden[length] = text[start:end]
        pieces += [text[last:start], mask]
        length += len(mask)
        last = end
    return "".join((*pieces, text[last:])), hidden


def fill_mask(
    model: Model, text: str, top_k: int, words: tuple[str, ...] | None, spans: Sequence[tuple[int, int]]
) -> FillMask:
    """Candidates for each mask of the text and for each word of `spans`, which are hidden first."""
    mask = model.mask_token
    head = model.heads["fill-mask"]  # raises MissingHeadError
    if mask is None:
        raise MaskError("This model has no mask token.")
    text, hidden = _hide(text, spans, mask)
    encoding = model.encode(text)
    mask_id = model.tokenizer.token_ids(mask)[0]
    masks = [place for place, token in enumerate(encoding.tokens) if token.id == mask_id and not token.special]
    if not masks:
        raise MaskError(f"There is no {mask} in the text. Put one in place of a word, or click a word to mask it.")
    if len(masks) > MOST_MASKS:
        raise MaskError(f"The text has {len(masks)} masks; this lens fills up to {MOST_MASKS} at once. Take some away.")
    by_window: dict[int, list[int]] = {}
    for place in masks:
        by_window.setdefault(_best_window(encoding, place), []).append(place)
    slots: list[MaskSlot] = []
    for window, places in sorted(by_window.items()):
        for place, scores in zip(places, softmax(head.logits(encoding, window, tuple(places))), strict=True):
            token = encoding.tokens[place]
            ids = _candidate_ids(model, text, token, words) if words else None
            chosen = best(scores, top_k) if ids is None else sorted(ids, key=lambda index: -scores[index])[:top_k]
            slots.append(
                MaskSlot(
                    place,
                    token.start,
                    token.end,
                    tuple(_candidate(model, text, token, int(index), float(scores[index])) for index in chosen),
                    _original(model, text, token, hidden[token.start], scores) if token.start in hidden else None,
                )
            )
    return FillMask(model.info.name, model.info.revision, text, tuple(slots), encoding.tokens)


def mask_logits(model: Model, encoding: Encoding, mask: int) -> np.ndarray:
    """(vocabulary,) logits of the masked-language model at one position. Raises MissingHeadError."""
    logits: np.ndarray = model.heads["fill-mask"].logits(encoding, 0, (mask,))[0]
    return logits


def best(scores: np.ndarray, count: int) -> list[int]:
    """Indices of the highest scores, highest first."""
    count = min(count, len(scores))
    chosen = np.argpartition(scores, len(scores) - count)[len(scores) - count :]
    return [int(index) for index in chosen[np.lexsort((chosen, -scores[chosen]))]]


def _best_window(encoding: Encoding, place: int) -> int:
    """The window that shows the most of what stands on both sides of a position."""

    def margin(positions: tuple[int, ...]) -> int:
        if place not in positions:
            return -1
        index = positions.index(place)
        return min(index, len(positions) - 1 - index)

    return max(range(len(encoding.windows)), key=lambda window: margin(encoding.windows[window]))


def _candidate(model: Model, text: str, mask: Token, index: int, score: float) -> Candidate:
    filled = written(text, [(mask.start, mask.end, spelt(model, text, mask, index))])
    return Candidate(model.tokenizer.token_str(index), index, score, filled)


def spelt(model: Model, text: str, mask: Token, token: int) -> str:
    """A token as it is written in place of a mask. Where the mask takes the space before it, so does the token."""
    if not text[mask.start : mask.start + 1].isspace():
        return model.tokenizer.token_str(token)
    anchor = model.tokenizer.token_ids("a")
    return model.tokenizer.decode((*anchor, token)).removeprefix(model.tokenizer.decode(anchor))


def written(text: str, parts: Sequence[tuple[int, int, str]]) -> str:
    """The text with each (start, end) replaced; a piece that continues a word is joined to what stands before it."""
    done, last = "", 0
    for start, end, name in parts:
        done += text[last:start]
        last = end
        if name.startswith("##"):
            done = done.rstrip() + name[2:]
        else:
            done += name.strip() if not done or done[-1].isspace() else name
    return done + text[last:]


def span_of(text: str, mask: Token) -> tuple[int, int]:
    """(start, end) of a mask, without the space before it that some tokenizers count to it."""
    found = text[mask.start : mask.end]
    return mask.start + len(found) - len(found.lstrip()), mask.end


def form_at(model: Model, text: str, mask: Token, word: str) -> tuple[int, ...]:
    """The ids of a word's pieces in the form that training saw in place of a mask: behind a space, or at the start of
    the text, or behind the line break, quote or bracket that stands there. "##ing" stands for itself."""
    whole = model.tokenizer.token_ids(word)
    if word.startswith("##") and len(whole) == 1:
        return whole
    last = text[: span_of(text, mask)[0]][-1:]
    if last in ("\n", "\r"):
        return model.tokenizer.word_pieces(word, f"a{last}")
    return model.tokenizer.word_pieces(word, "a " if last.isspace() else "" if last.isalnum() else last)


def _candidate_ids(model: Model, text: str, mask: Token, words: Sequence[str]) -> list[int]:
    ids: list[int] = []
    for word in words:
        pieces = form_at(model, text, mask, word)
        if len(pieces) != 1:
            raise ChoiceError(
                f"The candidate {word[:40]!r} is {len(pieces)} tokens of this model there; one mask holds one token."
            )
        if pieces[0] not in ids:
            ids.append(pieces[0])
    return ids


def _original(model: Model, text: str, mask: Token, word: str, scores: np.ndarray) -> Original:
    pieces = form_at(model, text, mask, word)
    if len(pieces) != 1:
        return Original(word, None, None)
    score = float(scores[pieces[0]])
    return Original(word, score, int((scores > scores[pieces[0]]).sum()) + 1)
