"""Who of a merchant's staff comes: as it told the operator, or because nobody else is there that day."""

from dispatch.errors import BadValue
from dispatch.models import Case, Offer
from registry import centres
from registry.absences import is_there
from registry.staff import absence, staff_of
from registry.store import Writing


def called(session: Writing, case: Case, offer: Offer, staff_id: int | None) -> str | None:
    """The name of the one who was named, or of the only one who is there; None where that is not known.

    Raises BadValue for one who does not go to the door for this merchant.
    """
    return _the_only_one(session, case, offer) if staff_id is None else _the_one_named(session, offer, staff_id)


def _the_one_named(session: Writing, offer: Offer, staff_id: int) -> str:
    name = next((one.name for one in staff_of(session, offer.merchant_id) if one.id == staff_id), None)
    if name is None:
        raise BadValue(field="comes", found=staff_id, right="merchant.staff")
    return name


def _the_only_one(session: Writing, case: Case, offer: Offer) -> str | None:
    """None where the merchant names nobody, or more than one can come on the day for which somebody is wanted."""
    now = session.clock.now()
    day = centres.today(session, case.centre_id, max(case.wanted_at or now, now))
    there = [one.name for one in staff_of(session, offer.merchant_id) if is_there(absence(one), day)]
    return there[0] if len(there) == 1 else None
