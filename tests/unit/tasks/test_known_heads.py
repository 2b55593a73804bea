"""Known heads: judged as Clark et al. did, shown with what is published; the shipped tables are of these weights."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import MODELS, OPENING, ROOT, save_tokenizer, tiny_config
from transformers import BertForMaskedLM

from bert_demo import BertService
from bert_demo.core.errors import ChoiceError
from bert_demo.registry.known_heads.sentences import gold_of, gold_sentences, look, parse_answers
from bert_demo.registry.known_heads.tables import KEPT, NAMES, describe, published, table_of
from bert_demo.registry.known_heads.words import asking_word, group_pieces, most_attended
from bert_demo.registry.models import CATALOGUE
from bert_demo.results import HABITS, TO_HEAD, HeadEvaluation, HeadProfiles, KnownHead, Token
from bert_demo.results.attention_views import by_words
from bert_demo.views.panels import head_profiles as plots
from bert_demo.views.panels import known_heads
from bert_demo.web.job_runner import JobProgress
from bert_demo.web.tab import Ask
from bert_demo.web.tabs.heads import HeadsTab, Picked


def test_words_whose_offsets_begin_at_the_space_before() -> None:
    """As sentencepiece tokenizers count: "the" is 0-3, " dog" 3-7, "s" 7-8."""
    text = "the dogs sat"
    places = ((0, 3, 0), (3, 7, 1), (7, 8, 1), (8, 12, 2))
    tokens = [Token("x", 5, start, end, 0, word, False, False) for start, end, word in places]
    known = [(0, 3), (4, 8), (9, 12)]
    names, pieces, keys = group_pieces(tokens, [text], [known])
    assert names == ["the", "dogs", "sat"] and pieces == [[0], [1, 2], [3]] and keys == [(0, 0), (0, 1), (0, 2)]
    assert group_pieces(tokens, [text], [None])[0] == ["the", "dogs", "sat"]


def test_attention_between_words_by_hand() -> None:
    """[CLS] play ##ing dog [SEP]: to playing the sum of its pieces, from it their mean."""
    weights = np.array(
        [
            [1.0, 0, 0, 0, 0],
            [0.1, 0.2, 0.3, 0.4, 0],
            [0.5, 0.1, 0.1, 0.2, 0.1],
            [0, 0.6, 0.3, 0.05, 0.05],
            [0, 0, 0, 0, 1],
        ]
    )
    words = by_words(weights, [[1, 2], [3]])
    assert words == pytest.approx(np.array([[(0.5 + 0.2) / 2, (0.4 + 0.2) / 2], [0.9, 0.05]]))
    assert by_words(np.stack([weights, weights.T]), [[3], [1, 2]])[1, 0] == pytest.approx([0.05, 0.6])


def test_the_most_attended_other_word_in_both_directions() -> None:
    words = np.array([[0.9, 0.1, 0.0], [0.3, 0.6, 0.1], [0.2, 0.3, 0.5]])
    looks_at, looked_at_by = most_attended(words)
    assert looks_at.tolist() == [1, 0, 1] and looked_at_by.tolist() == [1, 2, 1]
    assert [each.tolist() for each in most_attended(np.ones((2, 1, 1)))] == [[[-1], [-1]]] * 2


def test_a_possessor_is_judged_by_its_mark() -> None:
    words = ("the", "man", "'s", "hat")
    assert asking_word(words, 1, "nmod:poss") == 2 and asking_word(words, 1, "compound") == 1
    assert asking_word(("his", "hat"), 0, "nmod:poss") == 0 and asking_word(("hat",), 0, "nmod:poss") == 0


def test_the_shipped_tables_are_of_the_bundled_weights() -> None:
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    measured_ones = ["base", "sentiment", "spam", "topics"]  # heads of the other bundled models were not measured
    assert {*measured_ones} <= {card.name for card in CATALOGUE if card.bundled}
    assert sorted(kept) == measured_ones and KEPT.stat().st_size < 60_000
    for name, record in kept.items():
        place = MODELS / name
        weights = place / ("model.safetensors" if name == "base" else "adapter_model.safetensors")
        assert record["weights"] == hashlib.sha256(weights.read_bytes()).hexdigest()
        table = table_of(name)
        assert not table.published and "en_ewt-ud-dev" in table.source and len(table.rows) == len(record["rows"])
        for row in table.rows:
            assert row.low <= row.accuracy <= row.high and row.relation in NAMES
            assert row.occurrences >= 50 and row.layer < 6 and row.head < 12


