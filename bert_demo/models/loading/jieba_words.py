"""RoFormer's tokenizer, which looks Chinese words up in its vocabulary; that of transformers 5.23 looks for them in the
name of the file of its vocabulary."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from transformers import RoFormerTokenizer

from bert_demo.core.errors import ModelKindError

CLASSES = (None, "RoFormerTokenizer", "RoFormerTokenizerFast")
"""What tokenizer_config.json calls it; None where it is silent."""
_GIVEN = (
    "do_lower_case",
    "strip_accents",
    "model_max_length",
    *(f"{kind}_token" for kind in ("unk", "sep", "pad", "cls", "mask")),
)


def jieba_tokenizer(directory: Path, settings: Mapping[str, Any], name: str) -> Any:
    """The tokenizer of a RoFormer, of its vocabulary as such.

    settings: of its tokenizer_config.json. Raises ModelKindError where rjieba, which parts the words, is not installed.
    """
    if importlib.util.find_spec("rjieba") is None:
        raise ModelKindError(
            f"The model {name!r} reads Chinese words as rjieba parts them, which is not installed here. Install it "
            "(pip install rjieba) and choose the model again."
        )
    given = {key: settings[key] for key in _GIVEN if settings.get(key) is not None}
    return RoFormerTokenizer(vocab=_vocabulary(directory), **given)


def _vocabulary(directory: Path) -> dict[str, int]:
    if (directory / "vocab.txt").is_file():
        lines = (directory / "vocab.txt").read_text(encoding="utf-8").split("\n")
        return {line.strip(): number for number, line in enumerate(lines) if line.strip()}
    whole = json.loads((directory / "tokenizer.json").read_text(encoding="utf-8"))
    return dict(whole["model"]["vocab"])
