"""Two records of one person become one, over HTTP."""

from dispatch.models import Case, Operator
from registry.models import LineKind
from registry.store import Role
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
