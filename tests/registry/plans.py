"""What a database reads to answer: proved on SQLite, whose plans without statistics are always the same."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlmodel import SQLModel

from registry.store import Reading, Store

Statement = tuple[str, Any]


@contextmanager
def listening(store: Store) -> Iterator[list[Statement]]:
    """Collects the SELECTs that are asked within the block, with their parameters."""
    asked: list[Statement] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(store.engine, "before_cursor_execute", note)


def whole_tables(session: Reading, asked: list[Statement]) -> set[str]:
    """The tables that answering reads from end to end, and those read along an index of the centre alone."""
    found = set()
    for statement, parameters in asked:
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        for row in plan.all():
            scanned = re.match(r"SCAN (\w+)|SEARCH (\w+) USING .*\(centre_id=\?\)$", row[3])
            if scanned and (table := scanned[1] or scanned[2]) in SQLModel.metadata.tables:
                found.add(table)
    return found
