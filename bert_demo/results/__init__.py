"""What the service answers: frozen values, numpy and the standard library only.

Arrays are read-only, lengths are checked, and every result names the model and revision that gave it.
Layers and heads count from 0. Probabilities lie in [0, 1]; logits and attributions are in the model's own units.
"""

from bert_demo.results.answers import (
    Attention,
    Candidate,
    Classification,
    FillMask,
    LabelScore,
    MaskSlot,
    ModelInfo,
    NextSentence,
    Original,
    Window,
)
from bert_demo.results.attributions import Attribution, Comparison, LayerAttribution, Trial, WhatIf, WordScore
from bert_demo.results.common import Token
from bert_demo.results.heads import HABITS, Ablation, Head, HeadProfiles, HeadSteps, HeadWorth, PruneCurve
from bert_demo.results.relations import FROM_HEAD, TO_HEAD, HeadLook, HeadTable, KnownHead

__all__ = [
    "FROM_HEAD",
    "HABITS",
    "TO_HEAD",
    "Ablation",
    "Attention",
    "Attribution",
    "Candidate",
    "Classification",
    "Comparison",
    "FillMask",
    "Head",
    "HeadLook",
    "HeadProfiles",
    "HeadSteps",
    "HeadTable",
    "HeadWorth",
    "KnownHead",
    "LabelScore",
    "LayerAttribution",
    "MaskSlot",
    "ModelInfo",
    "NextSentence",
    "Original",
    "PruneCurve",
    "Token",
    "Trial",
    "WhatIf",
    "Window",
    "WordScore",
]
