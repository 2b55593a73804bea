"""The product: a directory that plain transformers loads, for LoRA with the adapter for peft, a card, and a zip.

Everything is written beside its place and then renamed, so that there is no half of a model.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from bert_demo.training.own import card, notebook
from bert_demo.training.own.adapters import ADAPTER, save_adapter
from bert_demo.training.own.task import Made, Task

TOKENIZER_FILES = (
    "tokenizer.json", "tokenizer_config.json", "vocab.txt", "vocab.json", "merges.txt", "special_tokens_map.json",
    "added_tokens.json", "sentencepiece.bpe.model", "spiece.model", "spm.model", "tokenizer.model", "word_shape.json",
    "word_pronunciation.json",
)  # fmt: skip
"""What tokenizers are saved as; the start's own files are taken as they are."""
FOLDER = "model"
"""The folder inside the zip."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes. weights: of the whole model; added: of what was learnt; archive: of the zip."""

    weights: int
    added: int
    archive: int


def publish(task: Task, made: Made) -> Sizes:
    """Write the model and the zip of a job whose figures are known."""
    part = task.files.directory / "model.new"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    _write_numbers(made)
    added = _learnt_bytes(task, made)
    model = made.model
    if made.adapted:
        added = save_adapter(model, part / ADAPTER, card.place_of(task.recipe.start))
        model = model.merge_and_unload()
    model.save_pretrained(part)
    for name in TOKENIZER_FILES:
        if (task.source / name).is_file():
            shutil.copyfile(task.source / name, part / name)
    weights = sum(each.stat().st_size for each in part.glob("*.safetensors"))
    card.write(part, task, weights, added)
    _zip(part, task.files.archive, _beside(task, made))
    shutil.rmtree(task.files.model, ignore_errors=True)
    part.rename(task.files.model)
    return Sizes(weights, added, task.files.archive.stat().st_size)


@torch.no_grad()
def _write_numbers(made: Made) -> None:
    """Let a model that learnt numbers around 0 give the rows' own."""
    if (made.mean, made.spread) == (0.0, 1.0):
        return
    last = [
        part
        for part in made.model.modules()
        if isinstance(part, torch.nn.Linear) and part.out_features == 1 and part.weight.requires_grad
    ][-1]
    last.weight.mul_(made.spread)
    last.bias.mul_(made.spread).add_(made.mean)


def _learnt_bytes(task: Task, made: Made) -> int:
    if task.recipe.way == "frozen":
        return 4 * max(1, len(task.rows.labels)) * (int(made.model.config.hidden_size) + 1)
    return sum(each.nbytes for each in made.model.parameters() if each.requires_grad)


def _beside(task: Task, made: Made) -> dict[str, str]:
    """What stands in the zip beside the model: the notebook and its rows."""
    again = notebook.notebook(task, made)
    return {notebook.NOTEBOOK: again, notebook.ROWS: notebook.rows_table(task)} if again else {}


def _zip(directory: Path, archive: Path, beside: Mapping[str, str]) -> None:
    """All files of a directory; weights do not get smaller by compression, so that there is none."""
    part = archive.with_suffix(".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as stream:
        for path in sorted(directory.rglob("*")):
            if path.is_file():
                stream.write(path, f"{FOLDER}/{path.relative_to(directory).as_posix()}")
        for name, text in beside.items():
            stream.writestr(name, text)
    part.replace(archive)
