"""Where measurements are kept."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.process import PROJECT

RESULTS = PROJECT / "benchmarks/results"


def keep(result: dict[str, Any], name: str = "") -> Path:
    """Writes it as JSON, and says where, from the project's folder."""
    RESULTS.mkdir(exist_ok=True)
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    kept = RESULTS / (f"{stamp}-{name}.json" if name else f"{stamp}.json")
    kept.write_text(json.dumps(result, ensure_ascii=False, indent=2) + "\n")
    return kept.relative_to(PROJECT)
