"""Every command, whatever its arguments: exit code 0 or 2, an error in one line, never a traceback, never a hang."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pytest
from calls import ENDPOINT_NAMES
from fuzzing import EXAMPLES, LONG, PROFILE, Tally, Watchdog, good, odd_texts, parameters_of, words
from hypothesis import given, settings
from hypothesis import strategies as st

import bert_demo.service.bert_service
from bert_demo import BertService, Settings
from bert_demo.cli.main import main, make_parser

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")
LEFT_OUT = {"train all", "train cards", "train push", "space"}
"""They would work for hours, or over a network: see the tests of their own."""
FILES = {
    "empty.csv": b"",
    "labels.csv": b"text,label\nthe cat,low\na dog,high\nthe house,middle\nice,low\n",
    "labels.tsv": b"sentence\tlabel\nthe cat\t0\na dog\t2\n",
    "one.csv": b"text,label\nthe cat,low\n",
    "wrong.csv": b"text,label\nthe cat,nothing\n",
    "torn.csv": b'text,label\n"the cat,low\n',
    "nul.csv": b"text,label\nthe\x00cat,low\n",
    "bytes.txt": bytes(range(256)),
    "text.txt": b"the cat sat on the mat . a dog ran .\n\nthe play was good .\n" * 30,
    "false.xz": b"this is not xz",
    "pairs.jsonl": b'{"sentence_good": "the cat sat", "sentence_bad": "the cat sats", "UID": "x"}\n',
    "list.jsonl": b"[]\n3\n",
    "deep.jsonl": b"[" * 100_000,
    "trees.conllu": b"1\tthe\tthe\tDET\tDT\t_\t2\tdet\t_\t_\n2\tcat\tcat\tNOUN\tNN\t_\t0\troot\t_\t_\n\n" * 3,
    "torn.conllu": b"1\tthe\n2\tcat\tcat\n",
}
OPENED = ("file", "files", "text", "data", "test", "parted", "natural")
"""Arguments of the commands about files that name one."""
NUMBERS = ("0", "1", "2", "3", "-1", "0.5", "1e308", "nan", "inf", "-inf", "9" * 400, "1e400", "ten", "", "0x1", "1_0")
WAYS = (
    "half",
    "half=bfloat16",
    "half=x",
    "layers=1",
    "layers=0,1",
    "layers=9",
    "heads=1",
    "neurons=3",
    "distil=1",
    "vocabulary",
    "int8",
    "=",
)
FEW = {"steps": ("0", "1", "2", "-1"), "epochs": ("0", "0.1", "-1", "nan"), "rank": ("0", "1", "2", "-1")}
"""Numbers that say how long training goes on, or how large it is."""


def commands() -> dict[str, argparse.ArgumentParser]:
    """Each command and its parser."""

    def leaves(parser: argparse.ArgumentParser, words: str) -> Iterator[tuple[str, argparse.ArgumentParser]]:
        inner = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
        if not inner:
            yield words, parser
        for each in inner:
            for name, below in each.choices.items():
                yield from leaves(below, f"{words} {name}".strip())

    return dict(leaves(make_parser(), ""))


COMMANDS = commands()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory with files of every kind, in which the commands run; what they write lands there."""
    here = tmp_path_factory.mktemp("desk")
    for name, content in FILES.items():
        (here / name).write_bytes(content)
    (here / "folder").mkdir()
    shared = BertService(Settings(max_steps=16))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(here)
        patch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
        patch.setattr(
            bert_demo.service.bert_service, "BertService", lambda settings: shared
        )  # so that models are loaded once
        yield here


def written(value: Any) -> list[str]:
    """A value as words of a command line."""
    if isinstance(value, list):
        if value and isinstance(value[0], list):
            return [("-" if isinstance(each[0], int) else "/").join(map(str, each)) for each in value]
        return [text for each in value for text in written(each)]
    return [str(value)]


def right(command: str, action: argparse.Action, places: dict[str, str]) -> st.SearchStrategy[list[str]]:
    """Words for one argument that fit it, or nearly."""
    name = action.dest
    if name in ("model", "start", "towards", "blend", "against", "states"):
        return st.sampled_from([[place] for place in places.values()])
    if name == "second_file":
        return st.sampled_from([[each] for each in (*FILES, "missing.csv", "folder")])
    if name == "save":
        return st.sampled_from([["out.csv"], ["out.html"], ["out.exe"], ["missing/out.json"]])
    if name == "way" and command == "shrink":
        return st.lists(st.sampled_from(WAYS), min_size=1, max_size=2)
    if name in ("rows", "learn") and command == "shrink":
        return st.sampled_from([[each] for each in (*FILES, "missing.csv", "folder")])
    if name in OPENED and command.split()[0] in ("train", "evaluate", "heads", "prune"):
        return st.lists(st.sampled_from((*FILES, "missing.csv", "folder")), min_size=1, max_size=2)
    if name == "output" and command not in ENDPOINTS_WITH_SCALE:
        return st.sampled_from([["out.csv"], ["out.npz"], ["out"], ["folder"], ["missing/out.csv"]])
    if name == "labels":
        return st.sampled_from([["low", "middle", "high"], ["low", "low"], ["low"]])
    if name in FEW:
        return st.sampled_from([[each] for each in FEW[name]])
    if action.type in (int, float):
        return st.sampled_from([[each] for each in NUMBERS])
    if action.nargs == 0:
        return st.just([])
    with contextlib.suppress(KeyError):
        return good(command.replace("-", "_"), name).filter(lambda value: value is not None).map(written)
    return st.lists(words, min_size=1, max_size=2)


