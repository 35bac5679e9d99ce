"""What the long measurements make of their settings and of what they find."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks import report, streams
from benchmarks.soak import looking
from benchmarks.soak.__main__ import wanted


def _phases(**worst: float) -> dict[str, Any]:
    """Return what `benchmarks.streams` finds, with the p99 of some phases in milliseconds."""
    return {
        name: {
            "ack_ms": {"p50": 5.0, "p95": 9.0, "p99": worst.get(name, 20.0)}, "failed": 0,
            "per_second": 39.9,
        }
        for name in ("calm", "open", "asked_at_once", "asked_spread")
    }


def test_the_aim_for_acknowledgements_while_pages_listen_is_marked() -> None:
    reached, above = _phases(open=100.0), _phases(asked_spread=100.1)
    assert streams.is_reached(reached) and not streams.is_reached(above)
    reached["calm"]["failed"] = 1
    assert not streams.is_reached(reached)
    rows = report.streams({"idle": _phases(open=100.0), "chats": above})[1:5]
    assert ["above" in row for row in rows] == [False, False, False, True], rows


@pytest.mark.parametrize(("pairs", "each"), [("", 1), ("1", 2)])
def test_a_soak_may_run_two_of_each_process(pairs: str, each: int) -> None:
    soak = wanted({"PAIRS": pairs})
    expected = looking.expected(*soak.layout)
    assert [expected[kind] for kind in ("web", "worker", "rasa", "clock")] == [each] * 4
    assert (expected["web child"], expected["redis"]) == (2, 1)
