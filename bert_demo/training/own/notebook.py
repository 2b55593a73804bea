"""A notebook that trains a model again without this project, on the rows beside it."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from bert_demo.training.own import card, figures, frozen, linear_head, loop
from bert_demo.training.own.adapters import linear_maps
from bert_demo.training.own.reading import WINDOW
from bert_demo.training.own.starting import head_modules
from bert_demo.training.own.task import Made, Task

NOTEBOOK, ROWS = "train_again.ipynb", "rows.csv"
_INTRO = """# Train it again

What made the model beside this notebook, in plain `transformers`{more}: the same rows in the same parts, the same
batches and seeds. It needs `torch`, `transformers`, `numpy`{more}, and the model that the training began with: set
`START` to its hub id or directory. The last cell prints the figure of the test rows beside that on the card; with the
same versions and threads they are equal."""
_SETUP = """import csv, json, os
from pathlib import Path

import numpy as np
import torch
from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification, AutoTokenizer

RECIPE = json.loads('''{recipe}''')
START = os.environ.get("START", {start!r})
torch.set_num_threads(RECIPE["threads"])
tokenizer = AutoTokenizer.from_pretrained("model")
config = AutoConfig.from_pretrained("model")
with open("rows.csv", encoding="utf-8", newline="") as file:
    rows = list(csv.DictReader(file))
labels = RECIPE["labels"]
if RECIPE["kind"] == "number":
    truth = np.array([[float(row["label"])] for row in rows])
else:
    split = (lambda label: label.split(";")) if RECIPE["kind"] == "several" else (lambda label: [label])
    truth = np.array([[float(name in split(row["label"])) for name in labels] for row in rows])
parts = {{name: [at for at, row in enumerate(rows) if row["part"] == name] for name in ("train", "held out", "test")}}
"""
_READING = """read = tokenizer([row["text"] for row in rows], truncation=True, max_length=RECIPE["length"])
names = [name for name in ("input_ids", "token_type_ids") if name in read]
encoded = [{name: read[name][at] for name in names} for at in range(len(rows))]

def batch(places):
    columns = {name: [encoded[at][name] for at in places] for name in names}
    return dict(tokenizer.pad(columns, padding_side="right", return_tensors="pt"))

@torch.inference_mode()
def outputs(function, places, size=32):
    '''(rows, ...) what a function makes of batches, those of like length together.'''
    order = sorted(places, key=lambda at: -len(encoded[at]["input_ids"]))
    found = {}
    for first in range(0, len(order), size):
        some = order[first : first + size]
        found.update(zip(some, function(batch(some)).double().numpy()))
    return np.stack([found[at] for at in places])

def score(logits, places):
    '''Accuracy, of several labels all right, of numbers R2.'''
    own = truth[places]
    if RECIPE["kind"] == "number":
        return 1 - ((own - logits) ** 2).sum() / ((own - own.mean()) ** 2).sum()
    if RECIPE["kind"] == "several":
        return ((logits > 0) == own.astype(bool)).all(1).mean()
    return (logits.argmax(1) == own.argmax(1)).mean()
"""
_FROZEN = """from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

kept = {} if RECIPE["layer"] < 0 else {"num_hidden_layers": RECIPE["layer"] + 1}
encoder = AutoModel.from_pretrained(START, dtype="float32", **kept).eval()

def features(inputs):
    states = encoder(**inputs).last_hidden_state
    if RECIPE["pooling"] == "cls":
        return states[:, 0]
    there = inputs["attention_mask"][:, :, None].to(states.dtype)
    means = ((states * there).sum(1) / there.sum(1)).double()
    middle = means - means.mean(1, keepdim=True)
    return middle / middle.pow(2).mean(1, keepdim=True).sqrt() / (1 + RECIPE["epsilon"]) ** 0.5

states = {name: outputs(features, places) for name, places in parts.items()}

def fitted(strength, own):
    weighing = "balanced" if RECIPE["class_weights"] else None
    kind = RECIPE["kind"]
    model = Ridge(alpha=strength) if kind == "number" else LogisticRegression(
        C=strength, class_weight=weighing, max_iter=5000, random_state=RECIPE["seed"]
    )
    return make_pipeline(StandardScaler(), model).fit(states["train"], own)