def test_published_heads_count_from_zero_here() -> None:
    table = table_of("google-bert/bert-base-uncased@main")
    assert table.published and table.rows == published().rows
    assert [(row.relation, row.layer + 1, row.head + 1, row.accuracy) for row in table.rows] == [
        ("det", 8, 11, 0.943),
        ("dobj", 8, 10, 0.868),
        ("auxpass", 4, 10, 0.825),
        ("poss", 7, 6, 0.805),
        ("pobj", 9, 6, 0.763),
        ("prt", 6, 7, 0.991),
    ]
    assert table.row("det").baseline == 0.517 and table.row("dobj").baseline == 0.4
    assert table_of("bert-base-uncased") is not None and table_of("bert-base-cased") is None
    assert describe("nsubj:strange") == NAMES["nsubj"] and describe("x") == ("word (x)", "head")


def measured(path: Path, model: str, *relations: str) -> Path:
    """A file of measured heads: head 0-1 finds 50 % of each relation, the next word 25 %."""
    row = {"layer": 0, "head": 1, "direction": TO_HEAD, "accuracy": 0.5, "low": 0.4, "high": 0.6}
    rest = {"offset": 1, "baseline": 0.25, "occurrences": 99}
    rows = [{"relation": relation, **row, **rest} for relation in relations]
    path.write_text(json.dumps({model: {"source": "measured on x.conllu", "rows": rows}}), encoding="utf-8")
    return path


def test_published_heads_stand_beside_measured_ones(tmp_path: Path) -> None:
    path = measured(tmp_path / "heads.json", "bert-base-uncased", "det", "case", "obj", "nsubj")
    table = table_of("bert-base-uncased", path)
    assert not table.published and table.source == "measured on x.conllu"
    assert [row.relation for row in table.rows] == ["det", "case", "obj", "nsubj"]
    assert [(paper.relation, mine and mine.relation) for paper, mine in table.pairs()] == [
        ("det", "det"),
        ("dobj", "obj"),
        ("auxpass", None),
        ("poss", None),
        ("pobj", "case"),
        ("prt", None),
    ]
    assert table.published_for("obj").accuracy == 0.868 and table.published_for("nsubj") is None
    assert table.published_for("case").exchanged and not table.published_for("det").exchanged
    assert table.lone("prt").accuracy == 0.991 and table.lone("det") is None and table.lone("nsubj") is None
    other = table_of("mine", measured(tmp_path / "other.json", "mine", "det"))
    assert other.beside is None and other.pairs() == []
    assert table_of("bert-base-uncased", measured(tmp_path / "none.json", "bert-base-uncased")).published
    assert table_of("bert-base-uncased").beside is None


def test_the_tour_marks_what_is_published(tmp_path: Path) -> None:
    table = table_of("bert-base-uncased", measured(tmp_path / "heads.json", "bert-base-uncased", "det", "case"))
    weights = np.full((2, 2), 0.5)
    links = HeadEvaluation(
        "m", "r", 0, 1, TO_HEAD, ("the", "dog"), weights, np.array([1, 0]), np.zeros(2), (), 1, ("<s>",)
    )
    det = known_heads.known_head_panel(table, table.row("det"), links, "")
    assert "Head 0-1 finds, for a determiner, its noun 50.0 % of the time" in det and "Measured on x.conllu." in det
    assert (
        "<b>Published (Clark et al. 2019, on the Penn Treebank with Stanford Dependencies).</b> Head 8-11 counted from "
        "one, 94.3 %; a fixed offset (the next word): 51.7 %. That is another corpus and scheme, where the relation is "
        "called det: the two figures do not measure the same." in det
    )
    assert '<th rowspan="2">case <small>(pobj, words exchanged)</small></th>' in det
    assert det.count('<td>measured</td><td class="figure" colspan="3">not measured</td>') == 4
    assert det.count("<td>published</td>") == 6 and '<th rowspan="2">compound:prt <small>(prt)</small></th>' in det
    assert '7-10 <small title="counted from one, as in the literature">(8-11)</small></button></td><td>94.3 %' in det
    assert "&lt;s&gt; and the word itself are left out" in det and "[CLS]" not in det
    case = known_heads.known_head_panel(table, table.row("case"), links, "")
    assert "Head 9-6 counted from one, 76.3 %; a fixed offset (2 words back): 34.6 %" in case
    assert "called pobj and has its two words exchanged" in case
    prt = known_heads.known_head_panel(table, table.lone("prt"), links, "")
    assert "Head 5-6 finds, for a verb particle, its verb 99.1 % of the time" in prt
    assert '<p class="note">Published (Clark et al. 2019' in prt and "the two figures" not in prt
    alone = known_heads.known_head_panel(published(), published().row("det"), links, "")
    assert "Measured here" not in alone and "the two figures" not in alone


