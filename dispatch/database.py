"""The database that the configuration names: opened, brought up to date, with its centre in it."""

import os
from functools import partial
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import URL, make_url

from dispatch.config import Config
from dispatch.master_keys import open_vault
from dispatch.migrate import MIGRATION_LOCK, in_words, migrate
from dispatch.obstacles import DatabaseUnreachable
from registry.sealed import give_vault
from registry.seed import seed_centre
from registry.store import Clock, Store, Writing


def open_store(config: Config, *, clock: Clock | None = None) -> Store:
    """The database of the configuration, with its password and its vault. Nothing is asked of either yet.

    A SQLite file that is not there yet is made, for its owner's eyes only. Raises DatabaseUnreachable.
    """
    url = make_url(config.database.url)
    if (path := database_file(url)) is not None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite gives its other files the same mode
        except OSError as error:
            raise DatabaseUnreachable(f"{path}: {error.strerror}") from error
    elif (password := config.secret_store().get("DATABASE_PASSWORD")) is not None:
        url = url.set(password=password)
    store = Store(url, clock=clock)
    give_vault(store, partial(open_vault, config.secret_store()))
    return store


def database_file(url: URL) -> Path | None:
    """The SQLite file, None for a server."""
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def open_centre(config: Config, *, clock: Clock | None = None) -> tuple[Store, int, str]:
    """The database, brought up to date, with the configuration's centre in it: the centre's id and epoch.

    Raises Obstacle when the database cannot be used.
    """
    store = open_store(config, clock=clock)
    try:
        with in_words(store):
            migrate(store)
            return store, *_seed(store, config)
    except BaseException:
        store.close()
        raise


def _seed(store: Store, config: Config) -> tuple[int, str]:
    """The centre's id and epoch; the centre is made of the configuration where there is none."""

    def seed(session: Writing) -> tuple[int, str]:
        if not store.is_sqlite:  # two instances that start together seed one after the other
            session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
        centre = seed_centre(
            session,
            code=config.centre.code,
            name=config.centre.name,
            time_zone=config.centre.time_zone,
            country=config.centre.country,
            area_code=config.centre.area_code,
            language=config.centre.language,
        )
        assert centre.id is not None
        return centre.id, centre.epoch

    return store.write_if_needed(seed)
