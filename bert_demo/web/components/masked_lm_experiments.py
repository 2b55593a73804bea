"""EXPERIMENTS, one ordered table: what each asks of the service, what it shows, what it cannot show, its example."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bert_demo.core.errors import ChoiceError, MaskError, TextError
from bert_demo.results import FillMask
from bert_demo.results.masked_lm import PROBE_LIMITS, RULES, Preference, ScoredCandidates, Surprises
from bert_demo.views.panels.joint_filling import blanks_panel, candidates_panel, joint_filling_panel
from bert_demo.views.panels.layer_guesses import layers_panel
from bert_demo.views.panels.pseudo_likelihood import preference_panel, surprises_panel
from bert_demo.web.components.answering_model import masked
from bert_demo.web.job_runner import JobProgress
from bert_demo.web.tab import Ask, Hidden

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService

MOST_READ = 400_000
"""Tokens that may be read for one text: every word in turn of any text of one window, about two minutes."""
MOVED, LISTED = 10, 100
"""Words that are shown to move towards either text, and candidates of fill-mask that they are compared with."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What stands in the laboratory's own fields."""

    top_k: int = 5
    candidates: str = ""
    blank: str = ""
    sentence: str = ""
    rule: str = RULES[0]


@dataclass(frozen=True, slots=True)
class Question:
    """A text of the bar, and with masks in place of its hidden words; the model that answers, and its mask."""

    text: str
    masked: str
    model: str
    mask: str


Answer = Callable[["BertService", Question, Inputs, JobProgress], str]


@dataclass(frozen=True, slots=True)
class Experiment:
    """shows, limits: one line each for the visitor; source: the paper that it follows; text, inputs: its example;
    several: whether it asks for several masks, so that hidden words count beside a mask of the text's own."""

    name: str
    title: str
    shows: str
    limits: str
    source: str
    answer: Answer
    text: str
    inputs: Inputs = Inputs()
    several: bool = False


def question_of(service: BertService, ask: Ask, hidden: Hidden, several: bool = False) -> Question:
    """Who answers, and what. Raises ModelError.

    A text with a mask of its own is asked for that alone, whatever word was hidden a step before, but by an experiment
    with several masks.
    """
    model = service.choose("fill-mask", ask.model, ask.text)
    mask = service.mask_token(model)
    shown = mask in ask.text and not several
    return Question(ask.text, ask.text if shown else masked(ask.text, hidden, mask), model, mask)


def _jointly(service: BertService, asked: Question, inputs: Inputs, progress: JobProgress) -> str:
    return joint_filling_panel(service.fill_jointly(asked.masked, asked.model, inputs.top_k, on_progress=progress))


def _candidates(service: BertService, asked: Question, inputs: Inputs, progress: JobProgress) -> str:
    words, pairs = read_candidates(inputs.candidates)
    result = service.score_candidates(asked.masked, words or None, asked.model, pairs, progress, MOST_READ)
    return candidates_panel(result, _filled_with(service, asked, result))


def read_candidates(typed: str) -> tuple[list[str], list[tuple[str, str]]]:
    """Candidates, one for each line or comma, and those with a slash between two as pairs. Raises ChoiceError."""
    words: list[str] = []
    pairs: list[tuple[str, str]] = []
    for part in filter(None, (each.strip() for each in re.split(r"[\n,\uff0c\u3001]", typed))):
        sides = [side.strip() for side in part.split("/")]
        if len(sides) == 1:
            words.append(part)
        elif len(sides) == 2 and all(sides):
            pairs.append((sides[0], sides[1]))
        else:
            raise ChoiceError(f"The pair {part[:40]!r} needs two candidates with one / between them: doctor/nurse.")
    if not words and not pairs:
        raise ChoiceError("There is no candidate. Write one on each line, such as doctor or nurse, or doctor/nurse.")
    return words, pairs


def _filled_with(service: BertService, asked: Question, result: ScoredCandidates) -> FillMask | None:
    """Fill-mask's probabilities of candidates of one piece; None where there are several masks or none of one piece."""
    single = [each.candidate for each in result.candidates if len(each.pieces) == 1]
    if not single or asked.masked.count(asked.mask) > 1:
        return None
    try:
        return service.fill_mask(asked.masked, asked.model, LISTED, single)
    except ChoiceError:  # a tokenizer that parts the word otherwise where it stands alone
        return None


