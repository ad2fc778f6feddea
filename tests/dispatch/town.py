"""A small town on a real database: residents who call, merchants who answer, an operator at her desk.

Its sentences are those of the work, so that a test reads like the conversation it stands for.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlmodel import select

from callbridge.events import (
    BridgeEvent,
    CallAnswered,
    CallArrived,
    CallEnd,
    CallEnded,
    CallOut,
    CallQueued,
    CallRinging,
    Outcome,
    Party,
)
from callbridge.gateways import InboundSms
from dispatch import cases, offers, rules, ticker, visit_reports
from dispatch.desk import Desk
from dispatch.intake import Intake, Recognition
from dispatch.models import Case, Inbound, Offer, Operator
from dispatch.outbox import Sender
from dispatch.replies import Replies
from dispatch.wire.cases import Close, NewCase
from dispatch.wire.offers import Dispatch, OfferAnswer, VisitReport
from dispatch.wire.rules import RuleChange
from dispatch.wire.words import Answer
from registry.areas import add_area, root
from registry.centres import current_rule
from registry.models import RuleKind
from registry.numbers import NumberPlan
from registry.sealed import give_vault
from registry.store import MovableClock, Role, Scope, Store
from registry.vault import Vault
from tests.centre import the_centre
from tests.dispatch.doubles import ExchangeInMemory, GatewayInMemory
from tests.dispatch.register import Register
from tests.dispatch.rows import Rows

MASTER_KEY = b"0123456789abcdef0123456789abcdef"
HOTLINE = "02367000000"


@dataclass
class Town(Register, Rows):
    clock: MovableClock
    desk: Desk
    colleague: Desk
    plan: NumberPlan
    gateway: GatewayInMemory = field(default_factory=GatewayInMemory)
    exchange: ExchangeInMemory = field(default_factory=ExchangeInMemory)
    sender: Sender = field(init=False)
    intake: Intake = field(init=False)
    replies: Replies = field(init=False)
    _numbers: Any = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.intake = Intake(self.store, self.centre_id, self.plan)
        self.replies = Replies(self.centre_id, self.plan)
        self.restart()

    def restart(self) -> None:
        """The service's process is another one: it knows nothing but the database."""
        self.sender = Sender(self.store, {"phone": self.gateway}, self.exchange, f"serve-{next(self._numbers)}")

    # --- calls

    def tell(self, event: BridgeEvent) -> list[Recognition]:
        return self.intake.handle(event)

    def rings_in(self, number: str = "02367001001", *, uniqueid: str | None = None, **more: Any) -> str:
        """Somebody calls and waits in the queue; the call's uniqueid."""
        uniqueid = uniqueid or f"main-{next(self._numbers)}.1"
        at = self.clock.now()
        self.tell(arrived(uniqueid, number, at, **more))
        self.tell(CallQueued(exchange="main", at=at, uniqueid=uniqueid, queue="hotline", position=1))
        return uniqueid

    def answers(self, uniqueid: str, extension: str = "801") -> None:
        now = self.clock.now()
        self.tell(CallRinging(exchange="main", at=now, uniqueid=uniqueid, extension=extension))
        self.tell(
            CallAnswered(
                exchange="main",
                at=now,
                uniqueid=uniqueid,
                extension=extension,
                operator_uniqueid=f"{uniqueid}-op",
                waited=timedelta(seconds=3),
            )
        )

    def hangs_up(
        self,
        uniqueid: str,
        end: CallEnd = CallEnd.ABANDONED,
        by: Party = Party.CALLER,
        *,
        after: timedelta = timedelta(seconds=5),
    ) -> None:
        """It ends now; one that was answered so long after this moment, so that something has been said in it."""
        at = self.clock.now() + (after if end is CallEnd.ANSWERED else timedelta())
        self.tell(CallEnded(exchange="main", at=at, uniqueid=uniqueid, end=end, hung_up_by=by, cause=16))

    # --- areas

    def two_areas(self) -> tuple[int, int]:
        """TOWN and RIVER, neither of which lies in the other."""
        with self.store.writing() as session:
            top = root(session, self.centre_id).id
            here, across = (add_area(session, self.centre_id, code, code, top) for code in ("TOWN", "RIVER"))
            assert here.id is not None
            assert across.id is not None
            return here.id, across.id

    def sits_in(self, desk: Desk, area_id: int) -> None:
        """From here on she sees that area and what lies below it."""
        with self.store.writing() as session:
            session.get_one(Operator, desk.operator_id).area_id = area_id

    # --- cases

    def open(self, resident_id: int | None, service: str = "medicine", **more: Any) -> str:
        with self.store.writing() as session:
            new = NewCase(resident_id=resident_id, service=service, **more)
            return cases.open_case(session, self.desk, new).number

    def dispatch(self, number: str, **order: Any) -> Offer:
        offer = self.sends_out(number, **order)
        assert offer is not None
        return offer

    def sends_out(self, number: str, **order: Any) -> Offer | None:
        """The offer that came of it; an emergency for which there is no clinic goes out without one."""
        with self.store.writing() as session:
            case = session.exec(select(Case).where(Case.number == number)).one()
            wanted = Dispatch(**({"expects": case.state.value} | order))
            return offers.dispatch_case(session, self.desk, number, wanted)

    def answer_by_word_of_mouth(self, number: str, answer: Answer) -> None:
        offer = self.newest_offer(number)
        with self.store.writing() as session:
            told = OfferAnswer(expects=offer.state.value, answer=answer)
            offers.answer_offer(session, self.desk, number, offer.id or 0, told)

    def answer(self, number: str, merchant_id: int, answer: Answer) -> None:
        """That merchant, of several who are being asked, says so to the operator."""
        offer = next(offer for offer in self.offers(number) if offer.merchant_id == merchant_id)
        with self.store.writing() as session:
            told = OfferAnswer(expects=offer.state.value, answer=answer)
            offers.answer_offer(session, self.desk, number, offer.id or 0, told)

    def reports(self, number: str, step: Any) -> None:
        with self.store.writing() as session:
            case = session.exec(select(Case).where(Case.number == number)).one()
            visit_reports.report_visit(session, self.desk, number, VisitReport(expects=case.state.value, step=step))

    def close(self, number: str) -> None:
        with self.store.writing() as session:
            cases.close(
                session, self.desk, number, Close(expects="served", outcome="served", satisfaction="satisfied")
            )

    # --- what leaves the house and what comes back

    def send(self) -> None:
        """The sender works until nothing is due any more."""
        asyncio.run(self._send())

    async def _send(self) -> None:
        for _ in range(50):
            if not await self.sender.run_once():
                return
        raise AssertionError("the sender finds something to do again and again")

    def sms_to(self, number: str) -> list[str]:
        return [sms.text for sms in self.gateway.taken if sms.to == number]

    def heard(self, number: str) -> list[str]:
        """What was said in the calls to that number."""
        return [call.text for call in self.exchange.dialled if call.number == number]

    def writes(self, number: str, text: str, *, event: str | None = None) -> Inbound:
        """A merchant, or anybody, writes to us; stored, read, and answered by the sender."""
        inbound_id = self.hears(number, text, event=event)
        self.send()
        return self.get(Inbound, inbound_id)

    def hears(self, number: str, text: str, *, event: str | None = None) -> int:
        """An SMS is stored and then read; the id of its row."""
        sms = InboundSms(
            event_id=event or f"event-{next(self._numbers)}",
            from_number=number,
            to_number=None,
            text=text,
            received_at=self.clock.now(),
        )
        with self.store.writing() as session:
            inbound_id = self.replies.take_in(session, "phone", sms).id
        with self.store.writing() as session:
            self.replies.read(session, inbound_id or 0)
        return inbound_id or 0

    def presses(self, number: str, key: str) -> CallOut:
        """Whoever we called last at that number presses a key and hangs up."""
        return self.ends(number, Outcome.KEY, key)

    def ends(self, number: str, outcome: Outcome, key: str = "") -> CallOut:
        call = [each for each in self.exchange.dialled if each.number == number][-1]
        answered = self.clock.now() if outcome in (Outcome.KEY, Outcome.NO_KEY) else None
        event = CallOut(
            exchange="main",
            at=self.clock.now(),
            attempt=call.attempt,
            outcome=outcome,
            key=key,
            answered_at=answered,
            cause=16,
        )
        self.exchange.ended[call.attempt] = event
        self.tell(event)
        return event

    def passes(self, **step: float) -> None:
        """Time goes by, and the clocks that are due by then go off."""
        self.clock.move(timedelta(**step))
        while ticker.tick(self.store, "serve-1"):
            pass

    def rule(self, kind: str, **body: Any) -> None:
        """A supervisor changes a rule of the centre."""
        scope = Scope(self.centre_id, role=Role.SUPERVISOR)
        desk = Desk(scope=scope, operator_id=self.desk.operator_id, extension=None)
        with self.store.writing() as session:
            version = current_rule(session, self.centre_id, RuleKind(kind)).version
            rules.change(session, desk, kind, RuleChange(version=version, body=body))


