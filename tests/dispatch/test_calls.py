from datetime import timedelta

import pytest

from callbridge.events import CallEnd
from dispatch import calls
from dispatch.desk import Desk
from dispatch.errors import BadValue, NotFound, StaleVersion
from dispatch.models import Call, CallState, Case, Speaker
from dispatch.wire.calls import CallChange
from registry.areas import add_area
from registry.lookup import who_calls
from registry.models import Contact
from registry.store import Scope
from tests.dispatch.register import HER_LINE
from tests.dispatch.town import Town


def change(town: Town, uniqueid: str, **fields: object) -> Call:
    call = town.call(uniqueid)
    with town.store.writing() as session:
        wanted = CallChange.model_validate({"version": call.version} | fields)
        return calls.change_call(session, town.desk, call.id or 0, wanted)


def test_the_operator_picks_one_of_two_on_a_line(town: Town) -> None:
    town.resident("周桂芳")
    husband = town.resident("李建国")
    call = town.rings_in()
    assert change(town, call, resident_id=husband).resident_id == husband
    assert town.call(call).speaker is Speaker.RESIDENT


def test_a_field_that_is_not_sent_stays_and_a_null_takes_it_away(town: Town) -> None:
    resident = town.resident()
    call = town.rings_in()
    changed = change(town, call, speaker="other", speaker_name="邻居小李")
    assert (changed.resident_id, changed.speaker, changed.speaker_name) == (resident, Speaker.OTHER, "邻居小李")
    changed = change(town, call, resident_id=None)
    assert (changed.resident_id, changed.speaker_name) == (None, "邻居小李")


def test_an_edit_of_something_that_has_changed_is_refused(town: Town) -> None:
    town.resident()
    call = town.rings_in()
    with pytest.raises(StaleVersion), town.store.writing() as session:
        calls.change_call(session, town.desk, town.call(call).id or 0, CallChange(version=1, speaker="other"))


def test_a_resident_that_there_is_not_is_refused(town: Town) -> None:
    call = town.rings_in()
    with pytest.raises(BadValue) as refused:
        change(town, call, resident_id=4711)
    assert refused.value.values["field"] == "resident_id"


def test_a_contact_of_somebody_else_is_refused(town: Town) -> None:
    town.resident("周桂芳", number="+862367001009", contacts=["+8617700232004"])
    town.resident()
    call = town.rings_in()
    (contact,) = town.all(Contact)
    with pytest.raises(BadValue):
        change(town, call, speaker_contact_id=contact.id)


def test_the_line_is_remembered_for_the_next_call(town: Town) -> None:
    resident = town.resident()
    first = town.rings_in("13700000001")
    change(town, first, resident_id=resident, remember_line=True)
    second = town.rings_in("13700000001")
    assert town.call(second).resident_id == resident
    with town.store.reading() as session:
        assert [one.id for one in who_calls(session, town.centre_id, "+8613700000001").residents] == [resident]


def test_a_hidden_number_cannot_be_remembered(town: Town) -> None:
    resident = town.resident()
    call = town.rings_in("anonymous")
    with pytest.raises(BadValue):
        change(town, call, resident_id=resident, remember_line=True)


def test_whom_an_emergency_is_about_is_known_as_soon_as_the_operator_knows_it(town: Town) -> None:
    town.resident("周桂芳")
    husband = town.resident("李建国")
    call = town.rings_in(emergency=True)
    assert town.all(Case)[0].resident_id is None
    change(town, call, resident_id=husband)
    assert town.all(Case)[0].resident_id == husband


def test_a_call_of_another_area_is_seen_where_it_rings_and_by_who_answered_it(town: Town) -> None:
    with town.store.writing() as session:
        ours = add_area(session, town.centre_id, "A", "青石镇")
        theirs = add_area(session, town.centre_id, "B", "白沙镇")
        assert ours.path is not None
        path, area_id = ours.path, theirs.id
    town.resident(area_id=area_id)
    desk = Desk(
        scope=Scope(town.centre_id, area_path=path),
        operator_id=town.desk.operator_id,
        extension="801",
    )
    call = town.rings_in(HER_LINE)
    row = town.call(call)

    def touch() -> None:
        with town.store.writing() as session:
            calls.held(session, desk, row.id or 0)

    with pytest.raises(NotFound):
        touch()
    town.answers(call, extension="801")
    touch()
    town.clock.move(timedelta(seconds=30))
    town.hangs_up(call, CallEnd.ANSWERED)
    assert town.call(call).state is CallState.ENDED
    touch()
