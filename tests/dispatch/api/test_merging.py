"""Two records of one person become one, over HTTP."""

from sqlmodel import select

from dispatch.models import Case, Operator
from registry.models import LineKind
from registry.store import Role
from registry.store.journal import Journal
from tests.dispatch.api.desks import Console
from tests.dispatch.town import Town


def test_a_supervisor_merges_over_http_and_the_old_number_leads_on(town: Town, console: Console) -> None:
    keep = town.resident("王秀英", "02367001001")
    other = town.resident("王秀英", "13800001009", kind=LineKind.MOBILE, called="秀英阿婆")
    number = town.open(other)
    console.post(f"residents/{keep}/merge", 403, other_id=other)
    with town.store.writing() as session:
        operator = session.get(Operator, town.desk.operator_id)
        assert operator is not None
        operator.role = Role.SUPERVISOR
    card = console.post(f"residents/{keep}/merge", other_id=other)
    assert (card["id"], len(card["lines"]), card["called"]) == (keep, 2, "秀英阿婆")
    assert console.get(f"residents/{other}")["id"] == keep
    assert [each.resident_id for each in town.all(Case) if each.number == number] == [keep]
    console.post(f"residents/{keep}/merge", 422, other_id=keep)
    console.post(f"residents/{keep}/merge", 404, other_id=99_999)


def test_a_supervisor_sees_who_may_be_there_twice_until_somebody_says_they_are_two(
    town: Town, supervisor: Console, colleague: Console
) -> None:
    one = town.resident("王秀英", "02367001001")
    other = town.resident("王秀英", "13800001009", kind=LineKind.MOBILE)
    spelt = town.resident("王秀瑛", "13800001010", kind=LineKind.MOBILE)
    found = supervisor.get("residents/doubles")
    pairs = [(each["one"]["id"], each["other"]["id"], each["doubt"]) for each in found["items"]]
    assert found["total"] == len(pairs)
    assert pairs[0] == (one, other, None)
    assert found["items"][0]["alike"] == ["name", "born", "door"]
    assert (one, spelt, "another_spelling") in pairs
    assert supervisor.get("residents/doubles", limit=1)["items"] == found["items"][:1]
    colleague.get("residents/doubles", status=403)
    colleague.post(f"residents/{one}/apart", 403, other_id=other)
    supervisor.post(f"residents/{other}/apart", other_id=one)
    supervisor.post(f"residents/{one}/apart", other_id=other)
    left = supervisor.get("residents/doubles")
    assert (one, other) not in {(each["one"]["id"], each["other"]["id"]) for each in left["items"]}
    supervisor.post(f"residents/{one}/apart", 422, other_id=one)
    supervisor.post(f"residents/{one}/apart", 404, other_id=99_999)
    supervisor.post(f"residents/{one}/merge", other_id=other)
    supervisor.post(f"residents/{spelt}/apart", 422, other_id=other)
    with town.store.reading() as session:
        entries = session.exec(select(Journal).where(Journal.what == "resident.kept_apart")).all()
    told = [(entry.actor_id, entry.subject_id, entry.data) for entry in entries]
    assert told == [(town.desk.operator_id, other, {"other": one})], "who has said it first, and nothing about her"


def test_doubles_of_another_area_are_neither_seen_nor_settled(town: Town, supervisor: Console) -> None:
    here, across = town.two_areas()
    town.sits_in(town.desk, here)
    one = town.resident("王秀英", "02367001001", area_id=across)
    other = town.resident("王秀英", "13800001009", kind=LineKind.MOBILE, area_id=across)
    assert supervisor.get("residents/doubles") == {"total": 0, "items": []}
    supervisor.post(f"residents/{one}/apart", 404, other_id=other)
