"""A FillMask as a sentence of words to click and, for each mask, candidates to click."""

from __future__ import annotations

from collections.abc import Sequence

from bert_demo.plots.markup import card, check, data, esc, message, percent, table
from bert_demo.results import FillMask, MaskSlot

MOST_WORDS = 600


def words_panel(text: str, words: Sequence[tuple[int, int]], hidden: Sequence[tuple[int, int]], mask: str) -> str:
    """The text, each word a button that hides it or shows it again. words, hidden: (start, end) characters."""
    pieces: list[str] = []
    last = 0
    for start, end in words[:MOST_WORDS]:
        pieces.append(esc(text[last:start]))
        last = end
        spans = sorted({*hidden} ^ {(start, end)})
        label, state = (mask, "true") if (start, end) in hidden else (text[start:end], "false")
        kind = " literal" if text[start:end] == mask else ""
        pick = "" if kind else f' data-pick="{data({"hide": spans})}"'
        tip = f' title="hides: {esc(text[start:end])}"' if state == "true" else ""
        disabled = " disabled" if kind else ""
        pieces.append(
            f'<button type="button" class="word{kind}" aria-pressed="{state}"{tip}{pick}{disabled}>'
            f"<bdi>{esc(label)}</bdi></button>"
        )
    rest = esc(text[last:]) if len(words) <= MOST_WORDS else " \N{HORIZONTAL ELLIPSIS}"
    spans_now = ",".join(f"{start}-{end}" for start, end in hidden)
    note = "Click a word to put a mask in its place; click it again to bring it back."
    if len(words) > MOST_WORDS:
        note += f" Only the first {MOST_WORDS} words can be clicked; the whole text is read."
    return card(
        "Hide a word", f'<div class="text" dir="auto" data-hidden="{spans_now}">{"".join(pieces)}{rest}</div>', note
    )


def no_mask_panel(mask: str) -> str:
    """What is said instead of candidates when nothing is masked."""
    return card(
        "No mask yet", message(f"Click a word above, or write {mask} into the text, and the model will guess it.")
    )


def slot_panel(result: FillMask, index: int) -> str:
    """The candidates of one mask; clicking one writes it into the text."""
    slot = result.slots[index]
    before = result.text[max(0, slot.start - 40) : slot.start]
    after = result.text[slot.end : slot.end + 40]
    place = f"<bdi>{esc(before)}</bdi><b>[{index + 1}]</b><bdi>{esc(after)}</bdi>"
    lines = "".join(
        f'<button type="button" class="bar candidate" data-pick="{data({"slot": index, "token": each.token})}" '
        f'title="write it into the text"><span><bdi>{esc(each.token_str)}</bdi></span>'
        f'<div><u style="width:{100 * each.score:.2f}%"></u></div><em>{percent(each.score)}</em></button>'
        for each in slot.candidates
    )
    rows = [(each.token_str, each.token, each.score, each.sequence) for each in slot.candidates]
    total = sum(each.score for each in slot.candidates)
    proof = check(total <= 1 + 1e-6, f"shares of the whole vocabulary; the {len(rows)} shown hold {percent(total)}")
    keep = table(("token_str", "token", "score", "sequence"), rows, f"mask-{index + 1}")
    return card(f"Mask {index + 1}", lines + _original(slot) + proof + keep, place)


def result_panel(result: FillMask) -> str:
    """All masks of a result, side by side."""
    note = ""
    if len(result.slots) > 1:
        note = message(
            "Each mask is guessed by itself while the others stay masked; the guesses are not made together."
        )
    panels = "".join(slot_panel(result, index) for index in range(len(result.slots)))
    return f'{note}<div class="slots">{panels}</div>'


def _original(slot: MaskSlot) -> str:
    original = slot.original
    if original is None:
        return ""
    if original.score is None:
        return (
            f'<p class="note">The hidden word <b><bdi>{esc(original.word)}</bdi></b> is more than one token; '
            "one mask holds one.</p>"
        )
    return (
        f'<p class="note">The hidden word <b><bdi>{esc(original.word)}</bdi></b>: {percent(original.score)}, '
        f"rank {original.rank:,}.</p>"
    )
