"""Text -> tokens with their place in the text, and the windows of a long one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bert_demo.core.errors import TextError
from bert_demo.models import byte_pieces
from bert_demo.models.base import Encoding
from bert_demo.registry.languages import is_ideograph
from bert_demo.results import Token

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

OVERLAP = 4
"""Neighbouring windows share at least one part in four of what a window can hold."""
SPACE_MARK = "\N{LOWER ONE EIGHTH BLOCK}"
"""How SentencePiece writes a space, or the beginning of a text."""


def encode(
    tokenizer: PreTrainedTokenizerBase, text: str, pair: str | None, limit: int, added: Collection[int] | None = None
) -> Encoding:
    """Tokenise a text or a pair. The ids of a short text are exactly those of `tokenizer(text, pair)`.

    added: of a vocabulary that writes bytes, the ids of those entries that do not. Words are those of the tokenizer,
    but that between ideographs, where no spaces stand, each piece is one.

    Raises TextError when a text holds nothing that the tokenizer reads, or when the shorter of two texts fills more
    than half of a window so that the longer one cannot be read beside it.
    """
    with readable():
        batch = tokenizer(text, pair, return_special_tokens_mask=True, verbose=False, truncation=False)
    fast = batch.encodings[0]
    tokens: list[Token] = []
    words: dict[tuple[int, int, int], int] = {}
    special = [bool(flag) for flag in batch["special_tokens_mask"]]
    parts = _segments(fast.sequence_ids)
    ids, offsets, word_ids = fast.ids, fast.offsets, fast.word_ids  # each is made anew when it is asked for
    mask, mask_id, unknown_id = tokenizer.mask_token, tokenizer.mask_token_id, tokenizer.unk_token_id  # these, too
    names = fast.tokens
    firsts = _first_pieces(names, word_ids)
    characters = [""] * len(names) if added is None else byte_pieces.readable(names, [each in added for each in ids])
    for place, name in enumerate(names):
        word = word_ids[place]
        key = (parts[place], -1 if word is None else word, firsts[place])
        number = None if special[place] or word is None else words.setdefault(key, len(words))
        start, end = offsets[place]
        if ids[place] == mask_id:  # some take the space before it for a part of it
            name, start = str(mask), end - len(str(mask))
        unknown = not special[place] and ids[place] == unknown_id
        tokens.append(
            Token(name, ids[place], start, end, parts[place], number, special[place], unknown, characters[place]),
        )
    for part, source in enumerate((text, pair)):
        if source is not None and not any(not t.special and t.segment == part for t in tokens):
            which = "second text" if part else "text"
            raise TextError(f"The {which} holds no character that this model reads. Type at least one word.")
    windows = _windows(tokens, limit)
    return Encoding(tuple(tokens), tuple(fast.type_ids), tuple(w for w, _ in windows), tuple(s for _, s in windows))


@contextmanager
def readable() -> Iterator[None]:
    """Raise TextError where a tokenizer that has no unknown token meets a word that it would need one for."""
    try:
        yield
    except Exception as error:  # tokenizers raises no kind of its own
        if "unk" not in str(error).lower():
            raise
        raise TextError(
            "The text holds a word that is not in this model's vocabulary, and its tokenizer has no token for unknown "
            "ones (unk_token in its tokenizer_config.json). Use other words, or another model."
        ) from error


def _first_pieces(names: Sequence[str], word_ids: Sequence[int | None]) -> list[int]:
    """For each token, which piece of its tokenizer's word a word of ours begins with (from 0).

    A Unigram tokenizer takes all Chinese text up to the next space for one word: it is parted before and behind
    each piece that has an ideograph there. The mark of a space belongs to what follows it.
    """
    firsts: list[int] = []
    before, last = "", None
    for place, (name, word) in enumerate(zip(names, word_ids, strict=True)):
        letters = name.lstrip(SPACE_MARK)
        same = place > 0 and word is not None and word == last
        parted = same and before and letters and (is_ideograph(before[-1]) or is_ideograph(letters[0]))
        firsts.append(0 if not same else firsts[-1] + 1 if parted else firsts[-1])
        before, last = letters, word
    return firsts


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
