"""The models that lists offer: those that are here, and those that are downloaded first, with what they weigh."""

from __future__ import annotations

from bert_demo.registry.models import CATALOGUE, ModelCard

HERE, TO_DOWNLOAD, MINE = "On this computer", "To be downloaded", "Trained by you"
MOST_OWN = 6
"""Models of a visitor's own that are listed behind the others."""


def model_choices() -> list[tuple[str, str]]:
    """(what the list says, name) of every row of the catalogue."""
    return [(listed(card), card.name) for card in CATALOGUE]


def listed(card: ModelCard) -> str:
    """A model's name; behind it, for one of the hub, that it is downloaded, and its size where that is known."""
    if not card.of_hub:
        return card.name
    size = f", about {_size(card.megabytes)}" if card.megabytes else ""
    return f"{card.name} (download{size})"


def _size(megabytes: int) -> str:
    return f"{megabytes / 1000:.1f} GB" if megabytes >= 1000 else f"{megabytes} MB"


def list_styles(place: str) -> str:
    """CSS that writes the names of the three groups into the list of the dropdown with that id.

    Rows are known by their number, since gradio gives them no class; a group that is filtered away loses its name.
    """
    groups: dict[str, list[str]] = {HERE: [], TO_DOWNLOAD: [], MINE: []}
    for number, card in enumerate(CATALOGUE):
        groups[TO_DOWNLOAD if card.of_hub else HERE].append(f'li[data-index="{number}"]')
    groups[MINE] += [f'li[data-index="{len(CATALOGUE) + number}"]' for number in range(MOST_OWN)]
    rules = []
    for name, rows in groups.items():
        those = f":is({', '.join(rows)})"
        first = f"#{place} .options {those}:not({those} ~ li)"
        rules.append(f'{first} {{ padding-top: 30px; position: relative; }}\n{first}::before {{ content: "{name}"; }}')
    return "\n".join(rules)
