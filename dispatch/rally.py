"""A medical emergency is sent to a clinic: at once those who can be there first and her own people are called too.

Each in its role: the clinic has the offer; responders and contacts are asked by the emergency's ladder, beside
whoever has it in hand, whether they are going. Everybody who says so comes; nobody is told off for another one.
"""

from dispatch import choosing, ladders
from dispatch.casebook import service_of
from dispatch.desk import Desk
from dispatch.ladders import Person
from dispatch.models import Case, Rung
from registry.models import Channel, Merchant, MerchantKind
from registry.models.centre import Priority
from registry.store import Writing

RESPONDERS = (MerchantKind.VOLUNTEERS, MerchantKind.HOME_CARE)  # contracted for the service as well


def calls_together(session: Writing, case: Case) -> bool:
    """Whether the case is of a service for which everybody is called at once."""
    return service_of(session, case).priority is Priority.EMERGENCY


def call_together(session: Writing, case: Case, desk: Desk) -> None:
    """Calls them, once for each case; the operator who has sent it to the clinic has it in hand."""
    ladder = ladders.of_case(session, case)
    if ladder is None:
        ladders.climb(session, case, desk.actor)
        ladders.taken(session, case, desk.operator_id)
        ladder = ladders.of_case(session, case)
    assert ladder is not None
    if ladders.has_called_together(session, ladder):
        return
    ladders.ask_together(session, case, ladder, Rung.CONTACTS, ladders.contacts(session, case))
    ladders.ask_together(session, case, ladder, Rung.RESPONDERS, _responders(session, case))


def _responders(session: Writing, case: Case) -> list[Person]:
    found: list[Person] = []
    for choice in choosing.others(session, case, RESPONDERS):
        merchant = session.get(Merchant, choice.merchant_id)
        if choice.channel is Channel.VOICE and merchant is not None:
            found.append(Person(choice.number, merchant.language, merchant_id=choice.merchant_id))
    return found
