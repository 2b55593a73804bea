"""Errors meant to be shown to a person.

    DemoError                  everything below; `str(error)` says what is wrong and what to do
    |- InputError              the request is wrong
    |  |- TextError            no text, too much text, a character that is no character
    |  |- MaskError            no mask, or a mask where none may stand
    |  '- ChoiceError          an argument outside its choices or range (model, target, method, layer, head, top_k, ...)
    |- ModelError              the model cannot answer
    |  |- ModelLoadError       it is missing, unreachable, or not of the BERT family
    |  '- MissingHeadError     it lacks the head that this question needs
    |- BadDataError            a file for training or evaluation is wrong
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


class MissingHeadError(ModelError):
    """The model lacks the head that the question needs."""


class BadDataError(DemoError, ValueError):
    """A file for training or evaluation is wrong."""


class CancelledError(DemoError):
    """The visitor stopped the work."""
