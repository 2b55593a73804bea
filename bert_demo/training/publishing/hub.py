"""A folder sent to the hub, with the login of whoever sends it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from bert_demo.core.errors import ChoiceError, DemoError

_REPOSITORY = re.compile(r"[\w-][\w.-]{0,95}/[\w-][\w.-]{0,95}")
NAMES = {"space": "Space", "model": "model"}
"""What a repository of each type is called."""


def check_name(repository: str, kind: str) -> None:
    """Raises ChoiceError for what cannot be the name of a repository."""
    if not _REPOSITORY.fullmatch(repository):
        raise ChoiceError(f"The {NAMES[kind]}'s name must look like user/name, not {repository[:80]!r}.")


def send(folder: Path, repository: str, kind: str, private: bool, message: str, **made: Any) -> str:
    """Make the repository if there is none, and put the files of `folder` there; a Space keeps no others.

    Returns its address.
    kind: of NAMES; private: a model's repository must be so; made: more for a repository that is made. Raises
    ChoiceError where it is public, and DemoError.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.utils import httpx  # type: ignore[attr-defined]  # whichever httpx its client is made of

    api = HfApi()
    asked = private or (None if kind == "space" else False)  # None: as the owner's repositories are made
    try:
        place = api.create_repo(repository, repo_type=kind, private=asked, exist_ok=True, **made)
        if kind == "model" and private and not api.repo_info(repository, repo_type=kind).private:
            raise ChoiceError(f"{repository} is public already; nothing was sent. Name another, or add --public.")
        api.upload_folder(
            repo_id=repository,
            repo_type=kind,
            folder_path=folder,
            delete_patterns="*" if kind == "space" else None,
            commit_message=message,
        )
    except ChoiceError:
        raise
    except httpx.TransportError as error:
        raise DemoError(
            f"The hub at {api.endpoint} cannot be reached ({type(error).__name__}). Check the network, and try again."
        ) from error
    except (httpx.HTTPError, OSError, ValueError, RuntimeError) as error:
        said = str(error).strip().splitlines() or [type(error).__name__]
        raise DemoError(
            f"The {NAMES[kind]} could not be written: {said[0][:300]} Log in with `hf auth login` as someone who may "
            "write it."
        ) from error
    return str(place)
