import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dispatch.backup.installation import Installation
from tests.dispatch.town import Town


@pytest.fixture
def here(town: Town, tmp_path: Path) -> Installation:
    """The town's centre as it is installed on this machine."""
    return Installation.of(town, tmp_path / "here")


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """A command run in this process sends the log to a stream that ends with it."""
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers, logging.root.level = handlers, level
