"""The configuration of an adapter that brings none, as peft saves it: its base's, with the head that it trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bert_demo.core.errors import ModelKindError
from bert_demo.models.loading.lora import Adapter
from bert_demo.models.loading.validate import CONFIG, read_config
from bert_demo.registry.families import FAMILIES

_ENDINGS = {
    "SEQ_CLS": "ForSequenceClassification",
    "TOKEN_CLS": "ForTokenClassification",
    "QUESTION_ANS": "ForQuestionAnswering",
}
"""What peft calls a task, and the end of the class that answers."""
_BASE_ALONE = ("", "FEATURE_EXTRACTION")
"""Tasks of which the base's own head answers."""
_LAST = ("classifier.out_proj.weight", "classifier.weight", "qa_outputs.weight")
"""The last weights of a head, a row for each label."""
UNNAMED = "Its adapter names no labels: they are numbered. Put a config.json with id2label beside it to name them."


def described(adapter: Adapter | None, directory: Path, name: str) -> tuple[Path, dict[str, Any]]:
    """The directory whose config.json a model is read by, and the fields that an adapter without one puts over it.

    directory: of the model; name: how the visitor knows it. Raises ModelLoadError.
    """
    if adapter is None or (directory / CONFIG).is_file():
        return directory, {}
    config = read_config(adapter.base, name, {"architectures": None} if adapter.task in _ENDINGS else {})
    if adapter.task in _BASE_ALONE:
        return adapter.base, {}
    ending = _ENDINGS.get(adapter.task)
    if ending is None:
        raise ModelKindError(
            f"The adapter of the model {name!r} was trained for {adapter.task[:40]} (task_type), which no lens asks."
        )
    fields: dict[str, Any] = {"architectures": [f"{FAMILIES[config['model_type']].prefix}{ending}"]}
    count = labels_of(adapter)
    if count and len(config.get("id2label") or ()) != count:
        fields["id2label"] = {str(number): f"LABEL_{number}" for number in range(count)}
        fields["label2id"] = {label: int(number) for number, label in fields["id2label"].items()}
    return adapter.base, fields


def labels_of(adapter: Adapter) -> int:
    """How many labels the head has that an adapter brings; 0 where it brings none."""
    return next((shape[0] for name, shape in adapter.replaced().items() if name.endswith(_LAST)), 0)
