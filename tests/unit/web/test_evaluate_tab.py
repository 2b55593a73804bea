"""The lens Evaluate below the browser: what is understood of rows, the choices, the answer, its files."""

from __future__ import annotations

import base64
import gzip
import io
import json
import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import save_tokenizer, tiny_config
from transformers import BertForSequenceClassification

from bert_demo import BertService
from bert_demo.api.serialise import serialise
from bert_demo.core.errors import BadDataError, ChoiceError, DataChoiceError, MissingHeadError
from bert_demo.data.parquet import read_parquet
from bert_demo.data.reading import Reading
from bert_demo.views.panels.word_effects import word_effects_panel
from bert_demo.web.components.downloads import FileRequest
from bert_demo.web.components.evaluation_files import attributions_file, evaluation_file
from bert_demo.web.components.label_issues import issues
from bert_demo.web.components.labelled_source import content_of, name_of, rows_of, shown_rows
from bert_demo.web.components.model_comparison import compared
from bert_demo.web.components.numbered_rows import shown_rows_or_numbers
from bert_demo.web.components.understood_rows import reading_of
from bert_demo.web.components.word_effects import MOST_FREQUENT, word_effects_of
from bert_demo.web.job_runner import JobProgress
from bert_demo.web.tab import Ask, answer_with_notice
from bert_demo.web.tabs.evaluate import EvaluateTab, evaluated

ASK = Ask("The bar says something else.", "", "sentiment")
GOOD = "text,label\nA fine film.,positive\nA dull film.,negative\nA warm film.,positive\n"


def sent(content: str | bytes, name: str = "rows.csv", packed: bool = True) -> dict[str, Any]:
    """A file as the browser sends it."""
    raw = content.encode() if isinstance(content, str) else content
    return {"name": name, "packed": packed, "data": base64.b64encode(gzip.compress(raw) if packed else raw).decode()}


def shown(service: BertService, rows: str, file: Any = None, choices: Any = None, model: str = "sentiment") -> str:
    panel = shown_rows(service, Ask("", "", model), rows, file, choices)
    return " ".join(unescape(re.sub(r"<option value.*?</option>|<[^>]+>", " ", panel)).split())


def selected(panel: str, name: str) -> str:
    """The value of a list of choices."""
    inside = panel.partition(f'data-choice="{name}"')[2].partition("</select>")[0]
    found = re.search(r'<option value="([^"]*)" selected', inside)
    assert found is not None, name
    return found[1]


@pytest.mark.parametrize("packed", [True, False])
def test_file_arrives_as_it_is(packed: bool) -> None:
    content = bytes(range(256)) * 9
    assert content_of(sent(content, packed=packed)) == content


@pytest.mark.parametrize(
    "data", ["", "x", "AAAA", "\N{SNOWMAN}", base64.b64encode(gzip.compress(b"a" * 99, mtime=0)[:-9]).decode()]
)
def test_file_that_is_damaged_is_refused(data: str) -> None:
    with pytest.raises(BadDataError, match="did not arrive whole"):
        content_of({"name": "a", "data": data or "!", "packed": True})


def test_file_that_grows_when_unpacked_is_refused() -> None:
    with pytest.raises(BadDataError, match="more than 1,000,000 bytes"):
        content_of(sent(b"a" * 1_000_001))


@pytest.mark.parametrize("junk", [None, 3, "x", [], {"text": 3, "mapping": "ab", "header": True, "skip": "yes"}])
def test_choices_of_junk_are_none(junk: Any) -> None:
    assert reading_of(junk) == Reading() and name_of(junk) == ""


def test_choices_are_those_of_the_reader() -> None:
    choices = {"encoding": "cp1251", "delimiter": "pipe", "quoting": "none", "header": "no", "sheet": "B", "text": "2"}
    choices |= {"pair": "3", "label": "1", "mapping": [["a", "b"], ["c", ""], "de", [1, 2]], "skip": True}
    assert reading_of(choices) == Reading(
        "cp1251", "pipe", "none", False, "B", ("2",), "3", ("1",), (("a", "b"),), True
    )


