"""Questions about passages with their answers: SQuAD's JSON, or records of question, context and answers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bert_demo.core.errors import BadDataError
from bert_demo.data.json_rows import read_json
from bert_demo.data.text_files import line_of, read_bytes
from bert_demo.data.unpacking import unpack

NEEDED = "question, context and answers are needed (texts, a list of them, or SQuAD's objects with a text)"


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question, the passage it is about, and the answers that are right; none where the passage has no answer."""

    question: str
    passage: str
    answers: tuple[str, ...]


def read_questions(path: Path, rows: int | None = None) -> list[AskedQuestion]:
    """The questions of a file, plain or packed: SQuAD's (one JSON object), or records as JSON lines or an array.

    rows: the first so many. Raises BadDataError: nothing there, not UTF-8, no JSON, a record that lacks a part.
    """
    content, _ = unpack(read_bytes(path), str(path))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadDataError(f"{path}: not UTF-8 ({error.reason}). Save the file as UTF-8.") from error
    squad = _squad(text)
    asked = list(_of_articles(squad, path) if squad is not None else _of_records(text, path))
    if not asked:
        raise BadDataError(f"{path} holds no question. Give SQuAD's JSON, or records of question, context and answers.")
    return asked[:rows]


def _squad(text: str) -> list[Any] | None:
    """The articles of SQuAD's JSON; None for what is something else."""
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        return None
    articles = whole.get("data") if isinstance(whole, dict) else None
    return articles if isinstance(articles, list) else None


def _of_articles(articles: Iterable[Any], path: Path) -> Iterator[AskedQuestion]:
    for number, article in enumerate(articles, start=1):
        try:
            for paragraph in article["paragraphs"]:
                for each in paragraph["qas"]:
                    yield _question({"context": paragraph["context"], **each})
        except (KeyError, TypeError, ValueError) as error:
            raise BadDataError(f"{line_of(path, number, 'article')}: {NEEDED}.") from error


def _of_records(text: str, path: Path) -> Iterator[AskedQuestion]:
    for number, record in read_json(text, str(path), exact=False):
        try:
            if not isinstance(record, dict):
                raise TypeError("a record is an object")
            yield _question(record)
        except (KeyError, TypeError, ValueError) as error:
            raise BadDataError(f"{line_of(path, number)}: {NEEDED}.") from error


def _question(record: Mapping[str, Any]) -> AskedQuestion:
    """Raises KeyError, TypeError, ValueError."""
    question, passage = record["question"], record.get("context", record.get("passage"))
    answers = [] if record.get("is_impossible") is True else list(_texts(record["answers"]))
    if not all(isinstance(each, str) and each.strip() for each in (question, passage)):
        raise ValueError("question and passage are texts")
    if not all(isinstance(each, str) for each in answers):
        raise TypeError("answers are texts")
    return AskedQuestion(str(question), str(passage), tuple(dict.fromkeys(answers)))


def _texts(answers: Any) -> Iterable[Any]:
    if isinstance(answers, str):
        return [answers]
    if isinstance(answers, dict):  # as Hugging Face's datasets write it
        return _texts(answers["text"])
    return [each["text"] if isinstance(each, dict) else each for each in answers or ()]
