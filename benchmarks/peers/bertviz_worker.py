"""What bertviz does, in the peers' environment: no word of this project in it.

python bertviz_worker.py TASK.json reads {"weights": npz file with weights (layers, heads, n, n) and tokens, "view":
"head_view" or "model_view", "page": where to write} and prints as JSON {"seconds": of writing the page}.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path


def main() -> None:
    import bertviz
    import numpy as np
    import torch

    task = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    with np.load(task["weights"]) as kept:
        layers = [torch.from_numpy(layer)[None] for layer in kept["weights"]]
        tokens = kept["tokens"].tolist()
    began = time.perf_counter()
    page = getattr(bertviz, task["view"])(layers, tokens, html_action="return").data
    Path(task["page"]).write_text(f"<!doctype html><meta charset='utf-8'>{page}", encoding="utf-8")
    print(json.dumps({"seconds": time.perf_counter() - began}))


if __name__ == "__main__":
    main()
