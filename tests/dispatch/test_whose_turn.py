"""A case is never without somebody whose turn it is, whatever happens to it and in whatever order."""

import random
from contextlib import suppress

import pytest

from callbridge.events import Outcome
from dispatch import cases, offers
from dispatch.errors import DispatchError
from dispatch.models import Case, CaseState, OfferState, TimerKind, Turn
from dispatch.models import Timer as TimerRow
from dispatch.models.timers import TimerState
from dispatch.wire.cases import Cancel, CaseChange
from dispatch.wire.offers import OfferEnd
from tests.dispatch.register import FAR
from tests.dispatch.town import Town

SHOPS = {"康宁药房": "+8613900000001", "同心药房": "+8613900000002", "仁安药房": "+8613900000003"}
WAYS = ("best_first", "race", "random", "round_robin", "usual_first", None)
STEPS = 40


def somebodys(town: Town, case: Case) -> bool:
    """Whose turn the case says it is has something to do, or a clock that asks somebody else when nothing is done."""
    states = {offer.state for offer in town.offers(case.number)}
    match case.turn:
        case Turn.NOBODY:
            return case.state in (CaseState.CLOSED, CaseState.CANCELLED)
        case Turn.MERCHANT:
            return bool(states & {OfferState.PENDING, OfferState.SENT, OfferState.ACCEPTED})
        case Turn.SUPERVISOR | Turn.OPERATOR if case.needs_since is not None:
            clocks = [each for each in town.all(TimerRow) if each.kind is TimerKind.UNATTENDED]
            return any(each.subject_id == case.id and each.state is TimerState.ARMED for each in clocks)
        case Turn.SUPERVISOR:
            return False
        case _:  # in the hands of the operator who opened it, took it or was given it back
            return case.turn_operator_id is not None or case.state is CaseState.SERVED


def act(town: Town, dice: random.Random, number: str) -> None:
    """One thing that may happen to a case; what is refused changes nothing."""
    case, asked = town.case(number), town.offers(number)
    match dice.randrange(9):
        case 0 | 1:
            picked = dice.choice([None, None, 1, 2, 3])
            town.dispatch(number, merchant_id=picked)
        case 2:
            with town.store.writing() as session:
                change = CaseChange.model_validate({"version": case.version, "way": dice.choice(WAYS)})
                cases.change_case(session, town.desk, number, change)
        case 3 if asked:
            town.answer(number, dice.choice(asked).merchant_id, dice.choice(["accept", "decline"]))
        case 4 if asked:
            offer = dice.choice(asked)
            how = "withdraw" if offer.state in offers.LIVE else dice.choice(["give_back", "revoke"])
            with town.store.writing() as session:
                end = OfferEnd(expects=offer.state.value, how=how)
                offers.end_offer(session, town.desk, number, offer.id or 0, end)
        case 5 if town.exchange.dialled:
            town.ends(town.exchange.dialled[-1].number, dice.choice(list(Outcome)), key=dice.choice("124"))
        case 6:
            town.hears(dice.choice(list(SHOPS.values())), dice.choice("0123459"))
        case 7 if dice.random() < 0.1:
            with town.store.writing() as session:
                cases.cancel(session, town.desk, number, Cancel(expects=case.state.value))
        case _:
            town.passes(seconds=dice.randint(20, 400))
    town.send()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("seed", range(6))
def test_a_random_journey_never_leaves_a_case_without_anybody(town: Town, seed: int) -> None:
    dice = random.Random(seed)
    for name, number in SHOPS.items():
        town.merchant(name, sms=number, voice=number[:-1] + "9", position=FAR)
    number = town.open(town.resident(), priority=dice.choice(["routine", "urgent"]))
    for _ in range(STEPS):
        with suppress(DispatchError):  # not in this state
            act(town, dice, number)
        case = town.case(number)
        assert somebodys(town, case), f"{case.state}, the turn is {case.turn}, it needs {case.needs_why}"
