"""The public contract, frozen: endpoints, answers, commands, MCP tools, settings, links.

The app is asked from outside, as a process, so that this file survives any change of the inside. The snapshots lie in
tests/system/contract. After a change that is meant: `python tests/system/test_contract.py --write`, and read the diff.

What is frozen is what there was at 0.3.0. The contract grows: of an endpoint or a setting that came later is asked that
the documents name it, and that the endpoint answers the example in its published schema as it says there.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import Any

import pytest
from contract_calls import CALLS, COMMANDS, FILES, HELPS, LINKS
from contract_commands import ROOT, run_all
from contract_http import call, call_by_name, get, published, restored, tools, written_names
from contract_snapshot import FOLDER, WRITE, check, masked
from jsonschema import Draft202012Validator

from bert_demo.api.endpoints import BY_NAME

pytestmark = pytest.mark.timeout(400)
"""Only against hanging: eighty commands take half a minute on two quiet cores, and minutes beside other work."""

UNBUNDLED = ("answer", "attribute_answer")
"""Endpoints whose head no bundled model has; that they say so is a test of their rows (test_endpoint_rows.py)."""
NUMBER = re.compile(r"(-?\d+\.\d+(?:e[-+]\d+)?)")
"""A decimal number in a table for people."""


@pytest.fixture(scope="module")
def info(server: str) -> dict[str, Any]:
    return published(server)


@pytest.fixture(scope="module")
def published_tools(server: str) -> list[dict[str, Any]]:
    return tools(server)


@pytest.fixture(scope="module")
def config(server: str) -> dict[str, Any]:
    found: dict[str, Any] = get(f"{server}/config")
    return found


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, ...], dict[str, Any]]:
    """What each of COMMANDS and HELPS gives."""
    folder = tmp_path_factory.mktemp("files")
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    lines = [
        tuple(str(folder / word) if word.endswith((".csv", ".conllu")) else word for word in words)
        for words in COMMANDS
    ]
    helps = [(*words, "--help") for words in HELPS]
    answers = run_all([*lines, *helps, ("--version",)])
    for answer in answers:
        answer.update({kind: answer[kind].replace(f"{folder}/", "") for kind in ("out", "error")})
    return dict(zip([*COMMANDS, *helps, ("--version",)], answers, strict=True))


def test_endpoints_have_their_arguments_defaults_and_returns(info: dict[str, Any]) -> None:
    frozen = {name: row for name, row in info.items() if name.removeprefix("/") in CALLS}
    assert list(frozen) == [f"/{name}" for name in CALLS]
    check("info", frozen)


@pytest.mark.parametrize("name", CALLS)
def test_answers(server: str, info: dict[str, Any], name: str) -> None:
    answers = [call(server, info, name, arguments) for arguments in CALLS[name]]
    check(
        f"answer_{name}",
        [{"arguments": asked, "answer": masked(said)} for asked, said in zip(CALLS[name], answers, strict=True)],
    )


def test_arguments_by_name_give_the_same_answer(server: str, info: dict[str, Any]) -> None:
    asked = {"text": "A warm film.", "model": "topics"}
    assert call_by_name(server, "classify", asked) == call(server, info, "classify", asked)


def test_mcp_tools(published_tools: list[dict[str, Any]]) -> None:
    check("mcp", [tool for tool in published_tools if tool["name"] in CALLS])


def test_every_endpoint_is_a_tool_and_documented(info: dict[str, Any], published_tools: list[dict[str, Any]]) -> None:
    assert list(info) == [f"/{tool['name']}" for tool in published_tools]
    documents = _documents()
    assert not [name for name in info if f"| `{name}` |" not in documents]


def test_endpoint_since_answers_its_own_example(
    server: str, info: dict[str, Any], published_tools: list[dict[str, Any]]
) -> None:
    for tool in published_tools:
        if tool["name"] not in CALLS and tool["name"] not in UNBUNDLED:
            asked, schema = tool["inputSchema"], tool["outputSchema"]
            given = {name: each["examples"][0] for name, each in asked["properties"].items() if "examples" in each}
            assert set(asked.get("required", ())) <= set(given), f"{tool['name']} has an argument without an example"
            answer = call(server, info, tool["name"], given)
            Draft202012Validator(schema).validate(
                {"result": answer} if list(schema["properties"]) == ["result"] else answer
            )


def test_commands_print_what_they_printed(outputs: dict[tuple[str, ...], dict[str, Any]]) -> None:
    check("commands", [{"command": list(words), **_spoken_answer(words, outputs[words])} for words in COMMANDS])


def _spoken_answer(words: tuple[str, ...], answer: dict[str, Any]) -> dict[str, Any]:
    """JSON as JSON; a table as lines with its numbers beside it, to be compared as numbers."""
    out, error = answer["out"], answer["error"].splitlines() if answer["status"] else []  # else it is progress
    if "--json" in words:
        return {"status": answer["status"], "error": error, "json": masked(json.loads(out)) if out else None}
    numbers = [float(each) for each in NUMBER.findall(out)]
    return {"status": answer["status"], "error": error, "table": NUMBER.sub("#", out).splitlines(), "numbers": numbers}


def test_commands_have_their_options(outputs: dict[tuple[str, ...], dict[str, Any]]) -> None:
    found = {}
    for words in HELPS:
        answer = outputs[(*words, "--help")]
        assert answer["status"] == 0, answer["error"]
        found[" ".join(words)] = sorted(set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", answer["out"])) - {"--help"})
    check("options", found)
    assert outputs[("--version",)]["out"].strip()


@pytest.fixture
def settings() -> Any:
    """The public class; imported late, since as a script this file does not stand beside the package."""
    from bert_demo import Settings

    return Settings


def test_settings(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("BERT_DEMO_", "SPACE_ID"))]:
        monkeypatch.delenv(name)
    unset = settings.from_environment()
    found = {}
    for variable, default, text in _documented():
        value = getattr(unset, variable.removeprefix("BERT_DEMO_").lower())
        monkeypatch.setenv(variable, default)
        assert settings.from_environment() == unset, f"{variable}={default} is not the default"
        monkeypatch.delenv(variable)
        found[variable] = {"default": value, "help": text}
    kept = json.loads((FOLDER / "settings.json").read_text(encoding="utf-8"))
    check("settings", {variable: row for variable, row in found.items() if variable in kept})


def _documented() -> list[tuple[str, str, str]]:
    """The rows of the settings table: variable, default, sentence."""
    return re.findall(r"^\| `(BERT_DEMO_\w+)` \| `(.*?)` \| (.*) \|$", _documents(), re.MULTILINE)


def _documents() -> str:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return "\n".join(page.read_text(encoding="utf-8") for page in pages)


def test_unknown_settings_are_refused_by_name(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BERT_DEMO_NONSENSE", "1")
    with pytest.raises(Exception, match="BERT_DEMO_NONSENSE is no setting") as refused:
        settings.from_environment()
    assert re.findall(r"BERT_DEMO_\w+", str(refused.value))[1:] == sorted(name for name, _, _ in _documented())


def test_page_writes_its_address_and_takes_it_up_again(server: str, config: dict[str, Any]) -> None:
    found = {query: restored(server, config, query) for query in ("", *LINKS)}
    check("links", {"written": written_names(server, config), "restored": found})


ARGUMENTS = {
    "classify": 3, "fill_mask": 4, "fill_jointly": 3, "score_candidates": 4, "compare_blanks": 5,
    "prefer": 4, "surprises": 3, "layer_guesses": 2, "attention": 5, "attribute": 9,
    "attribute_mask": 10, "attribute_layers": 7, "compare": 6, "what_if": 8, "attention_steps": 6,
    "head_profiles": 3, "ablate": 7, "head_worth": 5, "prune": 4, "pieces": 2,
    "contexts": 3, "positions": 1, "first_states": 3, "similarity": 4, "features": 5,
    "next_sentence": 3, "next_sentence_baseline": 1, "models": 0,
}  # fmt: skip
"""Arguments of each endpoint of 0.3.0, by place."""


def test_calls_by_place_of_an_older_release_are_taken() -> None:
    """What came since stands behind them, and a row says that older calls do not send it."""
    for name, count in ARGUMENTS.items():
        endpoint = BY_NAME[name]
        assert (name, *list(endpoint.request.model_fields)[count:]) == (name, *endpoint.added)


if __name__ == "__main__":
    if sys.argv[1:2] != ["--write"]:
        sys.exit("python tests/system/test_contract.py --write")
    os.environ.update({WRITE: "1", "OMP_NUM_THREADS": "1"})
    sys.exit(subprocess.call([sys.executable, "-m", "pytest", "-q", __file__, *sys.argv[2:]], cwd=ROOT))
