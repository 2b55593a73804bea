"""What the contract asks: endpoints over HTTP, commands, links. Small texts on the bundled models."""

from __future__ import annotations

from typing import Any

FILM = "A warm film."
BANK = "The bank by the river."
WATER = "Water freezes into [MASK]."
ROWS = [["A warm film.", "positive"], ["A dull film.", "negative"], ["What a joy.", "positive"]]

CALLS: dict[str, tuple[dict[str, Any], ...]] = {
    "classify": (
        {"text": FILM},
        {"text": "Not bad at all.", "pair": "The plot is thin.", "model": "spam"},
        {"text": "A word and another one. " * 60, "model": "topics"},
    ),
    "fill_mask": (
        {"text": "The [MASK] of [MASK].", "top_k": 3},
        {"text": WATER, "model": "base", "candidates": ["ice", "steam"]},
    ),
    "fill_jointly": ({"text": "She moved to [MASK] [MASK] City.", "top_k": 2},),
    "score_candidates": (
        {"text": "The [MASK] was late.", "candidates": ["train", "head teacher"], "pairs": [["doctor", "nurse"]]},
    ),
    "compare_blanks": (
        {"first": "The man worked as a [MASK].", "second": "The woman worked as a [MASK].", "top_k": 3},
        {"first": "A [MASK] cat.", "second": "A [MASK] dog.", "candidates": ["big", "old"]},
    ),
    "prefer": (
        {"first": "The cats are asleep.", "second": "The cats is asleep."},
        {"first": "A playful kitten.", "second": "A playful puppy.", "rule": "within_word_l2r"},
    ),
    "surprises": ({"text": "Bread with socks."}, {"text": "An unforgettable film.", "rule": "within_word_l2r"}),
    "layer_guesses": ({"text": WATER},),
    "attention": (
        {"text": FILM, "layer": 2, "head": 4},
        {"text": FILM, "pair": "So good.", "model": "sentiment", "layer": 5, "head": 0},
    ),
    "attribute": (
        {"text": FILM},
        {
            "text": FILM,
            "pair": "So dull.",
            "target": "negative",
            "output": "probability",
            "baseline": "mask",
            "steps": 8,
        },
        {"text": FILM, "method": "occlusion", "output": "margin", "baseline": "zero", "model": "topics"},
        {"text": FILM, "method": "lime", "steps": 16},
        {"text": FILM, "method": "attention_rollout", "tolerance": 0.05},
    ),
    "attribute_mask": (
        {"text": WATER, "candidate": "ice", "steps": 8},
        {"text": "A [MASK] of [MASK].", "candidate": "cup", "against": "day", "mask": 0, "method": "saliency"},
    ),
    "attribute_layers": ({"text": FILM}, {"text": FILM, "target": "negative", "tolerance": 0.05, "output": "margin"}),
    "compare": ({"text": "A warm film", "target": "positive"},),
    "what_if": (
        {"text": FILM, "word": 1},
        {"text": FILM, "word": 1, "change": "replace", "replacement": "dull", "output": "probability"},
        {"text": FILM, "word": 0, "change": "delete", "pair": "So good.", "target": "negative"},
    ),
    "attention_steps": ({"text": "So good", "query": 1, "layer": 1, "head": 3},),
    "head_profiles": ({"text": FILM},),
    "ablate": (
        {"text": FILM, "heads": [[3, 7], [2, 1]], "attributions": True, "target": "positive"},
        {"text": WATER, "heads": [[0, 0]], "model": "base", "top_k": 2},
    ),
    "head_worth": ({"text": FILM}, {"text": WATER, "model": "base", "target": "ice", "output": "probability"}),
    "prune": ({"rows": ROWS, "points": 2, "orders": 1},),
    "pieces": ({"text": "Unforgettably good, naïve."},),
    "contexts": ({"word": "bank", "texts": [BANK, "Money in the bank."]},),
    "positions": ({},),
    "first_states": ({"text": FILM, "pair": "So good."},),
    "similarity": (
        {"texts": [FILM, "A cold film.", BANK]},
        {"texts": [FILM, BANK], "pooling": "cls", "layer": 3, "model": "spam"},
    ),
    "features": ({"text": "So good", "layer": 2, "pooling": "cls"}, {"text": "So", "model": "sentiment"}),
    "next_sentence": ({"first": "I went to bed.", "second": "Soon I slept."},),
    "next_sentence_baseline": ({},),
    "models": ({},),
}
"""Arguments by name of each endpoint; what is left out takes the default that the endpoint publishes."""

FILES = {
    "rows.csv": "text,label\n" + "".join(f"{text},{label}\n" for text, label in [*ROWS, ["How sad.", "negative"]]),
    "pairs.csv": "sentence_good,sentence_bad\nThe cats are asleep.,The cats is asleep.\nShe sees him.,She see him.\n",
    "tree.conllu": "".join(
        f"# text = The {noun} sleeps .\n"
        "1\tThe\tthe\tDET\t_\t_\t2\tdet\t_\t_\n"
        f"2\t{noun}\t{noun}\tNOUN\t_\t_\t3\tnsubj\t_\t_\n"
        "3\tsleeps\tsleep\tVERB\t_\t_\t0\troot\t_\t_\n"
        "4\t.\t.\tPUNCT\t_\t_\t3\tpunct\t_\t_\n\n"
        for noun in ("cat", "dog", "girl", "bird")
    ),
}
"""Tiny files that the commands read, by name."""

