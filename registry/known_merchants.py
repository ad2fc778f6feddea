"""A centre's merchants as they are kept in memory between decisions: whom they reach, and what is decided from.

Each change of a merchant has its entry in the journal, in the same transaction. The entries since the last look tell
what has to be read again, whoever changed it, so that nobody decides from less than what it could read itself.
"""

from collections.abc import Iterable
from threading import Lock

from sqlalchemy import bindparam, literal_column, select
from sqlmodel import col

from registry.matching import CandidateFacts
from registry.merchant_facts import facts_of
from registry.models import MerchantKind
from registry.reach import Reach
from registry.store import REMEMBERED, Reading, Subject, Writing
from registry.store.journal import Journal, last

MOST = 20_000  # merchants whose facts are kept, 30 MB; then it begins anew
STAYS = ("merchant.suspended", "merchant.resumed", "merchant.number_wrong")  # changes that move nobody


def known_merchants(session: Reading | Writing, centre_id: int) -> tuple["KnownMerchants", int]:
    """What is known of the centre's merchants, and the entry of the journal up to which the session sees them."""
    session.flush()
    if isinstance(session, Writing) and any(entry.subject is Subject.MERCHANT for entry in session.entries):
        return KnownMerchants(centre_id), 0  # it has changed some itself, and may take that back
    remembered = session.info[REMEMBERED]
    kept: KnownMerchants = remembered.setdefault((KnownMerchants, centre_id), KnownMerchants(centre_id))
    return kept, kept.catch_up(session)


class KnownMerchants:
    """Safe to use from several threads at once; a session that sees an earlier state is given the newer one.

    What a session reads is kept when it saw at least as much, `upto`, as everybody does by then.
    """

    def __init__(self, centre_id: int) -> None:
        self._centre_id = centre_id
        self._lock = Lock()
        self._seen = 0  # the journal up to which everything kept here is right
        self._reaches: dict[MerchantKind, Reach] = {}
        self._facts: dict[int, CandidateFacts] = {}

    def catch_up(self, session: Reading | Writing) -> int:
        """Forgets whatever has been written about since, up to the entry that is returned."""
        with self._lock:
            upto = last(session.connection())
            if upto > self._seen:
                if self._reaches or self._facts:
                    for merchant_id, what in session.rows(_CHANGED, seen=self._seen):
                        self._facts.pop(merchant_id, None)
                        if what not in STAYS:
                            self._reaches.clear()
                self._seen = upto
            return upto

    def reach(self, session: Reading | Writing, kind: MerchantKind, upto: int) -> Reach:
        """Which merchants of the kind come into question where."""
        with self._lock:
            if (known := self._reaches.get(kind)) is not None:
                return known
            found = Reach(session, self._centre_id, kind)
            if upto >= self._seen:
                self._reaches[kind] = found
            return found

    def facts_of(self, session: Reading | Writing, merchant_ids: Iterable[int], upto: int) -> list[CandidateFacts]:
        """Without the jobs that they have under way; in no order."""
        found, unknown = [], []
        for merchant_id in merchant_ids:
            if (known := self._facts.get(merchant_id)) is not None:
                found.append(known)
            else:
                unknown.append(merchant_id)
        if unknown:
            read = facts_of(session, unknown)
            found += read
            with self._lock:
                if upto >= self._seen:
                    if len(self._facts) + len(read) > MOST:
                        self._facts.clear()
                    self._facts.update((each.merchant_id, each) for each in read)
        return found


_CHANGED = select(col(Journal.subject_id), col(Journal.what)).where(
    col(Journal.subject) == literal_column(f"'{Subject.MERCHANT}'"),  # as the index says it that knows merchants only
    col(Journal.seq) > bindparam("seen"),
)
