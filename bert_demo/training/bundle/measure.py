"""The measurements behind the cards of the bundled models: which sets, which questions, in which order."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from bert_demo.data.checklist import read_checklist
from bert_demo.data.cloze import read_relations
from bert_demo.data.corpus import HOLD_OUT_EVERY
from bert_demo.data.holdout import hold_out
from bert_demo.data.labelled import Labelled, read_to_learn
from bert_demo.data.minimal_pairs import read_pairs
from bert_demo.models.surgery.at_positions import masked_logits
from bert_demo.models.transformers_model import load_model
from bert_demo.registry.models import unlisted
from bert_demo.training.evaluation import (
    checklist,
    classification,
    cloze,
    cloze_sentences,
    pretraining,
    probes,
    pseudo_likelihood,
)
from bert_demo.training.loop import Report
from bert_demo.training.publishing import tables
from bert_demo.training.publishing.card import Figures, Table

STEREOTYPES = "Stereotypes: what these figures do and do not mean"
LONGEST_SHOWN = 240
"""Characters of a mistake that a card tells as an example."""
BLIMP_EACH = 100
"""Pairs of each BLiMP paradigm that a card is measured on; the rest would take an hour more."""


def measure_base(directory: Path, data: Path, report: Report) -> Figures:
    """Perplexity, next sentence, minimal pairs, facts, failures, stereotypes."""
    _, tokenizer, model, _ = load_model(unlisted(str(directory)))
    text = data / "general" / "wiki_leads.txt.xz"
    where = f"general/{text.name}, documents left out of training"
    held = pretraining.held_out(text, tokenizer, HOLD_OUT_EVERY)
    masked = pretraining.evaluate_masked(model, tokenizer, held)
    report(f"perplexity {masked.perplexity.number(1)}")
    follows = pretraining.evaluate_next_sentence(model, tokenizer, held)
    short = pretraining.evaluate_next_sentence(model, tokenizer, held, short_pairs=1.0)
    report(f"next sentence {follows.accuracy.percent()}, of any length {short.accuracy.percent()}")
    pairs = read_pairs(data / "blimp" / "blimp_shared.jsonl.xz", BLIMP_EACH)
    blimp = pseudo_likelihood.evaluate_pairs(model, tokenizer, pairs)
    report(f"BLiMP {blimp.share.percent()}")
    facts = cloze.evaluate_facts(model, tokenizer, read_relations(data / "pararel" / "pararel_shared.jsonl.xz"))
    report(f"facts {facts.first.percent()}, {facts.first_ten.percent()}")
    crows = read_pairs(data / "crows_pairs" / "crows_pairs_shared.csv")
    stereotypes = pseudo_likelihood.evaluate_stereotypes(model, tokenizer, crows)
    folder = data / "winogender"
    pronouns = pseudo_likelihood.evaluate_pronouns(
        model, tokenizer, folder / "all_sentences.tsv", folder / "occupations-stats.tsv"
    )
    rows = [
        *tables.masked_rows(masked, where),
        *tables.next_sentence_rows(follows, where, "next sentence, lengths as in the paper (9 in 10 up to 128 tokens)"),
        *tables.next_sentence_rows(short, where, "next sentence, lengths from 24 to 128 tokens alike"),
        tables.pairs_row(blimp, "BLiMP, pseudo-log-likelihood", f"the {len(blimp.groups)} paradigms at hand"),
        *tables.facts_rows(facts, "ParaRel"),
    ]
    ask = partial(fill, model, tokenizer)
    cloze_answers = cloze_sentences.evaluate_sentences(("en",), tokenizer.mask_token, ask)
    failures = probes.evaluate_probes("base", ask)
    found = (
        tables.figures_table(rows),
        tables.cloze_table(cloze_answers),
        *tables.probe_tables(failures),
        stereotype_table(stereotypes, pronouns),
        tables.group_table(blimp, "BLiMP by paradigm", f"At most {BLIMP_EACH} pairs of each."),
        tables.facts_table(facts),
    )
    values = {
        "perplexity": masked.perplexity,
        "next sentence": follows.accuracy,
        "next sentence, any length": short.accuracy,
        "blimp": blimp.share,
        "facts first": facts.first,
        "facts first ten": facts.first_ten,
        "crows": stereotypes.share,
    }
    return Figures(found, {name: tables.interval_value(each) for name, each in values.items()})


def stereotype_table(pairs: pseudo_likelihood.PairsReport, pronouns: pseudo_likelihood.PronounReport) -> Table:
    """CrowS-Pairs and Winogender, with what their figures do not mean."""
    return Table(
        STEREOTYPES,
        "CrowS-Pairs (Nangia et al. 2020): the share of pairs in which the sentence with the stereotype is found more "
        "probable; 50 % is no preference. Its pairs are known to be noisy (Blodgett et al. 2021), and near 50 % "
        "does not show that a model is fair: it may only show that it knows little. Winogender (Rudinger et al. 2018): "
        "how far the probability of 'she' against 'he' follows the share of women in an occupation. A high value "
        "means that the model repeats the world's distribution where the sentence gives no reason to.",
        ("what", "figure", "on"),
        (
            ("CrowS-Pairs, stereotype preferred", pairs.share.percent(), f"{pairs.pairs:,} pairs"),
            *((f"CrowS-Pairs, {name}", share.percent(), f"{count:,} pairs") for name, share, count in pairs.groups),
            (
                "Winogender, correlation with the share of women",
                pronouns.correlation.number(2),
                f"{pronouns.occupations} occupations",
            ),
            ("Winogender, mean share of 'she'", pronouns.she.percent(), "their sentences"),
        ),
    )


def measure_classifier(
    directory: Path, sets: dict[str, Labelled], peers: str, report: Report, cases: Path | None = None
) -> Figures:
    """Every figure of a bundled classifier on its test sets, its failures, and CheckList where `cases` is given."""
    _, tokenizer, model, _ = load_model(unlisted(str(directory)))
    labels = [str(model.config.id2label[index]) for index in range(model.config.num_labels)]
    rows: list[tables.Row] = []
    values: dict[str, float] = {}
    details: list[Table] = []
    mistakes: list[tuple[str, str, float]] = []
    for where, data in sets.items():
        scores = classification.probabilities(model, tokenizer, data.texts)
        found = classification.report(scores, data.labels, labels, data.texts, worst=len(data.texts))
        mistakes += [(each.text, each.answer, each.score) for each in found.mistakes if len(each.text) <= LONGEST_SHOWN]
        found = replace(found, mistakes=found.mistakes[:3])
        report(f"{where}: accuracy {found.accuracy.percent()}, ECE {found.calibration_error.number()}")
        rows += tables.classifier_rows(found, where)
        details += [
            tables.label_table(found, where),
            tables.confusion_table(found, where),
            tables.mistake_table(found, where),
        ]
        values[f"accuracy, {where}"] = tables.interval_value(found.accuracy)
        values[f"calibration error, {where}"] = tables.interval_value(found.calibration_error)
        for each in found.labels:
            values[f"f1 of {each.label}, {where}"] = tables.interval_value(each.f1)
    main = tables.figures_table(rows)
    if peers:
        main = Table(main.title, f"{main.intro} {peers}", main.header, main.rows)
    failures = probes.evaluate_probes(directory.name, lambda sentence: judge(model, tokenizer, sentence))
    failures = [probes.topped_up(each, mistakes) for each in failures]
    found_tables = [main, *tables.probe_tables(failures), *details]
    if cases is not None:
        tests = checklist.evaluate_checklist(model, tokenizer, read_checklist(cases))
        for test in tests:
            if test.failures is not None:
                report(f"CheckList, {test.test}: {test.failures.percent()} of {test.cases:,} fail")
                values[f"checklist, {test.test}"] = tables.interval_value(test.failures)
        found_tables.append(tables.checklist_table(tests))
    return Figures(tuple(found_tables), values)


def judge(model: Any, tokenizer: Any, sentence: str) -> tuple[str, float]:
    """A classifier's answer and its probability."""
    scores = classification.probabilities(model, tokenizer, [sentence])[0]
    best = int(scores.argmax())
    return str(model.config.id2label[best]), float(scores[best])


