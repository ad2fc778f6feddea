"""Copies of a prepared database, as many as are wanted."""

import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path
from typing import Protocol

from sqlalchemy.engine import URL

from tests.databases import PostgresServer


class Copies(Protocol):
    def copy(self) -> AbstractContextManager[URL]: ...


class SqliteCopies:
    def __init__(self, template: Path) -> None:
        self._template = template
        self._numbers = count(1)

    @contextmanager
    def copy(self) -> Iterator[URL]:
        copy = self._template.with_suffix(f".copy-{next(self._numbers)}")
        shutil.copyfile(self._template, copy)
        yield URL.create("sqlite", database=str(copy))
        for each in copy.parent.glob(f"{copy.name}*"):
            each.unlink()


class PostgresCopies:
    def __init__(self, server: PostgresServer, template: URL) -> None:
        self._server, self._template = server, template

    @contextmanager
    def copy(self) -> Iterator[URL]:
        url = self._server.create(self._template)
        yield url
        self._server.drop(url)