def test_what_was_understood_is_shown(service: BertService) -> None:
    said = shown(service, GOOD)
    assert said.startswith("Understood: 3 rows Comma-separated. Columns text and label.")
    assert "negative 1 positive 2" in said and "2 positive A fine film." in said
    panel = shown_rows(service, ASK, GOOD, None, None)
    assert [selected(panel, name) for name in ("delimiter", "header", "text", "pair", "label")] == [
        "comma", "yes", "text", "", "label",
    ]  # fmt: skip


def test_file_is_named_and_its_encoding_is_a_choice(service: BertService) -> None:
    file = sent("satz;label\nUn film drôle;positive\nUn film raté;negative\n".encode("cp1252"), "films.csv")
    said = shown(service, GOOD, file)
    assert "Understood: 2 rows of films.csv" in said and "Windows-1252, western languages (a guess)" in said
    assert "Judge the encoding by: Un film drôle;positive / Un film raté;negative" in said
    panel = shown_rows(service, ASK, "", file, {})
    assert (selected(panel, "encoding"), selected(panel, "delimiter")) == ("cp1252", "semicolon")
    assert "Un film dr\N{LATIN SMALL LETTER O WITH CIRCUMFLEX}le" in panel
    other = shown(service, "", file, {"encoding": "mac_roman"})
    assert "Un film dr\N{GREEK CAPITAL LETTER OMEGA}le" not in said and "drôle" not in other


def test_bad_rows_are_listed_and_left_out_only_on_request(service: BertService) -> None:
    bad = GOOD + "It ended.,green\n,positive\n"
    said = shown(service, bad)
    assert "2 rows cannot be read . Mend them" in said
    assert "Line 5: the label 'green' is none of negative, positive." in said and "Line 6: there is no text." in said
    with pytest.raises(BadDataError, match="Line 5: the label 'green'"):
        rows_of(service, "sentiment", bad, None, {})
    found = rows_of(service, "sentiment", bad, None, {"skip": True})
    assert found.lines == (2, 3, 4) and "will be left out" in shown(service, bad, None, {"skip": True})


def test_labels_that_nothing_explains_are_a_table_to_fill(service: BertService) -> None:
    rows = "text,label\nA fine film.,gut\nA dull film.,schlecht\n"
    panel = shown_rows(service, ASK, rows, None, None)
    assert "Say which is which" in panel and "data-take" in panel
    assert re.findall(r'data-label="([^"]*)"', panel) == ["gut", "schlecht"]
    mapping = {"mapping": [["gut", "positive"], ["schlecht", "negative"]]}
    found = rows_of(service, "sentiment", rows, None, mapping)
    assert [label for _, label in found.rows] == ["positive", "negative"]
    after = shown_rows(service, ASK, rows, None, mapping)
    assert re.findall(r'<option value="(\w+)" selected', after.partition("meanings-of")[2]) == ["positive", "negative"]
    topics = shown(service, rows, None, mapping, "topics")
    assert "Say which is which" in topics and "is no label of this model" not in topics


def test_numbers_that_count_from_either_are_asked_with_their_numbers(service: BertService) -> None:
    rows = "text,label\nA fine film.,1\nA dull film.,2\nA sad film.,3\n"
    panel = shown_rows(service, Ask("", "", "topics"), rows, None, None)
    assert re.findall(r'data-label="([^"]*)"', panel) == ["1", "2", "3"]


def test_two_columns_that_do_as_well_are_a_list(service: BertService) -> None:
    rows = "id,text,sentence,label\n1,A fine film.,It is.,positive\n2,A dull film.,It was.,negative\n"
    panel = shown_rows(service, ASK, rows, None, None)
    assert re.findall(r'<option value="(\w+)"', panel) == ["text", "sentence"] and 'data-choice="text"' in panel
    with pytest.raises(DataChoiceError):
        rows_of(service, "sentiment", rows, None, None)
    assert rows_of(service, "sentiment", rows, None, {"text": "sentence"}).texts == ("It is.", "It was.")
    pair = rows_of(service, "sentiment", rows, None, {"text": "text", "pair": "sentence"})
    assert pair.rows[0] == ("A fine film.", "It is.", "positive")


