"""The endpoints, a row each, in the order in which they are listed: a file has requests and, at its end, their rows.

A request declares its arguments in order, each with a sentence and its bounds; they are checked by the service.
"""

from __future__ import annotations

from bert_demo.api.endpoint import Endpoint
from bert_demo.api.endpoints import (
    answers,
    attention,
    attributions,
    classification,
    entities,
    evaluation,
    heads,
    masked_lm,
    models,
    next_sentence,
    ranking,
    representations,
    row_studies,
    training,
    zero_shot,
)

ENDPOINTS: tuple[Endpoint, ...] = (
    *classification.ROWS,
    *masked_lm.ROWS,
    *attention.ROWS,
    *attributions.ROWS,
    *heads.ROWS,
    *representations.ROWS,
    *next_sentence.ROWS,
    *entities.ROWS,
    *ranking.ROWS,
    *zero_shot.ROWS,
    *answers.ROWS,
    *evaluation.ROWS,
    *row_studies.ROWS,
    *training.ROWS,
    *models.ROWS,
)

BY_NAME = {each.name: each for each in ENDPOINTS}
