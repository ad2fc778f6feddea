"""When trunks and telephones last worked, as the board shows it, and who has seen that one does not."""

from datetime import timedelta

from callbridge.events import ProofKind, ProofProblem, ProofWay
from callbridge.proof import TRUNK, Proven
from dispatch import proofs
from dispatch.views.events import render
from registry.store.journal import Journal
from tests.dispatch.api.desks import Console
from tests.dispatch.town import Town


def proven(town: Town, *problems: tuple[str, ProofProblem | None]) -> None:
    """One proof of the exchange: of the trunk, and of telephones by their extension."""
    at = town.clock.now()
    results = [
        Proven(
            kind=ProofKind.TRUNK if name == TRUNK else ProofKind.TELEPHONE,
            name=name,
            way=ProofWay.CALL if name == TRUNK else ProofWay.QUALIFY,
            at=at,
            took=timedelta(seconds=2.5),
            problem=problem,
        )
        for name, problem in problems
    ]
    with town.store.writing() as session:
        proofs.keep(session, town.centre_id, "main", results, at)


def test_the_board_has_the_newest_of_each_and_when_it_last_worked(console: Console, town: Town) -> None:
    assert console.get("board")["proofs"] == []
    proven(town, (TRUNK, None), ("801", None))
    first = town.clock.now()
    town.clock.move(timedelta(hours=3))
    proven(town, (TRUNK, ProofProblem.NOT_BACK), ("801", None))
    trunk, telephone = console.get("board")["proofs"]
    assert (trunk["kind"], trunk["name"], trunk["way"], trunk["problem"]) == ("trunk", "trunk", "call", "not_back")
    assert not trunk["worked"]
    assert trunk["worked_at"] == first.isoformat().replace("+00:00", "Z")
    assert trunk["needs_since"] == trunk["at"]
    assert trunk["took_ms"] == 2500
    assert telephone["worked"]
    assert telephone["needs_since"] is None


def test_a_failure_is_seen_by_one_and_the_other_is_told_by_whom(
    console: Console, colleague: Console, town: Town
) -> None:
    proven(town, (TRUNK, ProofProblem.NO_ANSWER))
    (trunk,) = console.get("board")["proofs"]
    line = console.post(f"proofs/{trunk['id']}/acknowledge", needs_since=trunk["needs_since"])
    assert line["needs_since"] is None
    assert not line["worked"]
    late = colleague.post(f"proofs/{trunk['id']}/acknowledge", 409, needs_since=trunk["needs_since"])
    assert late["values"]["by"] == "陈雨"
    assert town.journal("exchange") == ["exchange.proof_failed", "exchange.proof_seen"]
    colleague.post("proofs/4711/acknowledge", 404)


def test_what_works_again_needs_nobody_and_another_failure_somebody_again(console: Console, town: Town) -> None:
    proven(town, (TRUNK, ProofProblem.BUSY), ("801", ProofProblem.NOT_REGISTERED))
    old, _ = console.get("board")["proofs"]
    town.clock.move(timedelta(hours=3))
    proven(town, (TRUNK, ProofProblem.BUSY))
    trunk, telephone = console.get("board")["proofs"]
    assert trunk["needs_since"] == trunk["at"]
    assert telephone["needs_since"] is None, "it was not in the ring this time: nobody has to look"
    console.post(f"proofs/{old['id']}/acknowledge", 409)
    proven(town, (TRUNK, None))
    assert all(line["needs_since"] is None for line in console.get("board")["proofs"])


def test_every_proof_is_told_to_the_consoles(town: Town) -> None:
    proven(town, (TRUNK, ProofProblem.NOT_HEARD), ("801", None))
    with town.store.reading() as session:
        rows = [row for row in town.all(Journal) if row.subject == "exchange"]
        frames = [row.whole.decode() for row in render(session, rows, "epoch", town.clock.now())]
    assert '"what":"exchange.proof_failed"' in frames[0]
    assert '"problem":"not_heard"' in frames[0]
    assert '"what":"exchange.proved"' in frames[1]
    assert '"name":"801"' in frames[1]
