"""What is open: its title with the formula and what was left out, the check, the strongest keys."""

from __future__ import annotations

import zlib

from bert_demo.results import HeadProfiles
from bert_demo.results.attention_views import QUADRANTS, SUMMARIES, Choice, HeadView
from bert_demo.views.tables import Table
from bert_demo.views.templates import render


def title_of(choice: Choice) -> str:
    """What is shown, as HTML, in both ways of counting."""
    return render("attention_head.title", choice)


def title_panel(choice: Choice, view: HeadView, model: str, display: str, profiles: HeadProfiles | None = None) -> str:
    """Name, formula, habit, what was done to the weights, and the check. display: the view that is open."""
    return render(
        "attention_head.opened",
        choice=choice,
        view=view,
        model=model,
        display=display,
        drawn=key_of(view),
        formula=SUMMARIES[choice.shown],
        habit=profiles.habit(choice.layer, choice.head) if profiles and choice.shown == "head" else "",
        done=_done(choice, view),
        halves=_halves(view),
    )


def compared_panel(
    names: tuple[str, str],
    views: tuple[HeadView, HeadView],
    difference: float | None,
    choice: Choice,
    display: str = "heatmap",
) -> str:
    """Title of the second picture: both names, and how far apart the two are. choice: what the second one shows;
    display: the view that is open."""
    return render(
        "attention_head.compared",
        choice=choice,
        view=views[1],
        names=names,
        difference=difference,
        complete=all(view.complete for view in views),
        halves=_halves(views[1]),
        display=display,
    )


def strongest_panel(choice: Choice, view: HeadView) -> str:
    """The strongest key of each query as a table to keep, and the buttons that keep the picture."""
    columns = ("query", "query_token", "strongest_key", "key_token", "weight")
    numbers = Table(columns, strongest(view), f"{choice.shown}-{choice.layer}-{choice.head}")
    return render("attention_head.strongest", numbers)


def key_of(view: HeadView) -> str:
    """A short name of these numbers, by which the browser knows that the picture is the one that the title is of."""
    return f"{zlib.crc32(view.weights.tobytes()):08x}"


def labels_of(view: HeadView) -> tuple[list[str], list[str]]:
    """Names of rows and of columns with their positions, so that a word that comes twice is two words."""
    rows, columns = ([f"{place} {view.names[place]}" for place in places] for places in (view.rows, view.columns))
    return rows, columns


def strongest(view: HeadView) -> list[tuple[int, str, int, str, float]]:
    """For each query the key with the largest weight: position, token, position, token, weight."""
    best = view.weights.argmax(-1)
    found = []
    for row, (place, column) in enumerate(zip(view.rows, best, strict=True)):
        key = view.columns[int(column)]
        found.append((place, view.names[place], key, view.names[key], float(view.weights[row, column])))
    return found


def _halves(view: HeadView) -> list[tuple[str, float]]:
    """Of a pair the share of each quadrant in all of its attention."""
    names = [name for name in QUADRANTS if name != "all"]
    return list(zip(names, view.shares, strict=True)) if view.shares else []


def _done(choice: Choice, view: HeadView) -> list[str]:
    """What was done to the weights, a sentence each."""
    done = []
    if choice.level == "words":
        pieces = "1 word is" if view.split == 1 else f"{view.split or 'no'} words are"
        done.append(
            f"By words: attention to a split word is summed over its pieces, from it averaged (Clark et al. 2019); "
            f"{pieces} split here."
        )
    if choice.special != "keep":
        names = ", ".join(view.left_out) or "no special token"
        done.append(f"Left out: {names}, which leaves {view.kept:.1%} of a row on average.")
        done.append(
            "Rows were rescaled to sum to 1 again."
            if choice.special == "rescale"
            else "Rows were not rescaled: they sum to what is left."
        )
    if view.reach is not None:
        done.append(_window(choice, view, view.reach))
    if choice.quadrant != "all" and view.shares is not None:
        done.append(f"Only {choice.quadrant}{_belonging(*view.specials)}.")
    return done


def _window(choice: Choice, view: HeadView, reach: int) -> str:
    """How far a local layer looks, and what is grey."""
    whose = f"Layer {choice.layer} is local" if choice.shown in ("head", "layer") else "All layers shown are local"
    grey = view.outside is not None and bool(view.outside.any())
    rest = "what is grey cannot be looked at" if grey else "here nothing lies farther away"
    return f"{whose}: a token looks at up to {reach} tokens on either side, a window of {2 * reach}; {rest}."


def _belonging(ours: tuple[str, ...], theirs: tuple[str, ...]) -> str:
    """ ": [CLS] and the first [SEP] count as A, the last [SEP] as B"; nothing where no special token is shown."""
    parts: list[str] = []
    for side, mine, others, which in (("A", ours, theirs, "first"), ("B", theirs, ours, "last")):
        verb = "" if parts else " counts" if len(mine) == 1 else " count"
        parts += [f"{_named(mine, others, which)}{verb} as {side}"] if mine else []
    return f": {', '.join(parts)}" if parts else ""


def _named(names: tuple[str, ...], others: tuple[str, ...], which: str) -> str:
    """ "<s> and the first 2 </s>": each name with how many of it, where the other text has it as well."""
    parts = []
    for name in dict.fromkeys(names):
        many = f"{names.count(name)} " if names.count(name) > 1 else ""
        parts.append(f"the {which} {many}{name}" if name in others else f"{many}{name}")
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))
