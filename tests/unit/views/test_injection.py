"""Nothing that a visitor, a label, a token, or a model's name says becomes a tag, an attribute or a script.

Every panel and figure is made twice of the same numbers: with strings that are markup, and with harmless strings of the
same length. Both must have the same tags and attributes, character for character but for those strings.
"""

from __future__ import annotations

import ast
import dataclasses
import io
import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from conftest import ROOT
from contract_calls import CALLS
from examples import in_other_words
from training_jobs import done, plan, read_on, running

from bert_demo import BertService, Settings
from bert_demo.api.endpoints import BY_NAME, ENDPOINTS
from bert_demo.results import FROM_HEAD, HABITS, HeadEvaluation, HeadTable, KnownHead
from bert_demo.results.attention_views import Choice, look
from bert_demo.results.evaluation import Evaluation
from bert_demo.results.model_comparison import DifferingRow, ModelComparison
from bert_demo.views import markup
from bert_demo.views.export.contact_sheet import sheet
from bert_demo.views.figures import attention_head as head_figures
from bert_demo.views.figures import contexts as context_figures
from bert_demo.views.figures import head_effects as effect_figures
from bert_demo.views.figures import head_pruning as pruning_figures
from bert_demo.views.figures import labels
from bert_demo.views.figures import layer_attribution as layer_figures
from bert_demo.views.figures import method_comparison as method_figures
from bert_demo.views.figures import next_sentence as pair_figures
from bert_demo.views.figures import regression as number_figures
from bert_demo.views.panels import (
    answers,
    attention_arcs,
    attention_head,
    attention_overview,
    attention_steps,
    attributions,
    classification,
    contexts,
    entities,
    evaluation,
    features,
    fill_mask,
    head_ablation,
    head_effects,
    head_profiles,
    head_pruning,
    input_bar,
    joint_filling,
    known_heads,
    label_issues,
    layer_attribution,
    layer_guesses,
    method_comparison,
    model_comparison,
    next_sentence,
    pieces,
    placeholder,
    positions,
    pseudo_likelihood,
    ranking,
    readability,
    regression,
    similarity,
    training,
    tuning,
    understood,
    word_effects,
    zero_shot,
)
from bert_demo.views.panels.understood import Choice as ListedChoice
from bert_demo.views.panels.understood import Meaning, ShownRow, UnderstoodRows
from bert_demo.views.templates import render

VIEWS = ROOT / "bert_demo" / "views"
UNREAD = str.maketrans("", "", "{`")
"""What a figure's texts may hold, and a panel may not."""

PAYLOADS = (
    "<img src=x onerror=alert(1)>",
    '"><script>alert(1)</script>',
    "' onmouseover='alert(1)",
    '" onfocus="alert(1)" autofocus="',
    "</style></title></textarea></pre><svg/onload=alert(1)>",
    "<!--",
    "-->]]><b>",
    "&lt;img src=x&gt;",
    "javascript:alert(1)",
    '<a href="javascript:alert(1)">x</a>',
    '","layer":99,"x":"',
    "${alert(1)}{{value}}`",
    "\x1b[31m\x00\u202e",
)
KEPT = {
    "method", "baseline", "output", "change", "rule", "pooling", "activation", "algorithm", "measure", "direction",
    "aggregation", "outcome", "part", "asked", "way", "kind", "state",
}  # fmt: skip
"""Fields whose strings are words of this program."""


def harmless(payload: str) -> str:
    """The same length, letters alone."""
    return "x" * len(payload)


def spoilt(value: Any, put: str, name: str = "") -> Any:
    """A result with `put` before every string that is not a word of this program."""
    if isinstance(value, str):
        return value if name in KEPT else f"{put}{value}"
    if isinstance(value, tuple):
        return tuple(spoilt(each, put, name) for each in value)
    if dataclasses.is_dataclass(value):
        found = {each.name: spoilt(getattr(value, each.name), put, each.name) for each in dataclasses.fields(value)}
        return dataclasses.replace(value, **found)
    return value


