"""Format a status report as Prometheus metrics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from scheduler.health.status import State, StatusReport
from storage.scheduling.queue_status import QueueStatus

LATENCY_STAGES = ("until_listed", "until_stored", "total")


def metrics_text(report: StatusReport, *, crawling: int, tasks: int) -> bytes:
    """Format the metrics of a scrape; counts are of the last 24 hours unless their help says otherwise."""
    registry = CollectorRegistry()
    registry.register(StatusCollector(report, crawling, tasks))
    return generate_latest(registry)


class StatusCollector(Collector):
    """Collect the metrics of one status report."""

    def __init__(self, report: StatusReport, crawling: int, tasks: int) -> None:
        self._report = report
        self._crawling = crawling
        self._tasks = tasks

    def collect(self) -> Iterable[Metric]:
        yield _gauge("crawling", "Sources being crawled", self._crawling)
        yield _gauge("tasks", "asyncio tasks of the daemon; must not grow over days", self._tasks)
        yield _gauge("alerts_undelivered", "Alerts not delivered though due", self._report.undelivered)
        yield _gauge("alerts_given_up", "Alerts given up because their target refused them", self._report.given_up)
        if self._report.queue is not None:
            yield from _of_queue(self._report.queue)
        yield from self._of_sources()
        yield self._delays()

    def _of_sources(self) -> Iterator[Metric]:
        sources, at = self._report.sources, self._report.at
        state = GaugeMetricFamily(
            "presswatch_source_state", "1 for the state a source is in", labels=("source", "state")
        )
        for status in sources:
            for state_name in State:
                state.add_metric((status.source, state_name), float(status.state is state_name))
        yield state
        figures: dict[str, tuple[str, dict[str, float]]] = {
            "due_seconds": (
                "Until the next poll",
                {s.source: (s.next_poll_at - at).total_seconds() for s in sources if s.next_poll_at},
            ),
            "failures": ("Consecutive failed crawls", {s.source: s.failures for s in sources}),
            "articles_stored": ("Articles stored", {s.source: s.stored_today for s in sources}),
            "pending": ("Links not fetched yet", {s.source: s.pending for s in sources}),
            "recrawls_due": ("Recrawls that were due", {s.source: s.recrawls.due for s in sources}),
            "recrawls_done": ("Recrawls done", {s.source: s.recrawls.chosen for s in sources}),
            "events_open": ("Open events", {s.source: len(s.events) for s in sources}),
        }
        for name, (text, values) in figures.items():
            family = GaugeMetricFamily(f"presswatch_source_{name}", text, labels=("source",))
            for source, value in values.items():
                family.add_metric((source,), value)
            yield family

    def _delays(self) -> Metric:
        labels = ("source", "leg", "quantile")
        family = GaugeMetricFamily("presswatch_detection_delay_seconds", "From publication to the row", labels=labels)
        for line in self._report.delays.lines:
            if line.day is None:
                for leg in LATENCY_STAGES:
                    spread = getattr(line, leg)
                    for quantile, value in (("0.5", spread.p50), ("0.9", spread.p90), ("1", spread.max)):
                        family.add_metric((line.source, leg, quantile), value.total_seconds())
        return family


def _of_queue(queue: QueueStatus) -> Iterator[Metric]:
    yield _gauge("queue_workers", "Workers that sent a heartbeat in the last 20 seconds", queue.worker_count)
    yield _gauge("queue_waiting", "Crawls that wait for a worker", queue.waiting_count)
    yield _gauge("queue_running", "Crawls that workers run", queue.running_count)
    yield _gauge("queue_stalled", "Crawls whose worker sends no heartbeat", queue.stalled_count)
    ages = {
        "waiting": ("Age of the crawl that waits longest; 0 if none does", queue.oldest_waiting),
        "stalled": ("Since the start of the crawl that is stalled longest; 0 if none is", queue.oldest_stalled),
    }
    for name, (text, age) in ages.items():
        yield _gauge(f"queue_oldest_{name}_seconds", text, 0.0 if age is None else age.total_seconds())


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"presswatch_{name}", text, value=value)
