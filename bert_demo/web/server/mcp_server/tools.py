"""A tool from an endpoint's row: what it is called with, what it answers, and whether it changes anything."""

from __future__ import annotations

from typing import Any

from mcp import types

from bert_demo.api.endpoint import Endpoint
from bert_demo.api.run import answer_schema

RESULT = "result"
"""The part of a structured answer in which a list stands: such an answer must be an object."""
FULL = "full"
"""The argument that brings the whole of a long answer."""
_FULL = {
    "type": "boolean",
    "default": False,
    "description": "whether the long parts come too; without, left_out names them.",
}
_READ_ONLY = types.ToolAnnotations(readOnlyHint=True, destructiveHint=False, idempotentHint=True, openWorldHint=False)
_CHANGES = types.ToolAnnotations(readOnlyHint=False, destructiveHint=True, idempotentHint=False, openWorldHint=False)


def tool_of(endpoint: Endpoint) -> types.Tool:
    """The tool with its schemas and annotations."""
    returns = f" Returns: {endpoint.returns}" if endpoint.returns else ""
    return types.Tool(
        name=endpoint.name,
        description=f"{endpoint.description}{returns}",
        inputSchema=input_schema(endpoint),
        outputSchema=output_schema(endpoint),
        annotations=_CHANGES if endpoint.changes else _READ_ONLY,
    )


def input_schema(endpoint: Endpoint) -> dict[str, Any]:
    """JSON schema of the arguments, and of `full` where an answer has a compact form."""
    schema = _without_titles(endpoint.request.model_json_schema())
    properties = schema.get("properties", {}) | ({FULL: _FULL} if endpoint.long else {})
    required = {"required": schema["required"]} if schema.get("required") else {}
    definitions = {"$defs": schema["$defs"]} if "$defs" in schema else {}
    return {"type": "object", "properties": properties, **required, **definitions, "additionalProperties": False}


def output_schema(endpoint: Endpoint) -> dict[str, Any]:
    """JSON schema of the structured answer."""
    schema = answer_schema(endpoint)
    if schema.get("type") == "object":
        return schema
    return {"type": "object", "properties": {RESULT: schema}, "required": [RESULT]}


def structured(answer: Any) -> dict[str, Any]:
    """An answer as the object that output_schema describes."""
    return answer if isinstance(answer, dict) else {RESULT: answer}


def _without_titles(schema: Any) -> Any:
    """A schema of pydantic's without the titles that it makes of names."""
    if isinstance(schema, list):
        return [_without_titles(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: {key: _without_titles(each) for key, each in value.items()}
        if name in ("properties", "$defs")
        else _without_titles(value)
        for name, value in schema.items()
        if not (name == "title" and isinstance(value, str))
    }
