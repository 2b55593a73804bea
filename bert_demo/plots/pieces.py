"""A text cut into pieces: words to open, the search for each piece, ids and characters, unknown words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bert_demo.plots.markup import card, check, data, esc, table
from bert_demo.results import Token
from bert_demo.results.insides import Pieces, PieceStep, WordPieces

MOST_NAMED = 12
"""Unknown words that are named; the table has all."""

_RULE = (
    "Greedy longest match (Wu et al. 2016): the whole word is looked up in the vocabulary; while it is not there its "
    "last character is left off; what remains is cut the same way. <b>Open a word</b> to see what was tried."
)
_NOT = "It shows what the model reads, not what the pieces mean to it; they need not be the word's real parts."


def pieces_panel(result: Pieces, other: bool = False) -> str:
    """The words as their pieces; of WordPiece each a button that opens its steps. other: the second tokenizer."""
    wordpiece = result.algorithm == "WordPiece"
    note = f"{_RULE if wordpiece else _unlike(result)} {_NOT}"
    steps = '<div class="greedy" data-greedy aria-live="polite"></div>' if wordpiece else ""
    name = f"pieces-{'second' if other else 'first'}"
    body = (
        f'<div class="cuts" data-mark="{esc(result.mark)}" tabindex="0">{"".join(_words(result))}</div>'
        f"{steps}{_unknown(result)}{_proof(result)}{table(_COLUMNS, list(rows(result)), name)}"
    )
    return card(f"{esc(result.model)} <small>{_counted(result)}</small>", body, note, "pieces")


def compared_line(first: Pieces, second: Pieces) -> str:
    """How the two differ, in one line of HTML."""
    mine, theirs = ([token.text for token in each.tokens if not token.special] for each in (first, second))
    if [token.id for token in first.tokens] == [token.id for token in second.tokens]:
        said = "Both cut the text alike and give the pieces the same numbers."
    elif mine == theirs:
        said = "Both cut the text alike, but number the pieces otherwise."
    else:
        said = f"{len(mine)} pieces beside {len(theirs)}: a model reads only what its own tokenizer makes of a text."
    return f'<p class="note">{said}</p>'


def owners(result: Pieces) -> list[tuple[WordPieces, PieceStep | None]]:
    """For each ordinary token its word and the step that found it (None: unknown); nothing where the steps differ."""
    if not result.agrees:
        return []
    return [(word, step) for word in result.words for step in (word.steps or (None,))]


_COLUMNS = ("position", "piece", "id", "start", "end", "word", "tried before it")


def rows(result: Pieces) -> Iterator[tuple[object, ...]]:
    """A line for each token, special ones too: its id, its characters, its word, and how many pieces were tried."""
    known = iter(owners(result))
    for place, token in enumerate(result.tokens):
        word, step = next(known, (None, None)) if not token.special else (None, None)
        tried = None if word is None else len(step.tried) if step else len(word.failed)
        where = (None, None) if token.special else (token.start, token.end)
        yield place, token.text, token.id, *where, word.word if word else None, tried


def _counted(result: Pieces) -> str:
    ordinary = [token for token in result.tokens if not token.special]
    words = len(result.words) if result.algorithm == "WordPiece" else len({token.word for token in ordinary})
    said = f"{words} word{'s' * (words != 1)}, {len(ordinary)} piece{'s' * (len(ordinary) != 1)}"
    return f"{esc(result.algorithm)}, {result.size:,} entries: {said}"


def _unlike(result: Pieces) -> str:
    how = {
        "BPE": "Byte-pair encoding (Sennrich et al. 2016): characters are merged, the pair that was learnt first "
        "before the others. \N{LATIN CAPITAL LETTER G WITH DOT ABOVE} stands for a space.",
        "Unigram": "Unigram (Kudo 2018): of all ways to cut, the most probable one. \N{LOWER ONE EIGHTH BLOCK} stands "
        "for a space.",
    }
    return how.get(result.algorithm, "Another algorithm.") + " The steps are WordPiece's alone."


def _words(result: Pieces) -> Iterator[str]:
    ordinary = [token for token in result.tokens if not token.special]
    if result.algorithm != "WordPiece" or not result.agrees:
        groups: dict[int | None, list[Token]] = {}
        for token in ordinary:
            groups.setdefault(token.word, []).append(token)
        for group in groups.values():
            yield f'<span class="cut">{"".join(map(_chip, group))}</span>'
        return
    following = iter(ordinary)
    for word in result.words:
        tokens = [next(following) for _ in word.steps or (None,)]
        yield (
            f'<button type="button" class="cut" aria-pressed="false" data-cut="{data(_steps(word, tokens, result))}">'
            f"{''.join(map(_chip, tokens))}</button>"
        )


def _chip(token: Token) -> str:
    kind = "piece unknown" if token.unknown else "piece"
    return f'<span class="{kind}"><bdi>{esc(token.text)}</bdi><i>{token.id}</i></span>'


def _steps(word: WordPieces, tokens: Sequence[Token], result: Pieces) -> dict[str, object]:
    """What assets/inside.js needs to write the steps of a word out: the tried ones follow from the word itself."""
    return {
        "word": word.word,
        "written": result.text[word.start : word.end],
        "start": word.start,
        "end": word.end,
        "steps": [[step.piece, step.token, len(step.tried)] for step in word.steps or word.found],
        "failed": len(word.failed),
        "unknown": None if word.steps else tokens[0].text,
    }


def _unknown(result: Pieces) -> str:
    names = [result.text[token.start : token.end] for token in result.tokens if token.unknown]
    if not names:
        return ""
    shown = ", ".join(f"<b><bdi>{esc(name)}</bdi></b>" for name in names[:MOST_NAMED])
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    said = "1 word is" if len(names) == 1 else f"{len(names)} words are"
    return (
        f'<p class="note lost">{said} unknown: {shown}{more}. One character that is no piece makes the whole word '
        "unknown, and the model cannot tell it from any other unknown one.</p>"
    )


def _proof(result: Pieces) -> str:
    count = sum(not token.special for token in result.tokens)
    if result.agrees is not None:
        said = "the steps give the tokenizer's own pieces and ids" if result.agrees else "the steps give other pieces"
        return check(result.agrees, f"{said}, {count} of them")
    covered = {place for token in result.tokens if not token.special for place in range(token.start, token.end)}
    missing = sum(not letter.isspace() and place not in covered for place, letter in enumerate(result.text))
    return check(missing == 0, f"{missing or 'no'} character{'s' * (missing > 1)} of the text stand outside a piece")
