"""What a component is built from again for each visitor, and components of our own.

Read against gradio 6.31.0 (blocks.Block, component_meta.create_or_modify_pyi). Used: `Block._constructor_args`, from
which gradio makes a visitor's own copy of a component; and the function that, when a class of a component is made,
writes a stub file beside its source, which type checkers would read in its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gradio import component_meta
from gradio.blocks import Block


def is_update(value: Any) -> bool:
    """Whether a value is an update of a component, such as gr.Dropdown(choices=..., value=...)."""
    return isinstance(value, Block)


def build_with(component: Any, name: str, value: Any) -> None:
    """Let a component be built with this argument from now on."""
    component._constructor_args[0][name] = value


@contextmanager
def no_stubs() -> Iterator[None]:
    """Classes of components that are made meanwhile get no stub file."""
    write = component_meta.create_or_modify_pyi
    component_meta.create_or_modify_pyi = lambda *_: None
    try:
        yield
    finally:
        component_meta.create_or_modify_pyi = write
