"""Errors keep what they are when they go from one process to another."""

import pickle
import threading
import time

import pytest

from bert_demo.core import errors
from bert_demo.core.result_cache import ResultCache

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


def test_error_with_choices_reaches_all_who_wait_for_one_result():
    cache, waiting, met = ResultCache(2**20), threading.Barrier(2), []

    def make():
        time.sleep(0.3)
        raise errors.DataChoiceError("Name the column of labels.", *CHOICES[errors.DataChoiceError])

    def ask():
        waiting.wait()
        try:
            cache.get("rows", make)
        except errors.DataChoiceError as error:
            met.append(error)

    askers = [threading.Thread(target=ask, daemon=True) for _ in range(2)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join(10)
    assert [(str(error), error.option, error.choices) for error in met] == [
        ("Name the column of labels.", "label_column", ("label", "mood"))
    ] * 2
    assert met[0] is not met[1]
