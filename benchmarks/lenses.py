"""Server time of each lens over the model's own forward pass: service and plot, cache off, 20 and 128 tokens."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer

from benchmarks.tables import ROOT
from benchmarks.timing import seconds
from bert_demo import BertService, Settings
from bert_demo.models.transformers_model import load_model
from bert_demo.registry.models import find
from bert_demo.results.attention_views import Choice, look
from bert_demo.views.figures.attention_head import head_figure
from bert_demo.views.panels import attention_overview, attributions, classification, fill_mask

SHORT = "Not a masterpiece, but a warm and funny film that never outstays its welcome."
LONG = "The weather in the harbour was fine and the boats went out. " * 9
TIMES = 15


def measure() -> Iterator[tuple[str, str, str, str]]:
    """Medians in milliseconds."""
    service = BertService(Settings(cache_mb=0))
    service.warm_up()
    models = ROOT / "assets" / "models"
    card = find("sentiment")
    assert card is not None
    classifier = load_model(card)[2]
    masked = AutoModelForMaskedLM.from_pretrained(models / "base", attn_implementation="eager")
    tokenizer = AutoTokenizer.from_pretrained(models / "base")
    for text in (SHORT, LONG):
        inputs = tokenizer(text, return_tensors="pt")
        count = inputs["input_ids"].shape[1]
        blank = text.replace("film", "[MASK]").replace("boats", "[MASK]", 1)
        blanked = tokenizer(blank, return_tensors="pt")
        pairs = (
            ("Classify", lambda text=text: _classify(service, text), lambda i=inputs: _forward(classifier, i)),
            ("Fill-mask", lambda text=blank: _fill(service, text), lambda i=blanked: _forward(masked, i)),
            (
                "Attention",
                lambda text=text: _attention(service, text),
                lambda i=inputs: _forward(masked.bert, i, output_attentions=True),
            ),
        )
        for name, lens, forward in pairs:
            ours, peer = seconds(lens, TIMES), seconds(forward, TIMES)
            yield (
                f"{name}, {count} tokens: service and picture",
                f"{1000 * ours:.1f} ms",
                f"{1000 * peer:.1f} ms, forward pass alone",
                f"{ours / peer:.2f} (+{1000 * (ours - peer):.1f} ms)",
            )
        yield _attribution(service, classifier, inputs, text, count)


def _attribution(service, classifier, inputs, text: str, count: int) -> tuple[str, str, str, str]:
    from captum.attr import LayerIntegratedGradients

    ids = inputs["input_ids"]
    baseline = ids.clone()
    baseline[0, 1:-1] = 0
    method = LayerIntegratedGradients(lambda ids: classifier(input_ids=ids).logits, classifier.bert.embeddings)

    def ours() -> None:
        result = service.attribute(text, target=1, steps=50)
        attributions.words_panel(result, True, "Integrated Gradients")
        attributions.ledger_panel(result)

    def peer() -> None:
        method.attribute(ids, baseline, target=1, n_steps=50)

    mine, theirs = seconds(ours, 3), seconds(peer, 3)
    adaptive = seconds(lambda: service.attribute(text, target=1), 3)
    name = f"Attributions, {count} tokens, 50 steps (as many as the tolerance needs: {adaptive:.2f} s)"
    return name, f"{mine:.2f} s", f"{theirs:.2f} s, captum alone", f"{mine / theirs:.2f}"


def _forward(model, inputs, **more: object) -> None:
    with torch.inference_mode():
        model(**inputs, **more)


def _classify(service: BertService, text: str) -> None:
    result = service.classify(text)
    classification.labels_panel(result)
    classification.tokens_panel(result.tokens)


def _fill(service: BertService, text: str) -> None:
    result = service.fill_mask(text)
    fill_mask.words_panel(text, service.words(text), (), "[MASK]")
    fill_mask.result_panel(result)


def _attention(service: BertService, text: str) -> None:
    result = service.attention(text)
    attention_overview.overview_panel(result, (2, 4))
    head_figure(look(result, Choice(2, 4)))