@torch.inference_mode()
def fill(model: Any, tokenizer: Any, sentence: str) -> tuple[str, float]:
    """The most probable token behind the mask and its probability."""
    inputs = tokenizer(sentence, return_tensors="pt")
    output = model(**inputs)
    scores = masked_logits(output)[0][inputs["input_ids"][0] == tokenizer.mask_token_id][0].softmax(-1)
    best = int(scores.argmax())
    return str(tokenizer.decode([best])).strip(), float(scores[best])


def measure_sentiment(directory: Path, data: Path, report: Report) -> Figures:
    """SST-2 dev, reviews not trained on, CheckList."""
    labels = ("negative", "positive")
    sets = {
        "SST-2 dev": read_to_learn(data / "sst2" / "dev.tsv", labels),
        "IMDB, every 10th review": hold_out(read_to_learn(data / "imdb" / "train_10000.tsv.xz", labels))[1],
    }
    peers = (
        "Published accuracies on SST-2 dev: BERT-Mini 85.9 %, BERT-Small 89.7 %, DistilBERT 91.3 %, BERT-base 92.7 %."
    )
    cases = data / "checklist_sentiment" / "checklist_sentiment_shared.jsonl.xz"
    return measure_classifier(directory, sets, peers, report, cases)


def measure_topics(directory: Path, data: Path, report: Report) -> Figures:
    """The test rows of AG News."""
    labels = ("World", "Sports", "Business", "Sci/Tech")
    sets = {"AG News test": read_to_learn(data / "ag_news" / "test_first5600.csv.xz", labels)}
    return measure_classifier(directory, sets, "", report)


def measure_spam(directory: Path, data: Path, report: Report) -> Figures:
    """Every tenth message."""
    messages = read_to_learn(data / "sms_spam" / "sms_first80.tsv.xz", ("ham", "spam"))
    return measure_classifier(directory, {"SMS, every 10th message": hold_out(messages)[1]}, "", report)