COMMANDS: tuple[tuple[str, ...], ...] = (
    ("classify", FILM, "--pair", "So good.", "--model", "spam", "--json"),
    ("classify", FILM),
    ("fill-mask", "The [MASK] sat.", "--top-k", "2", "--model", "base", "--json"),
    ("fill-mask", "A [MASK] film.", "--candidates", "warm", "cold"),
    ("fill-jointly", "In [MASK] [MASK] City.", "--top-k", "1", "--json"),
    ("score-candidates", "A [MASK].", "--candidates", "cat", "--pairs", "doctor/nurse", "--json"),
    ("compare-blanks", "A [MASK] cat.", "A [MASK] dog.", "--top-k", "1", "--json"),
    ("prefer", "He sees.", "He see.", "--rule", "original", "--json"),
    ("surprises", "So good.", "--rule", "within_word_l2r", "--json"),
    ("layer-guesses", "So good.", "--json"),
    ("attention", "So good", "--layer", "1", "--head", "2", "--json"),
    ("attention", "So good", "--layer", "0", "--head", "0"),
    ("attribute", "good", "--steps", "8", "--target", "negative", "--output", "probability", "--json"),
    ("attribute", FILM, "--steps", "20", "--method", "integrated_gradients", "--baseline", "mask"),
    ("attribute-mask", "A [MASK] film.", "good", "--against", "bad", "--mask", "0", "--steps", "8", "--json"),
    ("attribute-layers", "good", "--tolerance", "0.05", "--json"),
    ("compare", "good film", "--target", "positive", "--json"),
    ("what-if", "A good film.", "1", "--change", "delete", "--json"),
    ("what-if", FILM, "1", "--change", "replace", "--replacement", "dull"),
    ("attention-steps", "So", "1", "--layer", "1", "--head", "3", "--json"),
    ("head-profiles", "So", "--json"),
    ("ablate", FILM, "3-7", "2-1", "--top-k", "2", "--json"),
    ("head-worth", "good", "--output", "probability", "--json"),
    ("prune", "sentiment", "rows.csv", "--points", "2", "--orders", "1", "--rows", "3", "--json"),
    ("prune", "sentiment", "rows.csv", "--points", "2", "--orders", "1"),
    ("pieces", "Unforgettably", "--json"),
    ("contexts", "bank", "a bank", "the bank", "--json"),
    ("positions",),
    ("first-states", "So", "--json"),
    ("similarity", "So", "good", "--pooling", "cls", "--layer", "2", "--json"),
    ("features", "So", "--layer", "1", "--pooling", "mean", "--output", "features.csv"),
    ("next-sentence", "I slept.", "I woke.", "--json"),
    ("next-sentence-baseline",),
    ("models", "--json"),
    ("models",),
    ("evaluate", "sentiment", "rows.csv", "--rows", "4", "--worst", "1", "--json"),
    ("evaluate", "base", "pairs.csv", "--pairs", "--json"),
    ("heads", "base", "tree.conllu", "--least", "1", "--json"),
    ("heads", "base", "tree.conllu", "--least", "1"),
    ("classify", ""),
    ("next-sentence", "a", "b", "--model", "spam"),
    ("fill-mask", "[MASK]", "--top-k", "0"),
    ("classify", "good", "--model", "nonsense"),
    ("evaluate", "sentiment", "none.csv"),
)
"""Command lines; a word that ends like one of FILES is read from, or written to, a directory of their own."""

HELPS: tuple[tuple[str, ...], ...] = (
    *((name.replace("_", "-"),) for name in CALLS),
    *((name,) for name in ("evaluate", "heads", "space")),
    *(("train", task) for task in ("mlm", "classifier", "all", "cards")),
)
"""Commands whose options are read from their --help."""

LINKS = (
    "text=A+film.",
    "text=A+film.&pair=So+good.",
    "text=A+film.&model=topics",
    "model=spam",
    "pair=So+good.",
    "hide=0-3",
    "text=A+warm+film.&hide=7-11,2-6",
    "text=A+warm+film.&hide=x,1-2-3,-4",
    "text=",
    "layer=3&head=7",
    "layer=-1&head=1234567",
    "layer=x&head=999999",
    "text=A+film.&tab=attention&layer=1&head=2&view=arcs",
    "off=0-0",
    *(f"tab={name}" for name in ("classify", "fill-mask", "next-sentence", "attention", "heads", "without")),
    *(f"tab={name}" for name in ("attributions", "layers", "methods", "inside", "nonsense")),
    *(f"lab={name}" for name in ("together", "candidates", "blanks", "sentences", "words", "layers", "nonsense")),
    *(f"view={name}" for name in ("heatmap", "arcs", "steps", "Heatmap")),
)
"""Addresses of the page behind the question mark."""
