"""A fast tokenizer of transformers as the lenses use it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from tokenizers import PreTokenizedString

from bert_demo.models import byte_pieces, tokenization
from bert_demo.models.base import Encoding

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


CONTROL = ("bos", "eos", "unk", "sep", "pad", "cls")
"""The special tokens that frame a text or stand for what is none; others, such as markers of entities, are read."""


class FastTokenizer:
    """A text as token ids, and back. limit: tokens of one window, special tokens included."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, limit: int) -> None:
        self._tokenizer, self._limit = tokenizer, limit
        self.mask_token: str | None = tokenizer.mask_token
        self.mask_id: int | None = tokenizer.mask_token_id
        self.pad_id: int | None = tokenizer.pad_token_id
        self.unknown_id: int | None = tokenizer.unk_token_id
        backend = tokenizer.backend_tokenizer
        self._added = frozenset(backend.get_added_tokens_decoder()) if byte_pieces.of_bytes(backend) else None
        named = (getattr(tokenizer, f"{kind}_token") for kind in CONTROL)
        self.control_tokens = tuple(dict.fromkeys(str(token) for token in named if token and token != self.mask_token))

    def encode(self, text: str, pair: str | None = None) -> Encoding:
        """Tokenise; texts beyond the limit are cut into overlapping windows. Raises TextError."""
        return tokenization.encode(self._tokenizer, text, pair, self._limit, self._added)

    def token_str(self, token: int) -> str:
        """A vocabulary entry as the fill-mask pipeline writes it; a number without an entry is called so."""
        if self._tokenizer.convert_ids_to_tokens(token) is None:
            return f"[no entry {token}]"
        return self.decode([token])

    def decode(self, ids: Sequence[int]) -> str:
        """The text that token ids spell, as the tokenizer writes it."""
        return str(self._tokenizer.decode(list(ids)))

    def token_ids(self, word: str) -> tuple[int, ...]:
        """The ids of a word's pieces, as they are behind another word; an entry such as "##ing" stands for itself."""
        pieces = self.word_pieces(word)
        if len(pieces) == 1:
            return pieces
        entry = self._tokenizer.backend_tokenizer.token_to_id(word)
        return pieces if entry is None else (int(entry),)

    def word_pieces(self, text: str, before: str = "a ") -> tuple[int, ...]:
        """The ids of a phrase's pieces behind what stands before it, by default a word, without special tokens."""
        with tokenization.readable():
            first, both = (
                self._tokenizer(part, add_special_tokens=False, verbose=False)["input_ids"] if part else []
                for part in (before, before + text)
            )
        alike = 0  # a space before the text may be a token of its own, or the beginning of the text's first
        while alike < min(len(first), len(both)) and first[alike] == both[alike]:
            alike += 1
        return tuple(both[alike:])

    def changed(self, text: str) -> str:
        """A text as the tokenizer changes it before it parts words."""
        normalizer = self._tokenizer.backend_tokenizer.normalizer
        return text if normalizer is None else str(normalizer.normalize_str(text))

    def normalised(self, text: str) -> tuple[tuple[str, tuple[int, int]], ...]:
        """The words that are cut into pieces, as the tokenizer changes them, and their (start, end) in the text.

        A token that is taken as a whole before words are parted, such as the mask, is one of them.
        """
        backend = self._tokenizer.backend_tokenizer
        added = {number: token.content for number, token in backend.get_added_tokens_decoder().items()}
        with tokenization.readable():
            encoding = backend.encode(text, add_special_tokens=False)
        words: list[tuple[str, tuple[int, int]]] = []
        last = 0
        for number, (start, end) in zip(encoding.ids, encoding.offsets, strict=True):
            if number in added and text[start:end].strip() == added[number]:
                words += [*self._words_of(text[last:start], last), (added[number], (start, end))]
                last = end
        return (*words, *self._words_of(text[last:], last))

    def _words_of(self, text: str, first: int) -> list[tuple[str, tuple[int, int]]]:
        """The words of a stretch of text that begins at character `first`."""
        backend = self._tokenizer.backend_tokenizer
        parts = PreTokenizedString(text)
        if backend.normalizer is not None:
            parts.normalize(backend.normalizer.normalize)
        if backend.pre_tokenizer is not None:
            backend.pre_tokenizer.pre_tokenize(parts)
        splits = parts.get_splits("original", "char")
        return [(str(word), (first + int(start), first + int(end))) for word, (start, end), _ in splits]

    def vocabulary(self) -> Mapping[str, int]:
        """Each entry of the vocabulary and its id."""
        return self._entries

    @cached_property
    def _entries(self) -> Mapping[str, int]:
        """Read once, because the tokenizer makes it anew each time."""
        return MappingProxyType(self._tokenizer.get_vocab())

    def piece_rule(self) -> tuple[str, str, int]:
        """How words are cut: the algorithm ("WordPiece", "BPE", "Unigram"), the mark of a continuing piece, and the
        characters of the longest word that is tried (0: no limit)."""
        model = self._tokenizer.backend_tokenizer.model
        mark = str(getattr(model, "continuing_subword_prefix", "") or "")
        longest = int(getattr(model, "max_input_chars_per_word", 0) or 0)
        return type(model).__name__, mark, longest
