#!/bin/bash
# peft 0.21.2 (transformers 5.23.0): an adapter of task type SEQ_CLS has the classifier, but not the pooler before it.
#
# One would expect an adapter, laid on the base that it was made on, to give the same answers. A base that was saved as a model
# of masked words has no pooler; BertForSequenceClassification then draws one at random at each loading, and the classifier is
# trained behind it. The adapter keeps lora_A, lora_B and classifier; the pooler is lost, and each loading answers something
# else, unless the random numbers happen to be drawn alike. modules_to_save=["pooler", "classifier"] keeps it. Seen:
#
#   the file holds classifier and query and value of lora, no pooler
#   loaded with the random numbers of the first time: the same logits; with others: off by 0.006, where they are 0.007
#   the same with modules_to_save=["pooler", "classifier"]: the same logits
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
export TMPDIR="$place"
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --no-compile peft==0.21.2 transformers==5.23.0 torch==2.13.0 numpy==2.4.6
"$place/venv/bin/python" - <<'PYTHON'
import os

os.environ["HF_HUB_OFFLINE"] = "1"
import tempfile
from pathlib import Path

import torch
import transformers
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors import safe_open
from transformers import BertConfig, BertForMaskedLM, BertForSequenceClassification

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
place = Path(tempfile.mkdtemp())
sizes = {"vocab_size": 50, "hidden_size": 16, "intermediate_size": 32, "max_position_embeddings": 16}
torch.manual_seed(0)
BertForMaskedLM(BertConfig(num_hidden_layers=1, num_attention_heads=2, **sizes)).save_pretrained(place / "base")
text = torch.tensor([[2, 5, 6, 7, 3]])


def base(seed):
    torch.manual_seed(seed)
    return BertForSequenceClassification.from_pretrained(place / "base", num_labels=2)


@torch.no_grad()
def logits(model):
    return model.eval()(input_ids=text).logits


def off_after_loading(name, **options):
    """By how much the logits are off when the adapter is loaded with the same, and with other random numbers."""
    model = get_peft_model(base(1), LoraConfig(task_type="SEQ_CLS", **options))
    model.save_pretrained(place / name)
    first = logits(model)
    again = [PeftModel.from_pretrained(base(seed), place / name) for seed in (1, 2)]
    return [float((logits(each) - first).abs().max()) for each in again]


same, other = off_after_loading("plain")
with safe_open(place / "plain" / "adapter_model.safetensors", "pt") as file:
    names = sorted(file.keys())
print(*names, sep="\n")
print(f"off by {same:.6f} with the same random numbers, by {other:.6f} with others")
kept = off_after_loading("kept", modules_to_save=["pooler", "classifier"])
print(f"with modules_to_save: off by {kept[0]:.6f} and {kept[1]:.6f}")
assert any("classifier" in name for name in names) and not any("pooler" in name for name in names)
assert same == 0 and other > 1e-3, "the behaviour has changed"
assert kept == [0, 0], "the behaviour has changed"
PYTHON
