"""Files as people have them: cases of public reports on other tools, each with the value that is right.

The headings name the kind; none of the wording of a report is used.
"""

from __future__ import annotations

import gzip
import io
import json
import lzma
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from bert_demo.core.errors import BadDataError, DataChoiceError
from bert_demo.data.labelled import (
    LabelledTexts,
    labelled_texts,
    read_labelled_file,
    read_labelled_rows,
    read_upload,
    understand,
)
from bert_demo.data.labels import find_mapping, guesses
from bert_demo.data.parquet import write_parquet
from bert_demo.data.reading import FOUND, Reading
from bert_demo.data.table import table_of

SIDES = ("negative", "positive")
TOXIC = ("toxic", "insult", "threat")
NLI = ("entailment", "neutral", "contradiction")
FINE = (("A fine film.", "positive"), ("Dull; slow.", "negative"))


def read(
    content: str | bytes, labels: tuple[str, ...] = SIDES, several: bool = False, **choices: object
) -> LabelledTexts:
    """By the way of the command for bytes, by that of the page for a text."""
    reading = Reading(**choices)  # type: ignore[arg-type]
    if isinstance(content, str):
        return read_labelled_rows(content, labels, several, reading)
    return labelled_texts(table_of(content, "", reading), labels, reading, several)


def rows(content: str | bytes, **choices: object) -> tuple[tuple[str, ...], ...]:
    return read(content, **choices).rows


@pytest.mark.parametrize(
    "content",
    [
        b"text;label\nA fine film.;positive\n\"Dull; slow.\";negative\n",
        b"\xef\xbb\xbfText;Label\r\nA fine film.;positive\r\n\"Dull; slow.\";negative\r\n",
        b"sep=;\ntext;label\nA fine film.;positive\n\"Dull; slow.\";negative\n",
        b"text|label\nA fine film.|positive\nDull; slow.|negative\n",
        b"text,label\rA fine film.,positive\rDull; slow.,negative\r",
        "text\tlabel\nA fine film.\tpositive\nDull; slow.\tnegative\n".encode("utf-16"),
        "text\tlabel\nA fine film.\tpositive\nDull; slow.\tnegative\n".encode("utf-16-le"),
        b"text,label,,\nA fine film.,positive\nDull; slow.,negative,,\n",
        b"id,text,label\n7,A fine film.,1.0\n8,Dull; slow.,0.0\n",
        b"v1,v2,,,\npositive,A fine film.,,,\nnegative,Dull; slow.,,,\n",
        b"text,category,sentiment\nA fine film.,film,positive\nDull; slow.,film,negative\n",
        b"review,sentiment\nA fine film.,pos\nDull; slow.,neg\n",
        b"text,labels\nA fine film.,True\nDull; slow.,False\n",
        b"text,label\nA fine film.,LABEL_1\nDull; slow.,LABEL_0\n",
        b"text,label\nA fine film.,1\nDull; slow.,-1\n",
        b'{"text": "A fine film.", "label": 1}\n\n{"text": "Dull; slow.", "label": 0}\n',
        b'[{"id": 1, "label": "positive", "text": "A fine film."},\n {"label": "negative", "text": "Dull; slow."}]',
        b'[["A fine film.", "positive"], ["Dull; slow.", "negative"]]',
        gzip.compress(b"text,label\nA fine film.,1\nDull; slow.,0\n", mtime=0),
        lzma.compress(b"text,label\nA fine film.,1\nDull; slow.,0\n"),
        b"gj04\t1\t\tA fine film.\ngj05\t0\t*\tDull; slow.\n",
        b"17,1,A fine film.\n18,0,Dull; slow.\n",
        b"0,A fine film.,1\n1,Dull; slow.,0\n",
    ],
)  # fmt: skip
def test_spellings_of_the_same_two_rows(content: bytes) -> None:
    if content.startswith(b"0,"):
        with pytest.raises(DataChoiceError, match="both labels"):
            rows(content)
        assert rows(content, label=("3",), text=("2",)) == FINE
    else:
        assert rows(content) == FINE


def test_an_id_that_counts_the_rows_is_no_label_and_no_text() -> None:
    content = "0,A fine film,1\n1,Dull,0\n2,Good,1\n3,Bad,0\n"
    assert rows(content) == (
        ("A fine film", "positive"),
        ("Dull", "negative"),
        ("Good", "positive"),
        ("Bad", "negative"),
    )