class Structure(HTMLParser):
    """Tags in order, each with its attributes and their values."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.others: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(attributes)))

    def handle_endtag(self, tag: str) -> None:
        self.tags.append((f"/{tag}", ()))

    def handle_comment(self, data: str) -> None:
        self.others.append(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


def assert_same_structure(bad: str, good: str) -> None:
    """Same tags, same names of attributes, and values that differ by the payload alone."""
    one, two = Structure(bad), Structure(good)
    assert not one.others
    assert [(tag, [name for name, _ in attributes]) for tag, attributes in one.tags] == [
        (tag, [name for name, _ in attributes]) for tag, attributes in two.tags
    ]
    for (tag, ours), (_, theirs) in zip(one.tags, two.tags, strict=True):
        for (name, mine), (_, its) in zip(ours, theirs, strict=True):
            assert not name.startswith("on") and name not in ("srcdoc", "formaction"), (tag, name)
            if name in ("href", "src", "style", "class", "id", "action", "type", "xlink:href"):
                assert mine == its or (mine or "").startswith("data:text/csv;") or _is_json(mine), (tag, name, mine)
            if name.startswith("data-") and its and its[0] in "[{":
                assert _shape(json.loads(mine or "")) == _shape(json.loads(its)), (tag, name, mine)
    assert "${" not in bad and "{{" not in bad and "`" not in bad, "the page's templates would read this"
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", bad)


def _is_json(link: str | None) -> bool:
    return (link or "").startswith("data:application/json;charset=utf-8;base64,")


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shape(each) for key, each in value.items()}
    return [_shape(each) for each in value] if isinstance(value, list) else type(value)


@pytest.fixture(scope="module")
def results(
    tiny_classifier: str,
    tiny_masked: str,
    tiny_sentences: str,
    tiny_tagger: str,
    tiny_answerer: str,
    tiny_regressor: str,
    tiny_models: dict[str, str],
) -> dict[str, Any]:
    """One of every result, of tiny models."""
    several = tiny_models["several"]
    service = BertService(Settings(max_steps=8))
    text, pair = "the cat sat on the mat .", "a dog ran ."
    masked, words = "the [MASK] sat on [MASK] mat", ["dog", "cat", "ice"]
    label, word, following = tiny_classifier, tiny_masked, tiny_sentences
    off = [(0, 1)]
    weights = np.array([[0.1, 0.7], [0.2, 0.2]])
    profiles = service.head_profiles(text, pair, word)
    shares = np.full(profiles.shares.shape, 0.1)
    shares[..., HABITS.index("[SEP]")] = 0.9  # so that the habit is a token's name
    known = KnownHead("det", "determiner", "noun", 0, 1, FROM_HEAD, 0.7, 0.6, 0.8, 1, 0.5, 99, "det")
    paper = HeadTable("bert", "taken from a paper", True, (known, dataclasses.replace(known, relation="auxpass")))
    return {
        "classify": service.classify(text, pair, label),
        "windows": service.classify("the cat sat " * 20, None, label),
        "fill_mask": service.fill_mask(masked, word, 3),
        "hidden": service.fill_mask(text, word, 3, hide=[(4, 7)]),
        "attention": service.attention(text, pair, word),
        "attribute": service.attribute(text, pair, label),
        "filling": service.attribute_mask(masked, "dog", "cat", model=word),
        "attribute_layers": service.attribute_layers(text, pair, label),
        "compare": service.compare("the cat sat", None, label),
        "what_if": service.what_if(text, 1, "replace", "dog", pair, label),
        "ablate": service.ablate(text, off, pair, label, True),
        "unfilled": service.ablate(masked, off, None, word),
        "head_worth": service.head_worth(text, pair, label),
        "prune": service.prune([("the cat", "low"), ("a dog", "high")], label, 2, 1),
        "attention_steps": service.attention_steps(text, 2, pair, word, 1, 1),
        "head_profiles": dataclasses.replace(profiles, shares=shares),
        "pieces": service.pieces("the plays zzz", word),
        "contexts": service.contexts("cat", [text, text], word),
        "first_states": service.first_states(text, pair, word),
        "similarity": service.similarity([text, pair], word),
        "features": service.features(text, pair, word),
        "pooled": service.features(text, pair, word, pooling="mean"),
        "fill_jointly": service.fill_jointly(masked, word, 3),
        "score_candidates": service.score_candidates("the [MASK] sat", words, word, [["dog", "cat"]]),
        "one": service.fill_mask("the [MASK] sat", word, 3),
        "compare_blanks": service.compare_blanks("the [MASK] sat", "a [MASK] ran", word, 3),
        "prefer": service.prefer("the cat sat", "the dog sat", word),
        "surprises": service.surprises(text, word),
        "layer_guesses": service.layer_guesses(masked, word),
        "next_sentence": service.next_sentence(text, pair, following),
        "baseline": service.next_sentence_baseline(following),
        "look": HeadEvaluation(
            "m", "r", 0, 1, FROM_HEAD, ("the", "cat"), weights, np.array([1, 0]), 1 - weights.sum(-1),
                         ((0, 1),), 1, ("[CLS]",)),
        "table": HeadTable("m", "measured somewhere", False, (known,), paper),
        "unread": dataclasses.replace(
            service.readability("the zzz sat on [MASK] mat", None, word), languages=("English",), guess="German"
        ),
        "strings": ("the", "cat"),
        "answer": service.answer(text, pair, tiny_answerer),
        "attribute_answer": service.attribute_answer(text, pair, 2, 5, tiny_answerer),
        "raw": service.classify(text, pair, label, "none"),
        "zero_shot": service.zero_shot(text, ["the cat", "a dog"], label, entailment="high"),
        "rerank": service.rerank(text, [pair, text], label),
        "attribute_ranking": service.attribute_ranking(text, pair, text, label),
        "entities": service.entities(text, tiny_tagger, truth=[("PER", "cat"), ("LOC", "mat")]),
        "attribute_entity": service.attribute_entity(text, 4, 7, against="runner-up", model=tiny_tagger),
        "evaluate": service.evaluate([(text, pair, "low"), *[(pair, text, "high")] * 6], label, "dog"),
        "evaluated_apart": _judged_apart(service.evaluate([(text, "low"), (pair, "high"), (text, "high")], label)),
        "tuned": service.evaluate([(f"{text} {n}", ("low", "high")[n % 2]) for n in range(24)], label),
        "tuned_apart": service.evaluate([(f"{text} {n}", ("low", "high")[n % 2]) for n in range(24)], several),
        "numbers": service.evaluate_regression([(text, pair, 2), (pair, text, 0), (text, text, 1)], tiny_regressor),
        "attribute_rows": service.attribute_rows([(text, pair, ("low", "high")[n % 2]) for n in range(6)], label),
        "label_issues": service.label_issues(_mislabelled(text, pair), label, others=[text]),
        "compare_models": _differing(service.compare_models([(text, "low"), (pair, "high")], label, label)),
        "understood": UnderstoodRows(
            "the file", 2, 9, ("said", "twice"), (ListedChoice("text", "Text", (("a", "b"), ("c", "d")), "a"),),
            ("low", "high"), (Meaning("lo", 1, "low"), Meaning("hi", 1, "")), (("low", 1), ("high", 1)),
            (ShownRow(2, text, pair, ("low",)), ShownRow(3, text, None, ())), ((4, "wrong"), (5, "worse")), True,
            changed=True,
        ),
        "plan": plan(),
        "running": running(),
        "done": done(),
        "read_on": read_on(),
        "asked": UnderstoodRows(
            "", 0, 9, labels=("low", "high"), meanings=(Meaning("lo", None, ""),), question="which?", asked="mapping"
        ),
    } | {
        endpoint.name: getattr(service, endpoint.call)(
            **in_other_words(endpoint, (text, pair, text), "[MASK]", "cat"),
            model={"text-classification": label, "next-sentence": following}.get("".join(endpoint.needs[:1]), word),
        )
        for endpoint in ENDPOINTS if endpoint.name not in CALLS and endpoint.name in shown()
    }  # fmt: skip


def _mislabelled(text: str, pair: str) -> list[tuple[str, ...]]:
    """Rows of which one has the label of the others."""
    rows = [(f"{(text, pair)[n % 2]} {n}", ("low", "high")[n % 2]) for n in range(20)]
    return [*rows, (f"{text} {text}", "high"), (text, "low"), (text, "high")]


def _differing(found: ModelComparison) -> ModelComparison:
    """The same with a row that is answered otherwise."""
    row = DifferingRow(0, 2, "the cat", "sat", ("low",), (("low",), ("high",)), (True, False))
    return dataclasses.replace(found, differing=(row,))


def _judged_apart(found: Evaluation) -> Evaluation:
    """The same as of a model that judges each label by itself."""
    return dataclasses.replace(found, confusion=None, micro_f1=found.macro_f1, measure="subset accuracy")


def _views(found: dict[str, Any], level: str, special: str = "leave out", quadrant: str = "all") -> Any:
    return look(found["attention"], Choice(1, 0, "head", special, level, quadrant))


def _choice() -> Choice:
    return Choice(1, 0, "head", "leave out", "words", "A to B")


PANELS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "answers.answers_panel": lambda r: answers.answers_panel(r["answer"], r["strings"][0]),
    "answers.parts_panel": lambda r: answers.parts_panel(r["attribute_answer"]),
    "head_ablation.left_out": lambda r: head_ablation.left_out([(9, 9)], r["classify"].model, 2, 2),
    "head_ablation.ablation_panels": lambda r: head_ablation.ablation_panels(r["ablate"]),
    "head_ablation.ablation_panels, masks": lambda r: head_ablation.ablation_panels(r["unfilled"]),
    "head_ablation.labels_panel": lambda r: head_ablation.labels_panel(*r["ablate"].labels, "head 0-1"),
    "head_ablation.slot_panel": lambda r: head_ablation.slot_panel(*r["unfilled"].fillings, 0, "head 0-1"),
    "head_ablation.attributions_panel": lambda r: head_ablation.attributions_panel(
        *r["ablate"].attributions, "head 0-1"
    ),
    "attention_arcs.arcs_panel": lambda r: attention_arcs.arcs_panel(_views(r, "tokens", "keep")),
    "attention_overview.overview_panel": lambda r: attention_overview.overview_panel(
        r["attention"], (0, 0), r["head_profiles"]
    ),
    "attention_overview.name_of_head": lambda r: markup.esc(attention_overview.name_of_head(0, 0, r["head_profiles"])),
    "labels.plain": lambda r: labels.plain(r["strings"][0]).translate(UNREAD),
    "labels.short": lambda r: labels.short(r["strings"][0]).translate(UNREAD),
    "attributions.words_panel": lambda r: attributions.words_panel(r["attribute"], True, "Integrated Gradients"),
    "attributions.words_panel, pieces": lambda r: attributions.words_panel(r["filling"], False, "Lime", False),
    "attributions.labels_panel": lambda r: attributions.labels_panel([r["attribute"]] * 2, True, "Lime", 3),
    "attributions.waterfall_panel": lambda r: attributions.waterfall_panel(r["attribute"], True),
    "attributions.ledger_panel": lambda r: attributions.ledger_panel(r["attribute"]),
    "attributions.offers_panel": lambda r: attributions.offers_panel(r["strings"][0], r["strings"]),
    "attributions.what_if_panel": lambda r: attributions.what_if_panel(r["what_if"], 0.5, r["strings"]),
    "classification.labels_panel": lambda r: classification.labels_panel(r["classify"]),
    "classification.labels_panel, numbers": lambda r: classification.labels_panel(r["raw"]),
    "zero_shot.zero_shot_panel": lambda r: zero_shot.zero_shot_panel(r["zero_shot"]),
    "ranking.ranking_panel": lambda r: ranking.ranking_panel(r["rerank"]),
    "ranking.lifted_panel": lambda r: ranking.lifted_panel(r["attribute_ranking"]),
    "classification.windows_panel": lambda r: classification.windows_panel(r["windows"]),
    "classification.tokens_panel": lambda r: classification.tokens_panel(r["classify"].tokens),
    "contexts.names_of": lambda r: " ".join(map(markup.esc, contexts.names_of(r["contexts"]))),
    "contexts.lines_figure": lambda r: context_figures.lines_figure(r["contexts"]),
    "contexts.plane_figure": lambda r: context_figures.plane_figure(r["contexts"]),
    "contexts.words_panel": lambda r: contexts.words_panel(r["contexts"]),
    "contexts.plane_panel": lambda r: contexts.plane_panel(r["contexts"]),
    "entities.entities_panel": lambda r: entities.entities_panel(r["entities"]),
    "entities.judged_panel": lambda r: entities.judged_panel(r["entities"]),
    "entities.reason_panel": lambda r: entities.reason_panel(r["attribute_entity"], r["strings"][0], "first"),
    "evaluation.figures_panel": lambda r: evaluation.figures_panel(r["evaluate"]),
    "evaluation.figures_panel, apart": lambda r: evaluation.figures_panel(r["evaluated_apart"]),
    "evaluation.matrix_panel": lambda r: evaluation.matrix_panel(r["evaluate"]),
    "evaluation.matrix_panel, apart": lambda r: evaluation.matrix_panel(r["evaluated_apart"]),
    "evaluation.calibration_panel": lambda r: evaluation.calibration_panel(r["evaluate"]),
    "evaluation.slices_panel": lambda r: evaluation.slices_panel(r["evaluate"]),
    "evaluation.rows_panel": lambda r: evaluation.rows_panel(r["evaluate"]),
    "regression.figures_panel": lambda r: regression.figures_panel(r["numbers"]),
    "regression.answers_panel": lambda r: regression.answers_panel(r["numbers"]),
    "regression.rows_panel": lambda r: regression.rows_panel(r["numbers"]),
    "regression.regression_figure": lambda r: number_figures.regression_figure(r["numbers"]),
    "tuning.tuning_panel": lambda r: tuning.tuning_panel(r["tuned"]),
    "tuning.tuning_panel, apart": lambda r: tuning.tuning_panel(r["tuned_apart"]),
    "word_effects.word_effects_panel": lambda r: word_effects.word_effects_panel(r["attribute_rows"]),
    "label_issues.issues_panel": lambda r: label_issues.issues_panel(r["label_issues"]),
    "label_issues.duplicates_panel": lambda r: label_issues.duplicates_panel(r["label_issues"]),
    "label_issues.shared_panel": lambda r: label_issues.shared_panel(r["label_issues"], r["strings"][0]),
    "model_comparison.comparison_panel": lambda r: model_comparison.comparison_panel(r["compare_models"]),
    "understood.understood_panel": lambda r: understood.understood_panel(r["understood"]),
    "understood.understood_panel, asked": lambda r: understood.understood_panel(r["asked"]),
    "features.features_panel": lambda r: features.features_panel(r["features"]),
    "features.features_panel, pooled": lambda r: features.features_panel(r["pooled"]),
    "features.code_panel": lambda r: features.code_panel(r["strings"][0]),
    "fill_mask.words_panel": lambda r: fill_mask.words_panel(r["hidden"].text, [(0, 9), (10, 12)], [(0, 9)], "[MASK]"),
    "fill_mask.no_mask_panel": lambda r: fill_mask.no_mask_panel(r["strings"][0]),
    "fill_mask.slot_panel": lambda r: fill_mask.slot_panel(r["hidden"], 0),
    "fill_mask.result_panel": lambda r: fill_mask.result_panel(r["fill_mask"]),
    "head_profiles.heads_panel": lambda r: head_profiles.heads_panel(r["head_profiles"], r["table"]),
    "head_profiles.layers_panel": lambda r: head_profiles.layers_panel(r["head_profiles"]),
    "placeholder.placeholder": lambda r: placeholder.placeholder(
        *r["strings"][:2], r["strings"][0], "classify", r["classify"]
    ),
    "input_bar.examples_row": lambda r: input_bar.examples_row(
        [(*r["strings"][:2], r["strings"][0], {"text": r["strings"][0]})]
    ),
    "input_bar.answer_notes": lambda r: input_bar.answer_notes(r["strings"][0]),
    "input_bar.answered": lambda r: re.sub('question="[0-9]+"', "", input_bar.answered(*r["strings"], "the")),
    "input_bar.model_changed": lambda r: input_bar.model_changed(r["strings"][0], *r["strings"][:2]),
    "input_bar.model_for_chinese": lambda r: input_bar.model_for_chinese(*r["strings"][:2]),
    "input_bar.model_returned": lambda r: input_bar.model_returned(r["strings"][0]),
    "joint_filling.joint_filling_panel": lambda r: joint_filling.joint_filling_panel(r["fill_jointly"]),
    "joint_filling.candidates_panel": lambda r: joint_filling.candidates_panel(r["score_candidates"], r["one"]),
    "joint_filling.blanks_panel": lambda r: joint_filling.blanks_panel(r["compare_blanks"], [r["one"], r["one"]]),
    "layer_guesses.layers_panel": lambda r: layer_guesses.layers_panel(r["layer_guesses"], r["fill_mask"]),
    "pseudo_likelihood.surprises_panel": lambda r: pseudo_likelihood.surprises_panel(r["surprises"]),
    "pseudo_likelihood.strip": lambda r: pseudo_likelihood.strip(r["surprises"], (0, 1)),
    "pseudo_likelihood.preference_panel": lambda r: pseudo_likelihood.preference_panel(r["prefer"]),
    "layer_attribution.layers_figure": lambda r: layer_figures.layers_figure(r["attribute_layers"]),
    "layer_attribution.ledgers_panel": lambda r: layer_attribution.ledgers_panel(r["attribute_layers"]),
    "markup.bars": lambda r: render("_macros.bars", [(each, 0.5) for each in r["strings"]]),
    "markup.working": lambda r: markup.working(r["strings"][0]),
    "markup.message": lambda r: markup.message(r["strings"][0], "error"),
    "markup.table": lambda r: markup.table(r["strings"], [r["strings"]], r["strings"][0]),
    "markup.pictures": lambda r: render("_macros.pictures", *r["strings"]),
    "markup.data": lambda r: f'<b data-x="{markup.data(list(r["strings"]))}"></b>',
    "method_comparison.methods_panel": lambda r: method_comparison.methods_panel(r["compare"]),
    "method_comparison.scored_methods_panel": lambda r: method_comparison.scored_methods_panel(
        [(r["compare"].trials[0].attribution, 1.0)]
    ),
    "method_comparison.curves_figure": lambda r: method_figures.curves_figure(r["compare"]),
    "method_comparison.trial_panel": lambda r: method_comparison.trial_panel(r["compare"]),
    "method_comparison.agreement_panel": lambda r: method_comparison.agreement_panel(r["compare"]),
    "next_sentence.tries": lambda r: next_sentence.tries([r["strings"]]),
    "next_sentence.no_second_panel": lambda r: next_sentence.no_second_panel([r["strings"]]),
    "next_sentence.orders_panel": lambda r: next_sentence.orders_panel(
        *r["strings"], r["next_sentence"], r["next_sentence"], [r["strings"]]
    ),
    "next_sentence.baseline_figure": lambda r: pair_figures.baseline_figure(
        r["baseline"], r["next_sentence"], r["next_sentence"]
    ),
    "next_sentence.baseline_panel": lambda r: next_sentence.baseline_panel(r["baseline"], r["next_sentence"]),
    "attention_head.title_of": lambda r: attention_head.title_of(_choice()),
    "attention_head.title_panel": lambda r: attention_head.title_panel(
        _choice(), _views(r, "words", quadrant="A to B"), r["attention"].model, r["strings"][0], r["head_profiles"]
    ),
    "attention_head.key_of": lambda r: attention_head.key_of(_views(r, "words")),
    "attention_head.head_figure": lambda r: head_figures.head_figure(_views(r, "words")),
    "attention_head.strongest_panel": lambda r: attention_head.strongest_panel(_choice(), _views(r, "words")),
    "attention_head.compared_panel": lambda r: attention_head.compared_panel(
        r["strings"], (_views(r, "words"), _views(r, "tokens")), None, _choice()
    ),
    "pieces.pieces_panel": lambda r: pieces.pieces_panel(r["pieces"]) + pieces.pieces_panel(r["pieces"], True),
    "pieces.compared_line": lambda r: pieces.compared_line(r["pieces"], r["pieces"]),
    "positions.first_panel": lambda r: positions.first_panel(r["first_states"]),
    "head_pruning.curve_figure": lambda r: pruning_figures.curve_figure(r["prune"]),
    "head_pruning.prune_panel": lambda r: head_pruning.prune_panel(r["prune"], 0.5),
    "readability.unread_notice": lambda r: readability.unread_notice(r["unread"]),
    "readability.masks_notice": lambda r: readability.masks_notice(r["unread"]),
    "similarity.similarity_panel": lambda r: similarity.similarity_panel(r["similarity"], 0.0),
    "similarity.texts_panel": lambda r: similarity.texts_panel(r["similarity"], None),
    "attention_steps.steps_panel": lambda r: attention_steps.steps_panel(r["attention_steps"]),
    "known_heads.without_table": lambda r: known_heads.without_table(r["strings"][0]),
    "known_heads.known_head_panel": lambda r: known_heads.known_head_panel(
        r["table"], r["table"].rows[0], r["look"], "typed", r["strings"][0]
    ),
    "known_heads.known_head_panel, published": lambda r: known_heads.known_head_panel(
        r["table"], r["table"].beside.rows[1], r["look"], "gold", ""
    ),
    "head_effects.head_effects_figure": lambda r: effect_figures.head_effects_figure(r["head_worth"]),
    "head_effects.head_effects_panel": lambda r: head_effects.head_effects_panel(r["head_worth"]),
    "training.plan_panel": lambda r: training.plan_panel(r["plan"]),
    "training.started_panel": lambda r: training.started_panel(r["running"]),
    "training.live_panel": lambda r: training.live_panel(r["running"]),
    "training.ended_panels": lambda r: training.ended_panels(r["done"]),
    "training.ended_panels, masked words": lambda r: training.ended_panels(r["read_on"]),
    "training.compared_panel": lambda r: training.compared_panel([r["running"], r["done"]], r["done"].token),
    "training.title_of": lambda r: markup.esc(training.title_of(r["done"])),
    "training.mark_of": lambda r: markup.esc(training.mark_of(r["done"])),
    "training.models_of": lambda r: markup.esc(training.models_of([r["done"]])),
    "training.compared_mark": lambda r: markup.esc(training.compared_mark([r["done"]], r["done"].token)),
}  # fmt: skip


def shown() -> dict[str, str]:
    """The panels that need no Python, by the endpoint whose answer they show: a template of its name in panels/, with
    a macro `panel` of one argument."""
    found = {}
    for path in sorted(VIEWS.glob("panels/*.html")):
        if path.stem in BY_NAME and not path.with_suffix(".py").exists():
            found[path.stem] = f"{path.stem}.panel"
    return found


PANELS |= {place: lambda r, name=name, place=place: render(place, r[name]) for name, place in shown().items()}


WITHOUT = {
    "head_ablation.named", "head_ablation.grid_panel", "attributions.progress_panel", "contexts.state_name",
    "layer_attribution.layer_names", "method_comparison.corpus_panel", "similarity.measured", "joint_filling.times",
    "positions.positions_panel", "positions.positions_figure", "markup.esc", "attributions.kind_of",
    "glossary.meanings_panel", "glossary.relations_panel", "glossary.legend_panel", "layer_guesses.first_where",
    "markup.markdown", "markup.remaining",
    "answers.no_passage_panel", "reliability.reliability_figure", "understood.source_panel",
    "understood.second_file_panel",
    "input_bar.example_changed",
    "training.ways_panel", "training.buttons_panel", "training.duration", "training.size",
}  # fmt: skip
"""What shows no text of anybody."""


@pytest.fixture(scope="module")
def both(results: dict[str, Any]) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """By payload all results with it, and with harmless strings of the same length."""
    return {
        payload: tuple(
            {key: spoilt(each, put) for key, each in results.items()} for put in (payload, harmless(payload))
        )
        for payload in PAYLOADS
    }


@pytest.mark.parametrize("name", PANELS)
def test_strings_stay_strings(name: str, both: dict[str, tuple[dict[str, Any], dict[str, Any]]]) -> None:
    for results in both.values():
        bad, good = map(PANELS[name], results)
        if isinstance(bad, go.Figure):
            assert_no_tags(bad, good)
        else:
            assert_same_structure(bad, good)


@pytest.mark.parametrize("payload", [*PAYLOADS[:6], *PAYLOADS[10:]])
def test_the_comparison_sees_what_comes_through(payload: str) -> None:
    page = "<p title=\"{0}\">{0}</p><p title='{0}'></p><i data-x='[\"{0}\"]'></i>"
    with pytest.raises((AssertionError, ValueError)):
        assert_same_structure(page.replace("{0}", payload), page.replace("{0}", harmless(payload)))
    wrapped = [go.Figure(layout={"title": f"{put}<br>"}) for put in (PAYLOADS[0], harmless(PAYLOADS[0]))]
    with pytest.raises(AssertionError):
        assert_no_tags(*wrapped)


def assert_no_tags(bad: go.Figure, good: go.Figure) -> None:
    """What plotly would read as tags in a figure's strings are those of the harmless one; entities are its own too."""
    for mine, its in zip(_texts(bad.to_plotly_json()), _texts(good.to_plotly_json()), strict=True):
        assert re.findall(r"<[^>]*>?", mine) == re.findall(r"<[^>]*>?", its), mine
        assert re.findall(r"%\{[^}]*\}", mine) == re.findall(r"%\{[^}]*\}", its), mine


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for key, each in value.items() if key != "template" for text in _texts(each)]
    if isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.dtype.kind in "OU"):
        return [text for each in value for text in _texts(each)]
    return []


