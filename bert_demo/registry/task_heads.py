"""The heads that answer: a row for each kind of class in transformers, and for each task. Read before torch is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bert_demo.registry.families import FAMILIES, Family


@dataclass(frozen=True, slots=True)
class HeadCard:
    """A kind of class with a head.

    ending: of the name of its architecture; loader: the class of transformers that loads it; tasks: what its head
    answers.
    """

    ending: str
    loader: str
    tasks: tuple[str, ...]


HEADS: dict[str, HeadCard] = {
    card.ending: card
    for card in (
        HeadCard("ForSequenceClassification", "AutoModelForSequenceClassification", ("text-classification",)),
        HeadCard("ForMaskedLM", "AutoModelForMaskedLM", ("fill-mask",)),
        HeadCard("ForNextSentencePrediction", "AutoModelForNextSentencePrediction", ("next-sentence",)),
        HeadCard("ForPreTraining", "AutoModelForPreTraining", ("fill-mask", "next-sentence")),
        HeadCard("ForTokenClassification", "AutoModelForTokenClassification", ("token-classification",)),
        HeadCard("ForQuestionAnswering", "AutoModelForQuestionAnswering", ("question-answering",)),
    )
}
"""By the end of an architecture's name."""

BY_POSITION = ("fill-mask", "token-classification", "question-answering")
"""Tasks whose heads read each token by itself."""

ADVICE = {
    "text-classification": 'Choose a fine-tuned classifier such as "sentiment".',
    "fill-mask": 'Choose a masked-language model such as "base".',
    "next-sentence": "Choose a model saved with that head (BertForNextSentencePrediction or BertForPreTraining).",
    "token-classification": 'Choose a model that labels words, such as "entities" (its class ends in '
    "ForTokenClassification).",
    "question-answering": "None is bundled: name a model that finds answers in a passage (its class ends in "
    "ForQuestionAnswering) by its directory or its id on the hub, such as "
    "distilbert/distilbert-base-cased-distilled-squad.",
}
"""For each task what to do with a model that lacks its head."""

TRAINED_TO = {
    "text-classification": "put texts into classes",
    "fill-mask": "guess words",
    "next-sentence": "say whether a sentence follows another",
    "token-classification": "find the names in a text",
    "question-answering": "find the answer to a question in a passage",
}
"""For each task what a model with its head was trained to do, for a page on which "head" is one of attention."""


def other_answers(asked: str, task: str, model: str, where: str = "here") -> str:
    """The sentence that says why `model` answers in the place of the model that was asked."""
    return f"{asked} was not trained to {TRAINED_TO[task]}; {model} answers {where}."


def named_head(architectures: object) -> HeadCard | None:
    """The row of the first architecture in a configuration that has one.

    What other families are pre-trained with (ELECTRA, ALBERT) is no next-sentence head.
    """
    paired = {family.prefix for family in FAMILIES.values() if family.next_sentence}
    for architecture in architectures if isinstance(architectures, list) else ():
        for ending, card in HEADS.items():
            named = isinstance(architecture, str) and architecture.endswith(ending)
            if named and ("next-sentence" not in card.tasks or architecture.removesuffix(ending) in paired):
                return card
    return None


_WORDS = ("cls.predictions.", "lm_head.", "vocab_", "generator_", "predictions.")
_FOLLOWS = "cls.seq_relationship."
_LABELS = ("classifier.out_proj.weight", "classifier.weight")
_POOLED = ("pooler.", "pre_classifier.")
"""Beginnings of the names of weights of a head for words, of one for next sentences, the last weights of a classifier,
and what it reads from."""


def head_shown(weights: Iterable[str], family: Family) -> HeadCard | None:
    """The row by the names of its weights: Google's own BERTs are saved with both heads and named by one.

    A classifier of tokens has `classifier.weight`, too, and nothing that sums up the text before it.
    """
    names = tuple(weights)
    if any(name.startswith(_WORDS) for name in names):
        both = family.next_sentence and any(name.startswith(_FOLLOWS) for name in names)
        return HEADS["ForPreTraining" if both else "ForMaskedLM"]
    pooled = any(name.startswith(_POOLED) or f".{_POOLED[0]}" in name for name in names)
    if _LABELS[0] in names or (_LABELS[1] in names and pooled):
        return HEADS["ForSequenceClassification"]
    if "qa_outputs.weight" in names:
        return HEADS["ForQuestionAnswering"]
    if _LABELS[1] in names:
        return HEADS["ForTokenClassification"]
    follows = family.next_sentence and any(name.startswith(_FOLLOWS) for name in names)
    return HEADS["ForNextSentencePrediction"] if follows else None
