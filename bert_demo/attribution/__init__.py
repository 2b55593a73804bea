"""METHODS: every attribution method by name, in the order of the page. Adding one is a file and a line here."""

from __future__ import annotations

from bert_demo.attribution.base import Method
from bert_demo.attribution.integrated_gradients import IntegratedGradients

METHODS: dict[str, Method] = {method.name: method for method in (IntegratedGradients(),)}
