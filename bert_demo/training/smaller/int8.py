"""Weights and sums in int8 by ONNX Runtime (dynamic quantisation), which reads a file of its own, model.onnx.

Read against torch 2.13.0, onnx 1.23.2, onnxscript 0.7.2 and onnxruntime 1.32.0, which are no requirement of the demo.
torch's own dynamic quantisation is deprecated and cannot be saved, and it leaves the embeddings as they are.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForSequenceClassification

from bert_demo.core.errors import ModelKindError
from bert_demo.models.base import Encoding, Model
from bert_demo.training.smaller.draft import Draft

PACKAGES = ("onnx", "onnxscript", "onnxruntime")
INSTALL = "pip install onnx==1.23.2 onnxscript==0.7.2 onnxruntime==1.32.0"
FILE = "model.onnx"
OPSET = 20
_NAMES = ("input_ids", "token_type_ids", "attention_mask")


def require_packages() -> None:
    """Raise ModelKindError, which says how to install them, where they are not there."""
    if lacking := [name for name in PACKAGES if importlib.util.find_spec(name) is None]:
        raise ModelKindError(f"int8 needs {' and '.join(lacking)}, not installed here. Install: {INSTALL}")


class Session:
    """A file in ONNX Runtime, with as many threads as torch has."""

    def __init__(self, path: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.log_severity_level = torch.get_num_threads(), 3
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.names = [each.name for each in self._session.get_inputs()]

    def logits(self, inputs: dict[str, np.ndarray]) -> np.ndarray:
        """(texts, labels) of padded inputs, each (texts, n)."""
        found: np.ndarray = self._session.run(None, inputs)[0]
        return found

    def inputs(self, model: Model, encoding: Encoding, count: int = 1) -> dict[str, np.ndarray]:
        """What it is called with for copies of a text's first window."""
        given = {name: each.repeat(count, 1) for name, each in model.encoder.inputs(encoding).items()}
        given.setdefault("attention_mask", torch.ones_like(given["input_ids"]))
        given.setdefault("token_type_ids", torch.zeros_like(given["input_ids"]))
        return {name: given[name].numpy() for name in self.names}


def write_int8(directory: Path, draft: Draft, model: Model, place: Path) -> str:
    """Put model.onnx in the place of the weights of a saved model, which is loaded; a sentence about it.

    place: a directory that is made for what lies between. What is in float32 between is compared with torch, on padded
    texts too, within 1e-4. Raises ModelKindError.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    place.mkdir()
    try:
        with _quiet():
            export(directory, model, place / FILE)
            quantize_dynamic(place / FILE, directory / FILE, weight_type=QuantType.QInt8)
    except ModelKindError:
        raise
    except Exception as error:  # the exporter's own, of many kinds
        raise ModelKindError(
            f"torch cannot write this kind of model as ONNX ({type(error).__name__}). Leave --way int8 out."
        ) from error
    for weights in directory.glob("*.safetensors*"):
        weights.unlink()
    draft.tokenizer.save(str(directory / "tokenizer.json"))  # what is read without transformers
    return "weights and sums are in int8, in a file for ONNX Runtime; each text is answered alone"


def export(directory: Path, model: Model, path: Path) -> None:
    """Write a saved model as ONNX in float32, for texts of any length and number. Raises ModelKindError."""
    import onnx

    module = AutoModelForSequenceClassification.from_pretrained(directory, dtype=torch.float32).eval()
    names = [name for name in _NAMES if name != "token_type_ids" or name in model.encoder.inputs(model.encode("a"))]
    example = _example(module, names, 2, 9)
    sizes = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
    torch.onnx.export(
        module,
        (),
        path,
        kwargs=example,
        input_names=names,
        output_names=["logits"],
        dynamic_shapes=dict.fromkeys(names, sizes),
        dynamo=True,
        opset_version=OPSET,
        verbose=False,
    )
    graph = onnx.load(path)
    del graph.graph.value_info[:]  # the classifier's turned weight has an old shape there, which the quantiser refuses
    onnx.save(graph, path)
    path.with_name(f"{FILE}.data").unlink(missing_ok=True)
    _compare(module, Session(path), names)


@torch.inference_mode()
def _compare(module: Any, session: Session, names: list[str]) -> None:
    for count, length in ((1, 4), (3, 16), (2, 24)):
        inputs = _example(module, names, count, length)
        inputs["attention_mask"][-1, length // 2 :] = int(count == 1)  # the last of several is padded
        found = session.logits({name: each.numpy() for name, each in inputs.items()})
        if not np.allclose(module(**inputs).logits.numpy(), found, rtol=1e-4, atol=1e-4):
            raise ModelKindError("ONNX Runtime does not answer as torch does for this kind of model. Leave int8 out.")


def _example(module: Any, names: list[str], count: int, length: int) -> dict[str, torch.Tensor]:
    rows = module.get_input_embeddings().num_embeddings
    ids = torch.randint(0, rows, (count, length), generator=torch.Generator().manual_seed(length))
    found = {"input_ids": ids, "token_type_ids": torch.zeros_like(ids), "attention_mask": torch.ones_like(ids)}
    return {name: found[name] for name in names}


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without what exporter and quantiser say of themselves: on standard output, as warnings and in logs."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