def decided(strength, own, count, name):
    '''(rows, count) logits; a class without a row to learn from is never the answer, one alone always.'''
    found, classes = np.full((len(states[name]), count), RECIPE["never"]), np.unique(own).astype(int)
    if len(classes) == 1:
        found[:, classes] = -RECIPE["never"]
        return found
    logits = fitted(strength, own).decision_function(states[name])
    shares = [0.0, 1.0] if RECIPE["kind"] == "several" else [-0.5, 0.5]
    found[:, classes] = logits if logits.ndim > 1 else np.outer(logits, shares)
    return found

def logits_of(strength, name):
    own = truth[parts["train"]]
    if RECIPE["kind"] == "number":
        return fitted(strength, own[:, 0]).predict(states[name])[:, None]
    if RECIPE["kind"] == "several":
        return np.stack([decided(strength, each, 2, name)[:, 1] for each in own.T], axis=1)
    return decided(strength, own.argmax(1), own.shape[1], name)

reached = score(logits_of(RECIPE["strength"], "test"), parts["test"])
"""
_STEPS = """torch.manual_seed(RECIPE["seed"])
try:
    model = AutoModelForSequenceClassification.from_config(config, attn_implementation="sdpa").float().eval()
except (ValueError, ImportError):
    model = AutoModelForSequenceClassification.from_config(config, attn_implementation="eager").float().eval()
