"""CEL: every call is added up from its rows, and nothing is skipped whatever happens to the file."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from callbridge.cel import Cel
from callbridge.events import CallRecord, CelPosition
from callbridge.ledger import Ledger
from tests.callbridge.cel_file import CelFile

T0 = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
CALL, OPERATOR = "main-1772413200.1", "main-1772413200.2"


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


class Reader:
    """Reads and accepts, as the feed does."""

    def __init__(self, path: Path, position: CelPosition | None = None) -> None:
        self.ledger = Ledger("main")
        self.cel = Cel(path, self.ledger, position)

    def read(self) -> list[CallRecord]:
        self.cel.read()
        news = self.ledger.news()
        self.ledger.accept(news)
        self.outcomes = list(news.outgoing)
        return list(news.calls)

    def only(self) -> CallRecord:
        [record] = self.read()
        return record


@pytest.fixture
def file(tmp_path: Path) -> CelFile:
    return CelFile(tmp_path / "master.db")
