"""BertService: every call that a lens, an endpoint or a program makes. It holds no state of any visitor."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import torch

from bert_demo.core.settings import Settings
from bert_demo.models.base import Model
from bert_demo.registry.models import CATALOGUE
from bert_demo.service.answers import AnswerCalls
from bert_demo.service.attention import AttentionCalls
from bert_demo.service.attributions import AttributionCalls
from bert_demo.service.classification import ClassificationCalls
from bert_demo.service.context import Context
from bert_demo.service.entities import EntityCalls
from bert_demo.service.evaluation import EvaluationCalls
from bert_demo.service.heads import HeadCalls
from bert_demo.service.masked_lm import MaskedLMCalls
from bert_demo.service.models import ModelCalls
from bert_demo.service.ranking import RankingCalls
from bert_demo.service.regression import RegressionCalls
from bert_demo.service.representations import RepresentationCalls
from bert_demo.service.row_studies import RowStudyCalls
from bert_demo.service.tagged_rows import TaggedRowCalls
from bert_demo.service.training import TrainingCalls
from bert_demo.service.zero_shot import ZeroShotCalls

if TYPE_CHECKING:

    class _Calls(
        ModelCalls,
        ClassificationCalls,
        MaskedLMCalls,
        AttentionCalls,
        AttributionCalls,
        HeadCalls,
        RepresentationCalls,
        EntityCalls,
        RankingCalls,
        AnswerCalls,
        ZeroShotCalls,
        EvaluationCalls,
        RowStudyCalls,
        RegressionCalls,
        TaggedRowCalls,
        TrainingCalls,
    ):
        """What a type checker is told: the calls of all parts are calls of the service."""

else:
    _Calls = object


class BertService(_Calls):
    """Every lens on every model. All calls may run in several threads at once.

    It is made of parts, one a subject, each a file beside this one. Each public call of a part is a call of the
    service, and documented there: it checks what it is given, finds the model, and answers from what is kept or asks a
    task.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self._context = context = Context(self.settings)
        if self.settings.threads:
            torch.set_num_threads(self.settings.threads)
        self._threads = torch.get_num_threads()

        decisions = ClassificationCalls(context)
        masked_words = MaskedLMCalls(context)
        explanations = AttributionCalls(context, decisions)
        evaluations, regressions = EvaluationCalls(context), RegressionCalls(context)
        for part in (
            ModelCalls(context),
            decisions,
            masked_words,
            AttentionCalls(context),
            explanations,
            HeadCalls(context, decisions, masked_words, explanations),
            RepresentationCalls(context),
            EntityCalls(context),
            RankingCalls(context),
            AnswerCalls(context),
            ZeroShotCalls(context),
            evaluations,
            RowStudyCalls(context, evaluations),
            regressions,
            TaggedRowCalls(context, evaluations, regressions),
            TrainingCalls(context),
        ):
            for name, call in inspect.getmembers(part, inspect.ismethod):
                if not name.startswith("_"):
                    setattr(self, name, call)

    def model(self, name: str) -> Model:
        """A loaded model, for whoever wants more of it than the calls give. Raises ChoiceError, ModelError."""
        return self._context.pool.lend(name)

    def models_held(self) -> dict[str, int]:
        """Bytes of each loaded model, by name."""
        return self._context.pool.held()

    def models_in_use(self) -> tuple[str, ...]:
        """The loaded models that some call holds; they stay in memory until it ends."""
        return self._context.pool.in_use()

    def cache_bytes(self) -> int:
        """Bytes of the results that are kept."""
        return self._context.cache.bytes_held()

    def wait_for_downloads(self, seconds: float) -> None:
        """From now on a call raises ModelComingError when a model's download takes longer."""
        self._context.pool.patience = seconds

    def share_processor(self, running: int) -> None:
        """Let the calling thread compute with its share of torch's threads while so many threads compute.

        More threads than cores would wait for one another in the middle of every layer.
        """
        torch.set_num_threads(max(1, self._threads // running))

    def warm_up(self) -> None:
        """Load the bundled models for English, so that the first visitor does not wait for them."""
        for card in CATALOGUE:
            if card.at_start:
                self.model(card.name)
