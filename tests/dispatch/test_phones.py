"""A telephone that cannot be rung while its operator is ready: out of the ring with a notice, and back in."""

from datetime import timedelta

import pytest

from callbridge.events import PhonePresence, PhoneReached, PhoneRefuses, PhoneTaken
from dispatch.models import Presence
from dispatch.presence import change_presence
from dispatch.views.desk import operator_line
from dispatch.wire.operators import OperatorLine
from dispatch.wire.telephone import PresenceChange
from tests.dispatch.doubles import Ring
from tests.dispatch.test_presence import her, log_in, survey, work
from tests.dispatch.town import Town


@pytest.fixture(autouse=True)
def she_is_ready(town: Town, ring: Ring) -> None:
    log_in(town, town.desk)
    reached(town, True)
    work(town, ring)
    ring.told.clear()
    assert line(town).rings


def reached(town: Town, reachable: bool) -> None:
    town.tell(PhoneReached(exchange="main", at=town.clock.now(), extension="801", reachable=reachable))


def refuses(town: Town) -> None:
    town.tell(PhoneRefuses(exchange="main", at=town.clock.now(), extension="801"))


def line(town: Town) -> OperatorLine:
    return operator_line(her(town, town.desk))


def trouble(town: Town) -> str | None:
    return line(town).phone_trouble


def test_one_that_rejects_every_ring_is_taken_out_and_she_stays_ready(town: Town, ring: Ring) -> None:
    refuses(town)
    refuses(town)
    work(town, ring)
    assert ring.told == [("801", PhonePresence.REFUSES, 0)]
    assert her(town, town.desk).presence is Presence.READY
    shown = line(town)
    assert (shown.phone_trouble, shown.phone_trouble_since, shown.rings) == ("refuses", town.clock.now(), False)
    assert town.journal("operator").count("operator.phone_refuses") == 1


def test_it_comes_back_when_she_says_that_she_is_ready(town: Town, ring: Ring) -> None:
    refuses(town)
    with town.store.writing() as session:
        change_presence(session, town.desk, PresenceChange(presence="ready"))
    work(town, ring)
    assert ring.told[-1] == ("801", PhonePresence.READY, 0)
    assert line(town).rings


@pytest.mark.parametrize("how", ["used", "registered anew", "tried again", "exchange started again"])
def test_it_comes_back_by_itself(town: Town, ring: Ring, how: str) -> None:
    refuses(town)
    work(town, ring)
    match how:
        case "used":
            town.tell(PhoneTaken(exchange="main", at=town.clock.now(), extension="801"))
        case "registered anew":
            reached(town, False)
            assert trouble(town) == "unreachable"
            reached(town, True)
        case "tried again":
            town.passes(seconds=59)
            assert trouble(town) == "refuses"
            town.passes(seconds=2)
        case _:
            survey(town, x801=PhonePresence.READY)
    work(town, ring)
    assert ring.told[-1] == ("801", PhonePresence.READY, 0)
    assert line(town).rings
    assert town.journal("operator")[-1] == "operator.phone_back"


def test_one_that_rejects_again_is_out_again_with_another_notice(town: Town, ring: Ring) -> None:
    for _ in range(3):
        refuses(town)
        town.passes(seconds=61)
    noted = [what for what in town.journal("operator") if "phone_" in what]
    assert noted == ["operator.phone_reached", *["operator.phone_refuses", "operator.phone_back"] * 3]


def test_what_the_queues_hold_after_a_gap_counts_unless_it_is_still_to_be_told(
    town: Town,
    ring: Ring,
) -> None:
    ring.away = True
    refuses(town)
    survey(town, x801=PhonePresence.READY)
    assert trouble(town) == "refuses"
    ring.away = False
    work(town, ring)
    survey(town, x801=PhonePresence.REFUSES)
    assert trouble(town) == "refuses"
    assert her(town, town.desk).presence is Presence.READY


def test_an_exchange_that_remembers_a_refusal_of_which_we_know_nothing_is_believed(town: Town) -> None:
    survey(town, x801=PhonePresence.REFUSES)
    assert trouble(town) == "refuses"
    town.passes(seconds=61)
    assert trouble(town) is None


def test_one_that_is_not_there_is_shown_since_when(town: Town) -> None:
    began = town.clock.now()
    town.clock.move(timedelta(seconds=30))
    reached(town, False)
    town.clock.move(timedelta(seconds=30))
    shown = line(town)
    assert (shown.phone_trouble, shown.phone_trouble_since) == ("unreachable", began + timedelta(seconds=30))
    assert not shown.rings
    reached(town, True)
    assert line(town).rings


def test_nobody_is_told_of_a_telephone_whose_operator_is_on_a_break_or_away(town: Town) -> None:
    with town.store.writing() as session:
        change_presence(session, town.desk, PresenceChange(presence="break", reason="meal"))
    refuses(town)
    reached(town, False)
    assert trouble(town) is None
    assert her(town, town.desk).phone_refuses_since is None
