"""What a model is made of."""

from __future__ import annotations

from bert_demo.api.endpoint import Endpoint
from bert_demo.api.endpoints.fields import Model, Pair, Request, argument
from bert_demo.core.scheduler import Cost
from bert_demo.results import representations as results

MOST_NUMBERS = 250_000
"""Numbers in one answer; 512 tokens of 384 fit."""


class Pieces(Request):
    """A text."""

    text: str = argument("the text to cut, of any number of windows.")
    model: Model = "base"


class Contexts(Request):
    """A word and texts around it."""

    word: str = argument("a word or phrase that stands in each of the texts.", max_length=100)
    texts: list[str] = argument("from 1 to 20 texts.", min_length=1, max_length=20)
    model: Model = "base"


class Positions(Request):
    """A model."""

    model: Model = "base"


class FirstStates(Request):
    """A text."""

    text: str = argument("the text to read.")
    pair: Pair = None
    model: Model = "base"


class Similarity(Request):
    """Texts, and the vectors that stand for them."""

    texts: list[str] = argument("from 2 to 20 texts.", min_length=2, max_length=20)
    model: Model = "base"
    pooling: str = argument("mean (over all tokens, special ones counted) or cls (the first token alone).", "mean")
    layer: int | None = argument("from 0; the last when left out.", None, ge=0)


class Features(Request):
    """A text and a layer."""

    text: str = argument("the text to read.")
    pair: Pair = None
    model: Model = "base"
    layer: int | None = argument("from 0; the last when left out.", None, ge=0)
    pooling: str | None = argument("mean or cls for one vector in all; one for each token when left out.", None)


# fmt: off
ROWS: tuple[Endpoint, ...] = (
    Endpoint(
        "pieces", Pieces, Cost.INTERACTIVE, results.Pieces,
        description="How the tokenizer cuts each word, step by step (WordPiece: greedy longest match).",
        returns="algorithm, mark (of a piece that continues a word), size (of the vocabulary), agrees (whether the "
        "steps gave the tokenizer's own tokens; null for other algorithms), words (each with word as the "
        "tokenizer changed it, start, end, pieces: piece, id, tried (longer beginnings that are not in the "
        "vocabulary); none for an unknown word), tokens.",
    ),
    Endpoint(
        "contexts", Contexts, Cost.BATCH, results.Contexts,
        description="One word in two or more texts: how alike its vectors are at every layer, and all tokens on a "
        "plane.",
        returns="occurrences (text, start, end, positions), similarity (cosines as "
        "[layer][occurrence][occurrence]), others (for each layer the mean cosine between different "
        "words), tokens (token, text, position), plane (two principal components as [layer][token]), "
        "variance (their shares of it for each layer), largest_error (the greatest difference in "
        "similarity when several texts are read at once, padded, by fused attention).",
        limits={"most": MOST_NUMBERS},
        long=("plane",),
    ),
    Endpoint(
        "positions", Positions, Cost.INTERACTIVE, results.Positions,
        description="The learned vectors of the places in the input: how long they are, how alike.",
        returns="positions (how many), norms (of each), every, similarity (cosines between every so many of them).",
        long=("norms", "similarity"),
    ),
    Endpoint(
        "first_states", FirstStates, Cost.INTERACTIVE, results.FirstStates,
        description="What is added before layer 0 for each token: word, position and segment, with their lengths.",
        returns="tokens, norms (for each part, for their sum, and for the output: the sum after normalisation),\n"
        "largest_error (the greatest distance of the normalised sum from the model's own output).",
    ),
    Endpoint(
        "similarity", Similarity, Cost.BATCH, results.SentenceSimilarity,
        description="Cosine between the vectors of several texts.",
        returns="pooling, layer, matrix as [text][text], largest_error (the greatest difference in it when several "
        "texts are read at once, padded, by fused attention).",
    ),
    Endpoint(
        "features", Features, Cost.BATCH, results.Features,
        description="The hidden states of a layer, to take away, with the lines of transformers that give the same "
        "numbers.",
        returns="tokens, layer, layers, pooling, values as [row][dimension], largest_error (the greatest "
        "difference from what fused attention gives), lines (Python).",
        limits={"most": MOST_NUMBERS},
        long=("values",),
    ),
)
# fmt: on
