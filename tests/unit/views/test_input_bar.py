"""The mark that an answer has of its question."""

from __future__ import annotations

import re
from zlib import crc32

import pytest

from bert_demo.views.panels.input_bar import answered


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_mark_is_that_of_the_text_as_a_field_has_it(end: str) -> None:
    found = re.search('data-question="([0-9]+)"', answered(f"one{end}two", end, "base"))
    assert found and found[1] == str(crc32(b"one\ntwo\0\n\0base"))
