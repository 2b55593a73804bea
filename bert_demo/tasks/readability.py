"""What a model cannot read of a text: unknown signs, words that fall into letters, scripts and languages of no card."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from bert_demo.models.base import Model
from bert_demo.registry.languages import Language, language_of, named, script_of
from bert_demo.results import Token
from bert_demo.results.readability import Readability, ScriptShare
from bert_demo.tasks.changed_words import changed_words

LEAST_LETTERS = 3
"""Of a word that can be said to fall into letters: shorter ones may be rare names or signs."""
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")


def readability(model: Model, text: str, pair: str | None) -> Readability:
    """How the model's tokenizer takes the text or the pair, against the languages of the model's card."""
    sources = (text, pair or "")
    tokens = [token for token in model.encode(text, pair).tokens if not token.special]
    mask = model.tokenizer.mask_id
    unknown = [token for token in tokens if token.unknown]
    card = named(model.info.language)
    shares = script_shares(tokens, sources)
    return Readability(
        model=model.info.name,
        revision=model.info.revision,
        tokens=len(tokens),
        unknown=len(unknown),
        unknown_token=unknown[0].text if unknown else "",
        signs=tuple(dict.fromkeys(sources[token.segment][token.start : token.end] for token in unknown)),
        masks=sum(token.id == mask for token in tokens) if mask is not None else 0,
        mask_token=model.mask_token or "",
        scripts=shares,
        languages=tuple(language.name for language in card),
        foreign=_foreign(shares, card),
        guess=_guess(sources, card),
        changed=changed_words(model.tokenizer.changed, sources),
    )


def script_shares(tokens: Sequence[Token], sources: Sequence[str]) -> tuple[ScriptShare, ...]:
    """The scripts of the texts, by letters. tokens: without special ones; sources: the texts by segment.

    A word has the script of its first letter. It falls into letters when none of its pieces holds two of its
    characters; one that is not in the vocabulary at all does not.
    """
    letters = Counter(script for source in sources for sign in source if (script := script_of(sign)))
    pieces: dict[int, list[Token]] = defaultdict(list)
    for token in tokens:
        if token.word is not None:
            pieces[token.word].append(token)
    words: Counter[str] = Counter()
    fallen: Counter[str] = Counter()
    cut: Counter[str] = Counter()
    for word in pieces.values():
        spelt = sources[word[0].segment][word[0].start : word[-1].end]
        script = next(filter(None, map(script_of, spelt)), None)
        if script is None or sum(map(str.isalpha, spelt)) < LEAST_LETTERS:
            continue
        words[script] += 1
        if not any(piece.unknown or piece.end - piece.start > 1 for piece in word):
            fallen[script] += 1
            cut[script] += len(word)
    return tuple(
        ScriptShare(script, count, words[script], fallen[script], cut[script])
        for script, count in letters.most_common()
    )


def _foreign(shares: Sequence[ScriptShare], card: Sequence[Language]) -> tuple[str, ...]:
    scripts = {language.script for language in card}
    return tuple(share.script for share in shares if card and share.script not in scripts)


def _guess(sources: Sequence[str], card: Sequence[Language]) -> str:
    guess = language_of(word.lower() for source in sources for word in _WORD.findall(source))
    return guess.name if guess and card and guess not in card else ""
