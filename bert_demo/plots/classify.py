"""A Classification as label bars, tokens and windows."""

from __future__ import annotations

from bert_demo.plots.markup import bars, card, check, esc, percent, table
from bert_demo.results import Classification, Token


def labels_panel(result: Classification) -> str:
    """Label bars with the check that they are what the pipeline would say."""
    total = sum(each.score for each in result.labels)
    if result.activation == "softmax":
        proof = check(abs(total - 1) < 1e-6, f"softmax: the probabilities sum to {total:.6f}")
    else:
        proof = check(True, "sigmoid: each label by itself, so the probabilities need not sum to 1")
    best = result.labels[0]
    note = f"{esc(result.model)} decides for <b>{esc(best.label)}</b>."
    if len(result.windows) > 1:
        note += (
            f" The text is longer than the model reads at once: it was read in {len(result.windows)} overlapping "
            "windows, and their probabilities were averaged."
        )
    rows = [(each.label, each.score) for each in result.labels]
    keep = table(("label", "score"), rows, "labels")
    return card("What the model decides", bars(rows) + proof + keep, note)


def windows_panel(result: Classification) -> str:
    """What each window says by itself; nothing for a text of one window."""
    if len(result.windows) < 2:
        return ""
    best = result.labels[0].label
    lines = []
    last = len(result.tokens) - 1
    for index, window in enumerate(result.windows):
        first, end = window.span
        score = next(each.score for each in window.labels if each.label == best)
        left, width = 100 * first / last, 100 * (end - first + 1) / last
        lines.append(
            f'<div class="bar window"><span>window {index}: tokens {first} to {end}</span>'
            f'<div title="where it lies in the text"><u style="margin-left:{left:.1f}%;width:{width:.1f}%"></u></div>'
            f"<em>{percent(score)}</em></div>"
        )
    return card("Window by window", "".join(lines), f"Where each window lies in the text, and its {esc(best)}.")


def tokens_panel(tokens: tuple[Token, ...], title: str = "What the model reads") -> str:
    """The pieces with their ids; special tokens are framed, unknown ones are marked."""
    unknown = sum(token.unknown for token in tokens)
    note = f"{len(tokens)} tokens with their ids. Framed: added by the tokenizer. ## continues a word."
    warn = ""
    if unknown:
        warn = check(
            False, f"{unknown} of the tokens are unknown to this model's vocabulary: it cannot tell them apart."
        )
    chips = "".join(_chip(token) for token in tokens)
    rows = [
        (place, token.text, token.id, token.start, token.end, token.segment, token.special)
        for place, token in enumerate(tokens)
    ]
    columns = ("position", "token", "id", "start", "end", "segment", "special")
    keep = table(columns, rows, "tokens")
    return card(title, f'{warn}<div class="chips" tabindex="0">{chips}</div>{keep}', note)


def _chip(token: Token) -> str:
    kinds = [name for name, holds in (("special", token.special), ("unknown", token.unknown)) if holds]
    segment = " second" if token.segment else ""
    return f'<span class="chip {" ".join(kinds)}{segment}"><bdi>{esc(token.text)}</bdi><i>{token.id}</i></span>'
