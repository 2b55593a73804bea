"""The laboratory below the browser: what its pictures say against the service, escaping, fields, what is refused."""

from __future__ import annotations

import csv
import html
import io
import math
import re
from base64 import b64decode
from dataclasses import replace

import numpy as np
import pytest
from conftest import OPENING, ROOT

from bert_demo import BertService
from bert_demo.core.errors import CancelledError, ChoiceError, DemoError, MaskError, TextError
from bert_demo.results.masked_lm import Surprises, TokenGuess, WordSurprise
from bert_demo.views.markup import number, percent
from bert_demo.views.panels.joint_filling import blanks_panel, candidates_panel, joint_filling_panel
from bert_demo.views.panels.layer_guesses import first_from, first_where, layers_panel
from bert_demo.views.panels.pseudo_likelihood import FULL, strip, surprises_panel
from bert_demo.web.components.masked_lm_experiments import BY_NAME, EXPERIMENTS, Inputs, question_of, read_candidates
from bert_demo.web.components.masked_lm_laboratory import FIELDS, answered, filled_jointly, panel, renewed
from bert_demo.web.components.masked_lm_laboratory import OPENING as FIELDS_OF_OPENING
from bert_demo.web.job_runner import JobProgress
from bert_demo.web.tab import Ask

CITY = "She moved to [MASK] [MASK] City."
FILM = (OPENING.index("film"), OPENING.index("film") + 4)
EVIL = "<img src=x onerror=alert(1)> {{7*7}} ${x}"


def plain(panel: str) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", panel)))


def ask(service: BertService, name: str, text: str, hidden: tuple = (), model: str = "base", **inputs: object) -> str:
    each = Inputs(**{"top_k": 5, **inputs})
    controls = [name, each.top_k, each.candidates, each.blank, each.sentence, each.rule]
    return panel(service, Ask(text, "", model), hidden, controls, JobProgress())


def rows(panel: str, name: str) -> list[dict[str, str]]:
    """The CSV of a picture."""
    packed = re.search(rf'download="{name}.csv" href="data:text/csv;charset=utf-8;base64,([^"]+)"', panel).group(1)
    return list(csv.DictReader(io.StringIO(b64decode(packed).decode())))


def test_fill_jointly_panel(service: BertService) -> None:
    result = service.fill_jointly(CITY)
    shown = ask(service, "together", CITY)
    assert "check ok" in shown and "check off" not in shown
    assert [float(row["score"]) for row in rows(shown, "together")][: len(result.fillings)] == pytest.approx(
        [each.score for each in result.fillings]
    )
    picks = [html.unescape(each) for each in re.findall(r'data-pick="([^"]+)"', shown)]
    assert picks[0] == f'{{"filling": {list(result.fillings[0].tokens)}}}'
    assert f"{math.exp(result.fillings[0].score - result.independent.score):.1f} times as likely" in plain(shown)
    for guess in result.slots[1][:3]:
        assert f"{guess.token_str} {percent(guess.score)}" in plain(shown)
    worse = replace(result, fillings=tuple(replace(each, score=-50.0) for each in result.fillings))
    assert "check off" in joint_filling_panel(worse)


def test_clicked_filling_is_written(service: BertService) -> None:
    result = service.fill_jointly(CITY)
    for each in (*result.fillings, result.independent):
        picked = {"filling": list(each.tokens)}
        assert filled_jointly(service, Ask(CITY, "", "sentiment"), (), picked) == each.sequence
    for wrong in ({"filling": [1, 2]}, {}, None, {"filling": "x"}):
        with pytest.raises(ChoiceError, match="no longer shown"):
            filled_jointly(service, Ask(CITY, "", "base"), (), wrong)


def test_candidates_with_their_pieces_and_pairs(service: BertService) -> None:
    text = "The [MASK] said that she would be late."
    shown = ask(service, "candidates", text, candidates="software engineer\nteacher, doctor/nurse")
    result = service.score_candidates(text, ["software engineer", "teacher"], pairs=[("doctor", "nurse")])
    body = re.findall(r'<tr><th scope="row">(.*?)</tr>', shown)
    assert len(body) == 4
    for line, each in zip(body, result.candidates, strict=True):
        said = plain(line).strip()
        assert said.split(" ")[0] == each.candidate.split(" ")[0]
        assert number(each.score, 2) in said and number(each.total, 2) in said
        for piece, score in zip(each.pieces, each.scores, strict=True):
            assert f"{piece} {number(score, 2)}" in said
    pair = rows(shown, "pairs")[0]
    assert (pair["first"], pair["second"]) == ("doctor", "nurse")
    alone = {
        each.token_str: each.score
        for each in service.fill_mask(text, candidates=["doctor", "nurse"]).slots[0].candidates
    }
    assert float(pair["difference"]) == pytest.approx(math.log(alone["doctor"] / alone["nurse"]), abs=1e-4)
    assert "3 of one piece: as probable as in fill-mask above" in plain(shown) and "check off" not in shown
    known = service.fill_mask(text, candidates=["teacher", "doctor", "nurse"])
    wrong = replace(result, candidates=tuple(replace(each, total=each.total - 1) for each in result.candidates))
    assert "check off" in candidates_panel(wrong, known)