def test_columns_of_one_name_are_chosen_by_number(service: BertService) -> None:
    rows = "text,label,text\nA fine film.,positive,a\nA dull film.,negative,b\n"
    panel = shown_rows(service, ASK, rows, None, {"text": "3", "label": "label"})
    assert selected(panel, "text") == "3" and rows_of(service, "sentiment", rows, None, {"text": "3"}).texts == (
        "a",
        "b",
    )


def test_model_without_labels_says_what_to_do(service: BertService, tmp_path: Path) -> None:
    save_tokenizer(tmp_path)
    config = tiny_config(id2label={0: "score"}, num_labels=1, problem_type="regression")
    BertForSequenceClassification(config).save_pretrained(tmp_path)
    with pytest.raises(MissingHeadError, match="gives numbers, not labels"):
        shown_rows(service, Ask("", "", str(tmp_path)), GOOD, None, None)
    assert "Understood: 3 rows" in shown(service, GOOD, model="base")


STARS = "text;rating\nthe cat sat;4,5\na dog ran;1\nthe film was bad;=\n"


def test_numbers_are_understood_and_answered(service: BertService, tiny_regressor: str) -> None:
    ask, file = Ask("", "", tiny_regressor), sent(STARS, "stars.csv")
    panel = shown_rows_or_numbers(service, ask, "", file, None)
    said = " ".join(unescape(re.sub(r"<option value.*?</option>|<[^>]+>", " ", panel)).split())
    assert said.startswith("Understood: 2 rows of stars.csv") and "Numbers from 1 to 4.5, 2.75 on average." in said
    assert "line number text 2 4.5 the cat sat" in said and "line 4: '=' is no number." in said
    assert selected(panel, "label") == "rating" and "What the labels mean" not in said
    with pytest.raises(BadDataError, match="line 4: '=' is no number"):
        evaluated(service, tiny_regressor, ["", file, None, ""], JobProgress())
    controls = ["", file, {"skip": True, "mapping": [["a", "b"]]}, ""]
    values = EvaluateTab().answer(service, ask, (), controls, JobProgress())
    found = service.evaluate_regression([("the cat sat", 4.5), ("a dog ran", 1.0)], tiny_regressor, lines=(2, 3))
    assert f"<b>{found.mean_absolute_error.value:.3f}</b>" in values[0] and values[1] == values[4] == values[5] == ""
    assert list(values[3].data[1].x) == [4.5, 1.0] and list(values[3].data[1].y) == found.answers.tolist()
    rows = values[6]
    assert re.findall(r"line (\d)</i> right <b>([^<]*)</b>", rows) == [
        (str(each.line), f"{each.truth:g}") for each in found.farthest
    ]
    shows = [json.loads(unescape(each)) for each in re.findall(r'data-show="([^"]*)"', rows)]
    above = np.flatnonzero(found.answers > found.truth).tolist()
    assert sorted(shows[0]["places"]) == above and shows[1] == {} and sorted(shows[2]["places"] + above) == [0, 1]


def test_rows_that_do_not_fit_the_model_are_refused(service: BertService, tiny_regressor: str) -> None:
    """Labels for a model of numbers, numbers for one of labels, a slice where nothing is right or wrong."""
    panel = shown_rows_or_numbers(service, Ask("", "", tiny_regressor), GOOD, None, None)
    assert "No row has a text and its number. Line 2: &#39;positive&#39; is no number." in panel
    assert "Say which is which" in shown_rows_or_numbers(service, ASK, "text,label\na,2.5\nb,4.5\n", None, None)
    assert shown_rows_or_numbers(service, ASK, GOOD, None, None) == shown_rows(service, ASK, GOOD, None, None)
    with pytest.raises(BadDataError, match="No row has a text and its number"):
        evaluated(service, tiny_regressor, [GOOD, None, None, ""], JobProgress())
    with pytest.raises(ChoiceError, match="Leave the word out"):
        evaluated(service, tiny_regressor, [STARS, None, None, "film"], JobProgress())
    for rows, file, said in (
        (3, None, "must be text"),
        ("", None, "has no rows"),
        ("", sent(b"a" * 1_000_001, packed=False), "1,000,000 bytes"),
        ("a\t1\n" * 2001, None, "There are 2,001 rows; the limit is 2000"),
    ):
        with pytest.raises(BadDataError, match=said):
            evaluated(service, tiny_regressor, [rows, file, None, ""], JobProgress())


