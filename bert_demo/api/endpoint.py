"""What an endpoint is: one row, from which HTTP, MCP, the command, its lane, its JSON and the documents are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydantic import BaseModel

from bert_demo.core.scheduler import Cost


@dataclass(frozen=True, eq=False)
class Endpoint:
    """A call that can be made from outside.

    request: its arguments, with types, bounds, defaults and a sentence each, and examples where it is not one of those
    of 0.3.0; needs: the task heads of which a model must have one, none where every model answers; cost: the lane it
    waits in, unless `cost_of` (arguments) says another; result: the frozen dataclass that the call gives, a list of it,
    or a union of several; call: the method of BertService, or of one of its parts ("catalogue.models"), if it has
    another name; limits: arguments of the call that only callers from outside are held to, such as numbers in one
    answer; seconds: after which the call is ended, with `ended` for the rest of the sentence that is its error then;
    long: parts of the answer that its compact form leaves out; added: arguments that came after its first release,
    which older calls by place do not send; changes: whether the call changes something here, of which an agent is told.
    """

    name: str
    request: type[BaseModel]
    cost: Cost
    result: Any
    description: str
    returns: str = ""
    call: str = ""
    cost_of: Callable[[Mapping[str, Any]], Cost] | None = None
    limits: Mapping[str, int] = field(default_factory=dict)
    seconds: int | None = None
    ended: str = ""
    long: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    changes: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "call", self.call or self.name)

    @cached_property
    def defaults(self) -> dict[str, Any]:
        """The arguments that may be left out, and what they are then, as JSON has it."""
        found = {name: each.default for name, each in self.request.model_fields.items() if not each.is_required()}
        return {name: list(each) if isinstance(each, tuple) else each for name, each in found.items()}

    @cached_property
    def examples(self) -> dict[str, Any]:
        """The arguments that have an example, with the first of each."""
        fields = self.request.model_fields
        return {name: each.examples[0] for name, each in fields.items() if each.examples}

    def cost_for(self, arguments: Mapping[str, Any]) -> Cost:
        """The lane for these arguments."""
        return self.cost if self.cost_of is None else self.cost_of(arguments)
