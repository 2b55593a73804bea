"""An Attribution as coloured words and the ledger that says whether they add up."""

from __future__ import annotations

from bert_demo.plots.markup import card, check, esc, number, table
from bert_demo.results import Attribution

_PNG = '<button type="button" data-png>PNG</button>'


def words_panel(result: Attribution, by_word: bool) -> str:
    """Words or pieces coloured by sign (orange for, blue against; solid and dashed lines) and strength."""
    cells = _cells(result, by_word)
    most = max((abs(score) for _, score, _ in cells), default=0.0) or 1.0
    chips = "".join(_chip(name, score, abs(score) / most, special) for name, score, special in cells)
    unit = "logit" if result.output == "logit" else "probability"
    note = (
        f"Integrated Gradients from {_baseline(result.baseline)} to your text, in units of {unit}. Orange, solid line: "
        f"towards {esc(result.target)}. Blue, dashed line: away from it."
    )
    if result.windows > 1:
        note += f" The text was explained in {result.windows} windows; scores are those of their mean."
    rows = [(place, name, score) for place, (name, score, _) in enumerate(cells)]
    keep = table(("position", "word" if by_word else "token", "score"), rows, "attributions", _PNG)
    return card(
        f"Which words carried \N{LEFT DOUBLE QUOTATION MARK}{esc(result.target)}\N{RIGHT DOUBLE QUOTATION MARK}",
        f'<div class="sent" dir="auto" tabindex="0">{chips}</div>{keep}',
        note,
        "picture",
    )


def ledger_panel(result: Attribution) -> str:
    """Score of the text, score of the baseline, sum of the attributions, what is missing, and the passes it took."""
    digits = 3 if result.output == "logit" else 4
    rows = (
        ("score of the text", number(result.input_output, digits)),
        (f"score of the baseline ({result.baseline})", number(result.baseline_output, digits)),
        None,
        ("difference to explain", number(result.difference, digits)),
        ("sum of the scores", number(result.total, digits)),
        ("missing", number(result.delta, digits + 2)),
        ("missing, relative", f"{result.relative_delta:.3%}" if result.difference else "\N{EN DASH}"),
        ("forward passes", f"{result.forward_passes}"),
    )
    lines = "".join("<hr>" if row is None else f"<span>{esc(row[0])}</span><strong>{row[1]}</strong>" for row in rows)
    return card(
        "Does it add up?",
        f'<div class="ledger">{lines}</div>{_verdict(result)}',
        "The scores must sum to what the text changed: F(text) \N{MINUS SIGN} F(baseline).",
    )


def progress_panel(done: int, planned: int) -> str:
    """How far the computation is."""
    share = min(1.0, done / planned) if planned else 0.0
    return card(
        "Working",
        f'<div class="bar"><span>passes</span><div><u style="width:{100 * share:.1f}%"></u></div>'
        f"<em>{done} / {planned}</em></div>",
        "Forward passes of the model along the path from the baseline to your text. Stop ends them.",
        "working",
    )


def _verdict(result: Attribution) -> str:
    how = f"{result.steps} integration steps, {result.forward_passes} passes"
    if result.criterion == "difference":
        return check(True, f"closed within {result.tolerance:.2%} of the difference ({how})")
    if result.criterion == "movement":
        return check(
            True,
            "the difference is near zero: what is missing was held against a tenth of the tolerance of all movement, "
            f"the sum of |scores| ({how})",
        )
    return check(False, f"not converged within {result.tolerance:.2%}: read the scores with care ({how})")


def _cells(result: Attribution, by_word: bool) -> list[tuple[str, float, bool]]:
    if not by_word:
        pairs = zip(result.tokens, result.scores, strict=True)
        return [(token.text, float(score), token.special) for token, score in pairs]
    first = {word.positions[0]: word for word in result.words}
    cells: list[tuple[str, float, bool]] = []
    for place, token in enumerate(result.tokens):
        if token.special:
            cells.append((token.text, float(result.scores[place]), True))
        elif place in first:
            cells.append((first[place].text, first[place].score, False))
    return cells


def _chip(name: str, score: float, strength: float, special: bool) -> str:
    side = "special" if special else "pos" if score >= 0 else "neg"
    return (
        f'<span class="w {side}" style="--a:{strength:.3f}"><b><bdi>{esc(name)}</bdi></b><i>{number(score)}</i></span>'
    )


def _baseline(name: str) -> str:
    return {"pad": "padding", "mask": "masks", "zero": "empty embeddings"}[name]
