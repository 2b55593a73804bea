"""What Prometheus is told at /metrics: requests, errors and seconds of each lens, who waits, memory, models, cache."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric

from bert_demo.core.errors import CancelledError, ModelComingError

REGISTRY = CollectorRegistry()
"""Of our own: the library's default one would be shared with whatever else uses it."""
ProcessCollector(registry=REGISTRY)
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)

_requests = Counter("bert_demo_requests", "Questions to a lens, or to /an_endpoint.", ["lens"], registry=REGISTRY)
_errors = Counter(
    "bert_demo_errors", "Questions that ended with an error, by its type.", ["lens", "type"], registry=REGISTRY
)
_seconds = Histogram("bert_demo_seconds", "Seconds of a question.", ["lens"], buckets=_SECONDS, registry=REGISTRY)
_responses = Counter("bert_demo_responses", "HTTP responses by status.", ["status"], registry=REGISTRY)

_coming: defaultdict[str, int] = defaultdict(int)
"""Questions that were counted and are to be tried again, by lens: as many of the next to come count no more."""
_lock = threading.Lock()


@contextmanager
def observed(name: str) -> Iterator[None]:
    """Count a question to the lens `name` (an endpoint's begins with a slash), its seconds, and its error if any.

    A question that its visitor stopped counts, but not as an error. One whose model is on its way is tried again every
    few seconds: it counts once, with the seconds and the error of its last try.
    """
    _count(name)
    begun, again = time.perf_counter(), False
    try:
        yield
    except ModelComingError:
        again = True
        raise
    except CancelledError:
        raise
    except Exception as error:
        _errors.labels(name, type(error).__name__).inc()
        raise
    finally:
        if again:
            with _lock:
                _coming[name] += 1
        else:
            _seconds.labels(name).observe(time.perf_counter() - begun)


def _count(name: str) -> None:
    with _lock:
        if _coming[name]:
            _coming[name] -= 1
        else:
            _requests.labels(name).inc()


def answered(status: int) -> None:
    """Count an HTTP response."""
    _responses.labels(str(status)).inc()


class Holdings:
    """A collector of what is held at the moment of asking; each argument is a function that says it.

    waiting: questions that wait for their turn, by lens; models: bytes of each loaded model; cache: bytes of results.
    """

    def __init__(
        self,
        waiting: Callable[[], Mapping[str, int]],
        models: Callable[[], Mapping[str, int]],
        cache: Callable[[], int],
    ) -> None:
        self._waiting, self._models, self._cache = waiting, models, cache

    def collect(self) -> Iterable[Metric]:
        """The gauges."""
        waiting = GaugeMetricFamily("bert_demo_waiting", "Questions that wait for their turn.", labels=["lens"])
        for lens, count in self._waiting().items():
            waiting.add_metric([lens], count)
        models = GaugeMetricFamily("bert_demo_model_bytes", "Bytes of each model that is held.", labels=["model"])
        for model, size in self._models().items():
            models.add_metric([model], size)
        return [
            waiting,
            models,
            GaugeMetricFamily("bert_demo_models_held", "Models that are held.", value=len(self._models())),
            GaugeMetricFamily("bert_demo_cache_bytes", "Bytes of kept results.", value=self._cache()),
        ]

    def describe(self) -> Iterable[Metric]:
        """Nothing: the library would collect to know the names, before there is a service."""
        return []


def page(holdings: Any) -> bytes:
    """Everything in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(holdings)
    return generate_latest(REGISTRY) + generate_latest(registry)
