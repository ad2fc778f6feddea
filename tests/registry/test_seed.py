from contextlib import closing

import pytest
from sqlmodel import col, delete, func, select

from registry import centres
from registry.errors import NotFound
from registry.matching import Weights
from registry.models import Area, Centre, MerchantKind, Rule, RuleKind, Service
from registry.models.centre import Priority
from registry.seed import seed_centre
from registry.store import Store, Writing


def again(session: Writing, **changes: str) -> Centre:
    facts = {
        "code": "TL",
        "name": "邻里热线",
        "time_zone": "Asia/Shanghai",
        "country": "CN",
        "area_code": "023",
        "language": "zh",
    }
    return seed_centre(session, **(facts | changes))


def counts(session: Writing) -> list[int]:
    return [session.exec(select(func.count()).select_from(table)).one() for table in (Centre, Area, Service, Rule)]


def test_seeding_twice_makes_nothing_twice_and_starts_no_new_epoch(store: Store, centre_id: int) -> None:
    with store.writing() as session:
        before, epoch = counts(session), centres.centre(session, centre_id).epoch
        assert again(session).id == centre_id
        assert counts(session) == before
        assert centres.centre(session, centre_id).epoch == epoch


def test_a_changed_configuration_reaches_the_centre(store: Store, centre_id: int) -> None:
    with store.writing() as session:
        again(session, name="青石里热线", area_code="0755")
    with store.reading() as session:
        assert centres.centre(session, centre_id).name == "青石里热线"
        assert centres.plan(session, centre_id).read("26001234").number == "+8675526001234"


def test_what_the_centre_has_changed_survives_the_next_start(store: Store, centre_id: int) -> None:
    with store.writing() as session:
        medicine = centres.service(session, centre_id, "medicine")
        fields = medicine.model_dump(exclude={"id"}) | {"version": 2, "accept_minutes": 9}
        session.add(Service(**fields))
        meals = centres.service(session, centre_id, "meals").model_dump(exclude={"id"})
        session.add(Service(**(meals | {"version": 2, "active": False})))
        session.add(
            Rule(
                centre_id=centre_id,
                kind=RuleKind.MATCHING_WEIGHTS,
                version=2,
                body={"usual": 50},
                valid_from=store.clock.now(),
            )
        )
    with store.writing() as session:
        again(session)
    with store.reading() as session:
        assert centres.service(session, centre_id, "medicine").accept_minutes == 9
        codes = [service.code for service in centres.current_services(session, centre_id)]
        assert "meals" not in codes
        assert codes.count("medicine") == 1
        with pytest.raises(NotFound):
            centres.service(session, centre_id, "meals")
        rule = centres.current_rule(session, centre_id, RuleKind.MATCHING_WEIGHTS)
        assert (rule.version, Weights.model_validate(rule.body).usual) == (2, 50)


def test_the_first_services_are_complete_in_both_languages(store: Store, centre_id: int) -> None:
    with store.reading() as session:
        services = centres.current_services(session, centre_id)
    by_code = {service.code: service for service in services}
    assert {"medicine", "groceries", "meals", "water", "power", "gas", "repair", "home_care", "clinic"} < set(by_code)
    assert {"escort", "volunteers", "information", "emergency_medical"} < set(by_code)
    digits = [service.keypad_digit for service in services if service.keypad_digit]
    assert digits == sorted(set(digits)) == list("123456789")
    for service in services:
        assert service.name_zh
        assert service.name_en
        assert len(service.questions_zh) == len(service.questions_en) > 0
        assert all(MerchantKind(kind) for kind in service.merchant_kinds)
        assert bool(service.merchant_kinds) == service.needs_visit == (service.accept_minutes > 0)
    assert by_code["emergency_medical"].priority is Priority.EMERGENCY
    assert not by_code["information"].needs_visit


def test_the_first_offer_policy_says_how_often_a_merchant_is_tried(store: Store, centre_id: int) -> None:
    with store.reading() as session:
        policy = centres.current_rule(session, centre_id, RuleKind.OFFER_POLICY).body
    assert policy["voice_tries"] >= 1
    assert policy["sms_tries"] >= 1


def test_two_centres_share_nothing(store: Store, centre_id: int) -> None:
    with store.writing() as session:
        other = again(session, code="XX", time_zone="Europe/Berlin")
        assert other.id not in (None, centre_id)
        assert other.epoch != centres.centre(session, centre_id).epoch
        assert other.id is not None
        assert len(centres.current_services(session, other.id)) == len(centres.current_services(session, centre_id))
        assert centres.today(session, other.id, store.clock.now()).isoformat() == "2026-03-02"


def test_seeding_a_centre_that_is_complete_waits_for_nobody_who_writes(store: Store, centre_id: int) -> None:
    with closing(Store(store.url)) as other, other.writing():
        assert store.write_if_needed(again).id == centre_id


def test_what_a_centre_lacks_is_seeded(store: Store, centre_id: int) -> None:
    with store.writing() as session:
        session.execute(delete(Rule).where(col(Rule.kind) == RuleKind.SURVEY))

    store.write_if_needed(again)
    store.write_if_needed(lambda session: again(session, name="青石里热线"))

    with store.reading() as session:
        assert len(session.exec(select(Rule).where(Rule.kind == RuleKind.SURVEY)).all()) == 1
        assert centres.centre(session, centre_id).name == "青石里热线"
