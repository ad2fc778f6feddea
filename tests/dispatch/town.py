"""A small town on a real database: residents who call, merchants who answer, an operator at her desk.

Its sentences are those of the work, so that a test reads like the conversation it stands for.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any, TypeVar

from sqlalchemy import inspect
from sqlmodel import SQLModel, col, select

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
from dispatch.models import (
    Attempt,
    Call,
    Case,
    Inbound,
    Leg,
    Message,
    MessageState,
    Offer,
    OfferState,
    Operator,
    Visit,
)
from dispatch.outbox import Sender
from dispatch.replies import Replies
from dispatch.wire.cases import Close, NewCase
from dispatch.wire.offers import Dispatch, OfferAnswer, VisitReport
from dispatch.wire.rules import RuleChange
from dispatch.wire.words import Answer
from registry.centres import current_rule
from registry.drafts import (
    ContactDraft,
    ContractDraft,
    HoursDraft,
    LineDraft,
    MerchantDraft,
    NumberDraft,
    ResidentDraft,
)
from registry.merchants import create_merchant
from registry.models import Channel, Gender, LineKind, MerchantKind, RuleKind
from registry.numbers import NumberPlan
from registry.people import create_resident
from registry.sealed import give_vault
from registry.store import Actor, MovableClock, Role, Scope, Store
from registry.store.journal import Journal
from registry.vault import Vault
from tests.centre import the_centre
from tests.dispatch.doubles import ExchangeInMemory, GatewayInMemory

M = TypeVar("M", bound=SQLModel)

MASTER_KEY = b"0123456789abcdef0123456789abcdef"
HER_LINE = "+862367001001"
HOTLINE = "02367000000"
NEAR, FAR = (29.5335, 106.5050), (29.5400, 106.5120)
HOME = (29.5332, 106.5049)


@dataclass
class Town:
    store: Store
    clock: MovableClock
    centre_id: int
    desk: Desk
    colleague: Desk
    plan: NumberPlan
    vault: Vault
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

    # --- who is there

    def resident(self, name: str = "王秀英", number: str = HER_LINE, **more: Any) -> int:
        kind = more.pop("kind", LineKind.LANDLINE)
        contacts = [ContactDraft(name="王珂", relation="女儿", number=each) for each in more.pop("contacts", ())]
        fields: dict[str, Any] = {
            "gender": Gender.FEMALE,
            "born": date(1940, 5, 1),
            "community": "青石里",
            "building": "5",
            "unit": "2",
            "door": "502",
            "entrance_note": "门铃坏了，请敲门",
            "latitude": HOME[0],
            "longitude": HOME[1],
            "lines": [LineDraft(number=number, kind=kind)],
            "contacts": contacts,
        } | more
        if fields.get("health_note"):
            fields.setdefault("consented_on", date(2026, 1, 15))
        with self.store.writing() as session:
            draft = ResidentDraft(name=name, **fields)
            made = create_resident(session, Scope(self.centre_id), draft, actor=Actor.system(), vault=self.vault)
            assert made.id is not None
            return made.id

    def merchant(
        self,
        name: str,
        sms: str | None = None,
        voice: str | None = None,
        *,
        position: tuple[float, float] = NEAR,
        services: tuple[str, ...] = ("medicine",),
        kind: MerchantKind = MerchantKind.PHARMACY,
        **more: Any,
    ) -> int:
        numbers = [
            NumberDraft(channel=channel, number=number)
            for channel, number in ((Channel.SMS, sms), (Channel.VOICE, voice))
            if number is not None
        ]
        draft = MerchantDraft(
            name=name,
            kind=kind,
            latitude=position[0],
            longitude=position[1],
            first_channel=more.pop("first_channel", Channel.SMS if sms is not None else Channel.VOICE),
            numbers=numbers,
            hours=[HoursDraft(weekday=day, opens=time(0), closes=time(0)) for day in range(7)],
            contracts=[
                ContractDraft(
                    valid_from=date(2026, 1, 1),
                    valid_until=date(2026, 12, 31),
                    radius=5000,
                    services=frozenset(services),
                )
            ],
            **more,
        )
        with self.store.writing() as session:
            made = create_merchant(session, Scope(self.centre_id), draft, actor=Actor.system())
            assert made.id is not None
            return made.id

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

    def call(self, uniqueid: str) -> Call:
        with self.store.reading() as session:
            leg = session.exec(select(Leg).where(Leg.uniqueid == uniqueid)).one()
            found = session.get(Call, leg.call_id)
            assert found is not None
            return found

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

    def case(self, number: str) -> Case:
        with self.store.reading() as session:
            return session.exec(select(Case).where(Case.number == number)).one()

    def offers(self, number: str) -> list[Offer]:
        with self.store.reading() as session:
            case = session.exec(select(Case).where(Case.number == number)).one()
            return list(session.exec(select(Offer).where(Offer.case_id == case.id).order_by(col(Offer.id))))

    def newest_offer(self, number: str) -> Offer:
        return self.offers(number)[-1]

    def visit(self, number: str) -> Visit:
        with self.store.reading() as session:
            case = session.exec(select(Case).where(Case.number == number)).one()
            return session.exec(select(Visit).where(Visit.case_id == case.id).order_by(col(Visit.id).desc())).first()  # type: ignore[return-value]

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

    # --- what stands in the database

    def get(self, model: type[M], key: Any) -> M:
        with self.store.reading() as session:
            found = session.get(model, key)
            assert found is not None
            return found

    def all(self, model: type[M]) -> list[M]:
        """Every row, in the order they were made."""
        with self.store.reading() as session:
            return list(session.exec(select(model).order_by(*inspect(model).primary_key)))

    def messages(self, state: MessageState) -> list[Message]:
        return [message for message in self.all(Message) if message.state is state]

    def attempts(self) -> list[Attempt]:
        return sorted(self.all(Attempt), key=lambda attempt: (attempt.message_id, attempt.try_number))

    def journal(self, *subjects: str) -> list[str]:
        """What happened, in order, only of `subjects` when some are named."""
        with self.store.reading() as session:
            rows = session.exec(select(Journal).order_by(col(Journal.seq)))
            return [row.what for row in rows if not subjects or row.what.split(".")[0] in subjects]

    def states(self, number: str) -> list[OfferState]:
        return [offer.state for offer in self.offers(number)]


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
    return Town(store, clock, centre_id, desks[0], desks[1], NumberPlan("CN", "023"), vault)
