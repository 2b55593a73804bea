"""The ways that were asked for, in their order: checked before anything is read, then done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bert_demo.core.errors import ChoiceError
from bert_demo.registry.smaller_ways import BY_NAME, DISTIL, INT8, SmallerWay
from bert_demo.tasks import labelled_rows
from bert_demo.tasks.head_pruning import importance_of_heads
from bert_demo.tasks.labelled_rows import OnProgress
from bert_demo.training.smaller.distil import check_epochs, distil
from bert_demo.training.smaller.draft import Draft, loaded, save
from bert_demo.training.smaller.half import store_in_half
from bert_demo.training.smaller.heads import check_heads, cut_heads
from bert_demo.training.smaller.int8 import require_packages
from bert_demo.training.smaller.layers import keep_layers
from bert_demo.training.smaller.neurons import check_neurons, cut_neurons, importance_of_neurons
from bert_demo.training.smaller.vocabulary import trim_vocabulary


@dataclass(frozen=True, slots=True)
class Rows:
    """Labelled rows, (text, label) or (text, second text, label); lines: where they stand; characters: of a text."""

    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    characters: int


def parsed(words: Sequence[str], with_rows: bool, to_learn: bool = False) -> list[tuple[SmallerWay, str]]:
    """Each way and what is chosen of it, of words such as "layers=3". Raises ChoiceError, and ModelKindError where
    packages that a way needs are lacking."""
    found: list[tuple[SmallerWay, str]] = []
    for word in words:
        name, equals, choice = word.partition("=")
        way = BY_NAME.get(name)
        if way is None:
            raise ChoiceError(f"There is no way {name[:40]!r}. Choose of: {', '.join(BY_NAME)}.")
        if equals and not way.choice:
            raise ChoiceError(f"{name} takes no choice. Write --way {name}.")
        if not choice and way.default is None:
            raise ChoiceError(f"Say what {name} is to keep: {name}= and {way.choice}.")
        if way.rows and not with_rows:
            raise ChoiceError(f"{name} is decided by rows. Name a file of labelled rows with --rows.")
        if name == DISTIL:
            check_epochs(choice or str(way.default))
            if not to_learn:
                raise ChoiceError("distil learns from the original's answers. Name a file of its texts with --learn.")
            if not found:
                raise ChoiceError("distil mends what a way took. Write it behind another, such as layers=3.")
        if name == INT8:
            require_packages()
        found.append((way, choice or str(way.default)))
    if any(way.name == INT8 for way, _ in found[:-1]):
        raise ChoiceError("int8 makes a file that no other way reads. Write it last.")
    if to_learn and not any(way.name == DISTIL for way, _ in found):
        raise ChoiceError("--learn is for distil. Add --way distil behind another way, or leave --learn out.")
    return found


def done(
    draft: Draft,
    way: SmallerWay,
    choice: str,
    rows: Rows | None,
    place: Path,
    watch: OnProgress,
    original: Path,
    learn: Rows | None,
) -> str:
    """Do it, and say what was done. place: a directory that may be made; original: that of the model as it was;
    learn: whose texts a distilled model learns from.

    Raises ChoiceError, ModelError, BadDataError.
    """
    if way.name == "half":
        return store_in_half(draft, choice)
    if way.name == "layers":
        return keep_layers(draft, choice)
    if way.name == DISTIL:
        assert learn is not None
        texts = [tuple(texts) for *texts, _ in learn.rows]
        return distil(draft, check_epochs(choice), original, texts, learn.characters, place, watch)
    assert rows is not None
    if way.name == "vocabulary":
        return trim_vocabulary(draft, [tuple(texts) for *texts, _ in rows.rows])
    heads = way.name == "heads"
    keep = check_heads(draft, choice) if heads else check_neurons(draft, choice)
    save(draft, place)
    model = loaded(place)
    labelled = labelled_rows.read(model, rows.rows, rows.lines, rows.characters, watch, whole=True)
    if heads:
        return cut_heads(draft, keep, importance_of_heads(model, labelled, watch))
    return cut_neurons(draft, keep, importance_of_neurons(model, labelled, watch))
