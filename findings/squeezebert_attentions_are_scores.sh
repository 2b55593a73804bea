#!/bin/bash
# transformers 5.23.0: output_attentions of SqueezeBERT gives the scores before the softmax, not the weights.
#
# One would expect what every neighbour of it gives: weights from 0 to 1 whose rows sum to 1, and 0 on padding. SqueezeBERT's
# may be negative, their rows sum to anything, and a padded column holds about the least number of float32. A softmax over the last
# axis makes weights of them. Seen, random models of one layer, five tokens, the last one padding:
#
#   BERT's rows sum to 1 within 1e-6, and the padding has 0
#   SqueezeBERT's rows sum to -3.4e38, least value -3.4e38; after a softmax they sum to 1, and the padding has 0
#   without padding, SqueezeBERT's rows sum to between -0.04 and 0.02, and its least value is -0.014
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
export TMPDIR="$place"
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --no-compile transformers==5.23.0 torch==2.13.0 numpy==2.4.6
"$place/venv/bin/python" - <<'PYTHON'
import torch
from transformers import BertConfig, BertModel, SqueezeBertConfig, SqueezeBertModel

torch.manual_seed(0)
sizes = {"vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
sizes |= {"intermediate_size": 32, "max_position_embeddings": 16}
parts = ("q", "k", "v", "post_attention", "intermediate", "output")
groups = {f"{part}_groups": 1 for part in parts}
bert = BertModel(BertConfig(**sizes, attn_implementation="eager"))
squeeze = SqueezeBertModel(SqueezeBertConfig(embedding_size=16, **sizes, **groups))
text = torch.tensor([[2, 5, 6, 7, 3]])
padded = torch.tensor([[1, 1, 1, 1, 0]])


@torch.no_grad()
def attentions(model, mask):
    return model.eval()(text, attention_mask=mask, output_attentions=True).attentions[0]


def is_weights(values):
    return bool(((values >= 0) & (values <= 1)).all()) and torch.allclose(values.sum(-1), torch.ones(1), atol=1e-6)


for name, mask in (("whole", torch.ones_like(padded)), ("padded", padded)):
    ordinary, scores = attentions(bert, mask), attentions(squeeze, mask)
    sums = scores.sum(-1)
    print(f"{name}: BERT's rows sum to {ordinary.sum(-1).mean():.6f}, least {ordinary.min():.3g}; SqueezeBERT's sum to "
          f"{sums.min():.3g} to {sums.max():.3g}, least {scores.min():.3g}")
    weights = scores.softmax(-1)
    assert is_weights(ordinary) and is_weights(weights) and not is_weights(scores), "the behaviour has changed"
    if name == "padded":
        assert (ordinary[..., -1] == 0).all() and (weights[..., -1] == 0).all() and (scores[..., -1] < -1e38).all()
PYTHON
