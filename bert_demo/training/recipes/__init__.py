"""How every bundled model is made: one row each, in the order of making.

A step whose model is there already is not made again; a broken-off one goes on from its checkpoint.
"""

from __future__ import annotations

from collections.abc import Mapping

from bert_demo.training.recipes.bilingual import BILINGUAL
from bert_demo.training.recipes.english import ENGLISH
from bert_demo.training.recipes.entities import ENTITIES
from bert_demo.training.recipes.recipe import PLACE as PLACE
from bert_demo.training.recipes.recipe import Places as Places
from bert_demo.training.recipes.recipe import Recipe
from bert_demo.training.recipes.recipe import settings as settings

RECIPES: Mapping[str, Recipe] = {**ENGLISH, **ENTITIES, **BILINGUAL}
