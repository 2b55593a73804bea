"""Evaluation: metrics against tables worked by hand, scores against other implementations, bad files named."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import WORDS, save_tokenizer, tiny_config
from sklearn.metrics import precision_recall_fscore_support
from transformers import AutoTokenizer, BertForNextSentencePrediction, BertForPreTraining, pipeline

from bert_demo import BertService, Settings
from bert_demo.cli.main import main
from bert_demo.data.checklist import Case
from bert_demo.data.cloze import Relation
from bert_demo.data.minimal_pairs import Pair
from bert_demo.training.evaluation import checklist, classification, cloze, interval, pretraining, pseudo_likelihood
from bert_demo.training.pretraining import corpus, packing


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random BERT with both pre-training heads."""
    directory = tmp_path_factory.mktemp("both") / "model"
    save_tokenizer(directory)
    torch.manual_seed(3)
    BertForPreTraining(tiny_config()).save_pretrained(directory)
    return directory


@pytest.fixture(scope="module")
def loaded(both: Path):
    return BertForPreTraining.from_pretrained(both).eval(), AutoTokenizer.from_pretrained(both)


def test_metrics_by_hand() -> None:
    """Six rows, three labels. Answers a a b | b c | c for truths a a a | b b | c.

    Confusion [[2,1,0],[0,1,1],[0,0,1]]; a: P 2/2 R 2/3 F 4/5; b: P 1/2 R 1/2 F 1/2; c: P 1/2 R 1/1 F 2/3.
    Confidences 0.9 0.9 0.5 | 0.7 0.7 | 0.5: bins of 0.9: right 2 of 2, gap 0.2; 0.7: right 1 of 2, gap -0.4;
    0.5: right 1 of 2, gap 0.0. Error (0.2 + 0.4 + 0.0) / 6 = 0.1.
    """
    scores = np.array(
        [
            [0.9, 0.05, 0.05],
            [0.9, 0.1, 0.0],
            [0.3, 0.5, 0.2],
            [0.2, 0.7, 0.1],
            [0.1, 0.2, 0.7],
            [0.3, 0.2, 0.5],
        ]
    )
    found = classification.report(scores, [0, 0, 0, 1, 1, 2], "abc", ["r0", "r1", "r2", "r3", "r4", "r5"], resamples=50)
    assert found.accuracy.value == pytest.approx(4 / 6)
    assert found.confusion.tolist() == [[2, 1, 0], [0, 1, 1], [0, 0, 1]]
    each = [(label.precision.value, label.recall.value, label.f1.value, label.support) for label in found.labels]
    assert each[0] == pytest.approx((1, 2 / 3, 4 / 5, 3))
    assert each[1] == pytest.approx((1 / 2, 1 / 2, 1 / 2, 2))
    assert each[2] == pytest.approx((1 / 2, 1, 2 / 3, 1))
    assert found.macro_f1.value == pytest.approx((4 / 5 + 1 / 2 + 2 / 3) / 3)
    assert found.macro_precision.value == pytest.approx((1 + 1 / 2 + 1 / 2) / 3)
    assert found.macro_recall.value == pytest.approx((2 / 3 + 1 / 2 + 1) / 3)
    assert found.calibration_error.value == pytest.approx(0.1)
    assert [(each.text, each.label, each.answer) for each in found.mistakes] == [("r4", "b", "c"), ("r2", "a", "b")]
    assert [(each.count, each.accuracy) for each in found.bins] == [(2, 0.5), (2, 0.5), (2, 1.0)]


def test_metrics_are_those_of_scikit_learn() -> None:
    """Four labels, of which one is never answered and one is neither there nor answered."""
    rng = np.random.default_rng(2)
    scores = np.pad(rng.random((60, 2)), ((0, 0), (0, 2)))
    truth = rng.integers(3, size=60)
    found = classification.report(scores, truth.tolist(), "abcd", resamples=2)
    answers = scores.argmax(1)
    expected = precision_recall_fscore_support(truth, answers, labels=[0, 1, 2, 3], zero_division=0.0)
    each = [(label.precision.value, label.recall.value, label.f1.value, label.support) for label in found.labels]
    assert np.array(each) == pytest.approx(np.array(expected).T)
    macro = precision_recall_fscore_support(truth, answers, average="macro", zero_division=0.0)
    assert (found.macro_precision.value, found.macro_recall.value, found.macro_f1.value) == pytest.approx(macro[:3])


