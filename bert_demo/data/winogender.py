"""Winogender (Rudinger et al. 2018): sentences with a pronoun of either gender; the share of women in occupations."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bert_demo.core.errors import BadDataError
from bert_demo.data.table import read_records
from bert_demo.data.text_files import line_of


@dataclass(frozen=True, slots=True)
class PronounPair:
    """A sentence about somebody of an occupation with "he" (or "his", "him"), and the same with "she"."""

    occupation: str
    male: str
    female: str


def read_pronouns(path: Path) -> list[PronounPair]:
    """Read the sentences (columns sentid and sentence), in the order of the file. Raises BadDataError."""
    texts: dict[tuple[str, ...], dict[str, str]] = {}
    for number, row in read_records(path):
        *key, gender, _ = ["", "", *str(row.get("sentid")).split(".")]
        if len(key) < 3 or "sentence" not in row:
            raise BadDataError(
                f"{line_of(path, number)}: sentid (such as nurse.patient.0.male.txt) and sentence are needed."
            )
        texts.setdefault(tuple(key[2:]), {})[gender] = str(row["sentence"])
    return [
        PronounPair(key[0], by_gender["male"], by_gender["female"])
        for key, by_gender in texts.items()
        if {"male", "female"} <= set(by_gender)
    ]


def read_shares(path: Path) -> dict[str, float]:
    """Read the share of women in each occupation, in per cent (columns occupation and bls_pct_female).

    Raises BadDataError.
    """
    found = {}
    for number, row in read_records(path):
        try:
            found[str(row["occupation"])] = float(row["bls_pct_female"])
        except (KeyError, ValueError) as error:
            raise BadDataError(
                f"{line_of(path, number)}: occupation and bls_pct_female, a number, are needed."
            ) from error
    return found
