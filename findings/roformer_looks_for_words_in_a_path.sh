#!/bin/bash
# transformers 5.23.0 (rjieba 0.2.2): RoFormerTokenizer looks a Chinese word up in the path of its vocabulary file.
#
# One would expect a word that vocab.txt lists to stay whole. From a directory with vocab.txt alone the class hands the path
# of that file to its pre-tokeniser in the place of the vocabulary, and `word in path` asks whether the directory's name
# contains the word. Words are cut into single characters unless the directory happens to be called like them; nothing is
# said. The model learnt the whole words, so that it reads another text. Given the vocabulary as a dictionary, the same
# class keeps them. Seen:
#
#   in a directory called model: ['电', '影', '很', '好']
#   in one called 电影:           ['电影', '很', '好']
#   of a dictionary:             ['电影', '很', '好']
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
export TMPDIR="$place" LC_ALL=C.UTF-8
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --no-compile transformers==5.23.0 tokenizers==0.23.3 rjieba==0.2.2
"$place/venv/bin/python" - <<'PYTHON'
import os

os.environ["HF_HUB_OFFLINE"] = "1"
import json
import tempfile
from pathlib import Path

from transformers import AutoTokenizer, RoFormerTokenizer

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "电影", "电", "影", "很", "好"]
TEXT, WHOLE = "电影很好", ["电影", "很", "好"]


def cut_in(name):
    """The pieces that the tokenizer of a directory of that name makes of the text."""
    place = Path(tempfile.mkdtemp()) / name
    place.mkdir()
    (place / "vocab.txt").write_text("\n".join(WORDS), encoding="utf-8")
    (place / "config.json").write_text(json.dumps({"model_type": "roformer"}))
    tokenizer = AutoTokenizer.from_pretrained(place)
    assert type(tokenizer) is RoFormerTokenizer
    return tokenizer.tokenize(TEXT)


plain, called = cut_in("model"), cut_in("电影")
given = RoFormerTokenizer(vocab={word: number for number, word in enumerate(WORDS)}).tokenize(TEXT)
print("in a directory called model:", plain)
print("in one called 电影:          ", called)
print("of a dictionary:            ", given)
assert called == given == WHOLE
assert plain == ["电", "影", "很", "好"], "the behaviour has changed"
PYTHON
