"""What every attribution method is, without what it takes to run it: the page reads this before torch is there.

A row here belongs to each row of `attribution.METHODS`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MethodCard:
    """A method as a visitor sees it.

    signed: whether scores say for or against; additive: whether they should sum to what the text changed; paper: where
    it is defined; cost: what it takes; counts: what `steps` counts, "" for a method without steps; steps: how many it
    takes by default, 0 for as many as its ledger needs; from_baseline: whether its scores depend on the baseline.
    """

    name: str
    title: str
    signed: bool
    additive: bool
    paper: str
    cost: str
    counts: str = ""
    steps: int = 0
    from_baseline: bool = False


_ROWS = (
    MethodCard(
        "integrated_gradients",
        "Integrated Gradients",
        True,
        True,
        "Sundararajan, Taly and Yan 2017, https://arxiv.org/abs/1703.01365",
        "a forward and backward pass for each point of the path",
        counts="points",
        steps=0,
        from_baseline=True,
    ),
    MethodCard(
        "saliency",
        "Gradient norm",
        False,
        False,
        "Simonyan, Vedaldi and Zisserman 2014, https://arxiv.org/abs/1312.6034",
        "1 pass",
    ),
    MethodCard(
        "input_x_gradient",
        "Input x gradient",
        True,
        False,
        "Shrikumar, Greenside, Shcherbina and Kundaje 2016, https://arxiv.org/abs/1605.01713",
        "1 pass",
    ),
    MethodCard(
        "gradient_shap",
        "GradientSHAP",
        True,
        True,
        "Lundberg and Lee 2017, https://arxiv.org/abs/1705.07874; captum's GradientShap",
        "a forward and backward pass for each of 50 samples",
        counts="samples",
        steps=50,
        from_baseline=True,
    ),
    MethodCard(
        "occlusion",
        "Occlusion",
        True,
        False,
        "Zeiler and Fergus 2014, https://arxiv.org/abs/1311.2901; Li et al. 2016, https://arxiv.org/abs/1612.08220",
        "1 pass for each word",
    ),
    MethodCard(
        "lime",
        "LIME",
        True,
        False,
        "Ribeiro, Singh and Guestrin 2016, https://arxiv.org/abs/1602.04938",
        "200 passes",
        counts="samples",
        steps=200,
        from_baseline=True,
    ),
    MethodCard(
        "shapley_value_sampling",
        "Shapley value sampling",
        True,
        True,
        "Castro, Gomez and Tejada 2009; Strumbelj and Kononenko 2010; captum's ShapleyValueSampling",
        "25 orders, in each a pass for each word",
        counts="orders",
        steps=25,
        from_baseline=True,
    ),
    MethodCard(
        "attention_rollout",
        "Attention rollout",
        False,
        False,
        "Abnar and Zuidema 2020, https://arxiv.org/abs/2005.00928",
        "1 pass",
    ),
    MethodCard(
        "attention_last_layer",
        "Attention of [CLS], last layer",
        False,
        False,
        "as plotted since Bahdanau, Cho and Bengio 2015; against it Jain and Wallace 2019",
        "1 pass",
    ),
    MethodCard(
        "random",
        "Random scores",
        True,
        False,
        "the floor: no method",
        "nothing",
    ),
)
CARDS: dict[str, MethodCard] = {row.name: row for row in _ROWS}
"""Every method by name, in the order of the page."""
