"""Numbers from measurements."""

from collections.abc import Collection
from typing import Any


def spread(seconds: Collection[float]) -> dict[str, Any]:
    """Milliseconds: p50, p99 (nearest rank), the longest, and how many there were."""
    ordered = sorted(seconds)
    if not ordered:
        return {"count": 0}
    return {
        "count": len(ordered),
        "p50_ms": _ms(_rank(ordered, 0.50)),
        "p99_ms": _ms(_rank(ordered, 0.99)),
        "max_ms": _ms(ordered[-1]),
    }


def _rank(ordered: list[float], share: float) -> float:
    return ordered[max(0, -(-int(len(ordered) * share * 1000) // 1000) - 1)]


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