class Meanwhile:
    """A service during whose work the visitor picks a relation."""

    def __init__(self, service: BertService, picked: Picked) -> None:
        self._service, self._picked = service, picked

    def __getattr__(self, name: str) -> object:
        return getattr(self._service, name)

    def head_profiles(self, *given: object, **named: object) -> HeadProfiles:
        self._picked.relation = "nsubj: subject, its predicate"
        return self._service.head_profiles(*given, **named)


def test_a_relation_picked_meanwhile_outlives_the_answer(service: BertService, tiny_masked: str) -> None:
    ask, picked = Ask("The dog saw the cat.", "", "base"), Picked()

    def answered(on: object, model: str, relation: str | None) -> tuple[dict[str, object], str]:
        made = HeadsTab().answer(on, replace(ask, model=model), (), [relation, 0, picked], JobProgress())
        return made[0].constructor_args, made[3]

    det = "det: determiner, its noun"
    changes, panel = answered(service, "base", det)
    assert "value" not in changes and det in changes["choices"] and ": determiner, its noun</h2>" in panel
    changes, panel = answered(Meanwhile(service, picked), "base", det)
    assert changes["value"] == picked.relation and ": subject, its predicate</h2>" in panel
    changes, panel = answered(service, tiny_masked, picked.relation)
    assert changes["value"] is None and not changes["choices"] and "Nobody has measured yet" in panel
    changes, panel = answered(service, "sentiment", None)
    assert changes["value"] == picked.relation and ": subject, its predicate</h2>" in panel


def test_a_relation_that_nobody_chose_gives_way_to_the_marked_arcs_of_the_text(service: BertService) -> None:
    case = next(row for row in table_of("sentiment").rows if row.relation == "case")
    shown = f"case: {case.dependent}, its {case.governor}"
    assert not gold_of(OPENING).arcs("case")
    for text, kept in ((OPENING, False), ("The dog saw the cat.", True)):
        made = HeadsTab().answer(service, Ask(text, "", "sentiment"), (), [shown, 0, Picked()], JobProgress())
        assert ("value" not in made[0].constructor_args) == kept
        assert ("made by hand" in made[3]) == (not kept)