def arrived(
    uniqueid: str, number: str, at: datetime, *, name: str = "", dialled: str = HOTLINE, emergency: bool = False
) -> CallArrived:
    return CallArrived(
        exchange="main",
        at=at,
        uniqueid=uniqueid,
        linkedid=uniqueid,
        channel="PJSIP/trunk-00000001",
        number=number,
        name=name,
        dialled=dialled,
        emergency=emergency,
    )


def found(store: Store, clock: MovableClock) -> Town:
    """A centre with its services, two operators with telephones, and nobody else yet."""
    centre_id = the_centre(store)
    with store.writing() as session:
        operators = [
            Operator(
                centre_id=centre_id,
                login=login,
                name=name,
                extension=extension,
                password_hash="x",
                created_at=clock.now(),
            )
            for login, name, extension in (("chen", "陈雨", "801"), ("liu", "刘洋", "802"))
        ]
        session.add_all(operators)
        session.flush()
        desks = [
            Desk(
                scope=Scope(centre_id, role=Role.OPERATOR),
                operator_id=operator.id or 0,
                extension=operator.extension,
            )
            for operator in operators
        ]
    vault = Vault(MASTER_KEY)
    give_vault(store, vault)
    return Town(store, centre_id, vault, clock, desks[0], desks[1], NumberPlan("CN", "023"))
