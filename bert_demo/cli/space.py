"""python -m bert_demo space user/name: put this checkout on Hugging Face Spaces, large files included."""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bert_demo.core.errors import BadDataError
from bert_demo.training.publishing import hub

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = ("tests/", "benchmarks/", "findings/", ".ci/", "requirements-dev.")
"""What a Space does not need, by the beginning of its path."""
_PIN = re.compile(r"(?P<name>[\w.-]+)(\[[\w,-]+\])?==(?P<version>[\w.]+)")
LONGEST_DESCRIPTION = 60
MESSAGE = "The files of a checkout, by python -m bert_demo space"


def add_space(commands: Any) -> None:
    """Add the command."""
    summary = "put this checkout on Hugging Face Spaces"
    command = commands.add_parser("space", help=summary, description=summary)
    command.add_argument("repository", help="user/name of the Space; it is made if there is none")
    command.add_argument("--private", action="store_true", help="make it private, if it is made")
    command.add_argument(
        "--torch-index",
        default="",
        metavar="URL",
        help="a further index for pip on the Space, such as that of PyTorch's CPU wheels, which save gigabytes",
    )
    command.add_argument("--check", action="store_true", help="only check the files and list them; send nothing")


def run(options: argparse.Namespace) -> None:
    """Check, copy aside and send what git tracks. Raises ChoiceError, BadDataError, DemoError."""
    hub.check_name(options.repository, "space")
    names = tracked(ROOT)
    check_header(ROOT, names)
    if options.check:
        print("\n".join(names))
        return
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
        if options.torch_index:
            requirements = folder / "requirements.txt"
            given = requirements.read_text(encoding="utf-8")
            requirements.write_text(f"--extra-index-url {options.torch_index}\n{given}", encoding="utf-8")
        made = hub.send(folder, options.repository, "space", options.private, MESSAGE, space_sdk="gradio")
        print(f"The Space stands at {made}")


def tracked(root: Path) -> list[str]:
    """What git tracks there and a Space needs, as paths from `root`. Raises BadDataError outside a checkout."""
    try:
        done = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise BadDataError("This is no git checkout, so what belongs to it is not known. Clone it with git.") from error
    names = [name for name in done.stdout.split("\0") if name and not name.startswith(LEFT_OUT)]
    return [name for name in names if (root / name).is_file()]


def check_header(root: Path, names: Sequence[str]) -> None:
    """The header of README.md must agree with the files. Raises BadDataError with what does not."""
    from huggingface_hub import RepoCard
    from yaml import YAMLError  # type: ignore[import-untyped]

    try:
        header = RepoCard((root / "README.md").read_text(encoding="utf-8"), ignore_metadata_errors=False).data
    except (OSError, ValueError, YAMLError) as error:
        raise BadDataError(f"README.md has no header that can be read: {str(error).splitlines()[0]}") from error
    pins = pinned(root / "requirements.txt")
    wanted = {"sdk": "gradio", "sdk_version": pins.get("gradio", "")}
    wrong = [
        f"{key} is {header.get(key)!r}, not {value!r}" for key, value in wanted.items() if header.get(key) != value
    ]
    if header.get("app_file") not in names:
        wrong.append(f"app_file names {header.get('app_file')!r}, which git does not track")
    if len(str(header.get("short_description", ""))) > LONGEST_DESCRIPTION:
        wrong.append(f"short_description is longer than {LONGEST_DESCRIPTION} characters")
    if not re.fullmatch(r"3\.1[1-9](\.\d+)?", str(header.get("python_version", ""))):
        wrong.append(f"python_version is {header.get('python_version')!r}, not 3.11 or newer")
    if wrong:
        raise BadDataError(f"The header of README.md is wrong: {'; '.join(wrong)}.")


def pinned(requirements: Path) -> dict[str, str]:
    """The version of each requirement. Raises BadDataError for one that is not pinned."""
    found = {}
    for line in requirements.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith(("#", "--")):
            match = _PIN.fullmatch(line.strip())
            if match is None:
                raise BadDataError(f"{requirements.name} must pin every package with ==, unlike {line.strip()!r}.")
            found[match["name"].replace("_", "-").lower()] = match["version"]
    return found
