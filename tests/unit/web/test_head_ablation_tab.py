"""The lens Without heads below the browser: what its pictures say, records, endpoints, commands, labelled rows."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from calls import Calls
from conftest import ROOT

from bert_demo import BertService
from bert_demo.cli.main import main
from bert_demo.core.errors import CancelledError, ChoiceError
from bert_demo.results import Ablation, Classification, HeadEffects, LabelScore, PruneCurve, Window
from bert_demo.views.figures.head_effects import head_effects_figure
from bert_demo.views.figures.head_pruning import curve_figure
from bert_demo.views.markup import number
from bert_demo.views.panels import head_ablation, head_effects, head_pruning
from bert_demo.web.components.answering_model import answering, masked
from bert_demo.web.components.head_effects import panels as effects_panels
from bert_demo.web.components.head_pruning import panels as prune_panels
from bert_demo.web.job_runner import JobProgress
from bert_demo.web.tab import Ask
from bert_demo.web.tabs.head_ablation import HeadAblationTab, heads_off

LABELS = ("negative", "positive")
EXAMPLE = ROOT / "assets" / "labelled_example.csv"


def decided(*scores: tuple[str, float]) -> Classification:
    labels = tuple(LabelScore(name, score) for name, score in scores)
    return Classification("m", "r", labels, (), (Window((0,), (0, 0), labels),), "softmax")


def plain(panel: str) -> str:
    return re.sub(r"<[^>]+>", " ", panel)


def effects_of(changes: list[list[float]], again: float) -> HeadEffects:
    return HeadEffects("m", "r", "yes <b>", "logit", 1.5, np.array(changes), again, 252, 72)


def test_labels_before_and_after_with_signed_changes() -> None:
    panel = head_ablation.labels_panel(decided(("a", 0.7), ("b", 0.3)), decided(("b", 0.6), ("a", 0.4)), "head 0-1")
    said = plain(panel)
    assert "70.0 %" in said and "40.0 %" in said and number(-30, 1) in said and "+30.0" in said
    assert "turns from  a  to  b" in said and "without head 0-1" in said
    assert "of the labels into probabilities that sum to 1." in said
    assert "check ok" not in panel  # it cannot be otherwise, so that it is no check


def test_heads_are_named_in_words() -> None:
    assert head_ablation.named([(3, 7)]) == "head 3-7"
    assert head_ablation.named([(2, 1), (3, 7), (5, 0)]) == "heads 2-1, 3-7 and 5-0"
    assert head_ablation.named([(0, head) for head in range(13)]) == "13 heads"


def test_whole_layers_are_named_as_such() -> None:
    layer = [(5, head) for head in range(12)]
    assert head_ablation.named(layer, 12) == "layer 5"
    assert head_ablation.named([(3, 7), *layer], 12) == "layer 5 and head 3-7"
    assert head_ablation.named([*layer, *((2, head) for head in range(12))], 12) == "layers 2 and 5"
    assert head_ablation.named([(3, 7), *layer[1:]], 12) == (
        "heads 3-7, 5-1, 5-2, 5-3, 5-4, 5-5, 5-6, 5-7, 5-8, 5-9, 5-10 and 5-11"
    )
    assert head_ablation.named([(3, 7), (3, 8), *layer[1:]], 12) == "13 heads"


def test_switches_of_every_head_and_layer() -> None:
    panel = head_ablation.grid_panel(3, 4)
    assert re.findall(r'data-off-head="(\d-\d)"', panel) == [f"{row}-{cell}" for row in range(3) for cell in range(4)]
    assert re.findall(r'data-off-layer="(\d)"', panel) == ["0", "1", "2"] and panel.count('tabindex="0"') == 1


def test_candidates_that_one_side_lacks_have_no_number(service: BertService) -> None:
    text = "The [MASK] of [MASK]."
    found = service.ablate(text, [(layer, 3) for layer in range(6)], model="base", top_k=3)
    panel = head_ablation.ablation_panels(found)
    assert panel.count("Mask 1 without") == panel.count("Mask 2 without") == 1
    for index, (was, now) in enumerate(zip(*(part.slots for part in found.fillings), strict=True)):
        shown = head_ablation.slot_panel(*found.fillings, index, "some")
        packed = re.findall(r'data:application/json;charset=utf-8;base64,([^"]+)', shown)[0]
        rows = [(row["token_str"], row["before"], row["after"]) for row in json.loads(base64.b64decode(packed))]
        later = {each.token_str: each.score for each in now.candidates}
        assert [row[:2] for row in rows[:3]] == [(each.token_str, each.score) for each in was.candidates]
        assert all(after == later.get(name) for name, _, after in rows)
        assert {name for name, _, _ in rows} == {each.token_str for slot in (was, now) for each in slot.candidates}
        said = plain(head_ablation.slot_panel(*found.fillings, index, "x"))
        assert said.count("not shown") == sum(None in row for row in rows)


def test_attributions_before_and_after_with_both_ledgers(service: BertService) -> None:
    found = service.ablate("A warm film.", [(3, 7), (4, 10)], attributions=True)
    panel = head_ablation.ablation_panels(found)
    before, after = found.attributions
    for was, now in zip(before.words, after.words, strict=True):
        assert number(was.score) in panel and number(now.score) in panel and number(now.score - was.score) in panel
    assert panel.count('class="ledger"') == 2 and panel.count("closed within") == 2
    assert number(after.input_output, 3) in panel


def test_words_and_labels_are_escaped(service: BertService) -> None:
    found = service.ablate("<b>x</b> ${1} {{y}}", [(0, 0)], attributions=True)
    labels = tuple(replace(part, model="<i>m</i>") for part in found.labels)
    panel = head_ablation.ablation_panels(Ablation("m", "r", found.heads, labels, None, found.attributions))
    assert "<i>m" not in panel and "&lt;i&gt;m" in panel and "${" not in panel and "{{" not in panel


def test_head_effects_in_order_of_size_and_their_check() -> None:
    result = effects_of([[0.1, -0.4], [0.05, 0.2]], -0.4)
    assert result.greatest == (0, 1)
    panel = head_effects.head_effects_panel(result)
    assert re.findall(r'data-off-head="([^"]+)"', panel) == ["0-1", "1-1", "0-0", "1-0"]
    assert "yes &lt;b&gt;" in panel and "(175%)" in panel and "check off" not in panel
    assert "check off" in head_effects.head_effects_panel(replace(result, again=-0.41))
    figure = head_effects_figure(result)
    assert np.array_equal(figure.data[0].z, -result.changes) and figure.data[0].zmin == -1.5 == -figure.data[0].zmax
    assert figure.data[0].text[0][1] == number(0.4)


def test_curve_and_order_of_pruning() -> None:
    importance = np.array([[0.1, 0.9], [0.8, 0.2]])
    order = ((0, 0), (1, 1), (1, 0), (0, 1))
    curve = PruneCurve("m", "r", order, importance, (0, 2, 4), np.array([1, 0.75, 0.5]), np.array([1, 0.5, 0.5]), 3, 4)
    figure = curve_figure(curve)
    assert list(figure.data[0].x) == [0, 2, 4] and list(figure.data[0].y) == [1, 0.75, 0.5]
    assert list(figure.data[1].y) == [1, 0.5, 0.5] and "3 random orders" in figure.data[1].name
    panel = head_pruning.prune_panel(curve, 1.0)
    assert "one text is 25.0%" in panel and "check ok" in panel
    assert "check off" in head_pruning.prune_panel(curve, 0.75)


@pytest.mark.parametrize(
    ("ask", "word", "output"),
    [
        (Ask("A warm film.", "", "sentiment"), "", "logit"),
        (Ask("A warm film.", "It was long.", "sentiment"), "", "probability"),
        (Ask("Water freezes into [MASK].", "", "base"), "", "logit"),
        (Ask("Water freezes into [MASK].", "", "base"), "zebra", "probability"),
    ],
)
def test_full_pass_finds_the_change_of_the_map(service: BertService, ask: Ask, word: str, output: str) -> None:
    figure, panel = effects_panels(service, ask, (), "", word, output, JobProgress())
    assert panel.count("check ok") == 1 and "check off" not in panel
    given = service.head_worth(ask.text, ask.pair or None, ask.model, word or None, output)
    assert np.array_equal(figure.data[0].z, -given.changes)
    if ask.model == "sentiment" and output == "logit":
        before, after = service.ablate(ask.text, [given.greatest], attributions=True).attributions
        assert given.again == pytest.approx(after.input_output - before.input_output, abs=1e-5)


def test_lens_answers_with_what_the_model_has(service: BertService) -> None:
    tab = HeadAblationTab()

    def answered(ask: Ask, off: object, explained: bool = False, hidden: tuple[tuple[int, int], ...] = ()) -> str:
        return plain(tab.answer(service, ask, hidden, [off, explained, ""], JobProgress())[1])

    assert "Switch a head off" in answered(Ask("x", "", "sentiment"), ())
    base = Ask("Water freezes into ice.", "", "base")
    trained = "base was not trained to put texts into classes"
    assert f"{trained}; sentiment answers here. Put a mask into the text" in answered(base, ((0, 0),))
    assert f"{trained}: what it writes behind the mask is compared" in answered(base, ((0, 0),), True, ((19, 22),))
    assert "there are no attributions" in answered(base, ((0, 0),), True, ((19, 22),))
    two = answered(replace(base, pair="Two."), ((0, 0),), hidden=((19, 22),))
    assert f"{trained}; sentiment answers here." in two and "Put a mask" not in two
    left = "9-0 is not a head of sentiment (6 layers, 12 heads, counted from 0); it was left out."
    assert left in answered(Ask("x", "", "sentiment"), ((9, 0),)) and "Switch a head off" in answered(
        Ask("x", "", "sentiment"), ((9, 0),)
    )
    both = answered(Ask("x", "", "sentiment"), ((3, 7), (9, 0), (0, 99)))
    assert "9-0 and 0-99 are not heads of sentiment" in both and "they were left out. " in both
    assert "What sentiment decides without head 3-7" in both
    every = tuple((layer, head) for layer in range(6) for head in range(12))
    assert "All heads are off" in answered(Ask("x", "", "sentiment"), every)
    assert answering(service, Ask("a [MASK]", "", "sentiment"), ()).classifies


def test_what_the_switches_send_is_checked() -> None:
    assert heads_off([[3, 7], [2, 1]]) == ((3, 7), (2, 1))
    assert heads_off([[3], "x", [1.5, 2], [True, 0], [4, 4]]) == ((4, 4),)
    assert heads_off(None) == heads_off({"off": 1}) == ()
    assert masked("a bc d", ((2, 4), (5, 6), (-1, -1), (5, 99)), "[M]") == "a [M] [M]"


def test_records_are_what_the_service_says(service: BertService) -> None:
    api = Calls(service)
    found = service.ablate("A warm film.", [(3, 7)], attributions=True)
    record = json.loads(json.dumps(api.ablate("A warm film.", [[3, 7]], attributions=True)))
    assert record["heads"] == [[3, 7]] and record["fillings"] is None
    assert [each["score"] for each in record["labels"]["after"]] == [each.score for each in found.labels[1].labels]
    assert record["attributions"]["after"]["input_output"] == pytest.approx(
        found.attributions[1].input_output, abs=1e-6
    )
    both = api.ablate("A [MASK] film.", [[3, 7]], model="base", top_k=2)["fillings"]
    assert len(both["before"][0]) == len(both["after"][0]) == 2 and both["before"] != both["after"]
    assert api.head_worth("A warm film.")["changes"] == service.head_worth("A warm film.").changes.tolist()
    steps = api.attention_steps("A warm film.", 2, layer=1, head=3)
    assert sum(steps["weights"]) == pytest.approx(1) and steps["largest_error"] < 1e-5
    profile = api.head_profiles("A warm film.")["heads"]
    assert len(profile) == 72 and profile[13]["layer"] == 1 and profile[13]["head"] == 1
    for heads in ([], [[3]], [["a", 1]], "3-7", [[6, 0]]):
        with pytest.raises(ChoiceError):
            api.ablate("x", heads)  # type: ignore[arg-type]


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(words)
    out, error = capsys.readouterr()
    return code, out, error


def test_commands_print_tables_and_what_the_endpoints_return(capsys, service: BertService, at_hand: None) -> None:
    api = Calls(service)
    code, out, _ = run(capsys, "ablate", "A warm film.", "3-7", "2-1", "--json")
    assert code == 0 and json.loads(out) == api.ablate("A warm film.", [[3, 7], [2, 1]])
    _, out, _ = run(capsys, "ablate", "A warm film.", "3-7", "--attributions")
    assert "without 3-7" in out and "missing" in out and "before" in out
    _, out, _ = run(capsys, "ablate", "A [MASK] film.", "3-7", "--model", "base")
    assert "mask 1" in out
    _, out, _ = run(capsys, "head-worth", "A warm film.", "--json")
    assert json.loads(out) == api.head_worth("A warm film.")
    _, out, _ = run(capsys, "head-worth", "A warm film.", "--output", "probability")
    assert "layer 5" in out and "252 passes through single layers instead of 432" in out
    _, out, _ = run(capsys, "attention-steps", "A warm film.", "2", "--layer", "1", "--head", "3")
    assert "head 1-3 (from 0), query 2 'warm'" in out
    _, out, _ = run(capsys, "head-profiles", "A warm film.", "--json")
    assert json.loads(out) == api.head_profiles("A warm film.")
    _, out, _ = run(capsys, "head-profiles", "A warm film.")
    assert "habit" in out.splitlines()[1] and len(out.splitlines()) == 74
    code, _, error = run(capsys, "ablate", "A warm film.", "9-0")
    assert code == 2 and "layer must be from 0 to 5" in error
    with pytest.raises(SystemExit):
        main(["ablate", "A warm film.", "three"])
    assert "'three' is no head" in capsys.readouterr().err


def test_prune_on_the_command_line(capsys, tmp_path, service: BertService, at_hand: None) -> None:
    rows = [("A fine film.", "positive"), ("A dull film.", "negative"), ("Not good at all.", "negative")]
    file = tmp_path / "rows.tsv"
    file.write_text("".join(f"{text}\t{label}\n" for text, label in rows), encoding="utf-8")
    asked = ("prune", "sentiment", str(file), "--points", "3", "--orders", "1")
    code, out, error = run(capsys, *asked, "--json")
    assert code == 0 and "21 of 21 texts read" in error
    record, curve = json.loads(out), service.prune(rows, points=3, orders=1)
    assert [point["accuracy"] for point in record["points"]] == curve.accuracy.tolist()
    assert [point["heads_off"] for point in record["points"]] == [0, 24, 48, 72]
    assert record["order"] == [list(head) for head in curve.order]
    _, out, _ = run(capsys, *asked)
    assert "heads off" in out and "least important first" in out and "No header: column 2 is the label" in out
    code, _, error = run(capsys, "prune", "base", str(file))
    assert code == 2 and "has no labels" in error


def test_page_prunes_the_example_and_stops(service: BertService) -> None:
    rows = "A fine film.\tpositive\nA dull film.\tnegative"
    figure, panel = prune_panels(service, Ask("x", "", "base"), rows, JobProgress())
    curve = service.prune([("A fine film.", "positive"), ("A dull film.", "negative")])
    assert list(figure.data[0].y) == curve.accuracy.tolist()
    assert "base has no labels; sentiment is pruned" in panel and "check ok" in panel
    stopped = JobProgress()
    stopped.stopped.set()
    with pytest.raises(CancelledError):
        prune_panels(service, Ask("x", "", "sentiment"), EXAMPLE.read_text(encoding="utf-8"), stopped)