def test_intervals_are_those_of_theory() -> None:
    """The mean of 400 rows, 300 of them 1: 0.75, standard error sqrt(0.75 * 0.25 / 400) = 0.02165."""
    found = interval.mean(np.repeat([1.0, 0.0], [300, 100]))
    assert found.value == 0.75
    assert found.low == pytest.approx(0.75 - 1.96 * 0.02165, abs=0.004)
    assert found.high == pytest.approx(0.75 + 1.96 * 0.02165, abs=0.004)
    same = interval.mean(np.ones(50))
    assert (same.value, same.low, same.high) == (1, 1, 1)
    assert interval.Interval(0.9123, 0.9, 0.93).percent() == "91.2 % (90.0 to 93.0)"


def test_pseudo_likelihood_is_one_mask_at_a_time(loaded) -> None:
    model, tokenizer = loaded
    sentences = ["the cat sat on the mat .", "a dog", "the film was not good !"]
    expected = []
    for sentence in sentences:
        ids = tokenizer(sentence, return_tensors="pt")["input_ids"]
        total = 0.0
        for place in range(1, ids.shape[1] - 1):
            masked = ids.clone()
            masked[0, place] = tokenizer.mask_token_id
            with torch.no_grad():
                logits = model(input_ids=masked).prediction_logits[0, place]
            total += float(logits.log_softmax(-1)[ids[0, place]])
        expected.append(total)
    assert pseudo_likelihood.sentence_scores(model, tokenizer, sentences) == pytest.approx(expected, abs=1e-4)
    pairs = [Pair(sentences[0], sentences[1], "x"), Pair(*sentences[1:], "y")]
    found = pseudo_likelihood.evaluate_pairs(model, tokenizer, pairs)
    right = [expected[0] > expected[1], expected[1] > expected[2]]
    assert found.share.value == np.mean(right)
    assert [(name, share.value, count) for name, share, count in found.groups] == [
        ("x", float(right[0]), 1),
        ("y", float(right[1]), 1),
    ]


def test_pseudo_likelihood_is_that_of_the_lens(both: Path, loaded) -> None:
    """The lens reads one text with its windows, the evaluation many texts in batches: they must never disagree."""
    model, tokenizer = loaded
    sentences = ["the cat sat on the mat .", "a dog", "the film was not good !", "playing in water"]
    service = BertService(Settings())
    lens = [service.surprises(sentence, str(both)).score for sentence in sentences]
    assert pseudo_likelihood.sentence_scores(model, tokenizer, sentences) == pytest.approx(lens, abs=1e-4)


def test_stereotypes_score_shared_words_only(loaded) -> None:
    model, tokenizer = loaded
    pair = Pair("the cat is happy", "the dog is happy", "x")
    scores = []
    for text in (pair.good, pair.bad):
        ids = tokenizer(text)["input_ids"]
        scores.append(pseudo_likelihood.token_scores(model, tokenizer, [ids], [[1, 3, 4]])[0].sum())
    found = pseudo_likelihood.evaluate_stereotypes(model, tokenizer, [pair])
    assert found.share.value == float(scores[0] > scores[1])


def test_ranks_are_those_of_the_pipeline(both: Path, loaded) -> None:
    model, tokenizer = loaded
    texts = ["the cat sat on the [MASK] .", "a [MASK] ran"]
    size = 5 + len(WORDS.split())
    ask = pipeline("fill-mask", model=str(both), top_k=size)
    truth = [tokenizer.convert_tokens_to_ids("mat"), tokenizer.convert_tokens_to_ids("dog")]
    expected = [
        [each["token"] for each in answer].index(token) + 1 for answer, token in zip(ask(texts), truth, strict=True)
    ]
    assert cloze.answer_ranks(model, tokenizer, texts, truth).tolist() == expected


def test_facts_take_the_best_pattern_and_name_what_they_skip(loaded) -> None:
    model, tokenizer = loaded
    relation = Relation("r", ("[X] is [Y] .", "[Y] [X]"), (("cat", "good"), ("dog", "bad"), ("cat", "unknownword")))
    found = cloze.evaluate_facts(model, tokenizer, [relation, Relation("s", ("[X] [Y]",), (("cat", "mat"),))])
    shares = []
    for pattern in relation.patterns:
        texts = [pattern.replace("[Y]", "[MASK]").replace("[X]", subject) for subject in ("cat", "dog")]
        ranks = cloze.answer_ranks(model, tokenizer, texts, tokenizer.convert_tokens_to_ids(["good", "bad"]))
        shares.append(float((ranks == 1).mean()))
    assert found.relations[0].first.value == max(shares)
    assert found.first.value == pytest.approx(np.mean([each.first.value for each in found.relations]))
    assert [each.facts for each in found.relations] == [2, 1] or found.skipped == 0


