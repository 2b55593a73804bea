"""The endpoints: JSON in, JSON out; the same for HTTP, MCP and the command line.

ENDPOINTS lists them in order. Arguments come as JSON brings them and are checked by the service; answers are plain
dictionaries, lists, strings and numbers. (Gradio's MCP server sends their text as Python writes it, not as JSON.)
"""

from __future__ import annotations

from typing import Any

from bert_demo import records
from bert_demo.api_explaining import ExplainingApi
from bert_demo.api_guessing import GuessingApi
from bert_demo.api_insight import InsightApi
from bert_demo.api_looking import LookingApi
from bert_demo.errors import ChoiceError

MOST_WEIGHTS = 2_000_000
"""More attention weights than this do not fit into one JSON answer; ask for a layer and a head."""


class Api(ExplainingApi, LookingApi, GuessingApi, InsightApi):
    """The typed endpoints over a service, which is made when the first call needs it."""

    def classify(self, text: str, pair: str | None = None, model: str = "sentiment") -> dict[str, Any]:
        """Probabilities of a classifier's labels for a text or a pair of texts.

        Args:
            text: the text to classify.
            pair: an optional second text.
            model: a bundled name, a hub id, or a directory.

        Returns:
            model, revision, labels (label and score, descending), tokens, windows (for texts beyond the limit).
        """
        result = self._service().classify(text, pair, model)
        return {
            "model": result.model,
            "revision": result.revision,
            "labels": [{"label": each.label, "score": each.score} for each in result.labels],
            "tokens": records.tokens_record(result.tokens),
            "windows": [
                {
                    "first_token": window.span[0],
                    "last_token": window.span[1],
                    "labels": [{"label": each.label, "score": each.score} for each in window.labels],
                }
                for window in result.windows
            ],
        }

    def fill_mask(
        self, text: str, model: str = "base", top_k: int = 5, candidates: list[str] | None = None
    ) -> list[list[dict[str, Any]]]:
        """The most probable words for each mask of a text.

        Args:
            text: a text with one or more [MASK].
            model: a bundled name, a hub id, or a directory.
            top_k: how many candidates for each mask.
            candidates: words to score instead, each one token of the model.

        Returns:
            one list for each mask: token_str, token, score, sequence, best first.
        """
        result = self._service().fill_mask(text, model, top_k, candidates)
        return [
            [
                {"token_str": each.token_str, "token": each.token, "score": each.score, "sequence": each.sequence}
                for each in slot.candidates
            ]
            for slot in result.slots
        ]

    def attention(
        self,
        text: str,
        pair: str | None = None,
        model: str = "base",
        layer: int | None = None,
        head: int | None = None,
    ) -> dict[str, Any]:
        """Attention weights softmax(q k^T / sqrt(d)): query rows, key columns, each row sums to 1.

        Args:
            text: the text to read.
            pair: an optional second text.
            model: a bundled name, a hub id, or a directory.
            layer: from 0; all layers when left out.
            head: from 0; all heads when left out.

        Returns:
            model, revision, tokens, layers, heads, weights as [layer][head][query][key].
        """
        result = self._service().attention(text, pair, model, layer, head)
        if result.weights.size > MOST_WEIGHTS:
            raise ChoiceError(
                f"All heads asked for are {result.weights.size:,} weights; one answer holds {MOST_WEIGHTS:,}. "
                "Ask for one layer and one head."
            )
        return records.attention_record(result)

    def next_sentence(self, first: str, second: str, model: str = "base") -> dict[str, Any]:
        """The probability that the second text follows the first.

        Args:
            first: the first text.
            second: the second text.
            model: a bundled name, a hub id, or a directory.

        Returns:
            model, revision, is_next, not_next.
        """
        result = self._service().next_sentence(first, second, model)
        return {
            "model": result.model,
            "revision": result.revision,
            "is_next": result.is_next,
            "not_next": result.not_next,
        }

    def models(self) -> list[dict[str, Any]]:
        """The catalogue: every model by name, with its tasks, labels, language and licence."""
        return [
            {
                "name": row.name,
                "source": row.source,
                "revision": row.revision,
                "tasks": list(row.tasks),
                "labels": list(row.labels),
                "language": row.language,
                "licence": row.licence,
                "description": row.description,
            }
            for row in self._service().models()
        ]


ENDPOINTS = (
    "classify",
    "fill_mask",
    "fill_jointly",
    "score_candidates",
    "compare_blanks",
    "prefer",
    "surprises",
    "layer_guesses",
    "attention",
    "attribute",
    "attribute_mask",
    "attribute_layers",
    "compare",
    "what_if",
    "attention_steps",
    "head_profiles",
    "ablate",
    "head_worth",
    "prune",
    "pieces",
    "contexts",
    "positions",
    "first_states",
    "similarity",
    "features",
    "next_sentence",
    "next_sentence_baseline",
    "models",
)
