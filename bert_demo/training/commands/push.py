"""`python -m bert_demo train push DIR user/name`: a model of one's own on the hub, with one's own login."""

from __future__ import annotations

import argparse
from pathlib import Path

from bert_demo.core.errors import BadDataError, ChoiceError
from bert_demo.core.training_place import MODEL
from bert_demo.training.publishing import hub

SENT = (".safetensors", ".json", ".txt", ".model", ".md")
"""What a made model consists of; another file is a sign that the directory is another one."""


def run(options: argparse.Namespace) -> None:
    """Send what `train own` wrote, or what a zip of the page held. Raises BadDataError, ChoiceError, DemoError."""
    hub.check_name(options.repository, "model")
    folder = _checked(Path(options.directory))
    from huggingface_hub import get_token

    if not get_token():
        raise ChoiceError("You are not logged in to the hub. Run `hf auth login`, then try again.")
    message = "A model of one's own, by python -m bert_demo train push"
    print(f"The model stands at {hub.send(folder, options.repository, 'model', not options.public, message)}")


def _checked(directory: Path) -> Path:
    folder = directory / MODEL if (directory / MODEL).is_dir() else directory
    files = [each for each in folder.rglob("*") if each.is_file()] if folder.is_dir() else []
    if not {"config.json", "README.md"} <= {each.name for each in files if each.parent == folder}:
        raise BadDataError(f"There is no model in {directory}. Name the directory that `train own` wrote.")
    if odd := sorted(str(each.relative_to(folder)) for each in files if each.suffix not in SENT or each.is_symlink()):
        raise BadDataError(f"{odd[0][:80]!r} is no part of a model; nothing was sent. Move it away, then try again.")
    return folder