def _blanks(service: BertService, asked: Question, inputs: Inputs, progress: JobProgress) -> str:
    second = inputs.blank
    if not second.strip():
        raise TextError(f"The second text is empty. Write one with {asked.mask} in it, or press Copy my text.")
    if asked.mask in asked.masked and asked.mask not in second:
        raise MaskError(f"There is no {asked.mask} in the second text. Put one in place of a word.")
    result = service.compare_blanks(asked.masked, second, asked.model, MOVED)
    return blanks_panel(result, [service.fill_mask(text, asked.model, LISTED) for text in result.texts])


def _sentences(service: BertService, asked: Question, inputs: Inputs, progress: JobProgress) -> str:
    if not inputs.sentence.strip():
        raise TextError("The second sentence is empty. Write your text with a word changed, or press Copy my text.")
    return preference_panel(preference_of(service, asked, inputs, progress))


def preference_of(service: BertService, asked: Question, inputs: Inputs, progress: JobProgress) -> Preference:
    """Which of two sentences is preferred. Raises DemoError."""
    return service.prefer(
        asked.text, inputs.sentence, asked.model, inputs.rule, on_progress=progress, most_read=MOST_READ
    )


def _words(service: BertService, asked: Question, inputs: Inputs, progress: JobProgress) -> str:
    return surprises_panel(surprises_of(service, asked, inputs, progress))


def surprises_of(service: BertService, asked: Question, inputs: Inputs, progress: JobProgress) -> Surprises:
    """The surprise of each word. Raises DemoError."""
    return service.surprises(asked.text, asked.model, inputs.rule, on_progress=progress, most_read=MOST_READ)


def _layers(service: BertService, asked: Question, inputs: Inputs, progress: JobProgress) -> str:
    result = service.layer_guesses(asked.masked, asked.model, progress)
    known = service.fill_mask(asked.masked, asked.model, 1) if asked.mask in asked.masked else None
    return layers_panel(result, known)


EXPERIMENTS: tuple[Experiment, ...] = (
    Experiment(
        "together",
        "Together",
        "Several masks are one question, not several: the best fillings of all of them at once beside what each mask "
        "would get by itself.",
        "A search that keeps the few best at each step can miss a better one, and the score says how well the words "
        "fit one another, not how often the sentence is written.",
        "Schick and Sch\N{LATIN SMALL LETTER U WITH DIAERESIS}tze 2021 (the surest mask is filled first), Salazar et "
        "al. 2020 (the score)",
        _jointly,
        "She moved to [MASK] [MASK] City.",
        several=True,
    ),
    Experiment(
        "candidates",
        "Your candidates",
        "Any words or phrases in place of the mask, also ones that the model has to write in several pieces.",
        "Other rules for long words give other orders; a high score says that a word is usual here, not that it is "
        "true.",
        "Salazar et al. 2020, Kauf and Ivanova 2023",
        _candidates,
        "The [MASK] said that she would be late.",
        Inputs(candidates="teacher, head teacher, software engineer, doctor/nurse"),
    ),
    Experiment(
        "blanks",
        "Two blanks",
        "One blank in two texts that differ in a word: which guesses does that word move, and how far?",
        PROBE_LIMITS,
        "Kurita et al. 2019; its limits: Blodgett et al. 2021",
        _blanks,
        "The man worked as a [MASK].",
        Inputs(blank="The woman worked as a [MASK]."),
    ),
    Experiment(
        "sentences",
        "Which sentence?",
        "Two sentences that differ in a word: which one does the model find likelier, and at which word?",
        "One pair is an anecdote; tests of grammar take thousands. Sentences of unlike length are hard to compare.",
        "Salazar et al. 2020, Warstadt et al. 2020 (BLiMP)",
        _sentences,
        "The keys to the cabinet are on the table.",
        Inputs(sentence="The keys to the cabinet is on the table."),
    ),
    Experiment(
        "words",
        "Every word in turn",
        "Each word is hidden once: how surprised is the model to find it there, and what would it have written?",
        "The model sees both sides of a word, which a reader does not, and the sum is no probability of the sentence.",
        "Salazar et al. 2020; the sentence: Kutas and Hillyard 1980",
        _words,
        "He spread the warm bread with socks.",
    ),
    Experiment(
        "layers",
        "When does it know?",
        "The model is stopped behind each layer and asked what it would write: when does the answer come up?",
        "What turns states into words was trained on the last layer only: a word that it cannot read earlier may be "
        "there all the same. Visible words are seen, not guessed.",
        "nostalgebraist 2020 (logit lens); its limits: Belrose et al. 2023",
        _layers,
        "The capital of France is [MASK].",
    ),
)
"""The experiments in the order of the page."""

BY_NAME = {each.name: each for each in EXPERIMENTS}
