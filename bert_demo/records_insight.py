"""What the looks inside a model answer, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bert_demo.records import tokens_record

if TYPE_CHECKING:
    from bert_demo.results.insides import Contexts, Features, FirstStates, Pieces, Positions, SentenceSimilarity
    from bert_demo.results.pairs import NextSentenceBaseline

MOST_POSITIONS = 64
"""Positions between which a similarity is answered."""


def pieces_record(result: Pieces) -> dict[str, Any]:
    """A text cut into pieces as JSON; agrees is null where the algorithm is not WordPiece."""
    return {
        "model": result.model,
        "revision": result.revision,
        "algorithm": result.algorithm,
        "mark": result.mark,
        "size": result.size,
        "agrees": result.agrees,
        "words": [
            {
                "word": word.word,
                "start": word.start,
                "end": word.end,
                "pieces": [{"piece": step.piece, "id": step.token, "tried": list(step.tried)} for step in word.steps],
            }
            for word in result.words
        ],
        "tokens": tokens_record(result.tokens),
    }


def contexts_record(result: Contexts) -> dict[str, Any]:
    """One word in several texts as JSON; similarity as [layer][occurrence][occurrence], plane as [layer][token]."""
    return {
        "model": result.model,
        "revision": result.revision,
        "word": result.word,
        "occurrences": [
            {"text": each.text, "start": each.start, "end": each.end, "positions": list(each.positions)}
            for each in result.occurrences
        ],
        "similarity": result.similarity.tolist(),
        "others": result.others.tolist(),
        "tokens": [
            {"token": name, "text": text, "position": position}
            for name, (text, position) in zip(result.names, result.tokens, strict=True)
        ],
        "plane": result.plane.tolist(),
        "variance": result.variance.tolist(),
        "largest_error": result.largest_error,
    }


def positions_record(result: Positions) -> dict[str, Any]:
    """Position vectors as JSON: the length of each, and the cosines between every so many of them."""
    every = -(-len(result.vectors) // MOST_POSITIONS)
    return {
        "model": result.model,
        "revision": result.revision,
        "positions": len(result.vectors),
        "norms": np.linalg.norm(result.vectors, axis=-1).tolist(),
        "every": every,
        "similarity": result.similarity(every).tolist(),
    }


def first_states_record(result: FirstStates) -> dict[str, Any]:
    """What is added before layer 0 as JSON: the lengths of each part, of their sum, and of what the layer is given."""
    rows = result.norms().tolist()
    return {
        "model": result.model,
        "revision": result.revision,
        "tokens": tokens_record(result.tokens),
        "norms": dict(zip((*result.names, "sum", "output"), rows, strict=True)),
        "largest_error": result.largest_error,
    }


def similarity_record(result: SentenceSimilarity) -> dict[str, Any]:
    """Cosines between texts as JSON."""
    return {
        "model": result.model,
        "revision": result.revision,
        "pooling": result.pooling,
        "layer": result.layer,
        "matrix": result.matrix.tolist(),
        "largest_error": result.largest_error,
    }


def features_record(result: Features, lines: str) -> dict[str, Any]:
    """Features as JSON; lines: Python that gives the same values."""
    return {
        "model": result.model,
        "revision": result.revision,
        "tokens": tokens_record(result.tokens),
        "layer": result.layer,
        "layers": result.layers,
        "pooling": result.pooling,
        "values": result.values.tolist(),
        "largest_error": result.largest_error,
        "lines": lines,
    }


def next_sentence_baseline_record(result: NextSentenceBaseline) -> dict[str, Any]:
    """Known pairs and what comes of shuffling them, as JSON; matrix as [first][second]."""
    right = result.right
    return {
        "model": result.model,
        "revision": result.revision,
        "firsts": list(result.firsts),
        "seconds": list(result.seconds),
        "matrix": result.matrix.tolist(),
        "turned": result.turned.tolist(),
        "true": {"pairs": len(result.true), "mean": float(result.true.mean()), "right": right[0]},
        "shuffled": {"pairs": len(result.shuffled), "mean": float(result.shuffled.mean()), "right": right[1]},
    }
