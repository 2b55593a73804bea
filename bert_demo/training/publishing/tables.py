"""Measurements as the tables of a card and of the command line."""

from __future__ import annotations

from collections.abc import Sequence

from bert_demo.training.evaluation.answers import AnswerReport
from bert_demo.training.evaluation.checklist import TestReport
from bert_demo.training.evaluation.classification import ClassifierReport
from bert_demo.training.evaluation.cloze import FactsReport
from bert_demo.training.evaluation.cloze_sentences import ClozeAnswer
from bert_demo.training.evaluation.entities import EntityReport
from bert_demo.training.evaluation.interval import Interval
from bert_demo.training.evaluation.pretraining import MaskedLMReport, NextSentenceReport
from bert_demo.training.evaluation.probes import ProbeReport
from bert_demo.training.evaluation.pseudo_likelihood import PairsReport
from bert_demo.training.publishing.card import Table

Row = tuple[str, ...]
INTERVALS = (
    "In brackets the 95 % interval of a bootstrap (1,000 resamples) over the rows; of raw text over its pieces, of "
    "facts within each relation."
)


def percent(share: float) -> str:
    """0.912 as "91.2 %"."""
    return f"{100 * share:.1f} %"


def classifier_rows(report: ClassifierReport, where: str) -> list[Row]:
    """The main figures of a classifier on one set."""
    rows = f"{report.rows:,} rows of {where}"
    return [
        (f"accuracy, {where}", report.accuracy.percent(), rows),
        (f"macro precision, {where}", report.macro_precision.number(), rows),
        (f"macro recall, {where}", report.macro_recall.number(), rows),
        (f"macro F1, {where}", report.macro_f1.number(), rows),
        (f"expected calibration error (15 bins), {where}", report.calibration_error.number(), rows),
    ]


def label_table(report: ClassifierReport, where: str) -> Table:
    """Precision, recall and F1 of each label."""
    rows = [
        (each.label, each.precision.number(), each.recall.number(), each.f1.number(), f"{each.support:,}")
        for each in report.labels
    ]
    return Table(f"Each label, {where}", INTERVALS, ("label", "precision", "recall", "F1", "rows"), tuple(rows))


def entity_rows(report: EntityReport, where: str) -> list[Row]:
    """The main figures of a token classifier on one set."""
    rows = f"{report.together.support:,} entities in {report.sentences:,} sentences of {where}"
    together = report.together
    return [
        (f"F1 of entities, {where}", together.f1.number(), rows),
        (f"precision of entities, {where}", together.precision.number(), rows),
        (f"recall of entities, {where}", together.recall.number(), rows),
    ]


def entity_type_table(report: EntityReport, where: str) -> Table:
    """Precision, recall and F1 of each type."""
    rows = [
        (each.type, each.precision.number(), each.recall.number(), each.f1.number(), f"{each.support:,}")
        for each in report.types
    ]
    return Table(f"Each type, {where}", INTERVALS, ("type", "precision", "recall", "F1", "entities"), tuple(rows))


def outcome_table(report: EntityReport, where: str) -> Table:
    """What became of the entities that are there, and of those that were found."""
    rows = tuple((outcome, f"{count:,}") for outcome, count in report.outcomes)
    intro = "Missed: nothing was found there; spurious: nothing is there."
    return Table(f"What became of them, {where}", intro, ("outcome", "entities"), rows)


def entity_mistake_table(report: EntityReport, where: str, most: int) -> Table:
    """The first mistakes of the set."""
    rows = tuple((each.text, each.outcome, each.true, each.found) for each in report.mistakes[:most])
    header = ("text", "outcome", "there", "found")
    return Table(f"Known failures: {where}", "The first ones, in the order of the file.", header, rows)


def answer_rows(report: AnswerReport, where: str) -> list[Row]:
    """Exact match and F1 of a model that finds answers."""
    none = f", {report.without_answer:,} of them without an answer" if report.without_answer else ""
    rows = f"{report.questions:,} questions of {where}{none}"
    return [
        (f"exact match, {where}", report.exact_match.percent(), rows),
        (f"F1 of words, {where}", report.f1.percent(), rows),
    ]


def answer_mistake_table(report: AnswerReport, where: str, most: int) -> Table:
    """The first answers that are wrong, or not wholly right."""
    rows = tuple(
        (each.question, each.found or "none", " | ".join(each.answers) or "none", f"{each.f1:.2f}")
        for each in report.mistakes[:most]
    )
    intro = "The first ones, in the order of the file, by the rules of SQuAD."
    return Table(f"Known failures: {where}", intro, ("question", "found", "right", "F1"), rows)


def confusion_table(report: ClassifierReport, where: str) -> Table:
    """Counts of true label (row) and answer (column)."""
    names = [each.label for each in report.labels]
    rows = [(name, *(f"{count:,}" for count in line)) for name, line in zip(names, report.confusion, strict=True)]
    intro = "True label in rows, the model's answer in columns."
    return Table(f"Confusion, {where}", intro, ("", *names), tuple(rows))


def calibration_table(report: ClassifierReport, where: str) -> Table:
    """How often the model is right when it is so sure."""
    rows = [(f"{each.count:,}", percent(each.confidence), percent(each.accuracy)) for each in report.bins]
    intro = "Answers grouped by their probability: what the model claims and how often it is right."
    return Table(f"Calibration, {where}", intro, ("answers", "mean probability", "right"), tuple(rows))


