"""A copy of a model that shares its weights, and where its parts are.

A copy of the module tree that holds the same parameters and buffers costs a millisecond and no memory to speak of, and
whatever is replaced on it leaves the shared model as it was. Every other file here changes such a copy in one thing.
"""

from __future__ import annotations

import copy
from typing import Any

from torch import nn

from bert_demo.core.errors import MissingHeadError
from bert_demo.registry.families import FAMILIES, Family


def shared_copy(module: nn.Module) -> Any:
    """Copy the modules of `module` and their configuration, not their weights.

    A module's dictionaries (children, parameters, buffers, hooks) are its own; every other attribute is shared.
    """
    return _copied(module, {}, {})


def _copied(module: nn.Module, modules: dict[int, nn.Module], configurations: dict[int, Any]) -> nn.Module:
    """modules, configurations: the copies that were made, by id. (As a function within another, which calls itself,
    this would be in a reference cycle with all copies.)"""
    if id(module) not in modules:
        twin = modules[id(module)] = object.__new__(type(module))
        held = {name: type(value)(value) if isinstance(value, dict) else value for name, value in vars(module).items()}
        vars(twin).update(held)
        twin._modules = {
            name: child and _copied(child, modules, configurations) for name, child in module._modules.items()
        }
        config = held.get("config")
        if config is not None:
            if id(config) not in configurations:
                configurations[id(config)] = copy.copy(config)
            twin.config = configurations[id(config)]
    return modules[id(module)]


def family_of(module: Any) -> Family:
    """The row of a model of transformers."""
    return FAMILIES[module.config.model_type]


def embeddings_of(module: Any) -> Any:
    """What makes states of token ids."""
    return module.base_model.get_submodule(family_of(module).embeddings)


def begin_with(variant: Any, embeddings: nn.Module) -> None:
    """Put another module in the place of a copy's embeddings."""
    variant.base_model.set_submodule(family_of(variant).embeddings, embeddings)


def layers_of(module: Any) -> nn.ModuleList:
    """The list of its layers. Raises MissingHeadError where they are not a list of so many."""
    family = family_of(module)
    try:
        layers = module.base_model.get_submodule(family.layers)
    except AttributeError:
        layers = None
    count = "num_hidden_groups" if family.shared_layers else "num_hidden_layers"
    if not isinstance(layers, nn.ModuleList) or len(layers) != getattr(module.config, count):
        raise MissingHeadError("The layers of this kind of model cannot be taken one by one. Choose another model.")
    return layers


def plain_layers(module: Any) -> nn.ModuleList | None:
    """The same where all are known to be of the shape of BERT's, else None."""
    return layers_of(module) if family_of(module).plain_layers else None


def layers_apart(module: Any) -> Any:
    """A shared copy in which every layer is a module of its own: ALBERT's are few, called again and again.

    Raises MissingHeadError where a group holds several layers.
    """
    variant = shared_copy(module)
    if not family_of(variant).shared_layers:
        return variant
    if variant.config.inner_group_num != 1:
        raise MissingHeadError("The layers of this model come in groups and cannot be taken one by one.")
    groups, count = layers_of(variant), int(variant.config.num_hidden_layers)
    # as transformers chooses a layer's group
    copies = [shared_copy(groups[int(number / (count / len(groups)))]) for number in range(count)]
    variant.base_model.set_submodule(family_of(variant).layers, nn.ModuleList(copies))
    variant.config.num_hidden_groups = count
    for each in variant.modules():
        if "config" in vars(each):
            each.config = variant.config
    return variant


def without_weights(variant: Any) -> None:
    """Let a copy compute attention in one fused step, which shows no weights, where its family can."""
    if variant.config._attn_implementation == "eager" and family_of(variant).attention_interface:
        variant.config._attn_implementation = "sdpa"