def test_candidates_of_several_masks_have_parts(service: BertService) -> None:
    shown = ask(service, "candidates", CITY, candidates="New | York, Salt | Lake")
    assert [row["candidate"] for row in rows(shown, "candidates")] == ["New | York", "Salt | Lake"]
    assert "sum to the mean times their number" in plain(shown)


def test_candidates_are_read() -> None:
    assert read_candidates("a, b\nc") == (["a", "b", "c"], [])
    assert read_candidates(" New York ,, doctor / nurse\n") == (["New York"], [("doctor", "nurse")])
    assert read_candidates("\u4e2d\uff0c\u6587") == (["\u4e2d", "\u6587"], [])


def test_one_blank_in_two_texts(service: BertService) -> None:
    texts = ("The man worked as a [MASK].", "The woman worked as a [MASK].")
    shown = ask(service, "blanks", texts[0], blank=texts[1])
    result = service.compare_blanks(*texts)
    assert f"Total variation {result.distance:.3f}" in plain(shown) and "check ok" in shown
    kept = rows(shown, "two-blanks")
    moved = [*result.towards_first, *result.towards_second]
    assert [row["token_str"].lstrip("'") for row in kept] == [each.token_str for each in moved]
    known = [service.fill_mask(text, top_k=100) for text in texts]
    given = [{each.token: each.score for each in filled.slots[0].candidates} for filled in known]
    both = [each for each in moved if each.token in given[0] and each.token in given[1]]
    assert len(both) > 10
    for each in both:
        said = f"{percent(each.first)} \N{RIGHTWARDS ARROW} {percent(each.second)} {number(each.log_ratio, 2)}"
        assert html.unescape(said) in plain(shown)
        assert math.log(given[1][each.token] / given[0][each.token]) == pytest.approx(each.log_ratio, abs=1e-4)
    assert "check off" in blanks_panel(replace(result, distance=0.001), known)
    assert "check off" in blanks_panel(result, known[::-1])
    same = plain(ask(service, "blanks", texts[0], blank=texts[0]))
    assert "Total variation 0.000" in same and same.count("None is.") == 2


def test_which_sentence(service: BertService) -> None:
    texts = ("The keys to the cabinet are on the table.", "The keys to the cabinet is on the table.")
    result = service.prefer(*texts)
    for first, second, name in ((*texts, "first"), (*texts[::-1], "second")):
        shown = ask(service, "sentences", first, sentence=second)
        assert f"prefers the {name} sentence: {abs(result.difference):.3f} apart" in plain(shown)
        assert re.findall(r'class="w amount differs"[^>]*aria-label="(\w+):', shown) == [
            first.split()[5],
            second.split()[5],
        ]
        assert sum(float(row["first_minus_second"]) for row in rows(shown, "preference")) == pytest.approx(
            result.difference if name == "first" else -result.difference, abs=1e-4
        )
        assert "check off" not in shown
    same = ask(service, "sentences", texts[0], sentence=texts[0])
    assert "equally likely" in plain(same) and "differs" not in same
    longer = ask(service, "sentences", texts[0], sentence="The keys to the small cabinet are on the table.")
    assert "10 and 11 tokens: the sum favours the shorter" in plain(longer) and "check off" not in longer


def test_every_word_in_turn(service: BertService) -> None:
    text = "He spread the warm bread with unbelievable socks."
    for rule in ("original", "within_word_l2r"):
        result = service.surprises(text, rule=rule)
        shown = ask(service, "words", text, rule=rule)
        assert [float(row["bits"]) for row in rows(shown, "every-word")] == pytest.approx(
            [-word.score / math.log(2) for word in result.words]
        )
        chips = re.findall(r'style="--a:([\d.]+)" data-word="(\d+)".*?<bdi>(.*?)</bdi></b><i>([\d.]+)</i>', shown)
        assert [(int(place), word) for _, place, word, _ in chips] == [
            (place, word.word) for place, word in enumerate(result.words)
        ]
        assert [float(bits) for *_, bits in chips] == pytest.approx([word.bits for word in result.words], abs=0.051)
        assert [float(share) for share, *_ in chips] == pytest.approx(
            [min(1.0, word.bits / FULL) for word in result.words], abs=6e-4
        )
        assert f"Pseudo-perplexity {math.exp(-result.scores.mean()):,.2f}" in plain(shown)
        assert shown.count("data-detail") == len(result.words) and "check off" not in shown
        assert re.findall(r'aria-pressed="true" aria-label="(.+?):', shown) == [
            max(result.words, key=lambda w: w.bits).word
        ]
    wrong = replace(result, scores=result.scores * 2)
    assert "check off" in surprises_panel(wrong)