begun, report = AutoModel.from_pretrained(START, dtype="float32", output_loading_info=True)
stored = {name: each for name, each in begun.state_dict().items() if name not in report["missing_keys"]}
model.base_model.load_state_dict(stored, strict=False)  # what the start lacks, such as a pooler, stays fresh
way, steps_of_epoch = RECIPE["way"], -(-len(parts["train"]) // RECIPE["batch_size"])
if way == "lora":
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(RECIPE["seed"])
    lora = LoraConfig(task_type="SEQ_CLS", r=RECIPE["rank"], lora_alpha=2 * RECIPE["rank"],
                      target_modules=RECIPE["maps"], modules_to_save=RECIPE["head"])
    model = get_peft_model(model, lora)
elif way == "head":
    model.requires_grad_(False)
    for name in RECIPE["head"]:
        model.get_submodule(name).requires_grad_(True)
targets, mean, spread = truth[parts["train"]], 0.0, 1.0
if RECIPE["kind"] == "number":
    mean, spread = targets.mean(), targets.std() or 1.0
targets = torch.tensor((targets - mean) / spread, dtype=torch.float32)
weights = None
if RECIPE["class_weights"]:
    counts = targets.sum(0).clamp(min=1)
    several = RECIPE["kind"] == "several"
    weights = (len(targets) - counts) / counts if several else len(targets) / (targets.shape[1] * counts)

def epoch_batches(epoch):
    '''Of like length: so many batches are drawn at random, sorted by length among themselves, and shuffled.'''
    lengths = np.array([len(encoded[at]["input_ids"]) for at in parts["train"]])
    rng, size = np.random.default_rng((RECIPE["seed"], epoch)), RECIPE["batch_size"]
    order, found = rng.permutation(len(lengths)), []
    for start in range(0, len(order), size * RECIPE["window"]):
        window = order[start : start + size * RECIPE["window"]]
        window = window[np.argsort(lengths[window], kind="stable")]
        found += [window[first : first + size] for first in range(0, len(window), size)]
    return [found[place] for place in rng.permutation(len(found))]

def loss_of(logits, own):
    if RECIPE["kind"] == "number":
        return torch.nn.functional.mse_loss(logits, own)
    if RECIPE["kind"] == "several":
        return torch.nn.functional.binary_cross_entropy_with_logits(logits, own, pos_weight=weights)
    return torch.nn.functional.cross_entropy(logits, own.argmax(1), weight=weights)

def rate_of(name):
    '''Of a parameter, over the rate of the recipe: lower layers slower where that was asked for.'''
    name = name.removeprefix("base_model.model.")
    if not name.startswith(RECIPE["prefix"]):
        return 1.0
    found = [int(part) for part in name.split(".") if part.isdigit()]
    depth = config.num_hidden_layers - 1 - found[0] if found else config.num_hidden_layers
    return 1.0 if "pooler" in name else RECIPE["layer_decay"] ** depth

learnt = [(name, each) for name, each in model.named_parameters() if each.requires_grad]
groups = [{"params": [each], "rate": rate_of(name), "weight_decay": RECIPE["weight_decay"] if each.ndim > 1 else 0.0}
          for name, each in learnt]
optimizer = torch.optim.AdamW(groups, lr=RECIPE["learning_rate"], betas=(0.9, 0.999), eps=1e-8, fused=True)
steps, best, kept = RECIPE["epochs"] * steps_of_epoch, None, {}
for step in range(RECIPE["taken"]):  # none behind the epoch that was kept
    if step % steps_of_epoch == 0:
        batches = epoch_batches(step // steps_of_epoch)
        model.train(way != "head")
        for name in RECIPE["head"] if way == "head" else ():
            model.get_submodule(name).train()
    torch.manual_seed(RECIPE["seed"] * 1_000_003 + step)
    rise = round(RECIPE["warm_up"] * steps)
    share = step / rise if step < rise else max(0.0, (steps - step) / max(1, steps - rise))
    for group in optimizer.param_groups:
        group["lr"] = RECIPE["learning_rate"] * group["rate"] * share
    places = batches[step % steps_of_epoch]
    loss = loss_of(model(**batch([parts["train"][at] for at in places])).logits, targets[places])
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_([each for _, each in learnt], RECIPE["longest_step"])
    optimizer.step()
    if (step + 1) % steps_of_epoch == 0:
        print(f"epoch {(step + 1) // steps_of_epoch}: loss {loss.item():.3f}")
model.eval()
reached = score(outputs(lambda inputs: model(**inputs).logits, parts["test"]) * spread + mean, parts["test"])
"""
_LAST = """print(f"{RECIPE['measure']} on the test rows: {reached:.6f}; on the card: {RECIPE['score']:.6f}")
"""


def notebook(task: Task, made: Made) -> str:
    """The notebook of a job whose figures are known, as JSON; "" of continued pre-training."""
    if task.text:
        return ""
    frozen_way, lora = task.recipe.way == "frozen", task.recipe.way == "lora"
    more = " and `peft`" if lora else " and `scikit-learn`" if frozen_way else ""
    recipe = json.dumps(_recipe(task, made), ensure_ascii=True).replace("\\", "\\\\").replace("'", "\\'")
    setup = _SETUP.format(recipe=recipe, start=card.place_of(task.recipe.start))
    code = [setup, _READING, _FROZEN if frozen_way else _STEPS, _LAST]
    cells: list[dict[str, Any]] = [_cell("markdown", _INTRO.format(more=more), 0)]
    cells += [_cell("code", text, place) for place, text in enumerate(code, start=1)]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return json.dumps(
        {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5},
        indent=1,
        ensure_ascii=False,
    )


def rows_table(task: Task) -> str:
    """The rows as they were learnt from, as CSV: text, label, part."""
    part_of = dict.fromkeys(task.parts.train, "train") | dict.fromkeys(task.parts.held_out, "held out")
    part_of |= dict.fromkeys(task.parts.test, "test")
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(("text", "label", "part"))
    for row, text in enumerate(task.rows.texts):
        truth = task.rows.truth[row]
        names = figures.names(truth, task.rows.labels) if task.rows.labels else (repr(float(truth[0])),)
        writer.writerow((text, ";".join(names), part_of.get(row, "left out")))
    return stream.getvalue()


def _recipe(task: Task, made: Made) -> dict[str, Any]:
    recipe, job = task.recipe, task.status
    assert job.test is not None and job.plan is not None
    model = made.model.get_base_model() if made.adapted else made.model
    found = {name: getattr(recipe, name) for name in card.USED[recipe.way]}
    found |= {"way": recipe.way, "kind": recipe.kind, "labels": list(task.rows.labels), "length": task.reader.length}
    found |= {"measure": job.plan.measure, "score": job.test.score.value}
    if recipe.way == "frozen":
        strengths = frozen.PENALTIES if recipe.kind == "number" else frozen.STRENGTHS
        epsilon = linear_head.norm_epsilon(model) if recipe.pooling == "mean" else 0.0
        return found | {"strength": strengths[job.best - 1], "epsilon": epsilon, "never": frozen.NEVER}
    found |= {
        "taken": job.epochs[job.best - 1].step,
        "head": list(head_modules(model)),
        "window": WINDOW,
        "warm_up": loop.WARM_UP,
    }
    found |= {"weight_decay": loop.WEIGHT_DECAY, "longest_step": loop.LONGEST_STEP}
    found |= {"prefix": f"{model.base_model_prefix}."}
    return found | {"layer_decay": recipe.layer_decay} | ({"maps": linear_maps(model)} if made.adapted else {})


def _cell(kind: str, text: str, number: int) -> dict[str, Any]:
    code: dict[str, Any] = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return {"cell_type": kind, "id": f"cell-{number}", "metadata": {}, "source": text.splitlines(keepends=True), **code}
