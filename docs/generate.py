"""Write the tables that are made from the code into README.md and docs/: `python docs/generate.py`.

Each stands between two marks, `<!-- NAME -->` and `<!-- end of NAME -->`, in whichever document has them.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
DECISIONS = DOCS / "decisions"
sys.path.insert(0, str(ROOT))

from bert_demo import Settings  # noqa: E402
from bert_demo.api.endpoint import Endpoint  # noqa: E402
from bert_demo.api.endpoints import ENDPOINTS  # noqa: E402
from bert_demo.registry.attribution_methods import CARDS  # noqa: E402
from bert_demo.registry.families import FAMILIES  # noqa: E402
from bert_demo.registry.glossary import RELATIONS, WORDS, Term  # noqa: E402
from bert_demo.registry.models import CATALOGUE  # noqa: E402
from bert_demo.web.tabs import TABS  # noqa: E402

FROM_FILES = {
    "prune": "prune MODEL FILE",
    "evaluate": "evaluate MODEL FILE",
    "attribute_rows": "evaluate MODEL FILE --words",
    "label_issues": "evaluate MODEL FILE --label-issues",
    "compare_models": "evaluate MODEL FILE --against OTHER",
    "train": "train own FILE",
}
"""Commands that read a file where the endpoint is sent rows."""
PIECES = {
    "wordpiece": "word pieces",
    "bytes": "pairs of bytes",
    "unigram": "unigrams (SentencePiece)",
    "letters": "letters",
}
"""What each kind of tokenizer makes, in words."""
HEADING = re.compile(r"# (\d+)\. (.+)\n\n(\d{4}-\d\d-\d\d)(?:\. Superseded by \[(\d+)\])?")
"""How the page of a decision begins: number, title, date, and the decision that took its place."""


def documents() -> list[Path]:
    """README.md and every page of docs/."""
    return [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


def decisions() -> list[Path]:
    """The pages of docs/decisions/, in the order of their numbers."""
    return sorted(path for path in DECISIONS.glob("*.md") if path.name != "README.md")


def settings_table() -> str:
    """A row for each setting."""
    rows = ["| variable | default | meaning |", "| --- | --- | --- |"]
    for name, each in Settings.model_fields.items():
        default = int(each.default) if isinstance(each.default, bool) else each.default
        rows.append(f"| `BERT_DEMO_{name.upper()}` | `{default}` | {each.description} |")
    return "\n".join(rows)


def endpoints_table() -> str:
    """A row for each endpoint."""
    rows = [
        "| endpoint | what it gives | arguments | head that it needs | cost | command |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in ENDPOINTS:
        arguments = ", ".join(
            f"`{name}`" if field.is_required() else f"`{name}={json.dumps(field.default)}`"
            for name, field in row.request.model_fields.items()
        )
        command = f"`python -m bert_demo {_command(row)}`"
        cost = f"{row.cost}, or more by its arguments" if row.cost_of else row.cost
        needs = " or ".join(row.needs)
        rows.append(f"| `/{row.name}` | {row.description.rstrip('.')} | {arguments} | {needs} | {cost} | {command} |")
    return "\n".join(rows)


def _command(row: Endpoint) -> str:
    """The command with what must be given: each argument that has no default, `...` behind a list."""
    if row.name in FROM_FILES:
        return FROM_FILES[row.name]
    given = [
        name.upper() + ("..." if str(field.annotation).startswith("list") else "")
        for name, field in row.request.model_fields.items()
        if field.is_required()
    ]
    return " ".join([row.name.replace("_", "-"), *given])


def methods_table() -> str:
    """A row for each attribution method."""
    rows = ["| method | name | signed | adds up | cost | source |", "| --- | --- | --- | --- | --- | --- |"]
    for card in CARDS.values():
        signed, additive = ("yes" if each else "no" for each in (card.signed, card.additive))
        rows.append(f"| {card.title} | `{card.name}` | {signed} | {additive} | {card.cost} | {card.paper} |")
    return "\n".join(rows)


def models_table() -> str:
    """A row for each model of the catalogue."""
    rows = ["| model | tasks | language | licence | |", "| --- | --- | --- | --- | --- |"]
    for card in CATALOGUE:
        where = "bundled: " if card.bundled else ""
        tasks = ", ".join(card.tasks)
        rows.append(f"| `{card.name}` | {tasks} | {card.language} | {card.licence} | {where}{card.description} |")
    return "\n".join(rows)


def families_table() -> str:
    """A row for each family."""
    rows = ["| family | `model_type` | its tokenizer cuts into | next-sentence head |", "| --- | --- | --- | --- |"]
    for row in FAMILIES.values():
        pair = "yes" if row.next_sentence else "no"
        rows.append(f"| {row.prefix} | `{row.model_type}` | {PIECES[row.tokenizer]} | {pair} |")
    return "\n".join(rows)


def lenses_table() -> str:
    """A row for each lens."""
    rows = [
        "| group | lens | in an address | what it shows | head that it needs | cost |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for tab in TABS:
        shows = (tab.__doc__ or "").splitlines()[0].rstrip(".")
        rows.append(f"| {tab.group} | {tab.title} | `tab={tab.name}` | {shows} | {tab.task or ''} | {tab.cost} |")
    return "\n".join(rows)


def glossary_table(terms: Iterable[Term], title: str) -> str:
    """A row for each word."""
    rows = [f"| {title} | what it means | for example |", "| --- | --- | --- |"]
    rows += [f"| {each.name} | {each.meaning} | {each.example} |" for each in terms]
    return "\n".join(rows)


def decisions_table() -> str:
    """A row for each decision."""
    rows = ["| | decision | date | superseded by |", "| --- | --- | --- | --- |"]
    for path in decisions():
        heading = HEADING.match(path.read_text(encoding="utf-8"))
        if heading is None:
            raise SystemExit(f"{path.name} does not begin as the page of a decision does.")
        number, title, date, later = heading.groups()
        rows.append(f"| [{number}]({path.name}) | {title} | {date} | {later or ''} |")
    return "\n".join(rows)


TABLES: dict[str, Callable[[], str]] = {
    "settings": settings_table,
    "methods": methods_table,
    "models": models_table,
    "families": families_table,
    "lenses": lenses_table,
    "endpoints": endpoints_table,
    "decisions": decisions_table,
    "words": lambda: glossary_table(WORDS.values(), "word"),
    "relations": lambda: glossary_table(RELATIONS.values(), "code"),
}


def between(text: str, name: str) -> str:
    """What stands between the marks of a table."""
    return text.partition(f"<!-- {name} -->")[2].partition(f"<!-- end of {name} -->")[0].strip()


def filled(text: str) -> str:
    """The text of a document with its tables made anew."""
    for name, table in TABLES.items():
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        if begin in text:
            before, _, rest = text.partition(begin)
            text = f"{before}{begin}\n{table()}\n{end}{rest.partition(end)[2]}"
    return text


if __name__ == "__main__":
    for path in documents():
        path.write_text(filled(path.read_text(encoding="utf-8")), encoding="utf-8")
