"""What a merchant was like before: kept when it is changed, read when somebody asks why it was decided so."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from pydantic import TypeAdapter
from pydantic_core import to_jsonable_python
from sqlmodel import col, select

from registry.among import among, ids
from registry.matching import CandidateFacts
from registry.merchant_facts import facts_of
from registry.models import Merchant, MerchantPast
from registry.store import Reading, Writing

_FACTS = TypeAdapter(CandidateFacts)


def as_it_is(session: Writing, merchant: Merchant) -> MerchantPast:
    """The merchant's row as it stands, to be added by whoever changes it now."""
    assert merchant.id is not None
    (now,) = facts_of(session, [merchant.id])
    body = to_jsonable_python(now._asdict())
    return MerchantPast(merchant_id=merchant.id, version=merchant.version, until=session.clock.now(), facts=body)


def facts_then(
    session: Reading | Writing, merchant_ids: Iterable[int], at: datetime, versions: Mapping[int, int]
) -> list[CandidateFacts]:
    """The merchants as they stood at the instant `at`: in the version named, else in the one that was in force.

    One that was registered later is not among them. A version that nobody has kept is told as the row is now.
    """
    wanted = sorted(set(merchant_ids))
    earlier: dict[int, list[MerchantPast]] = {}
    kept = select(MerchantPast).where(among(col(MerchantPast.merchant_id), "ids"))
    for row in session.execute(kept.order_by(col(MerchantPast.version)), {"ids": ids(wanted)}).scalars():
        earlier.setdefault(row.merchant_id, []).append(row)
    born = dict(
        session.execute(
            select(Merchant.id, Merchant.created_at).where(among(col(Merchant.id), "ids")), {"ids": ids(wanted)}
        ).all()
    )
    found = []
    for now in facts_of(session, wanted):
        then = _then(now, earlier.get(now.merchant_id, []), at, versions.get(now.merchant_id))
        if now.merchant_id in versions or born[now.merchant_id] <= at:
            found.append(then)
    return found


def _then(now: CandidateFacts, earlier: list[MerchantPast], at: datetime, version: int | None) -> CandidateFacts:
    """Of the versions that are over, the one named, or the first that was still in force after `at`."""
    for row in earlier:
        if row.version == version or (version is None and row.until > at):
            return _FACTS.validate_python(row.facts)
    return now
