"""What a model cannot read of a text."""

from __future__ import annotations

from dataclasses import dataclass

from bert_demo.results.base import Result, check


@dataclass(frozen=True, slots=True)
class ScriptShare:
    """The letters of a text in one script. words: of three letters or more; fallen: those of them that are cut into
    single letters, and pieces: into how many."""

    script: str
    letters: int
    words: int
    fallen: int
    pieces: int


@dataclass(frozen=True, slots=True)
class Readability(Result):
    """How a tokenizer takes a text (or a pair).

    tokens: without special tokens; unknown: those of them that are not in the vocabulary, unknown_token what they all
    become, and signs what stands there in the text, each once; masks: masks in the text, spelt mask_token; scripts: by
    letters, most first; languages: that the model's card names, none where it names none by name; foreign: scripts of
    none of them; guess: the language that the frequent words show, where the card does not name it, else ""; changed:
    words whose letters the tokenizer changes beyond their case, and what each is read as.
    """

    model: str
    revision: str
    tokens: int
    unknown: int
    unknown_token: str
    signs: tuple[str, ...]
    masks: int
    mask_token: str
    scripts: tuple[ScriptShare, ...]
    languages: tuple[str, ...]
    foreign: tuple[str, ...]
    guess: str
    changed: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        check(0 <= self.unknown <= self.tokens, "no more tokens are unknown than there are")
        check((self.unknown == 0) == (not self.signs), "what is unknown stands in the text")

    @property
    def letters(self) -> int:
        """Letters of all scripts."""
        return sum(each.letters for each in self.scripts)

    @property
    def in_letters(self) -> tuple[ScriptShare, ...]:
        """The scripts of which half of the words, or more, fall into single letters."""
        return tuple(each for each in self.scripts if each.fallen and 2 * each.fallen >= each.words)

    @property
    def strange(self) -> tuple[ScriptShare, ...]:
        """What is foreign, where it is more than a letter or two and a tenth of the text."""
        found = tuple(each for each in self.scripts if each.script in self.foreign)
        count = sum(each.letters for each in found)
        return found if count >= 3 and 10 * count >= self.letters else ()