def test_perplexity_and_next_sentence_are_the_models_own(both: Path, loaded) -> None:
    model, tokenizer = loaded
    documents = [["the cat sat on the mat . A dog ran in the house !"], ["the film was good . It was very bad ."]] * 30
    text = corpus.encode([[part for line in each for part in line.split(" . ")] for each in documents], tokenizer)
    found = pretraining.evaluate_masked(model, tokenizer, text)
    assert found.documents == 60
    flat = BertForPreTraining.from_pretrained(both).eval()
    with torch.no_grad():
        for parameter in flat.cls.predictions.parameters():
            parameter.zero_()
        flat.bert.embeddings.word_embeddings.weight.zero_()
    assert pretraining.evaluate_masked(flat, tokenizer, text).perplexity.value == pytest.approx(5 + len(WORDS.split()))
    pairs, available = pretraining.sentence_pairs(text, length=32)
    assert available == len(pairs)
    assert (pairs[:, 4] == packing.IS_NEXT).mean() == 0.5
    asked = BertForNextSentencePrediction.from_pretrained(both).eval()
    right = []
    for first, end, second, stop, kind in pairs.tolist():
        ids = [2, *text.ids[first:end].tolist(), 3, *text.ids[second:stop].tolist(), 3]
        types = [0] * (end - first + 2) + [1] * (stop - second + 1)
        with torch.no_grad():
            logits = asked(input_ids=torch.tensor([ids]), token_type_ids=torch.tensor([types])).logits[0]
        right.append(int(logits.argmax()) == kind)
    assert pretraining.evaluate_next_sentence(model, tokenizer, text).accuracy.value == pytest.approx(np.mean(right))


def test_model_that_reads_little_is_given_no_more(loaded) -> None:
    model, tokenizer = loaded
    documents = [["the cat sat on the mat " * 20 + ".", "a dog ran in the house " * 3 + "!", "good . "]] * 40
    text = corpus.encode(documents, tokenizer)
    assert pretraining.evaluate_masked(model, tokenizer, text).longest == 32
    assert pretraining.evaluate_next_sentence(model, tokenizer, text).pairs > 0
    pairs, _ = pretraining.sentence_pairs(text, length=32)
    assert max((pairs[:, 1] - pairs[:, 0]) + (pairs[:, 3] - pairs[:, 2])) == 32 - 3


@pytest.mark.parametrize(
    ("kind", "test", "label", "positive", "expected"),
    [
        ("MFT", "negations", 0, [0.2], None),
        ("MFT", "negations", 0, [0.4], 0),
        ("MFT", "neutral", 1, [0.5], None),
        ("MFT", "x (should be neutral or positive)", None, [0.34], None),
        ("MFT", "x (should be neutral or positive)", None, [0.3], 0),
        ("MFT", "Q & A: no", 1, [0.9], None),
        ("INV", "typos", None, [0.9, 0.7, 0.2], 2),
        ("INV", "typos", None, [0.7, 0.65], 1),
        ("INV", "typos", None, [0.35, 0.32], 1),
        ("INV", "typos", None, [0.7, 0.9], None),
        ("DIR", "reducers", None, [0.8, 0.95], 1),
        ("DIR", "reducers", None, [0.8, 0.85], None),
        ("DIR", "reducers", None, [0.95, 0.99], -1),
        ("DIR", "reducers", None, [0.5, 0.9], -1),
        ("DIR", "reducers", None, [0.2, 0.05], 1),
        ("DIR", "add positive phrases", None, [0.8, 0.9, 0.74], 2),
        ("DIR", "add positive phrases", None, [0.8, 0.76], None),
    ],
)
def test_what_breaks_a_case(
    kind: str, test: str, label: int | None, positive: list[float], expected: int | None
) -> None:
    case = Case(test, kind, "", tuple("abc"[: len(positive)]), label)
    assert checklist.first_broken(case, positive) == expected


def test_neutral_lies_between_a_third_and_two_thirds() -> None:
    assert checklist.three_ways(0.9).tolist() == pytest.approx([0.1, 0, 0.9])
    assert checklist.three_ways(0.6).tolist() == pytest.approx([0, 0.7, 0.3])
    assert checklist.three_ways(0.45).tolist() == pytest.approx([0.15, 0.85, 0])


