"""The journal's rows as events of the stream, each with the present state of what it is about.

A row is rendered once for everybody; whether a desk gets it whole is then decided for each (`Rendered.frame`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from fastapi.sse import format_sse_event
from sqlmodel import col, select

from dispatch.desk import Desk
from dispatch.models import Call, Case, ExchangePosition, Gap, Inbound, Offer, Proof
from dispatch.views.calls import call_lines
from dispatch.views.cases import case_lines
from dispatch.views.desk import gap_line, hold_line, known, link_line, operator_lines
from dispatch.views.findings import finding_lines
from dispatch.views.gateways import gateway_lines
from dispatch.views.inbound import inbound_lines
from dispatch.views.merchants import expiries_of, wrong_numbers_of
from dispatch.views.proofs import proof_line
from dispatch.views.timeline import actor_lines, entry
from dispatch.wire.board import Event
from registry.models import Area
from registry.store import Reading, Subject
from registry.store.journal import Journal

_MOVES_THE_HOLD = frozenset({Subject.CENTRE, Subject.MESSAGE, Subject.LADDER})  # what is held grows and shrinks


@dataclass(frozen=True)
class Rendered:
    """One row, ready to be sent. It lies in the areas of `paths`; None among them: everybody's."""

    seq: int
    written_at: datetime
    whole: bytes
    event: Event  # that something happened to this id, and nothing else
    paths: frozenset[str | None]
    extensions: frozenset[str]  # telephones that are offered the call: whoever sits there may see it
    operators: frozenset[int]  # whose call or case it is

    @cached_property
    def bare(self) -> bytes:
        """Few rows are looked at by somebody who may not see them."""
        return _frame(self.event)

    def frame(self, desk: Desk) -> bytes:
        """What this desk may see of it. The bare event takes what has left its area off its board."""
        hers = desk.operator_id in self.operators or desk.extension in self.extensions
        return self.whole if hers or any(desk.scope.sees(path) for path in self.paths) else self.bare


