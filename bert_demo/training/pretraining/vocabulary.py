"""A Unigram vocabulary cut to what some texts need, as a `tokenizer.json` whose special tokens and template follow.

The first pieces are <s>, <pad>, </s>, <unk>, the last is <mask>, as in XLM-RoBERTa.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
from tokenizers import decoders as decoding
from transformers import PreTrainedTokenizerFast

from bert_demo.core.errors import BadDataError

FIRST, PAD, LAST, UNKNOWN, MASK = "<s>", "<pad>", "</s>", "<unk>", "<mask>"
SPECIAL = (FIRST, PAD, LAST, UNKNOWN, MASK)
_LINES_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Cut:
    """The pieces that are kept, in their new order, with scores; origins: the old id of each, -1 for a new one."""

    pieces: tuple[str, ...]
    scores: np.ndarray
    origins: np.ndarray


def unigram(pieces: Sequence[str], scores: Sequence[float] | np.ndarray) -> Tokenizer:
    """A tokenizer of Unigram pieces; `pieces` begins with <s>, <pad>, </s>, <unk> and ends with <mask>.

    Only the beginning of a text gets the mark of a space that is not there: Chinese words stand side by side, also
    beside a mask.
    """
    tokenizer = Tokenizer(models.Unigram(list(zip(pieces, map(float, scores), strict=True)), pieces.index(UNKNOWN)))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace("▁", prepend_scheme="first")
    tokenizer.decoder = decoding.Metaspace("▁", prepend_scheme="first")
    tokenizer.add_special_tokens([*SPECIAL[:-1], AddedToken(MASK, lstrip=True, special=True)])
    ids = {name: tokenizer.token_to_id(name) for name in (FIRST, LAST)}
    tokenizer.post_processor = processors.TemplateProcessing(
        f"{FIRST} $A {LAST}", f"{FIRST} $A {LAST} {LAST} $B {LAST}", list(ids.items())
    )
    return tokenizer


def for_transformers(tokenizer: Tokenizer, longest: int) -> PreTrainedTokenizerFast:
    """The same as transformers loads it, with its special tokens named."""
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=FIRST,
        eos_token=LAST,
        cls_token=FIRST,
        sep_token=LAST,
        pad_token=PAD,
        unk_token=UNKNOWN,
        mask_token=AddedToken(MASK, lstrip=True, special=True),
        model_max_length=longest,
        model_input_names=["input_ids", "attention_mask"],
        clean_up_tokenization_spaces=False,
    )


def piece_counts(tokenizer: Tokenizer, lines: Iterable[str]) -> tuple[np.ndarray, dict[str, int]]:
    """(vocabulary,) how often each piece is read in the lines, and how often each character stands in them, as the
    normaliser leaves it."""
    counts = np.zeros(tokenizer.get_vocab_size(), dtype=np.int64)
    characters: dict[str, int] = {}
    held: list[str] = []

    def count() -> None:
        for encoding in tokenizer.encode_batch_fast(held, add_special_tokens=False):
            counts[:] += np.bincount(encoding.ids, minlength=len(counts))
        for character in "".join(held):
            characters[character] = characters.get(character, 0) + 1
        held.clear()

    for line in lines:
        held.append(unicodedata.normalize("NFKC", line))
        if len(held) == _LINES_AT_ONCE:
            count()
    count()
    return counts, characters


def is_ideograph(character: str) -> bool:
    """Whether a character is one of the unified ideographs that Chinese is written in."""
    return unicodedata.name(character, "").startswith("CJK UNIFIED IDEOGRAPH")


def cut(
    pieces: Sequence[str], scores: np.ndarray, worth: np.ndarray, characters: dict[str, int], size: int, least: int = 20
) -> Cut:
    """Keep `size` pieces: special ones, every ideograph of `characters`, every other character that occurs `least`
    times or is printable ASCII, and of the rest those of the greatest `worth`.

    worth: (pieces,), such as the share of a corpus that each makes up. An ideograph without a piece of its own gets one
    with the lowest score, so that it is read where nothing longer holds it. Raises BadDataError for too small a size.
    """
    known = {piece: number for number, piece in enumerate(pieces)}
    ascii_signs = {chr(code) for code in range(33, 127)}
    wanted = {sign for sign, count in characters.items() if count >= least or is_ideograph(sign)} | ascii_signs
    wanted = {sign for sign in wanted if not sign.isspace()}
    kept = {known[name] for name in (*SPECIAL, "▁")} | {known[sign] for sign in wanted if sign in known}
    added = sorted(sign for sign in wanted if sign not in known and is_ideograph(sign))
    room = size - len(kept) - len(added)
    if room < 0:
        raise BadDataError(
            f"The texts need at least {size - room:,} pieces for their signs alone; {size:,} are too few."
        )
    order = [
        int(number) for number in np.argsort(-worth, kind="stable") if int(number) not in kept and worth[number] > 0
    ]
    kept |= set(order[:room])
    origins = [known[name] for name in SPECIAL[:-1]]
    origins += sorted(kept - {known[name] for name in SPECIAL})
    new_pieces = [pieces[number] for number in origins] + added + [MASK]
    low = float(scores.min())
    new_scores = [*scores[origins].tolist(), *(low for _ in added), 0.0]
    return Cut(tuple(new_pieces), np.asarray(new_scores), np.asarray([*origins, *(-1 for _ in added), known[MASK]]))
