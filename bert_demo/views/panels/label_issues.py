"""LabelIssues: labels that are probably wrong, texts that occur twice, texts that another file has as well."""

from __future__ import annotations

from bert_demo.results.label_issues import LabelIssues
from bert_demo.views.tables import Table
from bert_demo.views.templates import render

MOST = 20
"""Entries that are shown; the tables have all."""


def issues_panel(result: LabelIssues) -> str:
    """Doubtful labels, the least probable first; a click shows the row."""
    columns = ("line", "given", "perhaps", "confidence", "text", "second_text")
    rows = [
        (each.line, "; ".join(each.given), "; ".join(each.suggested), each.confidence, each.text, each.pair or "")
        for each in result.issues
    ]
    places = sorted({each.row for each in result.issues})
    return render("label_issues.issues", result, MOST, result.folds, places, Table(columns, rows, "label-issues"))


def duplicates_panel(result: LabelIssues) -> str:
    """Groups of rows with one text, those with different labels first."""
    columns = ("group", "line", "labels", "same", "conflict", "text")
    rows = [
        (number, row.line, "; ".join(row.labels), group.same, group.conflict, row.text)
        for number, group in enumerate(result.duplicates, start=1)
        for row in group.rows
    ]
    conflicts = sum(group.conflict for group in result.duplicates)
    return render("label_issues.duplicates", result, MOST, conflicts, Table(columns, rows, "duplicates"))


def shared_panel(result: LabelIssues, name: str) -> str:
    """Rows that another file has as well. name: of that file."""
    columns = ("line", "other", "similarity", "text", "other_text")
    rows = [(each.line, each.other + 1, each.similarity, each.text, each.other_text) for each in result.shared]
    places = [each.row for each in result.shared]
    return render("label_issues.shared", result, name, MOST, places, Table(columns, rows, "shared-texts"))