def test_quotes_of_a_tab_separated_file_are_read_where_it_has_them() -> None:
    """pandas 3.1.1 writes them, GLUE and SST do not; so the file decides, and it is said."""
    texts = ['He said "bravo" and so do I.', "Two\nlines", "Plain", 'With\ta tab and "quotes"']
    table = pd.DataFrame({"text": texts, "label": [1, 0, 1, 0]}).to_csv(sep="\t", index=False)
    found = read(table)
    assert found.texts == tuple(text.strip() for text in texts) and found.lines == (2, 3, 5, 6)
    assert str(found.understood.dialect) == "Tab-separated."
    glue = read('sentence\tlabel\n"bravo" he said\t1\nit \'s "fine\t0\n')
    assert glue.texts == ('"bravo" he said', "it 's \"fine") and "without quotes" in str(glue.understood.dialect)
    mysql = 'text,label\n"He said \\"bravo\\"",1\n"a, b",0\n'
    assert read(mysql).texts == ('He said "bravo"', "a, b") and "backslash" in str(read(mysql).understood.dialect)


@pytest.mark.parametrize(
    "word", ["NA", "None", "null", "nan", "N/A", "0012", "1e5", "yes", "12345678901234567891", "inf"]
)
def test_no_word_is_missing_and_none_a_number(word: str) -> None:
    """pandas 3.1.1 takes the first five for missing and 0012 for 12, duckdb 2.0.1 yes for true; read_json joins ids."""
    assert read(f"text,label\n{word},1\nx,0\n").texts == (word, "x")
    assert read(f'{{"text": "{word}", "label": 1}}\n{{"text": "x", "label": 0}}\n').texts == (word, "x")
    assert read(f"id,text,label\na,b,{word}\nc,d,x\n", labels=(word, "x")).labels == ((0,), (1,))


def test_longer_first_row_is_bad_and_shifts_nothing() -> None:
    """pandas 3.1.1 makes the first column the index in silence; polars 2.1.0 gives rows of nulls for blank lines."""
    with pytest.raises(BadDataError, match="Line 2: 3 columns where the header has 2"):
        read("text,label\nWell, fine,positive\n\ndull,negative\n")
    found = understand("text,label\nWell, fine,positive\n\ndull,negative\n", SIDES)
    assert found.rows == (("dull", "negative"),) and [bad.line for bad in found.understood.bad] == [2]
    assert read("text,label\nWell, fine,positive\n\ndull,negative\n", skip=True).lines == (4,)


def test_the_row_that_is_named_is_the_row_that_is_wrong() -> None:
    good = "".join(f"Film {n},1\n" for n in range(3))
    for wrong, said in (("Film x,\n", "there is no label"), ("Film, x,1\n", "3 columns"), ("Film x,grey\n", "'grey'")):
        with pytest.raises(BadDataError, match=f"Line 5: .*{said}"):
            read(f"text,label\n{good}{wrong}{good}last,0\n")
    with pytest.raises(BadDataError, match="Line 3: the label '-1' is none of"):
        read("text,label\na,1\nb,-1\nc,0\n")
    with pytest.raises(BadDataError, match="So are 1 more rows, such as line 6"):
        read("text,label\na,1\nb,\nc,0\nd,1\ne,\n")


def test_premise_and_hypothesis_are_two_texts() -> None:
    content = "idx,premise,hypothesis,label\n1,It rains.,It is wet.,0\n2,It rains.,It is dry.,2\n3,A.,B.,1\n"
    found = read(content, NLI)
    assert found.texts[0] == "It rains." and found.pairs[:2] == ("It is wet.", "It is dry.")
    assert str(found.understood.columns) == "Columns premise with hypothesis and label. Left out: idx."
    assert read(content, NLI, text=("premise", "hypothesis")) == found
    assert found.rows[0] == ("It rains.", "It is wet.", "entailment")
    joined = read(content, NLI, text=("premise", "hypothesis"), pair="idx")
    assert joined.texts[0] == "It rains. It is wet."
    for first, second in (("sentence1", "sentence2"), ("Question", "CONTEXT"), ("question1", "question2")):
        assert read(content.replace("premise", first).replace("hypothesis", second), NLI).pairs == found.pairs
    with pytest.raises(DataChoiceError, match="several columns of text and no header: columns 1 and 2") as error:
        read("It rains.\tIt is wet.\tentailment\nIt snows.\tIt is dry.\tneutral\n", NLI)
    assert error.value.option == "text" and error.value.choices == ("1", "2")


