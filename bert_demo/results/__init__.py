"""What the service answers: frozen values, numpy and the standard library only.

Arrays are read-only, lengths are checked, and every result names the model and revision that gave it.
Layers and heads count from 0. Probabilities lie in [0, 1]; logits and attributions are in the model's own units.
"""

from bert_demo.results.attributions import Attribution, Comparison, LayerAttribution, Trial, WhatIf, WordScore
from bert_demo.results.heads import HABITS, Ablation, Head, HeadEffects, HeadProfiles, HeadSteps, PruneCurve
from bert_demo.results.known_heads import FROM_HEAD, TO_HEAD, HeadEvaluation, HeadTable, KnownHead
from bert_demo.results.predictions import (
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
from bert_demo.results.tokens import Token

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
    "HeadEffects",
    "HeadEvaluation",
    "HeadProfiles",
    "HeadSteps",
    "HeadTable",
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
