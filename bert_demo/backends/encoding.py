"""Text -> tokens with their place in the text, and the windows of a long one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bert_demo.backends.base import Encoding
from bert_demo.errors import TextError
from bert_demo.results import Token

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

OVERLAP = 4
"""Neighbouring windows share at least one part in four of what a window can hold."""


def encode(tokenizer: PreTrainedTokenizerBase, text: str, pair: str | None, limit: int) -> Encoding:
    """Tokenise a text or a pair. The ids of a short text are exactly those of `tokenizer(text, pair)`.

    Raises TextError when a text holds nothing that the tokenizer reads, or when the shorter of two texts fills more
    than half of a window so that the longer one cannot be read beside it.
    """
    batch = tokenizer(text, pair, return_special_tokens_mask=True, verbose=False, truncation=False)
    fast = batch.encodings[0]
    tokens: list[Token] = []
    words: dict[tuple[int, int], int] = {}
    special = [bool(flag) for flag in batch["special_tokens_mask"]]
    parts = _segments(fast.sequence_ids)
    ids, offsets, word_ids = fast.ids, fast.offsets, fast.word_ids  # each is made anew when it is asked for
    mask, mask_id, unknown_id = tokenizer.mask_token, tokenizer.mask_token_id, tokenizer.unk_token_id  # these, too
    for place, name in enumerate(fast.tokens):
        word = word_ids[place]
        number = None if special[place] or word is None else words.setdefault((parts[place], word), len(words))
        start, end = offsets[place]
        if ids[place] == mask_id:  # some take the space before it for a part of it
            name, start = str(mask), end - len(str(mask))
        unknown = not special[place] and ids[place] == unknown_id
        tokens.append(
            Token(name, ids[place], start, end, parts[place], number, special[place], unknown),
        )
    for part, source in enumerate((text, pair)):
        if source is not None and not any(not t.special and t.segment == part for t in tokens):
            which = "second text" if part else "text"
            raise TextError(f"The {which} holds no character that this model reads. Type at least one word.")
    windows = _windows(tokens, limit)
    return Encoding(tuple(tokens), tuple(fast.type_ids), tuple(w for w, _ in windows), tuple(s for _, s in windows))


def _segments(sequence_ids: list[int | None]) -> list[int]:
    """The text that each token belongs to; a special token belongs to the text before it."""
    segments: list[int] = []
    for segment in sequence_ids:
        segments.append(segment if segment is not None else segments[-1] if segments else 0)
    return segments


def _windows(tokens: list[Token], limit: int) -> list[tuple[tuple[int, ...], tuple[int, int]]]:
    """(positions, span) of each window: the longer text in overlapping stretches, everything else in each of them."""
    if len(tokens) <= limit:
        ordinary = [place for place, token in enumerate(tokens) if not token.special]
        return [(tuple(range(len(tokens))), (ordinary[0], ordinary[-1]))]
    content = {
        part: [place for place, token in enumerate(tokens) if not token.special and token.segment == part]
        for part in (0, 1)
    }
    longer = max(content, key=lambda part: len(content[part]))
    sliding = content[longer]
    fixed = len(tokens) - len(sliding)
    room = limit - fixed
    if room < limit // 2:
        raise TextError(
            f"Both texts are long: the shorter one has {len(content[1 - longer])} tokens and the model reads {limit} "
            f"at once. Shorten one of them to fewer than {limit // 2 - 3} tokens."
        )
    shared = room // OVERLAP
    count = -(-(len(sliding) - shared) // (room - shared))
    starts = [round(number * (len(sliding) - room) / (count - 1)) for number in range(count)]
    before = tuple(range(sliding[0]))
    after = tuple(range(sliding[-1] + 1, len(tokens)))
    return [
        ((*before, *sliding[start : start + room], *after), (sliding[start], sliding[start + room - 1]))
        for start in starts
    ]