def test_relations_that_are_only_published_can_be_chosen(
    service: BertService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path / "bert"
    save_tokenizer(directory)
    config = tiny_config()
    config.num_hidden_layers, config.num_attention_heads, config.hidden_size = 12, 12, 24
    BertForMaskedLM(config).save_pretrained(directory)
    path = measured(tmp_path / "heads.json", "bert-base-uncased", "det", "nsubj")
    monkeypatch.setattr("bert_demo.web.tabs.heads.table_of", lambda model: table_of("bert-base-uncased", path))
    ask = Ask("the dog sat", "", str(directory))
    made = HeadsTab().answer(service, ask, (), ["prt: verb particle, its verb", 0, Picked()], JobProgress())
    assert made[0].constructor_args["choices"] == [
        "det: determiner, its noun",
        "nsubj: subject, its predicate",
        "dobj: direct object, its verb (published)",
        "auxpass: passive auxiliary, its verb (published)",
        "poss: possessor, its thing possessed (published)",
        "pobj: object of a preposition, its preposition (published)",
        "prt: verb particle, its verb (published)",
    ]
    assert made[0].constructor_args["value"] == "prt: verb particle, its verb (published)"
    assert "<h2>Head 5-6" in made[3] and "99.1 %" in made[3]


def test_marked_sentences_are_trees_and_hold_the_examples() -> None:
    for gold in gold_sentences():
        for word in range(len(gold.heads)):
            seen = []
            while word >= 0:
                assert word not in seen
                seen.append(word)
                word = gold.heads[word]
        assert "".join(gold.text[a:b] for a, b in gold.spans) == gold.text.replace(" ", "")
        assert set(gold.relations) - {"punct", "root"} <= set(NAMES)
    assert sum(gold.tour for gold in gold_sentences()) == 8
    for row in json.loads((ROOT / "assets" / "examples.json").read_text(encoding="utf-8")):
        chinese = not row["text"].isascii()
        assert row["name"] == "Long review" or chinese or gold_of(row["text"])


def test_marked_arcs_of_universal_and_stanford_relations() -> None:
    gold = gold_of("The teacher's students have written three long letters to the mayor.")
    assert gold.arcs("nmod:poss") == gold.arcs("poss") == [(2, 3)]  # the 's is asked
    assert gold.arcs("det") == [(0, 1), (10, 11)] and gold.arcs("dobj") == [(8, 5)]
    assert gold.arcs("case") == [(2, 1), (9, 11)] and gold.arcs("pobj") == [(1, 2), (11, 9)]


def _between(matrix: list[list[float]], ids: list[int | None], one: int, other: int) -> float:
    sums = [
        sum(matrix[q][k] for k, key in enumerate(ids) if key == other) for q, query in enumerate(ids) if query == one
    ]
    return sum(sums) / len(sums)


def test_a_known_head_on_a_sentence_is_scored(service: BertService) -> None:
    text = "The old gardener gave her neighbour a basket of ripe plums."
    row = table_of("base").row("obj")
    found = service.attention(text, None, "base", row.layer, row.head)
    links, source = look(found, text, None, row)
    assert source == "gold" and links.words == (*text.rstrip(".").split(), ".")
    assert links.arcs == ((7, 3),) and links.largest_row_error < 1e-5
    matrix = found.head(row.layer, row.head)
    words = [token.word for token in found.tokens]
    best = max((w for w in range(12) if w != 7), key=lambda w: _between(matrix.tolist(), words, 7, w))
    assert links.picks[7] == best and links.strength(7) == pytest.approx(_between(matrix.tolist(), words, 7, best))
    assert links.hits == (best == 3,) and links.offset_hits == (7 + row.offset == 3)
    typed, source = look(found, text, None, row, "her>neighbour; basket > gave,")
    assert source == "typed" and typed.arcs == ((4, 5), (7, 3))
    parted = service.attention("It's odd.", None, "base", row.layer, row.head, words="tokenizer")
    free, source = look(parted, "It's odd.", None, row)
    assert source == "" and free.words == ("It", "'", "s", "odd", ".") and free.arcs == ()


def test_both_texts_of_a_pair_are_scored(service: BertService) -> None:
    first, second = "The trumpet does not fit into the suitcase.", "It is too big."
    row = table_of("base").row("nsubj")
    links, _ = look(service.attention(first, second, "base", row.layer, row.head), first, second, row)
    assert [(links.words[a], links.words[b]) for a, b in links.arcs] == [("trumpet", "fit"), ("It", "big")]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ("the", "is no answer"),
        ("a>b>c", "is no answer"),
        ("the>", "is no answer"),
        ("the>cat", "no word 'cat'"),
        ("the#3>dog", "'the' only 2 times"),
        ("the#0>dog", "'the' only 2 times"),
        ("the>the", "with itself"),
        ("x" * 3000, "3000 characters"),
    ],
)
def test_typed_answers_that_name_no_word_are_refused(answers: str, said: str) -> None:
    with pytest.raises(ChoiceError, match=said):
        parse_answers(answers, ("The", "dog", "saw", "the", "C#"))
    assert parse_answers("the#2>dog, c#>saw", ("The", "dog", "saw", "the", "C#")) == [(3, 1), (4, 2)]


def profiles() -> HeadProfiles:
    """Two layers of two heads on three tokens; head 1-0 gives 60 % to the next."""
    tokens = tuple(Token(t, n, 0, 0, 0, n, t[0] == "[", False) for n, t in enumerate(("[CLS]", "<b>", "[SEP]")))
    shares = np.full((2, 2, len(HABITS)), 0.1)
    shares[1, 0, HABITS.index("next")] = 0.6
    shares[0, 1, HABITS.index("[SEP]")] = 0.7
    return HeadProfiles("m", "r", tokens, shares, np.array([[0.1, 0.2], [0.3, 1.0]]), np.full((2, 2), 0.5))


