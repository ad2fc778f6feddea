"""The services of a centre, changed while people call."""

import pytest

from dispatch import services
from dispatch.desk import Desk
from dispatch.errors import NotAllowed, StaleVersion
from dispatch.models import InboundReading
from dispatch.wire.services import ServiceChange
from registry import centres
from registry.errors import NotFound
from registry.models import Service, VisitProof
from registry.store import Role, Scope
from tests.dispatch.town import Town

SHOP = "+8613900000001"


def supervisor(town: Town) -> Desk:
    scope = Scope(town.centre_id, role=Role.SUPERVISOR)
    return Desk(scope=scope, operator_id=town.desk.operator_id, extension=None)


def changed(town: Town, code: str = "medicine", **wish: object) -> Service:
    with town.store.writing() as session:
        return services.change(session, supervisor(town), code, ServiceChange.model_validate({"version": 1} | wish))


def test_a_change_is_another_version_and_the_rest_stays(town: Town) -> None:
    newer = changed(town, arrive_minutes=30, proof="word")
    assert (newer.version, newer.arrive_minutes, newer.proof) == (2, 30, VisitProof.WORD)
    with town.store.reading() as session:
        now = centres.service(session, town.centre_id, "medicine")
        assert (now.version, now.accept_minutes, now.questions_zh) == (2, 5, newer.questions_zh)
        codes = [each.code for each in centres.current_services(session, town.centre_id)]
        assert codes.count("medicine") == 1
    assert "operator.changed_service" in town.journal("operator")


def test_a_case_that_is_open_keeps_what_it_was_opened_with(town: Town) -> None:
    town.merchant("康宁药房", sms=SHOP)
    number = town.open(town.resident())
    changed(town, proof="word")
    town.dispatch(number)
    town.send()
    town.writes(SHOP, "1")
    assert town.visit(number).word is None
    assert town.writes(SHOP, "5").reading is InboundReading.DONE


def test_a_version_that_has_been_changed_meanwhile_is_refused(town: Town) -> None:
    changed(town, finish_minutes=20)
    with pytest.raises(StaleVersion):
        changed(town, finish_minutes=25)
    with pytest.raises(NotFound):
        changed(town, "nothing", finish_minutes=25)


def test_an_operator_changes_no_service(town: Town) -> None:
    with town.store.writing() as session, pytest.raises(NotAllowed):
        services.change(session, town.desk, "medicine", ServiceChange(version=1, proof="call"))


def test_a_new_centre_asks_for_proof_where_money_or_hours_are_at_stake(town: Town) -> None:
    with town.store.reading() as session:
        proofs = {each.code: each.proof for each in centres.current_services(session, town.centre_id)}
    assert proofs["groceries"] is VisitProof.WORD
    assert proofs["home_care"] is VisitProof.CALL
    assert proofs["medicine"] is VisitProof.REPORT
