"""Who is there: log-in, breaks, after-call work with its clock, codes dialled on the telephone, and open turns."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from callbridge.events import CallEnd, PhonePresence, PresenceDialled, RingSurveyed
from dispatch import ticker
from dispatch.desk import Desk
from dispatch.errors import Conflict
from dispatch.login import sit_down, stand_up
from dispatch.models import Operator, Presence
from dispatch.presence import change_presence
from dispatch.telephonist import Telephonist
from dispatch.wire.telephone import PresenceChange
from registry.store.journal import Journal
from tests.dispatch.doubles import Ring
from tests.dispatch.town import Town


def work(town: Town, ring: Ring) -> None:
    asyncio.run(Telephonist(town.store, ring, "main").run_once())  # type: ignore[arg-type]


def log_in(town: Town, desk: Desk) -> str:
    with town.store.writing() as session:
        _, token, _ = sit_down(session, desk.operator_id)
    return token


def log_out(town: Town, desk: Desk, token: str) -> None:
    with town.store.writing() as session:
        stand_up(session, token, desk)


def change(town: Town, desk: Desk, presence: Any, reason: Any = None) -> None:
    with town.store.writing() as session:
        change_presence(session, desk, PresenceChange(presence=presence, reason=reason))


def her(town: Town, desk: Desk) -> Operator:
    return town.get(Operator, desk.operator_id)


def tick(town: Town, after: timedelta) -> None:
    town.clock.move(after)
    ticker.tick(town.store, "test")


def survey(town: Town, **presences: PhonePresence) -> None:
    by_extension = {name.removeprefix("x"): presence for name, presence in presences.items()}
    town.tell(RingSurveyed(exchange="main", at=town.clock.now(), presences=by_extension))


def test_log_in_a_break_and_log_out_are_told_to_the_exchange_in_order(town: Town, ring: Ring) -> None:
    token = log_in(town, town.desk)
    work(town, ring)
    change(town, town.desk, "break", "meal")
    work(town, ring)
    assert her(town, town.desk).break_reason == "meal"
    log_out(town, town.desk, token)
    work(town, ring)
    assert ring.told == [
        ("801", PhonePresence.READY, 0),
        ("801", PhonePresence.BREAK, 0),
        ("801", PhonePresence.OFF, 0),
    ]


def test_while_the_exchange_is_away_only_the_last_word_is_kept_for_it(town: Town, ring: Ring) -> None:
    ring.away = True
    log_in(town, town.desk)
    work(town, ring)
    change(town, town.desk, "break", "rest")
    change(town, town.desk, "ready")
    work(town, ring)
    ring.away = False
    town.clock.move(timedelta(hours=1))
    survey(town, x801=PhonePresence.OFF)
    work(town, ring)
    assert ring.told == [("801", PhonePresence.READY, 0)]
    assert her(town, town.desk).presence is Presence.READY


def test_after_a_call_there_is_time_to_write_it_up_and_its_clock_ends_it(town: Town, ring: Ring) -> None:
    log_in(town, town.desk)
    call = town.rings_in()
    town.answers(call)
    town.hangs_up(call, CallEnd.ANSWERED)
    work(town, ring)
    operator = her(town, town.desk)
    assert operator.presence is Presence.AFTER_CALL
    assert operator.presence_until is not None
    seconds = round((operator.presence_until - town.clock.now()).total_seconds())
    assert ring.told[-1] == ("801", PhonePresence.AFTER_CALL, seconds)
    tick(town, timedelta(seconds=seconds))
    work(town, ring)
    assert her(town, town.desk).presence is Presence.READY
    assert ring.told[-1] == ("801", PhonePresence.READY, 0)


def test_after_call_work_that_she_ends_herself_is_not_ended_again(town: Town, ring: Ring) -> None:
    log_in(town, town.desk)
    call = town.rings_in()
    town.answers(call)
    town.hangs_up(call, CallEnd.ANSWERED)
    change(town, town.desk, "break", "errand")
    tick(town, timedelta(minutes=5))
    assert her(town, town.desk).presence is Presence.BREAK


def test_one_who_is_on_a_break_stays_on_it_after_a_call(town: Town, ring: Ring) -> None:
    log_in(town, town.desk)
    change(town, town.desk, "break", "meeting")
    call = town.rings_in()
    town.answers(call)
    town.hangs_up(call, CallEnd.ANSWERED)
    assert her(town, town.desk).presence is Presence.BREAK


def test_one_who_is_not_logged_in_has_no_presence_to_change(town: Town, ring: Ring) -> None:
    with pytest.raises(Conflict):
        change(town, town.desk, "ready")


def test_a_code_dialled_on_the_telephone_counts_and_is_not_told_back(town: Town, ring: Ring) -> None:
    at = town.clock.now()
    town.tell(PresenceDialled(exchange="main", at=at, extension="801", presence=PhonePresence.READY))
    assert her(town, town.desk).presence is Presence.READY
    town.tell(PresenceDialled(exchange="main", at=at, extension="801", presence=PhonePresence.OFF))
    assert her(town, town.desk).presence is Presence.OFF
    work(town, ring)
    assert ring.told == []


def test_what_was_dialled_while_we_were_away_is_found_in_the_queues(town: Town, ring: Ring) -> None:
    log_in(town, town.desk)
    work(town, ring)
    survey(town, x801=PhonePresence.BREAK, x802=PhonePresence.READY)
    assert her(town, town.desk).presence is Presence.BREAK
    assert her(town, town.colleague).presence is Presence.OFF, "it rings as configured: nobody has come"
    survey(town, x801=PhonePresence.OFF, x802=PhonePresence.READY)
    assert her(town, town.desk).presence is Presence.OFF


def test_logging_out_hands_open_turns_to_whoever_is_there(town: Town, ring: Ring) -> None:
    token = log_in(town, town.desk)
    log_in(town, town.colleague)
    number = town.open(town.resident())
    assert town.case(number).turn_operator_id == town.desk.operator_id
    log_out(town, town.desk, token)
    case = town.case(number)
    assert (case.turn, case.turn_operator_id, case.owner_id) == ("operator", None, town.desk.operator_id)
    (entry,) = [each for each in town.all(Journal) if each.what == "case.turn_handed_over"]
    assert (entry.case_id, entry.data["by"]) == (case.id, town.desk.operator_id)


def test_the_last_one_with_open_turns_cannot_log_out(town: Town, ring: Ring) -> None:
    token = log_in(town, town.desk)
    number = town.open(town.resident())
    with pytest.raises(Conflict) as refused:
        log_out(town, town.desk, token)
    assert refused.value.values["cases"] == [number]
    assert her(town, town.desk).presence is Presence.READY
