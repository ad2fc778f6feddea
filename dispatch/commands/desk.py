"""What the verbs that work on the database share."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import click

from dispatch.config import Config
from dispatch.obstacles import Obstacle
from dispatch.wire.catalogue import Catalogue
from registry.search import find_residents
from registry.store import Scope, Store
from registry.vault import Vault


@contextmanager
def told() -> Iterator[None]:
    """What is in the way, as one line and exit status 1."""
    try:
        yield
    except Obstacle as obstacle:
        raise click.ClickException(str(obstacle)) from obstacle


@contextmanager
def desk(config: Config) -> Iterator[tuple[Store, int]]:
    """The database, up to date and seeded, also while the service runs."""
    from dispatch import logs
    from dispatch.database import open_centre

    logs.configure("warning")
    store, centre_id, _ = open_centre(config)
    with closing(store):
        yield store, centre_id


def resident_meant(
    store: Store, scope: Scope, text: str, words: Catalogue, vault: Vault | None = None, *, left: bool = False
) -> int:
    """The number of the one whom `text` means: her number in the register, or anything that finds only her; with
    `left` somebody who has died or moved away may be meant too.
    """
    if text.isascii() and text.isdigit() and len(text) < 10:
        return int(text)
    with store.reading() as session:
        found = find_residents(session, scope, text, 6, now=store.clock.now(), vault=vault, left=6 if left else 0)
    if len(found) == 1:
        return found[0].id
    if not found:
        raise click.ClickException(words.say("person.not_found"))
    numbers = ", ".join(str(one.id) for one in found[:5])
    raise click.ClickException(words.say("person.several", ids=f"{numbers}{', …' if len(found) > 5 else ''}"))