@pytest.mark.parametrize(
    "cell", ["toxic;insult", "toxic, insult", "toxic|insult", "['toxic', 'insult']", '["toxic", "insult"]', "[1, 1, 0]",
             "['toxic' 'insult']", "TOXIC/insult"],
)  # fmt: skip
def test_several_labels_in_a_cell(cell: str) -> None:
    quoted = cell.replace('"', '""')
    none = "[0, 0, 0]" if cell.startswith("[1") else ""
    found = read(f'text,labels\nYou fool,"{quoted}"\nHello,"{none}"\n', TOXIC, several=True)
    assert found.labels == ((0, 1), ())


def test_one_column_for_each_label() -> None:
    content = "id,comment_text,toxic,insult,threat\n1a,You fool,1,1,0\n2b,Hello,0,0,0\n"
    found = read(content, TOXIC, several=True)
    assert found.labels == ((0, 1), ()) and found.texts == ("You fool", "Hello")
    assert str(found.understood.columns) == "Columns comment_text and a mark in toxic, insult, threat. Left out: id."
    with pytest.raises(BadDataError, match="Line 2: 2 labels are marked, where one is needed"):
        read(content, TOXIC)


def test_two_columns_that_may_both_be_the_text_are_a_question() -> None:
    content = "text,sentence,label\na b,c d,1\ne f,g h,0\n"
    with pytest.raises(DataChoiceError, match="several columns that may be the text: text, sentence") as error:
        read(content)
    assert (error.value.option, error.value.choices) == ("text", ("text", "sentence"))
    assert read(content, text=("sentence",)).texts == ("c d", "g h")
    assert read(content, text=("2",)).texts == ("c d", "g h")
    with pytest.raises(DataChoiceError) as error:
        read("text,sentiment,polarity\na b,pos,neg\nc d,neg,pos\n")
    assert (error.value.option, error.value.choices) == ("label", ("sentiment", "polarity"))


def test_two_delimiters_that_do_as_well_are_a_question() -> None:
    content = "well, done;positive\nso, so;negative\n"
    with pytest.raises(DataChoiceError, match=r"comma or a semicolon|semicolon or a comma") as error:
        read(content)
    assert error.value.option == "delimiter" and set(error.value.choices) == {"comma", "semicolon"}
    assert rows(content, delimiter="semicolon") == (("well, done", "positive"), ("so, so", "negative"))


def test_labels_without_names_in_common_are_a_question_with_a_mapping() -> None:
    content = "text,label\na,gut\nb,schlecht\nc,gut\n"
    with pytest.raises(DataChoiceError, match="'gut', 'schlecht'; this model's are negative, positive") as error:
        read(content)
    assert (error.value.option, error.value.choices) == ("mapping", ("gut", "schlecht"))
    mapping = (("gut", "positive"), ("schlecht", "negative"))
    assert read(content, mapping=mapping).labels == ((1,), (0,), (1,))
    for said in (mapping, mapping[::-1]):
        assert "Labels: schlecht = negative, gut = positive." in str(read(content, mapping=said).understood)
    with pytest.raises(DataChoiceError, match="no label of this model"):
        read(content, mapping=(("gut", "good"),))
    assert guesses(["Positiv", "x"], SIDES) == [("Positiv", "positive"), ("x", "")]


@pytest.mark.parametrize(
    ("found", "labels", "places"),
    [
        (["1.0", "0.0"], SIDES, [1, 0]),
        (["1.0", "2.0"], SIDES, [0, 1]),
        (["-1", "0", "1"], ("negative", "neutral", "positive"), [0, 1, 2]),
        (["-1", "1"], ("negative", "neutral", "positive"), [0, 2]),
        (["yes", "NO"], SIDES, [1, 0]),
        (["pos", "NEG"], SIDES, [1, 0]),
        (["neg", "neu", "pos"], ("negative", "neutral", "positive"), [0, 1, 2]),
        (["4", "5.0", "1 star", "★★"], ("1 star", "2 stars", "3 stars", "4 stars", "5 stars"), [3, 4, 0, 1]),
        (["5", "1"], ("1", "2", "3", "4", "5"), [4, 0]),
        (["LABEL_2", "label_0"], TOXIC, [2, 0]),
        (["US", "us", "it"], ("US", "us", "it"), [0, 1, 2]),
        (["positive"], ("negative ", "positive "), [1]),
        (["other"], ("other", "spam", "other"), [None]),
    ],
)
def test_labels_as_people_write_them(found: list[str], labels: tuple[str, ...], places: list[int | None]) -> None:
    if places == [None]:
        with pytest.raises(DataChoiceError):
            find_mapping(found, labels)
    else:
        mapping = find_mapping(found, labels)
        assert [mapping.place(name) for name in found] == places