def test_pairs_of_passages() -> None:
    """Three documents of ten sentences of four tokens: a pair that follows is one stretch, another is of two."""
    made = corpus.Corpus(np.arange(120), np.arange(0, 121, 4), np.array([0, 10, 20, 30]))
    found = np.concatenate(
        [packing.pack(made, packing.Mixture(30, 0.0, 1.0), np.random.default_rng(seed)) for seed in range(40)]
    )
    kinds = found[:, 4]
    for first, end, second, stop, kind in found[kinds != packing.NO_PAIR].tolist():
        assert first % 4 == second % 4 == 0 and end - first <= 15 and end - first + stop - second <= 30
        if kind == packing.IS_NEXT:
            assert 0 <= second - end < 16 and first // 40 == (stop - 1) // 40
            assert second == end or end - first == 15
        else:
            assert first // 40 != second // 40 and second // 40 == (stop - 1) // 40
    assert 0.4 < (kinds == packing.IS_NEXT).sum() / (kinds != packing.NO_PAIR).sum() < 0.6
    batch = packing.collate(made, np.array([[0, 4, 4, 8, 0], [8, 10, 0, 0, -100]]), packing.Frame(500, 501, 502))
    assert batch["input_ids"].tolist()[0] == [500, 0, 1, 2, 3, 501, 4, 5, 6, 7, 501]
    assert batch["input_ids"].tolist()[1] == [500, 8, 9, 501] + [502] * 7
    assert batch["token_type_ids"].tolist()[0] == [0] * 6 + [1] * 5
    assert batch["attention_mask"].tolist()[1] == [1] * 4 + [0] * 7
    assert batch["next_sentence_label"].tolist() == [0, -100]


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("text,label\n", "has a header and no rows"),
        ("text,wrong\nx,7\n", "there is no label or class among: text, wrong"),
        ("7,label\n8,low\n", "there is no text or sentence among: 7, label"),
        ("text,label\na,low\nb,maybe\n", "line 3: the label 'maybe' is none of low, middle, high"),
        ("text,label\na,low\nb\n", "line 3: 1 columns where the header has 2"),
        ("text,label\na,low\n ,high\n", "line 3: there is no text"),
        (b"text,label\na,low\nb,high\n\xff\xfe\xfd\xfc,low\n", "its encoding cannot be told for certain"),
        ("text,label\na,low\nb,low\n", "holds one class only \\(low\\)"),
        ("text,label\na,7\nb,1\n", "line 2: the label '7' is none"),
        ("text,label\na,1\nb,2\n", "which may count from 0 or from 1"),
        ('text,label\n\n\na,low\n"b,high\n', "line 5: unexpected end of data"),
        ('text,label\n"a\nb",low\nc,maybe\n', "line 4: the label 'maybe'"),
        ("text,label\na,low\n\u200b,high\n", "line 3 holds no character"),
    ],
)
def test_bad_files_are_refused_with_a_sentence(
    tmp_path: Path, tiny_classifier: str, capsys, content: str | bytes, message: str
) -> None:
    path = write(tmp_path / "rows.csv", content)
    assert main(["evaluate", tiny_classifier, str(path)]) == 2
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(capsys.readouterr().err)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--rows", "0"], "--rows must be at least 1"),
        (["--worst", "-1"], "--worst must be at least 0"),
        (["--every", "1", "--mlm"], "--every must be at least 2"),
        (["--every", "10"], "--every means nothing for this kind"),
        (["--mlm", "--label-column", "x"], "--label-column means nothing"),
        (["--facts", "--rows", "3"], "--rows means nothing"),
    ],
)
def test_wrong_options_are_refused(
    tmp_path: Path, tiny_classifier: str, capsys, words: list[str], message: str
) -> None:
    path = write(tmp_path / "rows.csv", "text,label\na,low\nb,high\n")
    assert main(["evaluate", tiny_classifier, str(path), *words]) == 2
    assert message in capsys.readouterr().err


def test_broken_archive_and_a_directory(tmp_path: Path, both: Path, capsys) -> None:
    for flag in ("--mlm", "--pairs", "--facts"):
        assert main(["evaluate", str(both), str(write(tmp_path / "t.txt.xz", b"\xfd7zXZ\0not xz")), flag]) == 2
        assert "cannot be" in capsys.readouterr().err
        assert main(["evaluate", str(both), str(tmp_path), flag]) == 2
        assert "There is no file" in capsys.readouterr().err


