"""What a model cannot read of a text: unknown signs, words in single letters, scripts and languages of no card."""

from __future__ import annotations

import csv
import json
import re
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import ROOT
from loaded import bundled

from bert_demo import BertService
from bert_demo.data.sentence_pairs import sentence_pairs
from bert_demo.registry.languages import LANGUAGES, language_of, named, script_of
from bert_demo.results import Token
from bert_demo.results.readability import Readability
from bert_demo.tasks.changed_words import changed_words, words
from bert_demo.tasks.readability import script_shares
from bert_demo.views.panels.readability import masks_notice, unread_notice
from bert_demo.web.components.answering_model import answering
from bert_demo.web.job_runner import JobProgress
from bert_demo.web.tab import Ask, answer_with_notice

CHINESE = "这部电影非常好看，我非常喜欢。"
ARABIC = "هذا الفيلم رائع جدا وأحببته كثيرا"
EMOJI = "\N{SMILING FACE WITH HEART-SHAPED EYES}\N{FIRE}\N{THUMBS UP SIGN}"


def plain(markup: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", markup)).replace(" ,", ",").strip()


def read(service: BertService, text: str, model: str = "sentiment", pair: str | None = None) -> Readability:
    return service.readability(text, pair, model)


def test_unknown_signs_are_counted_as_the_tokenizer_counts_them(service: BertService) -> None:
    found = read(service, CHINESE)
    tokens = [token for token in service.classify(CHINESE).tokens if not token.special]
    assert (found.tokens, found.unknown) == (len(tokens), sum(token.unknown for token in tokens)) == (15, 11)
    assert found.unknown_token == "[UNK]" and len(found.signs) == 9  # two of them stand there twice
    assert set(found.signs) == {CHINESE[token.start : token.end] for token in tokens if token.unknown}
    notice = plain(unread_notice(found))
    assert "11 of 15 tokens are [UNK], unknown to sentiment: 这, 电, 影, 非, 常 and 4 more." in notice
    assert "Any other unknown sign would be the same token" in notice
    assert "13 of 13 letters are Chinese; the card of sentiment names English only." in notice


def test_emoji_is_one_token_like_any_other_unknown_sign(service: BertService) -> None:
    notice = plain(unread_notice(read(service, f"{EMOJI} what a film")))
    assert f"1 of 4 tokens is [UNK], unknown to sentiment: {EMOJI}." in notice and "letters" not in notice
    assert "The only token is [UNK]" in plain(unread_notice(read(service, EMOJI)))
    one, other = (service.classify(f"{sign} what a film").labels for sign in (EMOJI, "\N{SNOWMAN}"))
    assert one == other  # what the sentence says


def test_arabic_falls_into_single_letters(service: BertService) -> None:
    found = read(service, ARABIC)
    pieces = service.pieces(ARABIC, "sentiment").words
    assert [(each.script, each.words, each.fallen) for each in found.scripts] == [("Arabic", 6, 6)]
    assert found.scripts[0].pieces == sum(len(word.steps) for word in pieces) == 28 and not found.unknown
    notice = plain(unread_notice(found))
    assert "6 of 6 Arabic words fall into single letters (28 pieces)" in notice
    assert "28 of 28 letters are Arabic; the card of sentiment names English only." in notice


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Der Film war leider nicht sehr gut.", "German"),
        ("C'est un très bon film.", "French"),
        ("Es una película muy buena.", "Spanish"),
        ("Il film non era molto bello.", "Italian"),
        ("Het is een heel mooie film.", "Dutch"),
        ("Não é um filme muito bom.", "Portuguese"),
    ],
)
def test_language_that_the_card_does_not_name_is_named(service: BertService, text: str, language: str) -> None:
    assert read(service, text).guess == language
    notice = plain(unread_notice(read(service, text)))
    assert f"This looks like {language}; the card of sentiment names English only." in notice


def test_english_is_read_without_a_word(service: BertService) -> None:
    """All the English that travels with the project: no language guessed, no foreign script, no fallen words."""
    rows = json.loads((ROOT / "assets" / "examples.json").read_text(encoding="utf-8"))
    rows = [row for row in rows if row["text"].isascii()]  # the others are Chinese
    texts = [row["text"] for row in rows] + [row["pair"] for row in rows if "pair" in row]
    texts += [row["text"] for row in json.loads((ROOT / "assets" / "tour.json").read_text(encoding="utf-8"))]
    with (ROOT / "assets" / "labelled_example.csv").open(encoding="utf-8") as stream:
        texts += [row[0] for row in csv.reader(stream)]
    texts += [each for pair in sentence_pairs() for each in pair]
    texts += [
        "Die Hard is a great film.",
        "A film de luxe, la creme de la creme of it all.",
        "My cafe in El Paso.",
        "No.",
    ]
    notices = {text: plain(unread_notice(read(service, text))) for text in dict.fromkeys(texts)}
    assert len(notices) > 60 and {text: each for text, each in notices.items() if each} == {}


def test_masks_are_counted_and_named_of_classes_alone(service: BertService) -> None:
    text = "The [MASK] sat on the [MASK]."
    found = read(service, text)
    assert found.masks == 2 and unread_notice(found) == ""
    assert plain(masks_notice(found)).startswith("The text has 2 masks ([MASK]): sentiment learnt its classes on texts")
    assert masks_notice(read(service, "The cat sat.")) == ""
    assert read(service, "A [MASK].", pair="B [MASK].").masks == 2
    assert "2 masks" in plain(answering(service, Ask(text, "", "sentiment"), ()).notice)
    assert "2 masks" in plain(answering(service, Ask(text, "It was.", "base"), ()).notice)
    assert "masks (" not in plain(answering(service, Ask(text, "", "base"), ()).notice)


