"""An interactive demo of BERT: one text, one model, every lens, and each picture with its own check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bert_demo.core.settings import Settings

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService

__version__ = "0.4.0"
__all__ = ["BertService", "Settings", "__version__"]


def __getattr__(name: str) -> Any:
    """Import the service when it is first asked for, so that the page can open before torch is there."""
    if name == "BertService":
        from bert_demo.service.bert_service import BertService

        return BertService
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
