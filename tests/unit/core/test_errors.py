"""Errors keep what they are when they go from one process to another."""

import pickle

import pytest

from bert_demo.core import errors

CHOICES = {errors.DataChoiceError: ("label_column", ("label", "mood"))}


def tree(root):
    return [root] + [below for child in root.__subclasses__() for below in tree(child)]


@pytest.mark.parametrize("kind", sorted(set(tree(errors.DemoError)), key=lambda kind: kind.__name__))
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickled_error_keeps_class_sentence_and_fields(kind, protocol):
    error = kind("Name the column of labels.", *CHOICES.get(kind, ()))
    read = pickle.loads(pickle.dumps(error, protocol))
    assert type(read) is kind
    assert str(read) == "Name the column of labels."
    if kind in CHOICES:
        assert (read.option, read.choices) == CHOICES[kind]