def test_files_of_numbers(service: BertService, tiny_regressor: str) -> None:
    stars = 'text,second,stars\n=1+1,the cat,2\n"a dog, ran",the mat,3.5\n'
    choices = {"text": "text", "pair": "second"}
    found = evaluated(service, tiny_regressor, [stars, None, choices, ""], JobProgress())
    made = {}
    for what, kind in (("rows", "csv"), ("rows", "jsonl"), ("rows", "parquet"), ("figures", "json")):
        stream = io.BytesIO()
        file = evaluation_file(found, FileRequest(what, kind, False, ()))
        file.write(stream)
        made[file.name] = stream.getvalue()
    columns, rows = read_parquet(made["evaluated-rows.parquet"])
    assert columns == ("line", "text", "second_text", "truth", "answer", "error")
    assert [row[:4] for row in rows] == [("2", "=1+1", "the cat", "2.0"), ("3", "a dog, ran", "the mat", "3.5")]
    assert [float(row[4]) for row in rows] == found.answers.tolist()
    assert [float(row[5]) for row in rows] == (found.answers - found.truth).tolist()
    assert b"'=1+1" in made["evaluated-rows.csv"]
    assert [json.loads(line)["truth"] for line in made["evaluated-rows.jsonl"].splitlines()] == [2.0, 3.5]
    assert json.loads(made["evaluation.json"]) == json.loads(json.dumps(serialise(found)))
    with pytest.raises(ChoiceError, match="There is no such file"):
        evaluation_file(found, FileRequest("report", "html", False, ()))


def test_answer_is_that_of_the_endpoint(service: BertService) -> None:
    tab, progress = EvaluateTab(), JobProgress()
    values = tab.answer(service, ASK, (), [GOOD, None, None, "film"], progress)
    rows = [("A fine film.", "positive"), ("A dull film.", "negative"), ("A warm film.", "positive")]
    found = service.evaluate(rows, "sentiment", "film", lines=(2, 3, 4))
    assert f"<b>{100 * found.accuracy.value:.1f} %</b>" in values[0]
    assert len(values) == 7 and values[6].count("<li") == 3 and "line 4" in values[6]
    assert progress.passes == (3, 3)


def test_answer_is_kept_and_made_once(service: BertService) -> None:
    first = evaluated(service, "sentiment", [GOOD, None, None, ""], JobProgress())
    progress = JobProgress()
    again = evaluated(service, "sentiment", ["", sent(GOOD), None, " "], progress)
    assert again is first and progress.passes == (0, 0)
    other = evaluated(service, "sentiment", [GOOD.replace("warm", "cold"), None, None, ""], progress)
    assert other is not first and progress.passes == (3, 3)


def test_text_of_the_bar_is_not_read(service: BertService) -> None:
    ask = Ask("[MASK] \N{SNOWMAN} " * 3000, "", "base", refused="too long")
    notice, values = answer_with_notice(EvaluateTab(), service, ask, (), [GOOD, None, None, ""], JobProgress(), True)
    assert "sentiment answers here" in notice and "answered" not in notice and "mask" not in notice.lower()
    assert "sentiment" in values[0]


def test_estimates_show_the_rows_so_far(service: BertService) -> None:
    rows = "".join(f"A film of {n} hours.\t{('positive', 'negative')[n % 2]}\n" for n in range(300))
    seen = []

    class Watching(JobProgress):
        def estimate(self, result: Any) -> None:
            seen.append(EvaluateTab().preview(result, []))

    evaluated(service, "sentiment", [rows, None, None, ""], Watching())
    assert len(seen) == 1 and "Over 256 rows." in seen[0][0] and seen[0][2:] == ["", None, "", "", ""]


