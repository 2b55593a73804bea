"""The measurements behind the cards of `bilingual` and its adapters."""

from __future__ import annotations

from pathlib import Path

from bert_demo.data.corpus import HOLD_OUT_EVERY
from bert_demo.data.labelled import read_labelled
from bert_demo.data.minimal_pairs import read_pairs
from bert_demo.models.transformers_model import load_model
from bert_demo.registry.models import unlisted
from bert_demo.training.bundle.measure import fill, measure_classifier
from bert_demo.training.evaluation import cloze_sentences, pretraining, probes, pseudo_likelihood
from bert_demo.training.loop import Report
from bert_demo.training.pretraining.text import encode_paragraphs
from bert_demo.training.publishing import tables
from bert_demo.training.publishing.card import Figures
from bert_demo.training.recipes.bilingual import TOPICS

PIECES = 300
"""Of raw text in each language."""
PAIRS = (
    ("sling", "SLING", Path("zh/minimal_pairs/sling_shared.jsonl.xz"), 12),
    ("zhoblimp", "ZhoBLiMP", Path("zh/minimal_pairs/zhoblimp_shared.jsonl.xz"), 5),
    ("blimp", "BLiMP", Path("blimp/blimp_shared.jsonl.xz"), 5),
)
"""Minimal pairs: value, title, file, and pairs of each paradigm that are read; the rest would take hours."""


REVIEWS = 1000


def measure_bilingual(directory: Path, data: Path, report: Report) -> Figures:
    """Perplexity in both languages, minimal pairs in both, cloze sentences, failures."""
    _, tokenizer, model, _ = load_model(unlisted(str(directory)))
    rows: list[tables.Row] = []
    groups = []
    values: dict[str, float] = {}
    for language, name in (("Chinese", "zh/general/wiki_passages"), ("English", "general/wiki_leads")):
        text = pretraining.held_out(data / f"{name}.txt.xz", tokenizer, HOLD_OUT_EVERY, encode_paragraphs)
        masked = pretraining.evaluate_masked(model, tokenizer, text, PIECES)
        report(f"{language}: perplexity {masked.perplexity.number(1)}, exactly {masked.accuracy.percent()}")
        found = tables.masked_rows(masked, f"{name}.txt.xz, documents left out of training")
        rows += [(f"{language}: {what}", *rest) for what, *rest in found]
        values[f"perplexity, {language}"] = tables.interval_value(masked.perplexity)
        values[f"exactly, {language}"] = tables.interval_value(masked.accuracy)
    for key, title, path, each in PAIRS:
        pairs = pseudo_likelihood.evaluate_pairs(model, tokenizer, read_pairs(data / path, each))
        report(f"{title} {pairs.share.percent()}")
        where = f"the {len(pairs.groups)} paradigms at hand (chance is 50 %)"
        rows.append(tables.pairs_row(pairs, f"{title}, pseudo-log-likelihood", where))
        groups.append(tables.group_table(pairs, f"{title} by paradigm", f"At most {each} pairs of each."))
        values[key] = tables.interval_value(pairs.share)
    cloze = cloze_sentences.evaluate_sentences(
        ("zh", "en"), tokenizer.mask_token, lambda sentence: fill(model, tokenizer, sentence)
    )
    failures = probes.evaluate_probes("bilingual", lambda sentence: fill(model, tokenizer, sentence))
    shown = (tables.figures_table(rows), tables.cloze_table(cloze), *tables.probe_tables(failures), *groups)
    return Figures(shown, values)


def measure_sentiment(directory: Path, data: Path, report: Report) -> Figures:
    """The dev parts of three kinds of reviews, of each at most the first `REVIEWS`."""
    labels = ("negative", "positive")
    folder = data / "zh" / "sentiment"
    kinds = (("hotels", "htl"), ("deliveries", "waimai"), ("goods", "online_shopping"))
    sets = {f"{kind}, dev": read_labelled(folder / f"{name}_dev.tsv.xz", labels, rows=REVIEWS) for kind, name in kinds}
    return measure_classifier(directory, sets, "", report)


def measure_topics(directory: Path, data: Path, report: Report) -> Figures:
    """The dev part of the headlines."""
    dev = read_labelled(data / "zh" / "topics" / "thucnews_titles_dev.tsv.xz", TOPICS)
    return measure_classifier(directory, {"THUCNews headlines, dev": dev}, "", report)
