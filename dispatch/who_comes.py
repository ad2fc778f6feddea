"""Who of a merchant's staff comes: as it told the operator, or because nobody else is there that day."""

from dispatch.errors import BadValue
from dispatch.models import Case, Offer
from registry import centres
from registry.absences import is_there
from registry.staff import absence, staff_of
from registry.store import Writing


def the_one_named(session: Writing, offer: Offer, staff_id: int) -> str:
    """Raises BadValue for one who does not go to the door for this merchant."""
    name = next((one.name for one in staff_of(session, offer.merchant_id) if one.id == staff_id), None)
    if name is None:
        raise BadValue(field="comes", found=staff_id, right="merchant.staff")
    return name


def the_only_one(session: Writing, case: Case, offer: Offer) -> str | None:
    """None where the merchant names nobody, or more than one can come on the day for which somebody is wanted."""
    now = session.clock.now()
    day = centres.today(session, case.centre_id, max(case.wanted_at or now, now))
    there = [one.name for one in staff_of(session, offer.merchant_id) if is_there(absence(one), day)]
    return there[0] if len(there) == 1 else None