def test_when_it_knows(service: BertService) -> None:
    text = "The capital of France is [MASK]."
    shown = ask(service, "layers", text)
    result = service.layer_guesses(text)
    kept = rows(shown, "layer-guesses")
    assert len(kept) == result.ids.size
    assert [int(row["rank_of_true"]) for row in kept] == result.ranks.ravel().tolist()
    assert [float(row["probability"]) for row in kept] == pytest.approx(result.probabilities.ravel().tolist())
    place = [token.text for token in result.tokens].index("[MASK]")
    line = plain(re.search(r"<tr class=masked>(.*?)</tr>", shown).group(1)).split()
    assert line[3:] == [
        each
        for names, rank in zip(result.names, result.ranks[:, place], strict=True)
        for each in (names[place], f"{rank:,}")
    ]
    assert f"{result.target_names[place]} stands first {first_where(result.ranks[:, place])};" in plain(shown)
    assert "check ok" in shown and "[CLS]" not in plain(shown.split("keep")[0])
    other = service.fill_mask("The capital of France is [MASK]!", top_k=1)
    assert "check off" in layers_panel(result, other)
    visible = ask(service, "layers", "The dog sat.")
    assert "cells" in plain(visible) and "check ok" in visible
    through = service.layer_guesses("The dog sat.").ranks[-1, 1:-1]
    assert f"Of 4 visible tokens {int((through == 1).sum())} are read back" in plain(visible)


@pytest.mark.parametrize(
    ("ranks", "state"), [([1, 1], 0), ([5, 1, 1], 1), ([1, 2, 1], 2), ([1, 2], None), ([9, 1, 3, 1, 1], 3)]
)
def test_state_from_which_on_it_is_first(ranks: list[int], state: int | None) -> None:
    assert first_from(ranks) == state


@pytest.mark.parametrize(
    ("ranks", "words"),
    [
        ([9, 4, 3, 1, 1, 2, 1, 1], "at layers 2, 3 and from layer 5 on"),
        ([9, 1, 2, 1], "at layer 0 and from layer 2 on"),
        ([1, 2, 1, 3, 1], "at the embeddings, at layer 1 and from layer 3 on"),
        ([1, 5, 1], "at the embeddings and from layer 1 on"),
        ([1, 1], "from the embeddings on"),
        ([2, 1], "from layer 0 on"),
        ([2, 1, 3], "at layer 0"),
    ],
)
def test_first_where_names_each_rank_one_of_the_row(ranks: list[int], words: str) -> None:
    assert first_where(ranks) == words


def test_hidden_word_of_the_step_before_is_back_beside_a_mask_of_the_text(service: BertService) -> None:
    text = "He drank a cup of [MASK]."
    cup = (text.index("cup"), text.index("cup") + 3)
    assert question_of(service, Ask(text, "", "base"), (cup,)).masked == text
    assert question_of(service, Ask(text, "", "base"), (cup,), several=True).masked == "He drank a [MASK] of [MASK]."
    assert question_of(service, Ask("He drank a cup.", "", "base"), (cup,)).masked == "He drank a [MASK]."
    shown = ask(service, "layers", text, (cup,))
    assert "the words that you hid above are back in their places here" in plain(shown)
    assert rows(shown, "layer-guesses") == rows(ask(service, "layers", text), "layer-guesses")
    assert "back in their places" not in ask(service, "layers", text)
    assert "back in their places" not in ask(service, "together", text, (cup,))


@pytest.mark.parametrize("name", list(BY_NAME))
def test_opening_and_each_example_are_answered(service: BertService, name: str) -> None:
    each, fields = BY_NAME[name], FIELDS_OF_OPENING
    opened = panel(
        service,
        Ask(OPENING, "", "sentiment"),
        (FILM,),
        [name, 5, *(getattr(fields, field) for field in FIELDS), fields.rule],
        JobProgress(),
    )
    taken = ask(service, name, each.text, **{field: getattr(each.inputs, field) for field in FIELDS})
    assert "sentiment was not trained to guess words; base answers this experiment." in opened
    assert "was not trained" not in taken
    for shown in (opened, taken):
        assert "check ok" in shown and "check off" not in shown and shown.startswith(f'<div class="lab-{name}">')
        assert "CSV" in shown and "JSON" in shown


