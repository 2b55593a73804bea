#!/bin/bash
# transformers 5.23.0: a RoBERTa or DeBERTa tokenizer of vocab.json and merges.txt reads one token more before a mask than
# that of 4.57.1, and DeBERTa puts two separators between two texts.
#
# One would expect the same files to give the same tokens. Up to 4.57 the mask of both classes took the space before it
# (lstrip), as in training; in 5.23 it does so only where tokenizer.json, special_tokens_map.json or
# tokenizer_config.json says it, and a lone "Ġ" stands before the mask. A pair of a DeBERTa was
# [CLS] A [SEP] B [SEP] with segments 0 and 1; now it has two separators and one segment. No warning. Seen:
#
#   4.57.1 roberta  ['<s>', 'a', '<mask>', '</s>']
#   4.57.1 deberta  ['[CLS]', 'a', '[MASK]', '[SEP]', 'a', '[SEP]'] [0, 0, 0, 0, 1, 1]
#   5.23.0 roberta  ['<s>', 'a', 'Ġ', '<mask>', '</s>']
#   5.23.0 deberta  ['[CLS]', 'a', 'Ġ', '[MASK]', '[SEP]', '[SEP]', 'a', '[SEP]'] [0, 0, 0, 0, 0, 0, 0, 0]
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
export TMPDIR="$place" LC_ALL=C.UTF-8
cat > "$place/cut.py" <<'PYTHON'
import os

os.environ["HF_HUB_OFFLINE"] = "1"
import json
import tempfile
from pathlib import Path

import transformers
from transformers import AutoTokenizer

WORDS = ["[CLS]", "[PAD]", "[SEP]", "[UNK]", "[MASK]", "<s>", "<pad>", "</s>", "<unk>", "<mask>", "Ġ", "a", "Ġa"]
EXPECTED = {
    "4.57.1": (
        ["<s>", "a", "<mask>", "</s>"],
        (["[CLS]", "a", "[MASK]", "[SEP]", "a", "[SEP]"], [0, 0, 0, 0, 1, 1]),
    ),
    "5.23.0": (
        ["<s>", "a", "Ġ", "<mask>", "</s>"],
        (["[CLS]", "a", "Ġ", "[MASK]", "[SEP]", "[SEP]", "a", "[SEP]"], [0] * 8),
    ),
}


def tokenizer_of(kind):
    """What AutoTokenizer makes of a vocabulary and its merges."""
    place = Path(tempfile.mkdtemp())
    (place / "vocab.json").write_text(json.dumps({word: number for number, word in enumerate(WORDS)}))
    (place / "merges.txt").write_text("#version: 0.2\nĠ a", encoding="utf-8")
    (place / "config.json").write_text(json.dumps({"model_type": kind}))
    return AutoTokenizer.from_pretrained(place)


version = transformers.__version__
roberta, deberta = tokenizer_of("roberta"), tokenizer_of("deberta")
one = roberta.convert_ids_to_tokens(roberta("a <mask>")["input_ids"])
pair = deberta("a [MASK]", "a")
two = deberta.convert_ids_to_tokens(pair["input_ids"])
print(version, "roberta ", one)
print(version, "deberta ", two, pair["token_type_ids"])
assert EXPECTED[version] == (one, (two, pair["token_type_ids"])), "the behaviour has changed"
PYTHON
for version in 4.57.1 5.23.0; do
    python3 -m venv "$place/venv-$version"
    tokenizers=0.22.1
    [ "$version" = 4.57.1 ] || tokenizers=0.23.3
    "$place/venv-$version/bin/pip" install --quiet --no-compile "transformers==$version" "tokenizers==$tokenizers"
    "$place/venv-$version/bin/python" "$place/cut.py"
done
