"""What the laboratory of masked words answers, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bert_demo.records import tokens_record

if TYPE_CHECKING:
    from bert_demo.results.guesses import (
        Guess,
        JointFilling,
        JointFillings,
        LayerGuesses,
        Moved,
        Preference,
        ScoredCandidates,
        Surprises,
        TwoBlanks,
    )


def joint_record(result: JointFillings) -> dict[str, Any]:
    """Joint fillings as JSON."""
    return {
        "model": result.model,
        "revision": result.revision,
        "fillings": [_filling(each) for each in result.fillings],
        "independent": _filling(result.independent),
        "slots": [_guesses(slot) for slot in result.slots],
        "readings": result.readings,
    }


def candidates_record(result: ScoredCandidates) -> dict[str, Any]:
    """Scored candidates as JSON, best first."""
    return {
        "model": result.model,
        "revision": result.revision,
        "candidates": [
            {
                "candidate": each.candidate,
                "pieces": list(each.pieces),
                "scores": list(each.scores),
                "total": each.total,
                "score": each.score,
                "sequence": each.sequence,
            }
            for each in result.candidates
        ],
        "pairs": [
            {"first": first, "second": second, "difference": difference} for first, second, difference in result.pairs
        ],
    }


def blanks_record(result: TwoBlanks) -> dict[str, Any]:
    """One mask in two texts as JSON."""
    return {
        "model": result.model,
        "revision": result.revision,
        "towards_first": _moved(result.towards_first),
        "towards_second": _moved(result.towards_second),
        "distance": result.distance,
    }


def preference_record(result: Preference) -> dict[str, Any]:
    """Two texts by their pseudo-log-likelihoods, as JSON."""
    return {
        "model": result.first.model,
        "revision": result.first.revision,
        "rule": result.first.rule,
        "difference": result.difference,
        "first": _surprises(result.first),
        "second": _surprises(result.second),
        "changed": {"first": list(result.changed[0]), "second": list(result.changed[1])},
    }


def surprises_record(result: Surprises) -> dict[str, Any]:
    """Every word in turn as JSON."""
    return {
        "model": result.model,
        "revision": result.revision,
        "rule": result.rule,
        **_surprises(result),
        "tokens": tokens_record(result.tokens),
        "scores": result.scores.tolist(),
        "readings": result.readings,
    }


def layers_record(result: LayerGuesses) -> dict[str, Any]:
    """The head read at every layer, as JSON; rows are layers, row 0 before the first."""
    return {
        "model": result.model,
        "revision": result.revision,
        "tokens": tokens_record(result.tokens),
        "targets": [
            {"token": token, "token_str": name} for token, name in zip(result.targets, result.target_names, strict=True)
        ],
        "ids": result.ids.tolist(),
        "token_strs": [list(row) for row in result.names],
        "scores": result.probabilities.tolist(),
        "ranks": result.ranks.tolist(),
    }


def _filling(filling: JointFilling) -> dict[str, Any]:
    return {
        "tokens": list(filling.tokens),
        "token_strs": list(filling.token_strs),
        "scores": list(filling.scores),
        "score": filling.score,
        "sequence": filling.sequence,
        "independent": filling.independent,
    }


def _guesses(guesses: Sequence[Guess]) -> list[dict[str, Any]]:
    return [{"token_str": each.token_str, "token": each.token, "score": each.score} for each in guesses]


def _moved(moved: Sequence[Moved]) -> list[dict[str, Any]]:
    return [
        {
            "token_str": each.token_str,
            "token": each.token,
            "first": each.first,
            "second": each.second,
            "log_ratio": each.log_ratio,
        }
        for each in moved
    ]


def _surprises(result: Surprises) -> dict[str, Any]:
    return {
        "score": result.score,
        "perplexity": result.perplexity,
        "words": [
            {
                "word": each.word,
                "start": each.start,
                "end": each.end,
                "tokens": list(each.tokens),
                "score": each.score,
                "bits": each.bits,
                "rank": each.rank,
                "expected": _guesses(each.expected),
            }
            for each in result.words
        ],
    }