def test_windows_1252_is_a_guess_that_is_shown_and_can_be_changed() -> None:
    """charset-normalizer 3.5.3 reads the first as "Hungarian" (Le film ķtait trĶs long) with a confidence of 0.96."""
    french = "text,label\nLe film était très long.,0\nUn régal, ça vaut le détour.,1\n".replace("régal, ", "régal ")
    found = read(french.encode("cp1252"))
    assert found.texts[0] == "Le film était très long." and found.understood.origin.guessed
    assert found.understood.origin.sample[0] == "Le film était très long.,0"
    assert "Windows-1252, western languages (a guess)" in str(found.understood)
    for text in (
        "Gut! Schön.",
        "El niño está aquí, señor.",
        "Det är så bra på sjön.",
        "Não é só coração.",
        "Perché è così?",
    ):
        assert read(f"text;label\n{text};1\nx;0\n".encode("cp1252")).texts[0] == text
    assert read(french.encode("utf-16")).texts == found.texts
    for text, encoding in (
        ("Хороший фильм, очень понравилось", "cp1251"),
        ("很好的电影", "gb18030"),
        ("とても良い映画です", "cp932"),
        ("Хороший фильм", "koi8_r"),
    ):
        content = f"text;label\n{text};1\nx;0\n".encode(encoding)
        with pytest.raises(DataChoiceError, match="encoding cannot be told") as error:
            read(content)
        assert error.value.option == "encoding" and encoding in error.value.choices
        assert read(content, encoding=encoding).texts[0] == text
    with pytest.raises(BadDataError, match="There is no encoding 'klingon'"):
        read(b"a,b", encoding="klingon")


def test_workbooks(tmp_path: Path) -> None:
    """openpyxl 3.1.5 gives nothing for a text that begins with "=", which pandas 3.1.1 itself writes as a formula;
    labels beside a blank become 1.0."""
    path = tmp_path / "rows.xlsx"
    texts = ["A fine film.", "=1+1 is 2", "+1 for this", "001", "NA", "no label"]
    pd.DataFrame({"text": texts, "label": [1, 0, 1, 0, 1, None]}).to_excel(path, index=False)
    found = read(path.read_bytes(), skip=True)
    assert found.texts == tuple(texts[:5]) and found.labels == ((1,), (0,), (1,), (0,), (1,))
    assert [(bad.line, bad.reason) for bad in found.understood.bad] == [(7, "Row 7: there is no label.")]
    book = openpyxl.load_workbook(path)
    book.create_sheet("more").append(["text", "label"])
    book.save(path)
    with pytest.raises(DataChoiceError, match="rows in several sheets: Sheet1, more") as error:
        read(path.read_bytes())
    assert error.value.choices == ("Sheet1", "more")
    assert read(path.read_bytes(), sheet="Sheet1", skip=True).texts == found.texts
    assert "A fine film.,1\n" in read_upload(path.read_bytes(), Reading(sheet="Sheet1"))


def test_parquet(tmp_path: Path) -> None:
    content = write_parquet({"text": ["A, b", "NA"], "label": [1, 0], "id": ["0012", "7"]})
    assert rows(content) == (("A, b", "positive"), ("NA", "negative"))
    assert str(read(content).understood.origin) == "Parquet."
    lists = write_parquet({"text": ["x"], "labels": ["['toxic']"]})
    assert read(lists, TOXIC, several=True).labels == ((0,),)
    with pytest.raises(BadDataError, match="Parquet file cannot be read"):
        read(b"PAR1 nothing PAR1")


