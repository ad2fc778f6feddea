"""Writes the next revision from what the models say and the revisions do not say yet: `python -m dispatch.migrations
"what changes"`. Read it before it is committed: Alembic sees neither a renamed column nor a new word of a `choice`
(`dispatch.migrations.words`).
"""

import sys
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic import command

from dispatch.migrate import migrate, scripts, settings
from registry.store import Store


def main(message: str) -> None:
    with TemporaryDirectory() as folder, closing(Store(f"sqlite:///{Path(folder) / 'scratch.db'}")) as store:
        migrate(store)
        known = len(list(scripts().walk_revisions()))
        with store.engine.connect() as connection:
            command.revision(settings(connection), message, autogenerate=True, rev_id=f"{known + 1:04d}")


if __name__ == "__main__":
    main(sys.argv[1])