def test_evaluate_prints_and_answers_json(tmp_path: Path, tiny_classifier: str, capsys) -> None:
    lines = [
        f"the {word} was {end},{label}" for word in ("cat", "dog") for end, label in (("good", "high"), ("bad", "low"))
    ]
    path = write(tmp_path / "rows.csv", "text,label\n" + "\n".join(lines) + "\n")
    assert main(["evaluate", tiny_classifier, str(path), "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    ask = pipeline("text-classification", model=tiny_classifier)
    right = [
        answer["label"] == line.split(",")[1]
        for answer, line in zip(ask([line.split(",")[0] for line in lines]), lines, strict=True)
    ]
    assert record["accuracy"]["value"] == np.mean(right) and record["rows"] == 4
    assert main(["evaluate", tiny_classifier, str(path)]) == 0
    out = capsys.readouterr().out
    assert "accuracy, rows.csv" in out and "Most confident mistakes" in out and "bootstrap" in out


@pytest.mark.parametrize(
    ("flag", "name", "content", "shown"),
    [
        ("--pairs", "p.jsonl", '{"sentence_good": "the cat", "sentence_bad": "cat the", "UID": "order"}\n', "order"),
        ("--stereotypes", "c.csv", "sent_more,sent_less,bias_type\nthe cat ran,the dog ran,pets\n", "pets"),
        ("--facts", "f.jsonl", '{"relation": "P1", "patterns": ["[X] is [Y] ."], "facts": [["cat", "good"]]}\n', "P1"),
        ("--mlm", "t.txt", "the cat sat on the mat. The dog ran.\n\nA film was good.\n", "perplexity"),
        (
            "--next-sentence",
            "t.txt",
            "The cat sat. The dog ran. A dog sat.\n\nA film ran. It was bad. Good.\n",
            "follow",
        ),
    ],
)
def test_evaluate_the_pretrained(
    tmp_path: Path, both: Path, capsys, flag: str, name: str, content: str, shown: str
) -> None:
    path = write(tmp_path / name, content)
    assert main(["evaluate", str(both), str(path), flag]) == 0
    assert shown in capsys.readouterr().out
    assert main(["evaluate", str(both), str(path), flag, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["model"] == str(both)


@pytest.mark.parametrize(
    ("flag", "content", "message"),
    [
        ("--pairs", '{"sentence_good": "x"}\n', "line 1: sentence_good and sentence_bad are needed"),
        ("--pairs", "not json\n", "line 1: not JSON"),
        ("--pairs", "", "is empty"),
        ("--facts", '{"relation": "r", "patterns": ["[X] is"], "facts": [["a", "b"]]}\n', "each pattern needs"),
        ("--facts", '{"relation": "r"}\n', "patterns and facts are needed"),
        ("--facts", '{"relation": "r", "patterns": ["[X] [Y]"], "facts": [["a"]]}\n', "a list of two texts"),
        ("--facts", '{"relation": "r", "patterns": ["[X] [Y]"], "facts": ["ab"]}\n', "a list of two texts"),
        ("--facts", '{"relation": "r", "patterns": ["[X] [Y]"], "facts": [["[MASK]", "cat"]]}\n', "needs one [MASK]"),
        ("--pairs", '{"sentence_good": "%s", "sentence_bad": "a cat"}\n' % ("cat " * 40), "Shorten it"),
        ("--mlm", "\u200b\n", "no character that this model reads"),
        ("--mlm", b"fine\nnot \xff fine\n", "line 2: not UTF-8"),
        ("--mlm", "\n\n", "holds no text"),
        ("--next-sentence", "One sentence.\n", "too few sentences"),
    ],
)
def test_bad_files_for_the_pretrained(
    tmp_path: Path, both: Path, capsys, flag: str, content: str | bytes, message: str
) -> None:
    path = write(tmp_path / "rows.jsonl", content)
    assert main(["evaluate", str(both), str(path), flag]) == 2
    assert message in capsys.readouterr().err


def test_model_without_the_head_is_named(tmp_path: Path, both: Path, tiny_classifier: str, capsys) -> None:
    path = write(tmp_path / "rows.csv", "text,label\na,low\nb,high\n")
    assert main(["evaluate", str(both), str(path)]) == 2
    assert "is no classifier" in capsys.readouterr().err
    assert main(["evaluate", tiny_classifier, str(path), "--mlm"]) == 2
    assert "has no masked-language-model head" in capsys.readouterr().err
    assert main(["evaluate", tiny_classifier, str(path), "--next-sentence"]) == 2
    assert "has no next-sentence head" in capsys.readouterr().err
    assert main(["evaluate", "nowhere", str(tmp_path / "none.csv")]) == 2
    assert "There is no file" in capsys.readouterr().err