def test_zip_with_one_file_and_what_is_no_table() -> None:
    def zipped(*names: str) -> bytes:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as packed:
            for name in names:
                packed.writestr(name, "text,label\nA fine film.,1\nDull; slow.,0\n")
        return stream.getvalue()

    assert rows(zipped("rows.csv", "__MACOSX/._rows.csv")) == FINE
    for content, said in (
        (zipped("a.csv", "b.csv"), "holds 2 files; one is read"),
        (gzip.compress(b"text,label\n", mtime=0)[:-6], "cannot be unpacked"),
        (b"\xd0\xcf\x11\xe0rest", "old kind"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0", "is no text"),
        (b'{"text": "a", "label": 1}\n{"text": ', "Line 2: not JSON"),
        (b'[{"text": "a"},\n{"text": "b"} {"text": "c"}]', "Line 2: not JSON"),
    ):
        with pytest.raises(BadDataError, match=said):
            read(content)
    with pytest.raises(BadDataError, match="more than 1,000,000 bytes when it is unpacked"):
        read_upload(gzip.compress(b"x" * 1_000_001, mtime=0))


def test_headers_in_other_languages_and_any_case() -> None:
    for text, label in (
        ("Texto", "Etiqueta"),
        ("TEXTE", "Étiquette"),
        ("Satz", "Klasse"),
        ("文本", "标签"),
        ("テキスト", "ラベル"),
        ("Текст", "Метка"),
        ("Comment_Text", "Gold-Label"),
        ("tweet", "airline sentiment"),
    ):
        found = read(f"nr,{text},{label}\n1,A b,positive\n2,C d,negative\n")
        assert found.texts == ("A b", "C d") and found.labels == ((1,), (0,)), text


def test_what_was_understood_says_everything(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv.gz"
    path.write_bytes(gzip.compress("id;text;label\n1;Schön;pos\n2;Öde;neg\n3;;neg\n".encode("cp1252"), mtime=0))
    with pytest.raises(BadDataError, match=r"rows.csv.gz, line 4: there is no text"):
        read_labelled_file(path, SIDES)
    found = read_labelled_file(path, SIDES, Reading(skip=True)).understood
    assert str(found.origin) == "CSV, packed with gzip, Windows-1252, western languages (a guess)."
    assert str(found.dialect) == "Semicolon-separated." and found.counts == (("negative", 1), ("positive", 1))
    assert (found.rows, found.read, len(found.bad)) == (3, 3, 1)
    assert FOUND.skip is False and json.dumps(found.counts)


def test_ids_of_twenty_digits_stay_two_and_prose_is_one_column() -> None:
    """pandas 3.1.1's read_json makes one number of two ids; its `sep=None` parts prose at the letter t."""
    ids = ("12345678901234567890", "12345678901234567891")
    for written in ('"{}"', "{}"):
        content = "".join(f'{{"text": {written.format(each)}, "label": {at}}}\n' for at, each in enumerate(ids))
        assert read(content).texts == ids
    prose = "text\tlabel\nBut the end was bad\t0\nIt went on and on\t1\n"
    assert read(prose).texts == ("But the end was bad", "It went on and on")


def test_one_ragged_row_is_bad_and_the_others_keep_their_columns() -> None:
    """duckdb 2.0.1's sniffer makes of it a file with a single column, in silence."""
    found = understand("text,label\nA fine film.,positive\nalone\nA dull film.,negative\n", SIDES)
    assert found.rows == (("A fine film.", "positive"), ("A dull film.", "negative"))
    assert [bad.line for bad in found.understood.bad] == [3]


def test_quoted_newlines_are_read_in_a_big_file_as_in_a_small_one(tmp_path: Path) -> None:
    """pyarrow 26.0.1's csv reader breaks where a block of a megabyte ends inside a quoted text."""
    path = tmp_path / "big.csv"
    text = "A film\nof two lines, and of many words that say little."
    path.write_text("text,label\n" + f'"{text}",positive\n' * 25_000, encoding="utf-8")
    assert path.stat().st_size > 1_500_000
    found = read_labelled_file(path, SIDES)
    assert len(found.texts) == 25_000 and set(found.texts) == {text} and found.lines[-1] == 50_000


def test_text_that_fills_a_cell_was_cut_and_its_row_is_bad(tmp_path: Path) -> None:
    """pandas 3.1.1 and openpyxl 3.1.5 cut texts at 32,767 characters when they write a workbook."""
    path = tmp_path / "long.xlsx"
    book = openpyxl.Workbook()
    for row in (["text", "label"], ["x" * 40_000, 1], ["A dull film.", 0], ["A fine film.", 1]):
        book.active.append([each[:32_767] if isinstance(each, str) else each for each in row])
    book.save(path)
    found = read(path.read_bytes())
    assert found.texts == ("A dull film.", "A fine film.")
    (bad,) = found.understood.bad
    assert bad.line == 2 and bad.reason.startswith(
        "Row 2: a cell has 32,767 characters, the most that a workbook holds"
    )
