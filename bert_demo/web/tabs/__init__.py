"""The lenses, a tab a file: TABS are the classes `...Tab` of the files here, by group and place."""

from __future__ import annotations

import importlib
import pkgutil

from bert_demo.web.lens_groups import order
from bert_demo.web.tab import Tab


def _found() -> list[type[Tab]]:
    modules = [importlib.import_module(f"{__name__}.{each.name}") for each in pkgutil.iter_modules(__path__)]
    return [
        each
        for module in modules
        for name, each in vars(module).items()
        if name.endswith("Tab") and getattr(each, "__module__", "") == module.__name__
    ]


TABS: tuple[type[Tab], ...] = tuple(sorted(_found(), key=order))
"""The lenses in the order of the page."""
