"""The page of the API names every metric, with its labels, and none that there is not."""

import re
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from airside.dashboard import Kept
from airside.dashboard.metrics import Metrics
from airside.dashboard.push import Hub

PAGE = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (`airside_.*?) \|(.*?)\|", re.MULTILINE)
CODE = re.compile(r"`(\w+)`")


def metrics() -> Metrics:
    """The metrics of a server at which there is something of everything to tell."""
    figures = dict.fromkeys(("new_fields", "changed_types", "missing_fields"), 1)
    consumer = {"lag_records": 1, "iterator_age_seconds": 1.0}
    counted = ("received", "archived", "clean", "quarantined", "duplicates")
    parts = {
        "kpis": {"active_flights": {"value": 1}},
        "pipeline": {
            **dict.fromkeys(counted, 1),
            "reasons": {"not_json": 1},
            "consumers": {"silver": consumer},
            "balanced": True,
            "stages": [{"name": "gold", "failures": 0}],
        },
    }
    backend: Any = SimpleNamespace(
        drift=lambda: (figures | {"changes": 1, "examined": 1}, []),
        storage=lambda: [{"name": "stream", "bytes": 1, "files": 1, "limit_bytes": 1}],
        kept=lambda: [Kept("alerts", 1, 1)],
    )
    producer: Any = SimpleNamespace(
        part=parts.get,
        update_seconds=1.0,
        watermark=datetime(2026, 3, 1),  # noqa: DTZ001 - as the warehouse gives it
    )
    ingest: Any = SimpleNamespace(accepted=1)
    found = Metrics(backend, producer, Hub(1), ingest)
    found.requests.labels("GET", "/healthz", "200").inc()
    found.seconds.labels("/healthz").observe(1.0)
    return found


def test_the_page_has_every_metric_with_its_labels() -> None:
    exposed = {
        family.name + "_total" * (family.type == "counter"): {
            label for sample in family.samples for label in sample.labels if label != "le"
        }
        for family in metrics().registry.collect()
        if family.name.startswith("airside_")
    }
    documented = {
        name: set(CODE.findall(labels))
        for names, labels in ROW.findall(PAGE)
        for name in CODE.findall(names)
    }
    assert documented == exposed
