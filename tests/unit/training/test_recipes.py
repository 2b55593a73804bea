"""Recipes and cards: what is said of weights that no recipe makes is said of those weights alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import MODELS

from bert_demo.training.publishing.weights import sha256, weights_of
from bert_demo.training.recipes import RECIPES, Places

BUNDLED = ("base", "sentiment", "topics", "spam", "entities", "bilingual", "sentiment-zh", "topics-zh")
PLACES = Places(Path("all-MiniLM-L6-v2"), Path("data"), Path("output"), Path("e5-small-q4.bin"))


@pytest.mark.parametrize("name", BUNDLED)
def test_cards_say_how_these_weights_were_made(name: str) -> None:
    recipe = RECIPES[name]
    facts = recipe.made(recipe.task(PLACES), sha256(weights_of(MODELS / name)))
    card = (MODELS / name / "README.md").read_text(encoding="utf-8")
    assert "\n".join(f"- **{title}** {sentence}" for title, sentence in facts) in card
    assert f"- **Learnt from** {recipe.data}" in card
    assert [title for title, _ in facts] == (["Made by", "Recipe of today"] if recipe.history else ["Made by"])


def test_a_history_is_of_weights_that_ship() -> None:
    """A history whose weights are gone must go, too."""
    told = {name: recipe.history.sha256 for name, recipe in RECIPES.items() if recipe.history}
    assert told == {name: sha256(weights_of(MODELS / name)) for name in ("base", "sentiment")}


def test_what_a_recipe_makes_has_no_history() -> None:
    recipe = RECIPES["sentiment"]
    assert recipe.history is not None
    ((title, sentence),) = recipe.made(recipe.task(PLACES), "0" * 64)
    assert title == "Made by" and sentence.startswith("`python -m bert_demo train all`, step `sentiment`: ")
    assert sentence.endswith("batches of 32, seed 0.") and "runs" not in sentence
    made, today = recipe.made(recipe.task(PLACES), recipe.history.sha256)
    assert made == ("Made by", f"{recipe.history.account} No command repeats this.")
    assert today == ("Recipe of today", f"{sentence} It makes a like model, not these weights.")
