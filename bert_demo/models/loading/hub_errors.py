"""What the hub's client raises, in words for a visitor."""

from __future__ import annotations

import errno
import time
from email.utils import parsedate_to_datetime

from huggingface_hub.errors import (
    DisabledRepoError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from bert_demo.core.errors import HubError, ModelAccessError, ModelLoadError, ModelSizeError, NoSuchModelError

BUSY = (429, 503)
"""Answers of a hub that wants to be asked again later."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NOT_WRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG)


def explained(error: BaseException, source: str, revision: str) -> ModelLoadError:
    """The error that says in one sentence what went wrong while a repository was asked for or downloaded."""
    first: BaseException | None = error
    for _ in range(8):
        if first is None:
            break
        if (found := _known(first, source, revision)) is not None:
            return found
        first = first.__cause__ or first.__context__
    if isinstance(error, ValueError | TypeError | KeyError | AttributeError | LookupError):
        return HubError(f"The hub's answer about {source!r} cannot be understood. Try again later.")
    return HubError(
        f"The hub cannot be reached just now, and {source!r} is not in this computer's cache. Check the network, try "
        "again later, or choose a bundled model."
    )


def seconds_to_wait(error: BaseException, attempt: int) -> float | None:
    """How long a busy hub (429, 503) wants to be left alone before the next attempt, of which `attempt` were made;
    None for what waiting does not mend."""
    if not isinstance(error, HfHubHTTPError) or error.response.status_code not in BUSY:
        return None
    return _retry_after(error) or 2.0**attempt


def _retry_after(error: HfHubHTTPError) -> float:
    """Seconds of its Retry-After, which is a number or a date; 0 without one."""
    given = str(error.response.headers.get("Retry-After") or "").strip()
    if given.isdigit():
        return float(given)
    try:
        then = parsedate_to_datetime(given)
    except ValueError:
        return 0.0
    return max(0.0, then.timestamp() - time.time())


def _known(error: BaseException, source: str, revision: str) -> ModelLoadError | None:
    if isinstance(error, GatedRepoError):
        return ModelAccessError(
            f"The model {source!r} is gated: accept its terms on the hub, and log in there with `hf auth login`."
        )
    if isinstance(error, DisabledRepoError):
        return ModelAccessError(f"The hub has disabled the model {source!r}. Choose another.")
    if isinstance(error, RevisionNotFoundError):
        return NoSuchModelError(f"The model {source!r} has no revision {revision[:80]!r} on the hub.")
    if isinstance(error, HFValidationError):
        return NoSuchModelError(f"{source[:80]!r} is no name that a model of the hub can have.")
    if isinstance(error, HfHubHTTPError):
        return _refused(error, source)
    if isinstance(error, OfflineModeIsEnabled):
        return HubError(
            f"This server was told to work without the hub (HF_HUB_OFFLINE), and {source!r} is not in its cache."
        )
    if isinstance(error, OSError) and error.errno in _FULL:
        return ModelSizeError(f"The disk of this server is full; the model {source!r} could not be kept.")
    if isinstance(error, OSError) and error.errno in _NOT_WRITABLE:
        return ModelLoadError("This server cannot write its cache of models. Let HF_HOME name a directory that it may.")
    if isinstance(error, OSError) and "Consistency check failed" in str(error):
        return HubError(f"The hub sent a file of the model {source!r} cut short. Try again.")
    return None


def _refused(error: HfHubHTTPError, source: str) -> ModelLoadError:
    status = error.response.status_code
    if status in (401, 403):
        return ModelAccessError(
            f"The hub does not show the model {source!r} to this server: it is private, or there is no such model."
        )
    if isinstance(error, RepositoryNotFoundError):  # the hub's own 404; that of a firewall names no reason
        return NoSuchModelError(f"There is no model {source!r} on the hub. Check its name.")
    if status in BUSY:
        wait = _retry_after(error)
        when = f"It asks to be left alone for {wait:,.0f} seconds" if wait else "Try again in a minute"
        return HubError(f"The hub is busy ({status}) and does not answer about {source!r}. {when}.")
    return HubError(f"The hub answers with an error ({status}) about {source!r}. Try again later.")
