"""METHODS: every attribution method by name, in the order of the page. Adding one is a file and a line here."""

from __future__ import annotations

from bert_demo.attribution.attention_scores import AttentionRollout, LastAttention
from bert_demo.attribution.base import Method
from bert_demo.attribution.gradient_shap import GradientShap
from bert_demo.attribution.input_x_gradient import InputXGradient
from bert_demo.attribution.integrated_gradients import IntegratedGradients
from bert_demo.attribution.lime import Lime
from bert_demo.attribution.occlusion import Occlusion
from bert_demo.attribution.random_scores import RandomScores
from bert_demo.attribution.saliency import Saliency
from bert_demo.attribution.shapley import ShapleyValueSampling

METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        IntegratedGradients(),
        Saliency(),
        InputXGradient(),
        GradientShap(),
        Occlusion(),
        Lime(),
        ShapleyValueSampling(),
        AttentionRollout(),
        LastAttention(),
        RandomScores(),
    )
}