ENDPOINTS_WITH_SCALE = {name.replace("_", "-") for name in ENDPOINT_NAMES} - {"features"}
"""Commands whose --output is a scale (logit, probability, margin), not a file."""


def clean(word: str) -> str:
    """What a shell can pass and no path: a word without NUL and slashes, so that nothing is written elsewhere."""
    return word.replace("\0", "").replace("/", "").replace("..", "")


@st.composite
def lines(draw: st.DrawFn, command: str, places: dict[str, str]) -> list[str]:
    """A command line: its arguments mostly right, one or two of them not, and now and then something between."""
    found: list[str] = []
    first: list[str] = []
    for action in COMMANDS[command]._actions:
        if isinstance(action, argparse._HelpAction):
            continue
        must = not action.option_strings or action.required or action.dest == "model"
        if not must and draw(st.integers(0, 2)):
            continue
        given_words = draw(right(command, action, places))
        if action.nargs != 0 and action.dest not in FEW and draw(st.integers(0, 9)) == 9:
            given_words = [clean(draw(odd_texts))]
        if action.option_strings:
            found += [action.option_strings[0], *given_words]
        else:
            first += given_words[: None if action.nargs == "+" else 1]
    found = [*first, *found]
    if draw(st.integers(0, 9)) == 9:
        between = st.one_of(st.sampled_from(("--help", "--json", "--", "-", "--nothing", "--=", "@x", "-1")), odd_texts)
        found.insert(draw(st.integers(0, len(found))), clean(draw(between)))
    return [*command.split(), *found]


def run(line: list[str]) -> tuple[int, str, str]:
    """Exit code, standard output, standard error, each with the encoding and the errors that a terminal has."""
    out, wrong = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8", "backslashreplace")
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(wrong):
        try:
            code = main(line)
        except SystemExit as stop:
            code = int(stop.code or 0)
    said = []
    for stream in (out, wrong):
        stream.flush()
        said.append(stream.buffer.getvalue().decode("utf-8"))  # type: ignore[attr-defined]
    return code, said[0], said[1]


@pytest.mark.timeout(7200 if LONG else 120)
@pytest.mark.parametrize("command", sorted(set(COMMANDS) - LEFT_OUT))
def test_an_answer_or_one_sentence(
    command: str, desk: Path, tiny_models: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    tally, watchdog = Tally(command), Watchdog()
    slow = command.startswith(("train", "compare"))

    @settings(PROFILE, max_examples=EXAMPLES if LONG or not slow else 5)
    @given(lines(command, tiny_models))
    def attempt(line: list[str]) -> None:
        code, out, wrong = tally.call(watchdog, lambda: run(line))
        assert "Traceback" not in out + wrong, (line, wrong)
        assert code in (0, 2), (code, line, wrong)
        if code == 0:
            tally.answers += 1
            assert "--json" not in line[1:] or "--help" in line or not out.startswith("{") or json.loads(out)
            return
        kind = "usage" if wrong.startswith("usage:") else "error"
        tally.errors[kind] += 1
        last = wrong.rstrip("\n").split("\n")[-1]
        assert out == "" and 10 < len(last) < 900 and ": " in last, (line, last)
        assert kind == "usage" or last.startswith(f"{command.split()[0]}: "), (line, wrong)

    attempt()
    if LONG:
        with capsys.disabled():
            print(f"\n{tally}", flush=True)


def test_a_wrong_argument_is_not_repeated_in_full() -> None:
    code, out, wrong = run(["fill-mask", "[MASK]", "--top-k", "a" * 100_000])
    assert code == 2 and out == "" and len(wrong) < 1500
    assert "argument --top-k: invalid int value: 'aaa" in wrong and wrong.endswith("a ...\n")
    code, out, wrong = run(["models", "a\n\x1b[31mb"])
    assert code == 2 and wrong.endswith("error: unrecognized arguments: a\\n\\x1b[31mb\n")


def test_every_command_is_tried() -> None:
    asked = {name.replace("_", "-") for name in ENDPOINT_NAMES if "rows" not in parameters_of(name)}
    assert (
        asked
        | {
            "train mlm",
            "train classifier",
            "evaluate",
            "heads",
            "prune",
            "shrink",
        }
        <= {*COMMANDS} - LEFT_OUT
    )
