"""The ways to train a model on labelled rows: a row each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Way:
    """epochs, learning_rate: its own, where nothing else is asked for (few rows more often); cost: in words, of
    1,000 sentences on a bundled model and one processor core; steps: whether it learns in steps (frozen features are
    fitted at once); text: whether it learns from a text, its words being hidden, and not from labels."""

    name: str
    title: str
    sentence: str
    cost: str
    epochs: int
    learning_rate: float
    steps: bool = True
    text: bool = False


WAYS: tuple[Way, ...] = (
    Way(
        "frozen",
        "Frozen features",
        "The model reads each text once and is not changed; a linear classifier learns from what it makes of them.",
        "seconds",
        1,
        0.0,
        steps=False,
    ),
    Way(
        "lora",
        "LoRA",
        "The weights stay as they are; beside each of their tables a small one is learnt, and the head.",
        "minutes",
        5,
        1e-3,
    ),
    Way(
        "full",
        "The whole encoder",
        "Every weight learns, with AdamW, a rate of 5e-5 and batches of 32, as in the paper.",
        "minutes; twice the memory of LoRA",
        3,
        5e-5,
    ),
    Way(
        "head",
        "The head only",
        "The encoder stays as it is; only the layers behind it, which give the answer, learn in steps.",
        "a minute",
        5,
        1e-3,
    ),
    Way(
        "pretrain",
        "Continued pre-training",
        "No labels: words of a text of your own are hidden, and every weight learns to guess them. Begin another way "
        "from the model that comes out.",
        "minutes; twice the memory of LoRA",
        5,
        1e-4,
        text=True,
    ),
)
BY_NAME = {each.name: each for each in WAYS}
KINDS = {
    "single": "one label for each text",
    "several": "several labels for a text, or none, each judged by itself",
    "number": "a number for each text",
}
TEXT = "text"
"""The kind of rows that are passages, without labels."""
POOLINGS = {"mean": "the mean over all tokens", "cls": "the state of the first token"}
