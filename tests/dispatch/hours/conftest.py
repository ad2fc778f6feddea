from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.dispatch.hours.line import Line
from tests.dispatch.town import Town


@pytest.fixture
async def line(town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Line]:
    monkeypatch.setattr("callbridge.control.BETWEEN_LOOKS", 0.02)
    async with Line(town, tmp_path).open() as line:
        yield line
