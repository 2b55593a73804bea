"""What runs in the peers' environment: no word of this project in it, so that it needs nothing of ours.

python attributions_worker.py TASK.json reads {"model": directory, "times": [texts], "scores": [{"text", "target",
"rows": {method: scores}}]} and prints as JSON {"times": [seconds], "measures": [{method: [comprehensiveness,
sufficiency]}]}.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

warnings.simplefilter("ignore")


def main() -> None:
    import torch
    from transformers import BertForSequenceClassification, BertTokenizerFast

    task = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    model = BertForSequenceClassification.from_pretrained(task["model"], dtype=torch.float32).eval()
    tokenizer = BertTokenizerFast(tokenizer_file=str(Path(task["model"]) / "tokenizer.json"))
    found = {"times": times(model, tokenizer, task["times"]), "measures": measures(model, tokenizer, task["scores"])}
    print(json.dumps(found))


def times(model: Any, tokenizer: Any, texts: list[str]) -> list[float]:
    """Seconds of transformers-interpret's own way, its defaults: captum's 50 points, one batch."""
    from transformers_interpret import SequenceClassificationExplainer

    explainer = SequenceClassificationExplainer(model, tokenizer)
    seconds = []
    for text in texts:
        began = time.perf_counter()
        explainer(text, index=1)
        seconds.append(time.perf_counter() - began)
    return seconds


def measures(model: Any, tokenizer: Any, cases: list[dict[str, Any]]) -> list[dict[str, list[float]]]:
    """ferret's comprehensiveness and sufficiency of scores that are given."""
    if not cases:
        return []
    import numpy as np
    from ferret import AOPC_Comprehensiveness_Evaluation, AOPC_Sufficiency_Evaluation
    from ferret.explainers.explanation import Explanation
    from ferret.model_utils import ModelHelper

    helper = ModelHelper(model, tokenizer)
    evaluators = [kind(model, tokenizer) for kind in (AOPC_Comprehensiveness_Evaluation, AOPC_Sufficiency_Evaluation)]
    found = []
    for case in cases:
        rows = {}
        for method, scores in case["rows"].items():
            explanation = Explanation(
                case["text"], helper.get_tokens(case["text"]), np.asarray(scores), method, case["target"]
            )
            rows[method] = [
                float(each.compute_evaluation(explanation, target=case["target"]).score) for each in evaluators
            ]
        found.append(rows)
    return found


if __name__ == "__main__":
    main()
