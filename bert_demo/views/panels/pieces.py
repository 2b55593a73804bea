"""A text cut into pieces: words to open, the search for each piece, ids and characters, unknown words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bert_demo.results import Token
from bert_demo.results.representations import Pieces, PieceStep, WordPieces
from bert_demo.views.tables import Table
from bert_demo.views.templates import as_json, render

MOST_NAMED = 12
"""Unknown words that are named; the table has all."""
_COLUMNS = ("position", "token", "piece", "id", "start", "end", "word", "tried before it")

_Chip = tuple[Token, str]
"""A piece and its id."""


def pieces_panel(result: Pieces, other: bool = False) -> str:
    """The words as their pieces; of WordPiece each a button that opens its steps. other: the second tokenizer."""
    unknown = [result.text[token.start : token.end] for token in result.tokens if token.unknown]
    holds, covered = _proof(result)
    return render(
        "pieces.pieces",
        result=result,
        words=_words(result),
        buttons=_opens(result),
        counted=_counted(result),
        unknown={"names": unknown[:MOST_NAMED], "count": len(unknown), "more": max(0, len(unknown) - MOST_NAMED)},
        holds=holds,
        covered=covered,
        numbers=Table(_COLUMNS, rows(result), f"pieces-{'second' if other else 'first'}"),
    )


def compared_line(first: Pieces, second: Pieces) -> str:
    """How the two differ, in one line of HTML."""
    mine, theirs = ([token.text for token in each.tokens if not token.special] for each in (first, second))
    if [token.id for token in first.tokens] == [token.id for token in second.tokens]:
        line = "Both cut the text alike and give the pieces the same numbers."
    elif mine == theirs:
        line = "Both cut the text alike, but number the pieces otherwise."
    else:
        line = f"{len(mine)} pieces beside {len(theirs)}: a model reads only what its own tokenizer makes of a text."
    return render("pieces.compared", line)


def owners(result: Pieces) -> list[tuple[WordPieces, PieceStep | None]]:
    """For each ordinary token its word and the step that found it (None: unknown); nothing where the steps differ."""
    if not result.agrees:
        return []
    return [(word, step) for word in result.words for step in (word.steps or (None,))]


def rows(result: Pieces) -> Iterator[tuple[object, ...]]:
    """A line for each token, special ones too: its id, its characters, its word, and how many pieces were tried."""
    known = iter(owners(result))
    for place, token in enumerate(result.tokens):
        word, step = next(known, (None, None)) if not token.special else (None, None)
        tried = None if word is None else len(step.tried) if step else len(word.failed)
        where = (None, None) if token.special else (token.start, token.end)
        yield place, token.shown, token.text, token.id, *where, word.word if word else None, tried


def _counted(result: Pieces) -> str:
    ordinary = [token for token in result.tokens if not token.special]
    words = len(result.words) if result.algorithm == "WordPiece" else len({token.word for token in ordinary})
    pieces = f"{len(ordinary)} piece{'s' * (len(ordinary) != 1)}"
    return f"{result.size:,} entries: {words} word{'s' * (words != 1)}, {pieces}"


def _opens(result: Pieces) -> bool:
    """Whether each word's steps can be shown."""
    return result.algorithm == "WordPiece" and bool(result.agrees)


def _words(result: Pieces) -> Iterator[tuple[list[_Chip], str]]:
    """The pieces of each word, and its steps as JSON where they can be shown."""
    ordinary = [token for token in result.tokens if not token.special]
    if not _opens(result):
        groups: dict[int | None, list[Token]] = {}
        for token in ordinary:
            groups.setdefault(token.word, []).append(token)
        yield from ((_chips(group), "") for group in groups.values())
        return
    following = iter(ordinary)
    for word in result.words:
        tokens = [next(following) for _ in word.steps or (None,)]
        yield _chips(tokens), as_json(_steps(word, tokens, result))


def _chips(tokens: Sequence[Token]) -> list[_Chip]:
    return [(token, str(token.id)) for token in tokens]


def _steps(word: WordPieces, tokens: Sequence[Token], result: Pieces) -> dict[str, Any]:
    """What the page's script needs to write the steps of a word out: the tried ones follow from the word itself."""
    return {
        "word": word.word,
        "written": result.text[word.start : word.end],
        "start": word.start,
        "end": word.end,
        "steps": [[step.piece, step.token, len(step.tried)] for step in word.steps or word.found],
        "failed": len(word.failed),
        "unknown": None if word.steps else tokens[0].text,
    }


def _proof(result: Pieces) -> tuple[bool, str]:
    count = sum(not token.special for token in result.tokens)
    if result.agrees is not None:
        same = "the steps give the tokenizer's own pieces and ids" if result.agrees else "the steps give other pieces"
        return result.agrees, f"{same}, {count} of them"
    covered = {place for token in result.tokens if not token.special for place in range(token.start, token.end)}
    missing = sum(not letter.isspace() and place not in covered for place, letter in enumerate(result.text))
    stand = "characters of the text stand" if missing > 1 else "character of the text stands"
    return missing == 0, f"{missing or 'no'} {stand} outside a piece"