def render(session: Reading, rows: Sequence[Journal], epoch: str, now: datetime) -> list[Rendered]:
    """In the order given, in about a dozen statements however many rows there are."""
    calls = {
        call.id: call
        for call in session.exec(select(Call).where(col(Call.id).in_(known(row.call_id for row in rows)))).all()
    }
    cases = {
        case.id: case
        for case in session.exec(select(Case).where(col(Case.id).in_(known(row.case_id for row in rows)))).all()
    }
    call_line = dict(zip(calls, call_lines(session, list(calls.values()), now), strict=True))
    case_line = dict(zip(cases, case_lines(session, list(cases.values()), now), strict=True))
    inbound = session.exec(select(Inbound).where(col(Inbound.id).in_(known(map(inbound_id, rows))))).all()
    inbound_line = {line.id: line for line in inbound_lines(session, inbound)}
    case_of_sms = _cases_of(session, inbound)
    operators = operator_lines(session, (row.subject_id for row in rows if row.subject is Subject.OPERATOR))
    names = {str(row.data.get("exchange")) for row in rows if row.subject is Subject.EXCHANGE}
    links = session.exec(select(ExchangePosition).where(col(ExchangePosition.exchange).in_(names))).all()
    link = {row.exchange: link_line(row) for row in links}
    gap_ids = known(row.data.get("gap") for row in rows if row.what == "exchange.gap")
    gaps = {gap.id: gap_line(gap) for gap in session.exec(select(Gap).where(col(Gap.id).in_(gap_ids))).all()}
    proof_ids = known(row.data.get("proof") for row in rows if row.subject is Subject.EXCHANGE)
    proofs = {
        row.id: proof_line(row) for row in session.exec(select(Proof).where(col(Proof.id).in_(proof_ids))).all()
    }
    telling = {row.centre_id for row in rows if "gateway" in row.data}
    gateways = {(each, line.name): line for each in telling for line in gateway_lines(session, each)}
    audited = {row.centre_id for row in rows if "finding" in row.data}
    findings = {each: finding_lines(session, each) for each in audited}
    merchants: dict[int, set[int]] = {}
    for row in rows:
        if row.subject is Subject.MERCHANT:
            merchants.setdefault(row.centre_id, set()).add(row.subject_id)
    wrong = {each: wrong_numbers_of(session, each, theirs) for each, theirs in merchants.items()}
    ending = {each: expiries_of(session, each, theirs, now) for each, theirs in merchants.items()}
    held = {centre_id: hold_line(session, centre_id) for centre_id in {row.centre_id for row in rows}}
    actors = actor_lines(session, rows)
    path_of = _paths(session, [*rows, *calls.values(), *cases.values(), *case_of_sms.values()])

    rendered = []
    for row in rows:
        call, case = calls.get(row.call_id), cases.get(row.case_id)
        bare = Event(**dict(entry(row, epoch, actors)) | {"data": {}})
        whole = bare.model_copy(
            update={
                "data": row.data,
                "call": call_line.get(row.call_id),
                "case": case_line.get(row.case_id),
                "inbound": inbound_line.get(inbound_id(row) or 0),
                "operator": operators.get(row.subject_id) if row.subject is Subject.OPERATOR else None,
                "link": link.get(str(row.data.get("exchange"))) if row.subject is Subject.EXCHANGE else None,
                "gap": gaps.get(row.data.get("gap")) if row.what == "exchange.gap" else None,
                "proof": proofs.get(row.data.get("proof")) if row.subject is Subject.EXCHANGE else None,
                "gateway": gateways.get((row.centre_id, str(row.data.get("gateway")))),
                "findings": findings.get(row.centre_id) if "finding" in row.data else None,
                "wrong_numbers": wrong[row.centre_id][row.subject_id] if row.subject is Subject.MERCHANT else None,
                "expiries": ending[row.centre_id][row.subject_id] if row.subject is Subject.MERCHANT else None,
                "hold": held[row.centre_id] if row.subject in _MOVES_THE_HOLD else None,
            }
        )
        case = case or case_of_sms.get(inbound_id(row))
        about: list[Call | Case | Journal] = [each for each in (call, case) if each is not None]
        concerned = {call.operator_id} if call is not None else set()
        concerned |= {case.owner_id, case.turn_operator_id} if case is not None else set()
        rendered.append(
            Rendered(
                seq=row.seq or 0,
                written_at=row.written_at,
                whole=_frame(whole),
                event=bare,
                paths=frozenset(path_of.get(each.area_id) for each in about or [row]),
                extensions=frozenset(call.ringing.split(",")) - {""} if call is not None else frozenset(),
                operators=frozenset(known(concerned)),
            )
        )
    return rendered


def _cases_of(session: Reading, inbound: Sequence[Inbound]) -> dict[int | None, Case]:
    """The case that each SMS is about, where it is about one."""
    offers = known(sms.offer_id for sms in inbound)
    of_offer = select(Offer.id, Case).join(Case, col(Case.id) == Offer.case_id).where(col(Offer.id).in_(offers))
    case_of = dict(session.exec(of_offer).all()) if offers else {}
    return {sms.id: case_of[sms.offer_id] for sms in inbound if sms.offer_id is not None}


def inbound_id(row: Journal) -> int | None:
    """The SMS that a row tells of, if it does."""
    found = row.data.get("inbound")
    return found if isinstance(found, int) else None


def _paths(session: Reading, placed: Sequence[Call | Case | Journal]) -> dict[int | None, str]:
    ids = known(each.area_id for each in placed)
    return dict(session.exec(select(Area.id, Area.path).where(col(Area.id).in_(ids))).all()) if ids else {}


def _frame(event: Event) -> bytes:
    return format_sse_event(data_str=event.model_dump_json(), event="change", id=event.id)