def test_panels_show_the_figures_of_the_profiles() -> None:
    known = table_of("base")
    panel = plots.heads_panel(profiles(), known)
    assert panel.count("<tr data-pick") == 4 and "next 60%" in panel and "[SEP] 70%" in panel and "broad" in panel
    assert 'data-values="[0.1, 0.1, 0.6, 0.1, 0.1, 0.1, 0.1, 0.3, 0.5]"' in panel
    assert '<small title="counted from one, as in the literature">(2-1)</small>' in panel
    layers = plots.layers_panel(profiles())
    assert "Here</b> no layer of 2; most in layer 0, 40.0%" in layers
    assert "Here</b> none to the previous, 1 (1-0) to the next" in layers
    assert "Here</b> 1 of 4 heads give more than half to [CLS] and [SEP], 1 to a token itself" in layers
    assert "layer 0: 40.0%, layer 1: 10.0%" in layers


def test_special_tokens_go_by_the_names_of_the_model() -> None:
    own = {"[CLS]": "<s>", "[SEP]": "</s>"}
    mine = profiles()
    roberta = replace(mine, tokens=tuple(replace(token, text=own.get(token.text, token.text)) for token in mine.tokens))
    assert roberta.names == ("self", "previous", "next", "<s>", "</s>", "punctuation", "same word")
    assert mine.names == HABITS and roberta.habit(0, 1) == "</s> 70%" and mine.habit(0, 1) == "[SEP] 70%"
    panel = plots.heads_panel(roberta, None) + plots.layers_panel(roberta)
    assert "park on &lt;/s&gt;</button>" in panel and ">&lt;s&gt;</button>" in panel
    assert "<b>&lt;/s&gt;.</b> Clark" in panel and "goes to [SEP], here &lt;/s&gt;. <b>Here" in panel
    assert "give more than half to &lt;s&gt; and &lt;/s&gt;, " in panel
    assert panel.count("[SEP]") == 2  # what two papers found in BERT
    assert "<b>[SEP].</b> Clark" in plots.layers_panel(mine) and "goes to [SEP]. <b>" in plots.layers_panel(mine)
    both = replace(mine, tokens=tuple(replace(token, text="<s>", special=True) for token in mine.tokens))
    assert both.names[3:5] == ("first <s>", "<s>")
    none = replace(mine, tokens=tuple(replace(token, special=False) for token in mine.tokens))
    assert none.names == HABITS


def test_limits_of_the_search_by_hand() -> None:
    """Three tokens: the largest entropy is log 3, evenly spread attention is 8 / 9 of a token away."""
    assert plots.limits(profiles()) == {"broad": 0.8789, "narrow": 0.2197, "near": 0.4444, "far": 0.8889}
    panel = plots.heads_panel(profiles(), None)
    assert "entropy at least 0.88, at most 0.22 nats" in panel and "at most 0.44, at least 0.89 tokens" in panel


def test_the_tour_says_how_well_a_head_does_and_escapes_words() -> None:
    row = KnownHead("det", "determiner", "noun", 2, 6, TO_HEAD, 0.71, 0.69, 0.73, 1, 0.52, 99)
    weights = np.array([[0.1, 0.7, 0.1], [0.2, 0.2, 0.5], [0.3, 0.3, 0.3]])
    arcs = ((0, 1), (1, 0))
    links = HeadEvaluation(
        "m", "r", 2, 6, TO_HEAD, ("<i>", "${x}", "dog"), weights, np.array([1, 2, 0]), 1 - weights.sum(-1), arcs, 1
    )
    table = table_of("base")
    panel = known_heads.known_head_panel(table, row, links, "typed", "Wrong <word>.")
    assert "Head 2-6 finds, for a determiner, its noun 71.0 % of the time (95 %: 69.0 to 73.0); " in panel
    assert "a fixed offset (the next word): 52.0 %." in panel and "(3-7)" in panel
    assert "<b>1 of 2 right</b> (the fixed offset: 1), against the answers that you typed" in panel
    assert "<i>${x}" not in panel and "&lt;i&gt;" in panel and "&#36;&#123;x&#125;" in panel
    assert "Wrong &lt;word&gt;." in panel and "right: &lt;i&gt;" in panel
    shown = known_heads.known_head_panel(published(), published().row("auxpass"), replace(links, arcs=()), "")
    assert "Published (Clark et al. 2019" in shown and "94.1 against 82.5" in shown and "no parser here" in shown
    assert "python -m bert_demo heads &lt;x&gt; train" in known_heads.without_table("<x>")
