"""The tour of known heads: how well a head finds a relation, and its links on the visitor's own sentence."""

from __future__ import annotations

from bert_demo.plots.heads import numbers
from bert_demo.plots.markup import bars, card, check, data, esc, grid, message, table
from bert_demo.results import TO_HEAD, HeadLook, HeadTable, KnownHead

COMMAND = "python -m bert_demo heads MODEL train.conllu dev.conllu --output assets/heads.json"
_ARROW = {True: "\N{RIGHTWARDS ARROW}", False: "\N{LEFTWARDS ARROW}"}
_NOTEBOOK = " The notebook that the authors published prints 94.1 against 82.5 here."


def without_table(model: str) -> str:
    """What stands in the place of the tour for a model that nobody measured."""
    body = (
        f'<p class="note">Nobody has measured yet which heads of <b>{esc(model)}</b> find which relation. This command '
        f"makes the table from a Universal Dependencies treebank (a minute for a small model); the page shows it after "
        f'its next start:</p><p class="changed"><code>{esc(COMMAND.replace("MODEL", model))}</code></p>'
    )
    return card("Known heads", body)


def tour_panel(known: HeadTable, row: KnownHead, look: HeadLook, source: str, wrong: str = "") -> str:
    """The figure of one known head, its links between the words of this text, and its score there.

    source: where the right answers come from: "typed", "gold" or ""; wrong: what is wrong with typed answers.
    """
    where = f"{numbers(row.layer, row.head)}"
    open_it = (
        f'<button type="button" class="offer" data-pick="{data({"layer": row.layer, "head": row.head})}">'
        f"open head {row.layer}-{row.head} in Attention</button>"
    )
    title = f"Head {where}: {esc(row.dependent)}, its {esc(row.governor)}"
    body = (
        f'<p class="claim">{_claim(row)}</p>{_bars(row)}{_published(known, row)}{open_it}'
        f"<h3>On your sentence</h3>{message(wrong, 'error') if wrong else ''}{_score(row, look, source)}"
        f"{_links(look)}{_proof(look)}{_numbers(row, look)}{_beside(known)}"
    )
    table_of_row = known if row in known.rows else known.beside or known
    note = esc(_sentence(table_of_row.source))
    if table_of_row.published and row.relation == "auxpass":
        note += _NOTEBOOK
    return card(title, body, note)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _claim(row: KnownHead) -> str:
    span = "" if row.low is None or row.high is None else f" (95 %: {100 * row.low:.1f} to {100 * row.high:.1f})"
    base = "" if row.baseline is None else f"; a fixed offset ({_offset(row)}): {_per_cent(row.baseline)}"
    way = "" if row.direction == TO_HEAD else ", read backwards: the word that looks at it most"
    article = "an" if row.dependent[0] in "aeio" else "a"
    text = (
        f"Head {row.layer}-{row.head} finds, for {article} {row.dependent}, its {row.governor} "
        f"{_per_cent(row.accuracy)} of the time{span}{base}{way}."
    )
    if row.baseline is not None and row.accuracy <= row.baseline:
        text += " The fixed offset does as well: no head of this model is known for it."
    return esc(text)


def _published(known: HeadTable, row: KnownHead) -> str:
    """What the paper says of the relation of a measured row."""
    paper = known.published_for(row.relation) if row in known.rows else None
    if paper is None:
        return ""
    exchanged = " and has its two words exchanged" if paper.exchanged else ""
    return (
        f'<p class="claim"><b>{esc(_sentence(known.beside.source) if known.beside else "")}</b> Head '
        f"{paper.layer + 1}-{paper.head + 1} counted from one, {_per_cent(paper.accuracy)}; a fixed offset "
        f"({_offset(paper)}): {_share(paper.baseline)}. That is another corpus and scheme, where the relation is "
        f"called {esc(paper.relation)}{exchanged}: the two figures do not measure the same.</p>"
    )


def _beside(known: HeadTable) -> str:
    """All published rows with the measured one of the same relation beside each."""
    if known.beside is None:
        return ""
    pairs = known.pairs()
    head = "".join(f"<th>{name}</th>" for name in ("relation", "from", "head", "finds", "fixed offset"))
    body = "".join(
        f'<tr><th rowspan="2">{_names(paper)}</th><td>measured</td>{_cells(mine)}</tr>'
        f"<tr><td>published</td>{_cells(paper)}</tr>"
        for paper, mine in pairs
    )
    note = (
        f"{_sentence(known.beside.source)} Measured here: {known.source.removeprefix('measured ')}, with Universal "
        "Dependencies: another corpus and scheme. Heads are counted from 0, in brackets from one, as the paper counts."
    )
    columns = (
        "relation",
        "published_relation",
        *(f"{name}_{which}" for which in ("measured", "published") for name in _KEPT),
    )
    rows = [(paper.universal, paper.relation, *_kept(mine), *_kept(paper)) for paper, mine in pairs]
    return (
        f'<h3>Measured here beside published</h3><div class="beside">{grid(head, body)}</div>'
        f'<p class="note">{esc(note)}</p>{table(columns, rows, "measured-and-published")}'
    )


_KEPT = ("head_counted_from_one", "accuracy", "offset", "baseline")


