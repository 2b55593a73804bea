"""What tokenizers without a tokenizer.json are read by: the class of transformers 4.57, where that of 5 differs.

Directories of vocab.txt, or of vocab.json and merges.txt, were written and read by those classes, and their files say
no more than the vocabulary. Read against transformers 4.57.1 and 5.23.0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tokenizers import AddedToken, Regex, normalizers, pre_tokenizers, processors

from bert_demo.models.loading.tokenizer_rules import PROBES, read

TAKES_SPACE = ("RobertaTokenizer", "DebertaTokenizer")
"""Classes whose mask is read together with the space before it."""
RARE_FIRST, RARE_LAST = "\U0002b820", "\U0002b91f"
"""Ideographs of extension E that BertNormalizer of tokenizers leaves within a word (its range begins at U+2B920)."""


def as_before(tokenizer: Any, files: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """Let a tokenizer that has no tokenizer.json read as the class of 4.57 did. Returns a sentence where that changes
    how probes are read.

    files: contents of tokenizer_config.json and special_tokens_map.json.
    """
    rules = {
        "letters in two code points are composed": _compose,
        "each ideograph stands by itself": _part_ideographs,
        "one separator stands between two texts": _one_separator,
        "the mask takes the space before it": lambda given: _mask_takes_space(given, files),
    }
    rare = [entry for entry in tokenizer.get_vocab() if RARE_FIRST <= entry <= RARE_LAST]
    probes = (*PROBES, f"a {2 * rare[0]}" if rare else "a", f"a {tokenizer.mask_token or ''}")
    followed = [said for said, rule in rules.items() if _changes(tokenizer, rule, probes)]
    if not followed:
        return ()
    kind = type(tokenizer).__name__
    return (f"Texts are read as by {kind} of transformers 4.57: {', '.join(followed)}; that of 5 reads otherwise.",)


def _changes(tokenizer: Any, rule: Callable[[Any], None], probes: tuple[str, ...]) -> bool:
    before = read(tokenizer.backend_tokenizer, probes)
    rule(tokenizer)
    return read(tokenizer.backend_tokenizer, probes) != before


def _of_bert(backend: Any) -> bool:
    """Whether words are parted as BERT does it: not so where a class brings rules of its own, as RoFormer's."""
    return isinstance(backend.pre_tokenizer, pre_tokenizers.BertPreTokenizer)


def _compose(tokenizer: Any) -> None:
    """4.57's BasicTokenizer composes first: "e" and an accent are the letter that the vocabulary has."""
    backend = tokenizer.backend_tokenizer
    if _of_bert(backend):
        backend.normalizer = normalizers.Sequence([normalizers.NFC(), backend.normalizer])


def _part_ideographs(tokenizer: Any) -> None:
    backend = tokenizer.backend_tokenizer
    if _of_bert(backend) and getattr(tokenizer, "tokenize_chinese_chars", True):
        parts = [pre_tokenizers.Split(Regex(f"[{RARE_FIRST}-{RARE_LAST}]"), "isolated"), backend.pre_tokenizer]
        backend.pre_tokenizer = pre_tokenizers.Sequence(parts)


def _one_separator(tokenizer: Any) -> None:
    if type(tokenizer).__name__ == "DebertaTokenizer":
        first, last = str(tokenizer.cls_token), str(tokenizer.sep_token)
        tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{first}:0 $A:0 {last}:0",
            pair=f"{first}:0 $A:0 {last}:0 $B:1 {last}:1",
            special_tokens=[(first, tokenizer.cls_token_id), (last, tokenizer.sep_token_id)],
        )


def _mask_takes_space(tokenizer: Any, files: Mapping[str, Mapping[str, Any]]) -> None:
    """Unless a file says how the mask is read."""
    told = any(isinstance(each.get("mask_token"), dict) or "added_tokens_decoder" in each for each in files.values())
    if type(tokenizer).__name__ in TAKES_SPACE and tokenizer.mask_token and not told:
        mask = AddedToken(str(tokenizer.mask_token), lstrip=True, normalized=False, special=True)
        tokenizer.backend_tokenizer.add_special_tokens([mask])
