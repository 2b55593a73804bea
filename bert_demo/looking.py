"""The calls of BertService that look at single heads: what they compute, what they do, what happens without them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

from bert_demo.backends.base import Backend
from bert_demo.cache import ResultCache
from bert_demo.results import Ablation, Attention, Head, HeadProfiles, HeadSteps, HeadWorth, PruneCurve
from bert_demo.settings import Settings

OnProgress = Callable[[int, int], None]
"""Called with (done, planned so far); raise CancelledError in it to stop the work."""


class Looking(ABC):
    """The part of the service that looks at heads; layers and heads count from 0."""

    settings: Settings
    _cache: ResultCache

    @abstractmethod
    def _request(self, model: str, text: Any, pair: Any) -> tuple[Backend, str, str | None]:
        """The model and the checked texts."""

    @abstractmethod
    def attention(
        self,
        text: str,
        pair: str | None = None,
        model: str = "base",
        layer: int | None = None,
        head: int | None = None,
        window: int | None = None,
    ) -> Attention:
        """Attention weights."""

    def attention_steps(
        self,
        text: str,
        query: int,
        pair: str | None = None,
        model: str = "base",
        layer: int = 0,
        head: int = 0,
        window: int | None = None,
    ) -> HeadSteps:
        """softmax(q k^T / sqrt(d)) v of one head for the token at position `query`, every number of it.

        Raises TextError, ChoiceError, ModelLoadError.
        """
        raise NotImplementedError

    def head_profiles(
        self, text: str, pair: str | None = None, model: str = "base", window: int | None = None
    ) -> HeadProfiles:
        """What each head does on this text. Raises TextError, ChoiceError, ModelLoadError."""
        raise NotImplementedError

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
        the candidates of a masked-language model where the text has a mask, the attributions (Integrated Gradients) of
        a classifier. Raises TextError, ChoiceError (a head that is not there, none at all, all of them),
        ModelLoadError, MissingHeadError.
        """
        raise NotImplementedError

    def head_worth(
        self,
        text: str,
        pair: str | None = None,
        model: str = "sentiment",
        target: str | int | None = None,
        output: str = "logit",
        on_progress: OnProgress | None = None,
    ) -> HeadWorth:
        """What becomes of one score when each head in turn is switched off.

        target: of a classifier a label (by default the predicted one); of a masked-language model the word behind the
        first mask (by default the most probable). Nothing below the changed layer is computed twice.
        Raises TextError, MaskError, ChoiceError, ModelLoadError, MissingHeadError.
        """
        raise NotImplementedError

    def prune(
        self,
        rows: Sequence[tuple[str, str]],
        model: str = "sentiment",
        points: int = 10,
        orders: int = 3,
        on_progress: OnProgress | None = None,
    ) -> PruneCurve:
        """Switch heads off in order of importance (Michel et al. 2019) and watch the accuracy over labelled texts.

        rows: (text, label). Raises BadDataError, ChoiceError, ModelLoadError, MissingHeadError, and whatever
        `on_progress` raises.
        """
        raise NotImplementedError
