"""`entities`: adapters on `base` that find names."""

from __future__ import annotations

from collections.abc import Mapping

from bert_demo.training.finetuning import tokens
from bert_demo.training.loop import Schedule
from bert_demo.training.publishing.card import ADAPTED_TO_TOKENS
from bert_demo.training.recipes.recipe import PLACE, RANK, Places, Recipe

NAMES = ("PER=PER", "LOC=LOC", "ORG=ORG", "person=PER", "location=LOC", "corporation=ORG", "group=ORG")
"""What UNER and WNUT call the types, and what they are here."""


def _entities(places: Places) -> tokens.TokenTask:
    return tokens.TokenTask(
        str(places.model("base")),
        (places.data / "ner" / "wnut17_train.conll.xz",),
        ("PER", "LOC", "ORG"),
        places.output / "entities",
        parted=(places.data / "ner" / "uner_ewt_dev.iob2.xz",),
        names=NAMES,
        beside=(places.data / "ud_ewt" / "en_ewt-ud-train.conllu.xz",),
        epochs=5.0,
        rank=RANK,
    )


ENTITIES: Mapping[str, Recipe] = {
    "entities": Recipe(
        "entities",
        _entities,
        Schedule(0, 6e-4, warmup=0.06, decay=0.7),
        "Which words of a text name a person, a place or an organisation?",
        "finding everybody who is named in a text: it misses many names, above all rare ones, since it reads "
        "lower-cased text, where a name does not show by its capital. It knows English only, learnt from small "
        "collections.",
        "UNER EWT's dev part (Mayhew et al. 2024; CC BY-SA 4.0), but for every 5th document, and WNUT17's train part "
        "(Derczynski et al. 2017; CC BY 4.0), whose corporations and groups are taken for organisations, products and "
        "works for nothing. In the first half of the steps every other batch learns the parts of speech of the UD "
        "English EWT treebank's train part (CC BY-SA 4.0), by a head that is then thrown away.",
        ADAPTED_TO_TOKENS.format(
            place=PLACE.format("entities"),
            base=PLACE.format("base"),
            example="Ada Lovelace wrote to Charles Babbage from London.",
        ),
    ),
}