def _kept(row: KnownHead | None) -> tuple[object, ...]:
    if row is None:
        return (None,) * len(_KEPT)
    return f"{row.layer + 1}-{row.head + 1}", row.accuracy, row.offset, row.baseline


def _names(paper: KnownHead) -> str:
    exchanged = ", words exchanged" if paper.exchanged else ""
    scheme = f" <small>({esc(paper.relation)}{exchanged})</small>" if paper.relation != paper.universal else ""
    return f"{esc(paper.universal)}{scheme}"


def _cells(row: KnownHead | None) -> str:
    if row is None:
        return '<td class="figure" colspan="3">not measured</td>'
    place = data({"layer": row.layer, "head": row.head})
    name = f'<button type="button" data-pick="{place}">{numbers(row.layer, row.head)}</button>'
    base = f"{_share(row.baseline)} <small>{esc(_offset(row))}</small>"
    return f"<td>{name}</td><td>{_per_cent(row.accuracy)}</td><td>{base}</td>"


def _share(share: float | None) -> str:
    return "unknown" if share is None else _per_cent(share)


def _per_cent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _offset(row: KnownHead) -> str:
    if row.offset is None:
        return "unknown"
    if abs(row.offset) == 1:
        return "the next word" if row.offset > 0 else "the word before"
    return f"{abs(row.offset)} words {'on' if row.offset > 0 else 'back'}"


def _bars(row: KnownHead) -> str:
    rows = [("this head", row.accuracy)]
    if row.baseline is not None:
        rows.append(("fixed offset", row.baseline))
    return f'<div class="against">{bars(rows)}</div>'


def _score(row: KnownHead, look: HeadLook, source: str) -> str:
    if len(look.words) < 2:
        return '<p class="note">There is one word only, so no other word that it could be linked with.</p>'
    if look.arcs:
        who = "the answers that you typed" if source == "typed" else "arcs made by hand"
        offset = "" if look.offset is None else f" (the fixed offset: {look.offset_hits})"
        hits = f"{sum(look.hits)} of {len(look.arcs)} right"
        return f'<p class="claim"><b>{hits}</b>{offset}, against {who}.</p>'
    if source:
        return (
            f'<p class="note">This sentence has no {esc(row.dependent)}. Choose another relation, or a sentence of the '
            "tour above.</p>"
        )
    return (
        '<p class="note">There is no parser here, so nobody knows what is right in this sentence. Type the right '
        "answers above as dependent&gt;head (the&gt;dog, her&gt;book#2) and they are scored.</p>"
    )


def _links(look: HeadLook) -> str:
    """Every word with the word that it is linked with; judged ones carry a sign, and the right answer if they miss."""
    right: dict[int, list[int]] = {}
    for asks, answer in look.arcs:
        right.setdefault(asks, []).append(answer)
    arrow = _ARROW[look.direction == TO_HEAD]
    chips = []
    for word, name in enumerate(look.words):
        pick = int(look.picks[word])
        if pick < 0:
            continue
        judged, answers = "", right.get(word, [])
        if answers:
            hit = pick in answers
            correct = "" if hit else f" <small>right: {esc(', '.join(look.words[each] for each in answers))}</small>"
            judged = f' <em aria-label="{"right" if hit else "wrong"}">{_SIGNS[hit]}</em>{correct}'
        kind = "" if not answers else " hit" if pick in answers else " miss"
        chips.append(
            f'<span class="pick{kind}" title="word {word}, word {pick} (from 0)">'
            f"<bdi>{esc(name)}</bdi> {arrow} <bdi>{esc(look.words[pick])}</bdi> "
            f"<i>{look.strength(word):.2f}</i>{judged}</span>"
        )
    if not chips:
        return ""
    way = "looks at most" if look.direction == TO_HEAD else "is looked at by most"
    note = (
        f"Each word and the other word that it {way}, with the weight; {_outside(look)} left out, to which "
        f"{_per_cent(_left(look))} of the attention goes. It shows a link that this head makes, not that the "
        "model uses it as grammar."
    )
    return f'<div class="picks" tabindex="0">{"".join(chips)}</div><p class="note">{esc(note)}</p>'


def _outside(look: HeadLook) -> str:
    return f"{', '.join(look.left_out)} and the word itself are" if look.left_out else "the word itself is"


_SIGNS = {True: "\N{CHECK MARK}", False: "\N{BALLOT X}"}


def _left(look: HeadLook) -> float:
    return float((look.outside + look.weights.diagonal()).mean())


def _proof(look: HeadLook) -> str:
    error = look.largest_row_error
    return check(error < 1e-5, f"each word gives 1 in all, to words and to special tokens, to within {error:.0e}")


def _numbers(row: KnownHead, look: HeadLook) -> str:
    right = dict(look.arcs)
    rows = [
        (
            word,
            name,
            int(look.picks[word]) if look.picks[word] >= 0 else None,
            look.words[int(look.picks[word])] if look.picks[word] >= 0 else None,
            look.strength(word),
            right.get(word),
            look.words[right[word]] if word in right else None,
        )
        for word, name in enumerate(look.words)
    ]
    columns = ("word", "spelling", "linked_with", "linked_spelling", "weight", "right", "right_spelling")
    return table(columns, rows, f"head-{row.layer}-{row.head}-{row.relation.replace(':', '-')}")
