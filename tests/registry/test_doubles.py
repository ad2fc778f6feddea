"""Who may stand in the register twice, and of whom somebody has said that they are two."""

from datetime import date

import pytest

from registry import doubles
from registry.drafts import LineDraft, ResidentDraft
from registry.models import Line, LineKind, Resident
from registry.people import create_resident
from registry.store import Actor, Scope, Store
from registry.vault import Vault

IDENTITY = "510102194005010029"


def somebody(store: Store, scope: Scope, vault: Vault, name: str, number: str, **facts: object) -> int:
    with store.writing() as session:
        draft = ResidentDraft.model_validate({"name": name, "lines": [LineDraft(number=number)], **facts})
        return create_resident(session, scope, draft, actor=Actor.system(), vault=vault).id or 0


def found(store: Store, scope: Scope) -> list[tuple[int, int, tuple[str, ...], str]]:
    with store.reading() as session:
        return [(each.one, each.other, each.alike, each.doubt) for each in doubles.doubles(session, scope)]


def test_one_person_in_two_records_is_found_by_whatever_agrees(store: Store, scope: Scope, vault: Vault) -> None:
    home = {"community": "青石里", "building": "5", "unit": "2", "door": "502"}
    first = somebody(store, scope, vault, "王秀英", "02367001001", born="1940-05-01", **home)
    by_birthday = somebody(store, scope, vault, "王秀英", "13800000001", born="1940-05-01")
    by_sound = somebody(store, scope, vault, "王秀瑛", "02367001001", **home)
    by_identity = somebody(store, scope, vault, "李桂兰", "13800000003", identity_number=IDENTITY)
    the_same = somebody(store, scope, vault, "李桂兰娃", "13800000004", identity_number=IDENTITY)
    somebody(store, scope, vault, "张玉珍", "13800000005", born="1940-05-01")
    assert found(store, scope) == [
        (first, by_birthday, ("name", "born"), ""),
        (by_identity, the_same, ("identity",), ""),
        (first, by_sound, ("door", "numbers"), "another_spelling"),
    ]


def test_a_couple_and_a_namesake_are_two_people(store: Store, scope: Scope, vault: Vault) -> None:
    home = {"community": "青石里", "building": "5", "unit": "2", "door": "502"}
    somebody(store, scope, vault, "王秀英", "02367001001", born="1940-05-01", **home)
    somebody(store, scope, vault, "刘建国", "02367001001", born="1938-01-01", **home)
    somebody(store, scope, vault, "王秀英", "13800000001", born="1951-07-07", community="滨江里")
    assert found(store, scope) == []


def test_of_two_who_are_said_to_be_two_nothing_is_said_any_more(store: Store, scope: Scope, vault: Vault) -> None:
    one = somebody(store, scope, vault, "王秀英", "02367001001", born="1940-05-01")
    other = somebody(store, scope, vault, "王秀英", "13800000001", born="1940-05-01")
    for pair, is_news in (((other, one), True), ((one, other), False)):
        with store.writing() as session:
            assert doubles.keep_apart(session, *pair) is is_news
    assert found(store, scope) == []


def test_a_homes_switchboard_makes_nobody_a_double(store: Store, scope: Scope, vault: Vault) -> None:
    for _ in range(doubles.MOST_OF_ONE + 2):
        somebody(store, scope, vault, "王秀英", "02367009000", community="福寿苑")
    assert found(store, scope) == []


def test_of_a_crowd_two_are_found_by_what_only_they_share(store: Store, scope: Scope, vault: Vault) -> None:
    crowd(store, scope, doubles.MOST_OF_ONE)
    one = somebody(store, scope, vault, "王秀英", "02367009000", born="1940-05-01")
    other = somebody(store, scope, vault, "王秀英", "02367009000", born="1940-05-01")
    assert found(store, scope) == [(one, other, ("name", "born", "numbers"), "")]


def test_as_many_as_one_may_share_with_are_found_and_those_who_have_left_do_not_count(
    store: Store, scope: Scope
) -> None:
    crowd(store, scope, doubles.MOST_OF_ONE + 1, born=date(1940, 5, 1))
    crowd(store, scope, 5, born=date(1940, 5, 1), ended_at=store.clock.now())
    of_all = (doubles.MOST_OF_ONE + 1) * doubles.MOST_OF_ONE // 2
    assert len(found(store, scope)) == of_all
    crowd(store, scope, 1, born=date(1940, 5, 1))
    assert found(store, scope) == []


def test_what_nobody_has_said_is_not_shared(store: Store, scope: Scope, vault: Vault) -> None:
    for number in ("13800000001", "13800000002"):
        somebody(store, scope, vault, "王秀英", number, community="青石里", building="5", unit="2")
    assert found(store, scope) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nobody_is_compared_with_everybody(store: Store, scope: Scope) -> None:
    """Twice as many people cost the database about twice as many steps, also when all of them share everything."""
    steps = []
    home = {"community": "青石里", "building": "5", "unit": "2", "door": "502"}
    everything = {"identity_hash": b"of everybody", "born": date(1940, 5, 1), **home}
    for _ in range(2):
        crowd(store, scope, 400, **everything)
        steps.append(steps_of(store, scope))
    assert steps[1] < 3 * steps[0]


def crowd(store: Store, scope: Scope, many: int, **facts: object) -> None:
    """People of one name behind one switchboard, alike in the `facts` as well."""
    now = store.clock.now()
    with store.writing() as session:
        said = {"centre_id": scope.centre_id, "name": "王秀英", "created_at": now, "updated_at": now, **facts}
        people = [Resident(**said) for _ in range(many)]
        session.add_all(people)
        session.flush()
        session.add_all(
            Line(resident_id=each.id, number="+862367009000", kind=LineKind.LANDLINE, created_at=now)
            for each in people
        )


def steps_of(store: Store, scope: Scope) -> int:
    """What SQLite's virtual machine does to find the doubles, in hundreds of instructions."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    with store.reading() as session:
        driver = session.connection().connection.driver_connection
        driver.set_progress_handler(count, 100)
        doubles.doubles(session, scope)
        driver.set_progress_handler(None, 0)
    return steps