def mistake_table(report: ClassifierReport, where: str, characters: int = 160) -> Table:
    """The most confident mistakes."""
    rows = [
        (shortened(each.text, characters), each.label, f"{each.answer} {percent(each.score)}")
        for each in report.mistakes
    ]
    intro = "Wrong answers that the model was surest of."
    return Table(f"Most confident mistakes, {where}", intro, ("text", "true label", "answer"), tuple(rows))


def masked_rows(report: MaskedLMReport, where: str) -> list[Row]:
    """Perplexity and accuracy behind masks."""
    pieces = f"{report.pieces:,} of {report.available:,} pieces ({report.shortest} to {report.longest} tokens)"
    on = f"{report.masked_tokens:,} masks in {pieces} of {where}"
    return [
        ("perplexity, 15 % masks by the paper's 80/10/10 rule, up to 128 tokens", report.perplexity.number(1), on),
        ("masked tokens guessed exactly", report.accuracy.percent(), on),
    ]


def next_sentence_rows(report: NextSentenceReport, where: str, kind: str = "next sentence") -> list[Row]:
    """Accuracy on pairs of passages."""
    on = f"{report.pairs:,} of {report.available:,} pairs of {where}, half of which follow"
    return [
        (f"{kind}, accuracy", report.accuracy.percent(), on),
        (f"{kind}, of the pairs that follow", report.follows.percent(), on),
        (f"{kind}, of the pairs that do not", report.does_not.percent(), on),
    ]


def pairs_row(report: PairsReport, what: str, where: str) -> Row:
    """Share of pairs by pseudo-log-likelihood."""
    return (what, report.share.percent(), f"{report.pairs:,} pairs of {where}")


def group_table(report: PairsReport, title: str, intro: str) -> Table:
    """The share in each group."""
    rows = tuple((name, share.percent(), f"{count:,}") for name, share, count in report.groups)
    return Table(title, intro, ("group", "first sentence preferred", "pairs"), rows)


def facts_rows(report: FactsReport, where: str) -> list[Row]:
    """Cloze facts over the relations."""
    count = sum(each.facts for each in report.relations)
    on = f"mean of {len(report.relations)} relations, {count:,} facts of {where}"
    return [
        ("facts, answer first", report.first.percent(), on),
        ("facts, answer in the first ten", report.first_ten.percent(), on),
    ]


def facts_table(report: FactsReport) -> Table:
    """Each relation with its best pattern."""
    rows = tuple(
        (each.name, each.pattern, each.first.percent(), each.first_ten.percent(), f"{each.facts:,}")
        for each in report.relations
    )
    intro = "The pattern of each relation that puts most answers first; the whole vocabulary competes."
    return Table("Facts by relation", intro, ("relation", "best pattern", "first", "in the first ten", "facts"), rows)


def checklist_table(reports: Sequence[TestReport]) -> Table:
    """Failure rate of each test."""
    intro = (
        "Share of cases that fail (lower is better), by the rules of its authors. MFT: the label is given; INV: the "
        "answer must stay; DIR: it must not move the wrong way. The model knows no neutral, so a probability between "
        "1/3 and 2/3 counts as that; tests of neutral sentences ask for something that it was never taught."
    )
    rows = tuple(
        (each.capability, each.test, each.kind, each.failures.percent() if each.failures else "-", f"{each.cases:,}")
        for each in reports
    )
    return Table("CheckList", intro, ("capability", "test", "kind", "failures", "cases"), rows)


def probe_tables(reports: Sequence[ProbeReport]) -> list[Table]:
    """What went wrong with negation, sarcasm and names."""
    tables = []
    for each in reports:
        intro = f"{each.wrong} of {each.count} sentences of our own, made to be hard, went wrong"
        intro += ", among them:" if each.wrong > len(each.examples) else ":" if each.wrong else "."
        if each.further:
            intro += " Added: mistakes on the test sets."
        rows = tuple((text, f"{answer} {percent(score)}") for text, answer, score in (*each.examples, *each.further))
        tables.append(Table(f"Known failures: {each.category}", intro, ("text", "wrong answer"), rows))
    return tables


def cloze_table(answers: Sequence[ClozeAnswer]) -> Table:
    """Sentences of our own with what stands behind the mask, right or wrong."""
    rows = tuple(
        (each.text, f"{each.answer} {percent(each.score)}", "right" if each.right else f"wrong: {each.expected}")
        for each in answers
    )
    right = sum(each.right for each in answers)
    intro = f"{right} of {len(answers)} easy sentences of our own get a right word first."
    return Table("Cloze sentences", intro, ("text", "first answer", ""), rows)


def plain(table: Table) -> str:
    """A table for a terminal: columns that line up, the last one as long as it is."""
    lines = [table.header, *table.rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(table.header))]
    text = "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
    return f"{table.title}\n{text}"


def figures_table(rows: Sequence[Row], title: str = "Measured on these weights") -> Table:
    """The main figures."""
    return Table(title, INTERVALS, ("what", "figure", "on"), tuple(rows))


def shortened(text: str, characters: int) -> str:
    """The first characters of a text, marked where it goes on."""
    text = " ".join(text.split())
    return text if len(text) <= characters else f"{text[:characters].rstrip()} \N{HORIZONTAL ELLIPSIS}"


def interval_value(interval: Interval) -> float:
    """The bare figure, to five places."""
    return round(interval.value, 5)
