"""What is swept out now and then: answers nobody asks for again, tokens that have run out, sentences said before; and
what an import that was cut off has left to be filed.
"""

from datetime import timedelta

from sqlmodel import col, delete, select

from callbridge.speech import Speech
from dispatch import login
from dispatch.models import IdempotentReply
from registry.sheets import filing
from registry.store import Store

REMEMBERED = timedelta(days=1)  # how long a repeated command is recognised
SAID = timedelta(days=1)  # how long a sentence is kept after it was last said: it may tell where somebody lives
AT_ONCE = 500  # rows in one transaction: nobody holds the database


def clean(store: Store, speech: Speech) -> int:
    """Files whom an import has left waiting, removes what means nothing any more; how many answers went."""
    filing.file(store)
    speech.forget(SAID)
    with store.writing() as session:
        login.forget(session)
    removed = 0
    while True:
        with store.writing() as session:
            old = session.exec(
                select(IdempotentReply.operator_id, IdempotentReply.key)
                .where(col(IdempotentReply.at) < session.clock.now() - REMEMBERED)
                .limit(AT_ONCE)
            ).all()
            for operator_id, key in old:
                session.exec(
                    delete(IdempotentReply).where(
                        col(IdempotentReply.operator_id) == operator_id, col(IdempotentReply.key) == key
                    )
                )
        removed += len(old)
        if len(old) < AT_ONCE:
            return removed
