"""Memory that was freed is kept for the next step."""

from __future__ import annotations

import ctypes

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4
"""glibc's `malloc.h`."""


def keep_freed_memory() -> bool:
    """Let glibc hold on to large blocks instead of giving them back to the system. Returns whether it does.

    Every tensor over 32 MB is otherwise mapped anew, a page fault for each 4 KiB of it: a fifth of a step here.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return bool(mallopt(_MMAP_MAX, 0) and mallopt(_TRIM_THRESHOLD, 2**31 - 1))
