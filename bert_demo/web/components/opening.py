"""What stands above the input bar: what BERT is, what to do, the lesson, and switches of the whole page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from bert_demo.views.markup import esc
from bert_demo.web.examples import Example

TITLE = "BERT under the lens"
LINE = (
    "BERT is a model of language that reads every word with all words around it, before and behind; it learnt by "
    "guessing words that were hidden from it."
)
STEPS: Sequence[tuple[str, str, str, Mapping[str, str]]] = (
    ("Mixed feelings", "classify", "Tokens and a decision. Which pieces does the model read, and how sure is it?", {}),
    (
        "",
        "fill-mask",
        "What pre-training taught. Which words fit behind the mask? Hide one of your own.",
        {"text": "He drank a cup of [MASK].", "model": "base"},
    ),
    ("Two meanings", "attention", "Attention. Where does each head look from either bank?", {"view": "steps"}),
    ("One head turns it", "without", "Is attention the explanation? Switch heads off: which ones move the answer?", {}),
    ("Negation", "attributions", "Which words carried it. Do the scores add up? Delete a word and see.", {}),
    ("Sarcasm", "classify", "Where it fails. Why is the model sure, and wrong?", {}),
)
"""The steps of docs/lesson.md: an example (or none), a lens, what to ask of it, and more of its address."""


def lesson_links(examples: Sequence[Example]) -> list[tuple[str, str]]:
    """(address, sentence) of each step of the lesson. Raises KeyError for an example that is not on the page."""
    asks = {example.name: example.ask for example in examples}
    links = []
    for name, lens, sentence, more in STEPS:
        question = {"text": asks[name].text} if name else {}
        if name and asks[name].model:
            question["model"] = asks[name].model
        links.append((f"?{urlencode({'tab': lens, **question, **more})}", sentence))
    return links


def opening(examples: Sequence[Example]) -> str:
    """The header as HTML."""
    steps = "".join(f'<li><a href="{esc(url)}">{esc(sentence)}</a></li>' for url, sentence in lesson_links(examples))
    return _HEADER.replace("TITLE", TITLE).replace("LINE", LINE).replace("STEPS", steps)


CHOICES = (
    '<button type="button" class="choices" data-fold="choices" aria-expanded="false">'
    "Choices<i> of this lens</i></button>"
)
"""Opens the choices of a lens where they are folded away: on a small screen and in a presentation."""

_HEADER = """<header><h1>TITLE</h1>
<button type="button" id="present" class="tool" aria-pressed="false" aria-keyshortcuts="p"
title="Big type for a projector; the key P does the same">Present (P)</button>
<button type="button" id="next-example" class="tool" aria-keyshortcuts="n"
title="Asks the example behind this one; the key N does the same">Next example (N)</button>
<button type="button" id="theme" class="tool" onclick="window.bertDemo.theme()" aria-label="light or dark"
title="light or dark">&#9680;</button></header>
<p class="opening"><span class="what">LINE</span>
<span>Type a sentence and press Enter<i>, then open a lens</i>. <i>New here?</i> <button type="button" id="begin"
aria-haspopup="dialog">Begin with the lesson</button></span></p>
<p id="spoken" class="sr-only" role="status"></p>
<dialog id="lesson" aria-labelledby="lesson-title"><h2 id="lesson-title">A lesson in six steps</h2>
<p>BERT cuts a text into tokens, gives each a row of numbers, and changes those rows layer by layer, each token looking
at all others (attention). Each step opens a lens on an example; then try sentences of your own.</p>
<ol>STEPS</ol><form method="dialog"><button type="submit" class="tool">Close</button></form></dialog>"""