@pytest.mark.parametrize("task", [None, "text-classification", "fill-mask", "next-sentence"])
def test_every_lens_says_it_above_its_answer(service: BertService, task: str | None) -> None:
    tab: Any = SimpleNamespace(task=task, answer=lambda *given: ["answer"])
    text = f"{ARABIC} {EMOJI} [MASK]"
    notice, values = answer_with_notice(tab, service, Ask(text, "", "topics"), (), (), JobProgress())
    asked = service.choose(task, "topics") if task else "topics"
    assert values == ["answer"] and f"unknown to {asked}: {EMOJI}" in plain(notice)
    assert f"the card of {asked} names English only" in plain(notice)
    assert ("learnt its classes on texts without masks" in notice) == (task == "text-classification")
    quiet = answer_with_notice(tab, service, Ask("A good film.", "", asked), (), (), JobProgress())
    assert plain(quiet[0]) == "" and 'class="answered"' in quiet[0] and quiet[1] == ["answer"]


def test_text_that_a_lens_has_to_refuse_is_not_read(service: BertService) -> None:
    tab: Any = SimpleNamespace(task=None, answer=lambda *given: ["refused"])
    notice, values = answer_with_notice(tab, service, Ask(" ", "", "topics"), (), (), JobProgress())
    assert (plain(notice), values) == ("", ["refused"])


def test_scripts_and_languages() -> None:
    letters = {
        "a": "Latin",
        "ß": "Latin",
        "ж": "Cyrillic",
        "ω": "Greek",
        "か": "Japanese",
        "影": "Chinese",
        "한": "Korean",
    }
    assert {letter: script_of(letter) for letter in letters} == letters
    assert [script_of(sign) for sign in ("1", "!", EMOJI[0], "\N{GOTHIC LETTER AHSA}")] == [None] * 4
    assert [each.name for each in named("English, lower-cased")] == ["English"]
    assert named("104 languages") == named("unknown") == ()
    assert {each.script for each in named("Dutch, English, French, German, Italian, Spanish")} == {"Latin"}
    assert language_of(["the", "cat", "and", "the", "dog"]) is None and language_of([]) is None
    assert language_of(["der", "hund", "und", "die", "katze"]) == LANGUAGES["German"]


def test_words_of_single_letters_by_hand() -> None:
    def piece(text: str, start: int, end: int, word: int, unknown: bool = False) -> Token:
        return Token(text, 7, start, end, 0, word, False, unknown)

    tokens = [piece("d", 0, 1, 0), piece("##o", 1, 2, 0), piece("##g", 2, 3, 0), piece("cat", 4, 7, 1)]
    tokens += [piece("i", 8, 9, 2), piece("##s", 9, 10, 2), piece("[UNK]", 11, 14, 3, True)]
    share = script_shares(tokens, ("dog cat is жук", ""))
    assert [(each.script, each.letters, each.words, each.fallen, each.pieces) for each in share] == [
        ("Latin", 8, 2, 1, 3),
        ("Cyrillic", 3, 1, 0, 0),
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("A na\u00efve film", "na\u00efve is read as naive: the tokenizer of sentiment changes letters"),
        ("\u30d0\u30b9\u306b\u4e57\u308b", "\u30d0\u30b9 is read as \u30cf\u30b9: the"),  # a bus, a lotus
        (
            "T\u00f4i kh\u00f4ng bi\u1ebft",
            "T\u00f4i is read as toi, kh\u00f4ng is read as khong, bi\u1ebft is read as biet:",
        ),
        (
            "caf\u00e9 na\u00efve r\u00f4le fianc\u00e9 caf\u00e9",
            "r\u00f4le is read as role and 1 more word otherwise:",
        ),
        ("nai\u0308ve", "nai\u0308ve is read as naive:"),
    ],
)
def test_words_that_the_tokenizer_changes_are_named(service: BertService, text: str, sentence: str) -> None:
    assert sentence in plain(unread_notice(read(service, text)))
    backend = bundled("sentiment").tokenizer
    for word, other in read(service, text).changed:  # the tokenizer's own words are the oracle
        assert "".join(each for each, _ in backend.normalised(word)) == other


@pytest.mark.parametrize(
    "text",
    [
        "The FILM, Stra\u00dfe",
        "\uff21\uff22\uff23 \ufb01lm",
        "\ud55c\uad6d\uc5b4",
        "1\ufe0f\u20e3 \u2764\ufe0f x\u00b2",
    ],
)
def test_case_width_and_ligatures_are_no_change(service: BertService, text: str) -> None:
    assert read(service, text).changed == ()


def test_text_of_a_cased_model_is_not_changed(service: BertService) -> None:
    assert read(service, "na\u00efve caf\u00e9", "bilingual").changed == ()


def test_what_a_normaliser_takes_away_is_read_as_nothing() -> None:
    found = changed_words(lambda text: "".join(s for s in text if s != "\u00e9"), ("\u00e9 th\u00e9", "\u00e9"))
    assert found == (("\u00e9", ""), ("th\u00e9", "th"))
    assert list(words("a1-b\u30d0\u30fc\u306b\u4e57\u308b 12")) == [
        "a1",
        "b",
        "\u30d0\u30fc",
        "\u306b",
        "\u4e57",
        "\u308b",
    ]
