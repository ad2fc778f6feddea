"""Two instances on one PostgreSQL: what one commits, the other's consoles see at once."""

import threading
from contextlib import closing

import pytest
from sqlalchemy import text

from dispatch.listening import Listening
from registry.store import Store
from tests.dispatch.town import Town

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def test_a_commit_of_another_instance_is_heard_at_once(town: Town) -> None:
    heard = threading.Semaphore(0)
    listening = Listening(town.store.url, heard.release)
    listening.start()
    assert heard.acquire(timeout=10), "once at the beginning, for what was missed before"
    with closing(Store(town.store.url, clock=town.clock)) as another:
        town.store, mine = another, town.store
        town.open(None)
        assert heard.acquire(timeout=10), "by the notification: it never looks by itself"
    town.store = mine
    listening.stop()


def test_a_broken_connection_is_opened_again(town: Town) -> None:
    heard = threading.Semaphore(0)
    listening = Listening(town.store.url, heard.release)
    listening.start()
    assert heard.acquire(timeout=10)
    with town.store.engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE starts_with(query, 'LISTEN') AND datname = current_database()"
            )
        )
    assert heard.acquire(timeout=10), "once more when it stands again"
    town.open(None)
    assert heard.acquire(timeout=10)
    listening.stop()
