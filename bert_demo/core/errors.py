"""Errors meant to be shown to a person.

    DemoError                  everything below; `str(error)` says what is wrong and what to do
    |- InputError              the request is wrong
    |  |- TextError            no text, too much text, a character that is no character
    |  |- MaskError            no mask, or a mask where none may stand
    |  '- ChoiceError          an argument outside its choices or range (model, target, method, layer, head, top_k, ...)
    |- ModelError              the model cannot answer
    |  |- ModelLoadError       it cannot be loaded:
    |  |  |- NoSuchModelError   there is no such repository, revision or directory
    |  |  |- ModelAccessError   it is gated or private
    |  |  |- HubError           the hub cannot be reached, is too slow, or answers with something else
    |  |  |- ModelKindError     it is of no family that is read, or has no head or no file that this demo can use
    |  |  |- BrokenModelError   its files are incomplete, damaged, or do not fit each other
    |  |  '- ModelSizeError     it is too large for this server, or the disk is full
    |  |- ModelsBusyError      all memory or all places for loading are in use just now; try again
    |  |  '- ModelComingError   it is being downloaded
    |  '- MissingHeadError     it lacks the head that this question needs
    |- BadDataError            a file for training or evaluation is wrong
    |  '- DataChoiceError      it can be read in several ways that are equally good: say which
    '- CancelledError          the visitor stopped the work

No message ever repeats more than a few characters of a visitor's text.
"""

from __future__ import annotations


class DemoError(Exception):
    """The root: one sentence that says what is wrong and what to do."""


class InputError(DemoError, ValueError):
    """The request is wrong."""


class TextError(InputError):
    """The text itself cannot be read."""


class MaskError(InputError):
    """A mask is missing, or stands where none may stand."""


class ChoiceError(InputError):
    """An argument is outside its choices or its range."""


class ModelError(DemoError):
    """The model cannot answer."""


class ModelLoadError(ModelError):
    """The model is missing, unreachable, or of another family."""


class NoSuchModelError(ModelLoadError):
    """There is no such repository, revision or directory."""


class ModelAccessError(ModelLoadError):
    """The repository is gated or private."""


class HubError(ModelLoadError):
    """The hub cannot be reached, is too slow, or answers with something else."""


class ModelKindError(ModelLoadError):
    """The model is of another family, or has no head or no file that this demo can use."""


class BrokenModelError(ModelLoadError):
    """The files of the model are incomplete, damaged, or do not fit each other."""


class ModelSizeError(ModelLoadError):
    """The model is too large for this server, or its disk is full."""


class ModelsBusyError(ModelError):
    """All memory or all places for loading are in use just now."""


class ModelComingError(ModelsBusyError):
    """The model is being downloaded."""


class MissingHeadError(ModelError):
    """The model lacks the head that the question needs."""


class BadDataError(DemoError, ValueError):
    """A file for training or evaluation is wrong."""


class DataChoiceError(BadDataError):
    """A file can be read in several ways that are equally good, or in none without help.

    option: the field of `data.reading.Reading` that decides; choices: its values, the likeliest first.
    """

    def __init__(self, sentence: str, option: str, choices: tuple[str, ...]) -> None:
        super().__init__(sentence)
        self.option, self.choices = option, choices

    def __reduce__(self) -> tuple[type[DataChoiceError], tuple[str, str, tuple[str, ...]]]:
        """Pickles with all it was made of; an exception's own way hands the sentence alone to `__init__`."""
        return type(self), (str(self), self.option, self.choices)


class CancelledError(DemoError):
    """The visitor stopped the work."""
