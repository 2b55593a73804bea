#!/bin/bash
# tokenizers 0.23.3: in a tokenizer.json whose vocabulary was cut and numbered anew, added tokens follow the vocabulary,
# the template of [CLS] and [SEP] does not, and the file loads without a word.
#
# One would expect the old numbers to be refused in both places or followed in both. The list added_tokens ignores its own
# `id` where the word is in the vocabulary; the post-processor's `ids` are taken as they stand. The encoding then says
# "[CLS]" as its token beside a number that is another word's, or, as here, nobody's: the model reads a row of its
# embeddings that is not [CLS]. Whoever cuts a vocabulary has to number the post-processor, too. Seen:
#
#   before the cut ['[CLS]', 'the', 'film', '[SEP]'] [6, 2, 3, 7]
#   after it       ['[CLS]', 'the', 'film', '[SEP]'] [6, 2, 3, 7]
#   token_to_id: [CLS] 4, [SEP] 5; id_to_token(6): None; added tokens are numbered 0, 1, 4, 5
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
export TMPDIR="$place"
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --no-compile tokenizers==0.23.3
"$place/venv/bin/python" - <<'PYTHON'
import json

from tokenizers import Tokenizer, models, pre_tokenizers, processors

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
words = ["[PAD]", "[UNK]", "the", "film", "was", "good", "[CLS]", "[SEP]"]
whole = Tokenizer(models.WordPiece(vocab={word: number for number, word in enumerate(words)}, unk_token="[UNK]"))
whole.pre_tokenizer = pre_tokenizers.Whitespace()
whole.add_special_tokens(SPECIAL)
frame = [("[CLS]", whole.token_to_id("[CLS]")), ("[SEP]", whole.token_to_id("[SEP]"))]
whole.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=frame)
before = whole.encode("the film")

file = json.loads(whole.to_str())
kept = [word for word in words if word not in ("was", "good")]
file["model"]["vocab"] = {word: number for number, word in enumerate(kept)}
cut = Tokenizer.from_str(json.dumps(file))
after = cut.encode("the film")
added = [each["id"] for each in json.loads(cut.to_str())["added_tokens"]]

print("before the cut", before.tokens, before.ids)
print("after it      ", after.tokens, after.ids)
numbers = cut.token_to_id("[CLS]"), cut.token_to_id("[SEP]")
print(f"token_to_id: [CLS] {numbers[0]}, [SEP] {numbers[1]}; id_to_token(6): {cut.id_to_token(6)}; added tokens {added}")
assert after.tokens == before.tokens == ["[CLS]", "the", "film", "[SEP]"]
assert after.ids == before.ids == [6, 2, 3, 7], "the behaviour has changed"
assert (numbers, cut.id_to_token(6), added) == ((4, 5), None, [0, 1, 4, 5]), "the behaviour has changed"
PYTHON
