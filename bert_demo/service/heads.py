"""What becomes of a model's answers without some of its heads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bert_demo.core import validation
from bert_demo.core.errors import ChoiceError, MissingHeadError, TextError
from bert_demo.core.progress import OnProgress, watched
from bert_demo.models.base import Encoding, Model
from bert_demo.models.surgery.without_heads import without_heads
from bert_demo.results import Ablation, Head, HeadEffects, PruneCurve
from bert_demo.service.attention import checked_head
from bert_demo.service.attributions import AttributionCalls
from bert_demo.service.classification import ClassificationCalls
from bert_demo.service.context import Context
from bert_demo.service.masked_lm import MaskedLMCalls
from bert_demo.tasks import attribution, classification, fill_mask, head_analysis, head_pruning, labelled_rows
from bert_demo.tasks.attribution_request import Question
from bert_demo.tasks.attribution_targets import Filling, Label, token_of

EFFECT_OUTPUTS = ("logit", "probability")


class HeadCalls:
    """The part of the service that switches heads off; layers and heads count from 0."""

    def __init__(
        self,
        context: Context,
        decisions: ClassificationCalls,
        masked_words: MaskedLMCalls,
        explanations: AttributionCalls,
    ) -> None:
        self._context, self._decisions = context, decisions
        self._masked_words, self._explanations = masked_words, explanations

    def ablate(
        self,
        text: str,
        heads: Sequence[Head],
        pair: str | None = None,
        model: str = "sentiment",
        attributions: bool = False,
        target: str | int | None = None,
        top_k: int = 5,
        on_progress: OnProgress | None = None,
    ) -> Ablation:
        """The classification, the candidates behind masks and, if asked, the attributions without some heads.

        heads: (layer, head) pairs. Each part is beside that of the untouched model: the classification of a classifier,
        the candidates of a masked-language model where the text has a mask and no second text stands beside it, the
        attributions (Integrated Gradients of `target`, by default the label that the untouched model predicts) of a
        classifier. Raises TextError, ChoiceError (a head that is not there, none at all, all of them), ModelError,
        MissingHeadError (the model can do none of the three here).
        """
        loaded, text, pair = self._context.request(model, text, pair)
        off = _checked_heads(loaded, heads)
        top_k = self._context.top_k(top_k)
        attributions = validation.checked_flag(attributions, "attributions")
        classifies = "text-classification" in loaded.info.tasks
        fills = "fill-mask" in loaded.info.tasks and pair is None and (loaded.mask_token or "\0") in text
        if attributions and not classifies:
            raise MissingHeadError(f"The model {loaded.info.name} has no label to attribute. Choose a classifier.")
        if not classifies and not fills:
            raise MissingHeadError(
                f"The model {loaded.info.name} decides nothing here: it needs a classification head, or a text with "
                f"{loaded.mask_token or 'a mask'} (and no second text) for its fill-mask head."
            )
        variant = without_heads(loaded, off)
        labels = fillings = explained = None
        if classifies:
            labels = self._decisions.decide(loaded, text, pair), classification.classify(variant, text, pair)
        if fills:
            fillings = self._masked_words.fill(loaded, text, top_k), fill_mask.fill_mask(variant, text, top_k, None, ())
        if labels is not None and attributions:
            question, watch = self._explanations.question(loaded, text, pair, target), watched(on_progress)
            explained = (
                self._explanations.explain(loaded, question, text, pair, watch),
                attribution.attribute(Label(variant), question, text, pair, watch),
            )
        return Ablation(loaded.info.name, loaded.info.revision, off, labels, fillings, explained)

    def head_worth(
        self,
        text: str,
        pair: str | None = None,
        model: str = "sentiment",
        target: str | int | None = None,
        output: str = "logit",
        on_progress: OnProgress | None = None,
    ) -> HeadEffects:
        """What becomes of one score when each head in turn is switched off.

        target: of a classifier a label (by default the predicted one); of a masked-language model the word behind the
        first mask (by default the most probable). Nothing below the changed layer is computed twice.
        Raises TextError, MaskError, ChoiceError, ModelError, MissingHeadError.
        """
        loaded, text, pair = self._context.request(model, text, pair)
        output = validation.checked_choice(output, "output", EFFECT_OUTPUTS)
        place, encoding, number = self._aim(loaded, text, pair, target)
        if len(encoding.windows) > attribution.MOST_WINDOWS:
            raise TextError(
                f"The text is read in {len(encoding.windows)} windows; of up to {attribution.MOST_WINDOWS} each head "
                "can be switched off in turn. Shorten it."
            )
        question = Question(number, "integrated_gradients", "pad", output, 0.01, None, self._context.settings.max_steps)
        watch = watched(on_progress)
        key = ("head_worth", loaded.info, text, pair, number, output)
        return self._context.cache.get(
            key, lambda: head_analysis.head_effects(loaded, encoding, question, place, watch)
        )

    def _aim(
        self, loaded: Model, text: str, pair: str | None, target: str | int | None
    ) -> tuple[int | None, Encoding, int]:
        """The place of the mask (None for a classifier), the tokens, and the index of what is scored."""
        if "text-classification" in loaded.info.tasks:
            number = validation.checked_target(target, loaded.labels)
            if number is None:
                number = self._decisions.decided(loaded, text, pair)
            return None, loaded.encode(text, pair), number
        if "fill-mask" not in loaded.info.tasks:
            raise MissingHeadError(f"The model {loaded.info.name} has neither labels nor a fill-mask head.")
        filling = Filling(loaded, 0)
        encoding = filling.encode(text, pair)
        place = filling.mask if filling.mask is not None else 0
        if target is None or target == "":
            return place, encoding, int(np.argmax(fill_mask.mask_logits(loaded, encoding, place)))
        return place, encoding, token_of(loaded, str(target), "target")

    def prune(
        self,
        rows: Sequence[tuple[str, ...]],
        model: str = "sentiment",
        points: int = 10,
        orders: int = 3,
        on_progress: OnProgress | None = None,
        lines: Sequence[int] | None = None,
        most_read: int | None = None,
    ) -> PruneCurve:
        """Switch heads off in order of importance (Michel et al. 2019) and watch the accuracy over labelled texts.

        rows: (text, label), or (text, second text, label), a label as it may stand in a file; of a model that judges
        each label by itself the labels of a text with ";" between, or none, and then an answer is right when all its
        labels are, at 0.5 (subset accuracy). lines: where the rows stand in the visitor's file, for what is wrong with
        them; most_read: characters that may be read in all passes together.
        `on_progress` is called after each batch. Raises BadDataError, ChoiceError, ModelError, MissingHeadError, and
        whatever `on_progress` raises.
        """
        points = validation.checked_whole(points, "points", 2, 100)
        orders = validation.checked_whole(orders, "orders", 1, 20)
        labelled_rows.check_shape(rows)
        if most_read is not None:
            head_pruning.refuse_flood(rows, points, orders, most_read)
        loaded = self._context.pool.lend(model)
        if "text-classification" not in loaded.info.tasks:
            raise MissingHeadError(
                f"The model {loaded.info.name} has no labels. Choose a classifier such as sentiment."
            )
        watch = watched(on_progress)
        labelled = labelled_rows.read(loaded, rows, lines, self._context.settings.max_characters, watch, True)
        return head_pruning.prune(loaded, labelled, points, orders, watch)


def _checked_heads(loaded: Model, chosen: Any) -> tuple[Head, ...]:
    if not isinstance(chosen, (list, tuple)) or not chosen:
        raise ChoiceError("heads must be a list of pairs of layer and head, such as [[3, 7]]. Switch one off at least.")
    off = tuple(sorted({checked_head(loaded, head) for head in chosen}))
    if len(off) == loaded.info.layers * loaded.info.heads:
        raise ChoiceError("All heads are off: then no token hears of another. Leave one on at least.")
    return off