def test_files_hold_the_figures_and_the_rows(service: BertService) -> None:
    found = evaluated(service, "sentiment", [GOOD, None, None, ""], JobProgress())
    stream = io.BytesIO()
    made = evaluation_file(found, FileRequest("figures", "json", False, ()))
    made.write(stream)
    figures = {name: value for name, value in serialise(found).items() if name != "probabilities"}
    assert made.name == "evaluation.json" and json.loads(stream.getvalue()) == json.loads(json.dumps(figures))
    for what, kind, name in (
        ("rows", "csv", "evaluated-rows.csv"),
        ("rows", "jsonl", "evaluated-rows.jsonl"),
        ("report", "html", "evaluation.html"),
    ):
        stream = io.BytesIO()
        made = evaluation_file(found, FileRequest(what, kind, False, ()))
        made.write(stream)
        assert made.name == name and (what == "report" or b"A warm film." in stream.getvalue())
    stream = io.BytesIO()
    evaluation_file(found, FileRequest("rows", "parquet", False, ())).write(stream)
    columns, rows = read_parquet(stream.getvalue())
    assert columns == ("line", "text", "truth", "answer", "right", "p(negative)", "p(positive)")
    assert [row[1] for row in rows] == ["A fine film.", "A dull film.", "A warm film."]
    assert [float(row[6]) for row in rows] == found.probabilities[:, 1].tolist()
    with pytest.raises(ChoiceError, match="There is no such file"):
        evaluation_file(found, FileRequest("rows", "exe", False, ()))


FILMS = "text,label\n" + "".join(
    f"A {word} {noun}.,{label}\n"
    for noun in ("film", "story", "comedy", "drama", "script", "thriller")
    for word, label in (("warm", "positive"), ("dull", "negative"))
)


def test_words_are_those_of_the_endpoint_and_lead_to_their_rows(service: BertService) -> None:
    progress = JobProgress()
    found = word_effects_of(service, ASK, [FILMS, None, None, MOST_FREQUENT], progress)
    assert progress.passes == (12, 12) and found.target == "negative"  # of two as frequent the first
    rows = [(row.split(",")[0], row.split(",")[1]) for row in FILMS.splitlines()[1:]]
    assert found == service.attribute_rows(rows, lines=range(2, 14))
    assert word_effects_of(service, ASK, [FILMS, None, None, "positive"], progress).target == "positive"
    panel = word_effects_panel(found)
    said = {json.loads(unescape(each))["places"][0] for each in re.findall(r'data-show="([^"]*)"', panel)}
    assert said == {0, 1} and "All 12 rows were explained" in panel and "<bdi>dull</bdi>" in panel
    for kind, write in (("csv", b"'@x"), ("jsonl", b'"@x"'), ("parquet", b"@x")):
        odd = replace(found, attributions=(replace(found.attributions[0], words=("@x",), scores=(0.5,)),))
        stream = io.BytesIO()
        made = attributions_file(odd, FileRequest("attributions", kind, False, ()))
        made.write(stream)
        assert made.name == f"row-attributions.{kind}" and write in stream.getvalue()
    with pytest.raises(ChoiceError, match="There is no such file"):
        attributions_file(found, FileRequest("attributions", "exe", False, ()))


def test_second_file_is_held_against_the_rows(service: BertService) -> None:
    second = sent("label;text\nnegative;A DULL film\npositive;Quite another text.\n", "training.csv")
    panel = issues(service, ASK, [FILMS, None, None, "", second], JobProgress())
    assert "Texts in both files: 1" in panel and "<bdi>training.csv</bdi>" in panel and "line 3" in panel
    without = issues(service, ASK, [FILMS, None, None, "base", None], JobProgress())
    assert "both files" not in without and "<em>base</em>" in without
    few = issues(service, ASK, [GOOD, None, None, "", None], JobProgress())
    assert "5 rows or more" in few
    with pytest.raises(BadDataError):
        issues(service, ASK, [FILMS, None, None, "", sent("", "empty.csv")], JobProgress())


def test_other_model_stands_beside_it(service: BertService) -> None:
    panel = compared(service, ASK, [FILMS, None, None, " sentiment "], JobProgress())
    assert "Answered otherwise: 0" in panel and "chance explains it" in panel
    with pytest.raises(ChoiceError, match="Name the other model"):
        compared(service, ASK, [FILMS, None, None, " "], JobProgress())
    with pytest.raises(BadDataError, match=r"none of this model.s labels|have other labels"):
        compared(service, ASK, [FILMS, None, None, "topics"], JobProgress())
