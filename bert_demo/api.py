"""The endpoints: JSON in, JSON out; the same for HTTP, MCP and the command line.

ENDPOINTS lists them in order. Arguments come as JSON brings them and are checked by the service; answers are plain
dictionaries, lists, strings and numbers. (Gradio's MCP server sends their text as Python writes it, not as JSON.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from bert_demo.errors import ChoiceError

if TYPE_CHECKING:
    from bert_demo.results import Attention, Attribution, Token
    from bert_demo.service import BertService

MOST_WEIGHTS = 2_000_000
"""More attention weights than this do not fit into one JSON answer; ask for a layer and a head."""


class Api:
    """The typed endpoints over a service, which is made when the first call needs it."""

    def __init__(self, service: Callable[[], BertService]) -> None:
        self._service = service

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
            "tokens": _tokens(result.tokens),
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
        return attention_record(result)

    def attribute(
        self,
        text: str,
        pair: str | None = None,
        model: str = "sentiment",
        target: str | None = None,
        method: str = "integrated_gradients",
        baseline: str = "pad",
        output: str = "logit",
        tolerance: float = 0.01,
        steps: int | None = None,
    ) -> dict[str, Any]:
        """How much each token carried the decision, with the ledger that shows whether the scores add up.

        Args:
            text: the text to explain.
            pair: an optional second text.
            model: a bundled name, a hub id, or a directory.
            target: the label to explain; the predicted one when left out.
            method: integrated_gradients.
            baseline: pad, mask or zero.
            output: logit or probability.
            tolerance: how closely the ledger must close.
            steps: a fixed number of integration steps instead.

        Returns:
            tokens, words, scores, input_output, baseline_output, delta, relative_delta, forward_passes, converged.
        """
        return attribution_record(
            self._service().attribute(text, pair, model, target, method, baseline, output, tolerance, steps)
        )

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


ENDPOINTS = ("classify", "fill_mask", "attention", "attribute", "next_sentence", "models")


def attention_record(result: Attention) -> dict[str, Any]:
    """An attention result as JSON."""
    return {
        "model": result.model,
        "revision": result.revision,
        "tokens": _tokens(result.tokens),
        "layers": list(result.layers),
        "heads": list(result.heads),
        "weights": result.weights.tolist(),
    }


def attribution_record(result: Attribution) -> dict[str, Any]:
    """An attribution result as JSON; relative_delta is null when there is no difference to relate to."""
    return {
        "model": result.model,
        "revision": result.revision,
        "method": result.method,
        "target": result.target,
        "baseline": result.baseline,
        "output": result.output,
        "tokens": _tokens(result.tokens),
        "words": [{"word": word.text, "tokens": list(word.positions), "score": word.score} for word in result.words],
        "scores": result.scores.tolist(),
        "input_output": result.input_output,
        "baseline_output": result.baseline_output,
        "delta": result.delta,
        "relative_delta": result.relative_delta if result.relative_delta != float("inf") else None,
        "tolerance": result.tolerance,
        "steps": result.steps,
        "forward_passes": result.forward_passes,
        "windows": result.windows,
        "converged": result.converged,
    }


def _tokens(tokens: Sequence[Token]) -> list[dict[str, Any]]:
    return [
        {
            "token": token.text,
            "id": token.id,
            "start": token.start,
            "end": token.end,
            "segment": token.segment,
            "special": token.special,
            "unknown": token.unknown,
        }
        for token in tokens
    ]
