"""What has to be there before the page is built, and would otherwise end in a traceback or be missed by visitors."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from bert_demo.core.errors import ChoiceError
from bert_demo.core.settings import Settings


def check_start(settings: Settings) -> None:
    """Look for the GPU that is asked for, and write into the directory in which gradio keeps uploads; call it behind
    `prepare` and before gradio is imported.

    Raises ModelError without such a GPU, and ChoiceError where nothing can be written, such as in a directory of
    temporary files that another user made.
    """
    if settings.device == "cuda":
        from bert_demo.models.device import chosen  # torch is waited for only here

        chosen(settings.device)
    place = Path(os.environ.get("GRADIO_TEMP_DIR") or Path(tempfile.gettempdir()) / "gradio")
    try:
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        raise ChoiceError(
            f"Uploads are kept in {str(place)!r}, which cannot be written to ({error.strerror}). Set "
            "BERT_DEMO_CACHE_DIR to a directory that this user may write to."
        ) from None