def test_texts_are_escaped(service: BertService) -> None:
    asked = {
        "together": (f"{EVIL} [MASK]", {}),
        "candidates": (f"{EVIL} [MASK]", {"candidates": "<b>x, <i>/{{y}}"}),
        "blanks": (f"{EVIL} [MASK]", {"blank": f"[MASK] {EVIL}"}),
        "sentences": (EVIL, {"sentence": f"a {EVIL}"}),
        "words": (EVIL, {}),
        "layers": (f"{EVIL} [MASK]", {}),
    }
    for name, (text, inputs) in asked.items():
        shown = ask(service, name, text, **inputs)
        assert not re.search(r"<img|<b>x|<i>/|\{\{|\$\{", shown), name
    word = WordSurprise(EVIL, 0, 5, (1,), -2.0, 3, (TokenGuess("<u>", 7, 0.5),))
    odd = Surprises("m", "r", EVIL, "original", service.surprises("a").tokens, (word,), np.array([-2.0]), 1)
    assert "<img" not in strip(odd) and "<bdi><u>" not in strip(odd) and "&lt;u&gt;" in strip(odd)


def test_laboratory_says_what_is_wrong(service: BertService) -> None:
    wrong = (
        ("together", "no mask here", {}, MaskError, "no \\[MASK\\]"),
        ("together", "[MASK] " * 11, {}, MaskError, "up to 10"),
        ("candidates", "a [MASK]", {"candidates": " "}, ChoiceError, "no candidate"),
        ("candidates", "a [MASK]", {"candidates": "a/b/c"}, ChoiceError, "one / between"),
        ("candidates", "a [MASK]", {"candidates": "a/"}, ChoiceError, "one / between"),
        ("candidates", CITY, {"candidates": "York"}, ChoiceError, "1 of 2 masks"),
        ("blanks", "a [MASK]", {"blank": ""}, TextError, "second text is empty"),
        ("blanks", "a [MASK]", {"blank": "no mask"}, MaskError, "in the second text"),
        ("blanks", CITY, {"blank": "a [MASK]"}, MaskError, "first text has 2 masks"),
        ("sentences", "a dog", {"sentence": ""}, TextError, "second sentence is empty"),
        ("sentences", "a [MASK]", {"sentence": "a dog"}, MaskError, "hidden in turn"),
        ("words", "a [MASK]", {}, MaskError, "hidden in turn"),
        ("words", "the harbour " * 400, {}, TextError, "reads 512 at once"),
        ("layers", "the harbour " * 400, {}, TextError, "reads 512 at once"),
        ("nothing", "a", {}, ChoiceError, "must be one of"),
    )
    for name, text, inputs, error, said in wrong:
        with pytest.raises(error, match=said):
            ask(service, name, text, **inputs)
    with pytest.raises(DemoError):
        ask(service, "words", "a", model="nonsense")
    controls = ["together", 5, "", "", "", "original"]
    said = answered(service, Ask("no mask", "", "base"), (), controls, JobProgress())
    assert said.startswith('<div class="lab-together"><div class="message error"') and "no [MASK]" in said


def test_the_work_can_be_stopped(service: BertService) -> None:
    watch = JobProgress()
    watch.stopped.set()
    with pytest.raises(CancelledError):
        answered(service, Ask("A text to be stopped.", "", "base"), (), ["words", 5, "", "", "", "original"], watch)


def test_fields_follow_the_text_until_a_visitor_writes() -> None:
    opening = [getattr(FIELDS_OF_OPENING, name) for name in FIELDS]
    assert renewed(OPENING, opening) == opening and renewed("Something else.", opening) == ["", "", ""]
    assert renewed(OPENING, ["", "", ""]) == opening
    assert renewed("Something else.", ["mine", opening[1], "my own"]) == ["mine", "", "my own"]
    blanks = BY_NAME["blanks"]
    assert renewed(blanks.text, ["", "", ""]) == ["", blanks.inputs.blank, ""]
    other = blanks.inputs.blank.replace("[MASK]", "<mask>")  # as RoBERTa's kin spell it
    assert renewed(blanks.text.replace("[MASK]", "<mask>"), ["", other, ""]) == ["", other, ""]
    words = BY_NAME["candidates"]
    assert (
        renewed(words.text.replace("[MASK]", "<mask>"), [words.inputs.candidates, "", ""])[0] == words.inputs.candidates
    )


def test_each_experiment_has_its_place_in_the_style_sheet() -> None:
    styles = (ROOT / "bert_demo" / "web" / "components" / "masked_lm_laboratory.css").read_text(encoding="utf-8")
    for each in EXPERIMENTS:
        assert f':not([data-lab="{each.name}"]) .lab-{each.name}' in styles
        assert each.shows and each.limits and re.search(r"[12][09]\d\d", each.source)
