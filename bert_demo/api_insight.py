"""The endpoints about a model's inside: pieces, vectors, positions, features, known pairs of sentences."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bert_demo import records_insight as records

if TYPE_CHECKING:
    from bert_demo.service import BertService

MOST_NUMBERS = 250_000
"""More numbers than this do not fit into one answer; 512 tokens of 384 do."""


class InsightApi:
    """A part of `api.Api`, which makes the service when the first call needs it.

    Layers of states count from 0 (what goes into layer 0) to the number of layers (what comes out of the last one).
    """

    _service: Callable[[], BertService]

    def pieces(self, text: str, model: str = "base") -> dict[str, Any]:
        """How the tokenizer cuts each word, step by step (WordPiece: greedy longest match).

        Args:
            text: the text to cut, of any number of windows.
            model: a bundled name, a hub id, or a directory.

        Returns:
            algorithm, mark (of a piece that continues a word), size (of the vocabulary), agrees (whether the steps gave
            the tokenizer's own tokens; null for other algorithms), words (each with word as the tokenizer changed it,
            start, end, pieces: piece, id, tried (longer beginnings that are not in the vocabulary); none for an unknown
            word), tokens.
        """
        return records.pieces_record(self._service().pieces(text, model))

    def contexts(self, word: str, texts: list[str], model: str = "base") -> dict[str, Any]:
        """One word in two or more texts: how alike its vectors are at every layer, and all tokens on a plane.

        Args:
            word: a word or phrase that stands in each of the texts.
            texts: from 1 to 20 texts.
            model: a bundled name, a hub id, or a directory.

        Returns:
            occurrences (text, start, end, positions), similarity (cosines as [layer][occurrence][occurrence]), others
            (for each layer the mean cosine between different words), tokens (token, text, position), plane (two
            principal components as [layer][token]), variance (their shares of it for each layer), largest_error (the
            greatest difference in similarity when several texts are read at once, padded, by fused attention).
        """
        return records.contexts_record(self._service().contexts(word, texts, model, most=MOST_NUMBERS))

    def positions(self, model: str = "base") -> dict[str, Any]:
        """The learned vectors of the places in the input: how long they are, how alike.

        Args:
            model: a bundled name, a hub id, or a directory.

        Returns:
            positions (how many), norms (of each), every, similarity (cosines between every so many of them).
        """
        return records.positions_record(self._service().positions(model))

    def first_states(self, text: str, pair: str | None = None, model: str = "base") -> dict[str, Any]:
        """What is added before layer 0 for each token: word, position and segment, with their lengths.

        Args:
            text: the text to read.
            pair: an optional second text.
            model: a bundled name, a hub id, or a directory.

        Returns:
            tokens, norms (for each part, for their sum, and for the output: the sum after normalisation),
            largest_error (the greatest distance of the normalised sum from the model's own output).
        """
        return records.first_states_record(self._service().first_states(text, pair, model))

    def similarity(
        self, texts: list[str], model: str = "base", pooling: str = "mean", layer: int | None = None
    ) -> dict[str, Any]:
        """Cosine between the vectors of several texts.

        Args:
            texts: from 2 to 20 texts.
            model: a bundled name, a hub id, or a directory.
            pooling: mean (over all tokens, special ones counted) or cls (the first token alone).
            layer: from 0; the last when left out.

        Returns:
            pooling, layer, matrix as [text][text], largest_error (the greatest difference in it when several texts are
            read at once, padded, by fused attention).
        """
        return records.similarity_record(self._service().similarity(texts, model, pooling, layer))

    def features(
        self,
        text: str,
        pair: str | None = None,
        model: str = "base",
        layer: int | None = None,
        pooling: str | None = None,
    ) -> dict[str, Any]:
        """The hidden states of a layer, to take away, with the lines of transformers that give the same numbers.

        Args:
            text: the text to read.
            pair: an optional second text.
            model: a bundled name, a hub id, or a directory.
            layer: from 0; the last when left out.
            pooling: mean or cls for one vector in all; one for each token when left out.

        Returns:
            tokens, layer, layers, pooling, values as [row][dimension], largest_error (the greatest difference from what
            fused attention gives), lines (Python).
        """
        service = self._service()
        result = service.features(text, pair, model, layer, pooling, MOST_NUMBERS)
        return records.features_record(result, service.feature_lines(text, pair, model, known=result))

    def next_sentence_baseline(self, model: str = "base") -> dict[str, Any]:
        """What next-sentence prediction says of 8 shipped pairs of sentences, and of all that come of shuffling them.

        Args:
            model: a bundled name, a hub id, or a directory.

        Returns:
            firsts, seconds, matrix (probability that the second follows, as [first][second]), turned (that the first
            follows the second, of each pair), true and shuffled: how many pairs, their mean, the share judged right.
        """
        return records.next_sentence_baseline_record(self._service().next_sentence_baseline(model))