def test_every_panel_and_figure_is_among_them() -> None:
    found = set()
    for path in [VIEWS / "markup.py", *VIEWS.glob("panels/*.py"), *VIEWS.glob("figures/*.py")]:
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name[0] != "_" and node.returns is not None:
                returned = ast.unparse(node.returns)
                if returned in ("str", "go.Figure", "list[str]"):
                    found.add(f"{path.stem}.{node.name}")
    alone = {path.stem for path in VIEWS.glob("panels/*.html") if not path.with_suffix(".py").exists()} - {"_macros"}
    assert alone == set(shown()), f"a template without Python has the name of no endpoint: {alone - set(shown())}"
    tested = {name.partition(",")[0] for name in PANELS} - {"markup.bars", "markup.pictures"} - set(shown().values())
    assert tested <= found and found - tested == WITHOUT, (tested - found, found - tested ^ WITHOUT)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_files_that_a_visitor_takes_away(payload: str, results: dict[str, Any]) -> None:
    good, bad = (spoilt(results["attention"], put) for put in (harmless(payload), payload))
    drawn = []
    for result in (good, bad):
        stream = io.BytesIO()
        sheet(result, stream, lambda done, planned: None)
        drawn.append([(each.tag, sorted(each.attrib)) for each in ElementTree.fromstring(stream.getvalue()).iter()])
    assert drawn[0] == drawn[1]
