"""What the reader understood of a visitor's rows, as the page shows it with its choices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bert_demo.core.errors import BadDataError, DataChoiceError
from bert_demo.data.columns import ONE_EACH, Columns
from bert_demo.data.encodings import NAMES
from bert_demo.data.labelled import LabelledTexts
from bert_demo.data.labels import guesses
from bert_demo.data.reading import DELIMITERS, QUOTINGS, Reading
from bert_demo.data.table import Dialect, Origin
from bert_demo.views.panels.understood import MAPPING, Choice, Meaning, ShownRow, UnderstoodRows

FIRST = 4
"""Rows that are shown."""
MOST_LABELS = 60
"""Of the rows, that are listed."""
LONGEST = 200
"""Characters of a shown text, and of what a browser sends for a choice."""
MOST_PAIRS = 1000
HEADERS = (("", "found"), ("yes", "names the columns"), ("no", "is a row like the others"))
WORDS = {sign: word for word, sign in DELIMITERS.items()}
_TITLES = {
    "encoding": "Encoding",
    "delimiter": "Between cells",
    "quoting": "Quotes",
    "header": "First row",
    "sheet": "Sheet",
    "text": "Text",
    "pair": "Second text",
    "label": "Label",
}


def reading_of(sent: Any) -> Reading:
    """The choices that a browser sends, whatever it is; what is no choice is found."""
    given = sent if isinstance(sent, dict) else {}

    def one(name: str) -> str:
        value = given.get(name)
        return value[:LONGEST] if isinstance(value, str) else ""

    delimiter, quoting = one("delimiter"), one("quoting")
    pairs = given.get(MAPPING)
    pairs = pairs[:MOST_PAIRS] if isinstance(pairs, list) else []
    return Reading(
        encoding=one("encoding"),
        delimiter=delimiter if delimiter in DELIMITERS else "",
        quoting=quoting if quoting in QUOTINGS else "",
        header={"yes": True, "no": False}.get(one("header")),
        sheet=one("sheet"),
        text=tuple(filter(None, (one("text"),))),
        pair=one("pair"),
        label=tuple(filter(None, (one("label"),))),
        mapping=tuple((pair[0], pair[1]) for pair in pairs if _is_pair(pair)),
        skip=given.get("skip") is True,
    )


def _is_pair(pair: Any) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and all(isinstance(each, str) and each for each in pair)


def understood_rows(found: LabelledTexts, name: str, reading: Reading, most: int) -> UnderstoodRows:
    """What was understood, with every choice. name: of the file, "" for what was pasted."""
    understood = found.understood
    names = understood.labels.labels
    rows = zip(found.lines, found.texts, found.pairs or [None] * len(found.texts), found.labels, strict=True)
    first = tuple(
        ShownRow(line, cut(text), pair and cut(pair), tuple(names[place] for place in places))
        for (line, text, pair, places), _ in zip(rows, range(FIRST), strict=False)
    )
    return UnderstoodRows(
        source=f"of {cut(name)}" if name else "",
        rows=len(found.texts),
        most=most,
        said=sentences(understood.origin, understood.dialect, str(understood.columns), str(understood.labels)),
        choices=choices_of(understood.origin, understood.dialect, understood.columns, reading, bool(name)),
        labels=names,
        meanings=tuple(
            Meaning(each, rows, "" if (place := understood.labels.place(each)) is None else names[place])
            for each, rows in understood.names[:MOST_LABELS]
        ),
        counts=understood.counts,
        first=first,
        bad=tuple((each.line, each.reason) for each in understood.bad),
        skip=reading.skip,
        changed=reading != Reading(),
    )


def asked_rows(error: BadDataError, labels: Sequence[str], reading: Reading, most: int) -> UnderstoodRows:
    """What has to be said first: the sentence, and the choices that decide."""
    asked = error.option if isinstance(error, DataChoiceError) else ""
    values = error.choices if isinstance(error, DataChoiceError) else ()
    meanings: tuple[Meaning, ...] = ()
    choices: tuple[Choice, ...] = ()
    if asked == MAPPING:
        given = dict(reading.mapping)
        meanings = tuple(
            Meaning(each, None, given.get(each, near)) for each, near in guesses(values[:MOST_LABELS], labels)
        )
    elif asked in _TITLES:
        words = {"encoding": NAMES}.get(asked, {})
        options = (("", "choose"), *((each, words.get(each, each)) for each in values))
        choices = (Choice(asked, _TITLES[asked], options, ""),)
    return UnderstoodRows(
        source="",
        rows=0,
        most=most,
        choices=choices,
        labels=tuple(labels),
        meanings=meanings,
        question=str(error),
        asked=asked,
        changed=reading != Reading(),
    )


def sentences(origin: Origin, dialect: Dialect, *more: str) -> tuple[str, ...]:
    """What a table came as, and further sentences."""
    form = str(origin) or (str(dialect) if dialect.delimiter else "")
    if str(origin) and dialect.delimiter:
        form = f"{form} {dialect}"
    said = [form, *more]
    if origin.guessed:
        said.insert(1, f"Judge the encoding by: {' / '.join(origin.sample)}")
    return tuple(filter(None, said))


def choices_of(
    origin: Origin, dialect: Dialect, columns: Columns, reading: Reading, is_file: bool
) -> tuple[Choice, ...]:
    """The choices that a table of that kind has, each with what is chosen now."""
    found: list[Choice] = []
    if is_file and origin.form in ("CSV", "JSON"):
        now = reading.encoding or origin.encoding or "utf-8"
        found.append(_choice("encoding", [(each, NAMES[each]) for each in NAMES], now))
    if dialect.delimiter:
        found.append(_choice("delimiter", [(each, each) for each in DELIMITERS], WORDS.get(dialect.delimiter, "")))
        words = {"doubled": "doubled inside quotes", "backslash": "with a backslash", "none": "are signs like others"}
        found.append(_choice("quoting", [(each, words[each]) for each in QUOTINGS], dialect.quoting))
    if dialect.delimiter or origin.form == "Workbook":
        header = "yes" if columns.header else "no"
        found.append(_choice("header", HEADERS[1:], header))
    return (*found, *_column_choices(columns))


def _column_choices(columns: Columns) -> tuple[Choice, ...]:
    """Each column by its name, or by its number where it has none or another has the same."""
    names = [columns.header[at] if columns.header else "" for at in range(columns.width)]
    keys = [name if name and names.count(name) == 1 else str(at + 1) for at, name in enumerate(names)]
    options = [(key, name or f"column {key}") for key, name in zip(keys, names, strict=True)]
    text = options
    if len(columns.text) == 1:
        value = keys[columns.text[0]]
    else:
        joined = " + ".join(options[at][1] for at in columns.text)
        text, value = [("", f"{joined} (found)"), *options], ""
    pair = "" if columns.pair is None else keys[columns.pair]
    label = options
    chosen = "" if columns.label == ONE_EACH else keys[columns.label % columns.width]
    if columns.label == ONE_EACH:
        label = [("", "a mark for each (found)"), *options]
    return (
        _choice("text", text, value),
        _choice("pair", [("", "none"), *options], pair),
        _choice("label", label, chosen),
    )


def _choice(name: str, options: Sequence[tuple[str, str]], value: str) -> Choice:
    there = any(value == each for each, _ in options)
    return Choice(name, _TITLES[name], tuple(options) if there else ((value, value or "found"), *options), value)


def cut(text: str) -> str:
    """A text as far as it is shown."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST].rstrip()} \N{HORIZONTAL ELLIPSIS}"
