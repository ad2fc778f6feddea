"""What an operator can ask of the service, one method each. All of them raise Refused, SignedOut or Unreachable."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime

import httpx
from httpx_sse import EventSource, aconnect_sse
from pydantic import TypeAdapter

from console.transport import Transport, refuse
from dispatch.wire.base import Command
from dispatch.wire.board import Board, ProofLine, Release, Released, TimelineEntry
from dispatch.wire.calls import CallCard, CallChange, CallLine, ClearSilence, SettleCall
from dispatch.wire.cards import CardView, DecideCard, DisputeCard, Resume, Suspend
from dispatch.wire.care import CarePlanChange, CarePlanEnd, CarePlanView, NewCarePlan
from dispatch.wire.cases import (
    Acknowledge,
    Cancel,
    CaseCard,
    CaseChange,
    Close,
    Gather,
    HandTurn,
    KeepApart,
    NewCase,
    Remind,
    Reopen,
)
from dispatch.wire.history import History
from dispatch.wire.merchants import MerchantCard
from dispatch.wire.offers import (
    Candidates,
    Dispatch,
    Hindsight,
    Matching,
    OfferAnswer,
    OfferEnd,
    OfferResend,
    SheetLine,
    VisitReport,
)
from dispatch.wire.operators import Login, OperatorLine, Session
from dispatch.wire.pages import Areas, Cases, Doubles, DueVisits, Merchants, Residents
from dispatch.wire.people import (
    Apart,
    ComeBack,
    Confirm,
    Leave,
    MerchantChange,
    MergePeople,
    NewResident,
    ResidentCard,
    ResidentChange,
    ServiceView,
)
from dispatch.wire.recordings import RecordingLine
from dispatch.wire.report import ReportView
from dispatch.wire.rules import RuleChange, RuleView
from dispatch.wire.services import ServiceChange
from dispatch.wire.sms import OwnWords, Reckoning
from dispatch.wire.telephone import BringIn, CallVerb, Dial, DropLeg, HandOver, Listen, PresenceChange

_CARE_PLANS = TypeAdapter(list[CarePlanView])
_RECORDINGS = TypeAdapter(list[RecordingLine])
_RULES = TypeAdapter(list[RuleView])
_SERVICES = TypeAdapter(list[ServiceView])
_SHEETS = TypeAdapter(list[SheetLine])
_TIMELINE = TypeAdapter(list[TimelineEntry])
_PAGE = 50  # entries of a history, or visits that are due, in one reading
_AREAS = 50  # found at once
_SILENCE = 45.0  # seconds; the service pings every 15, so this is a connection that died without saying so


class Client:
    """The service, seen from one desk. `log_in` first: everything else carries its token."""

    def __init__(self, url: str, *, patience: float = 6.0, pause: float = 0.3) -> None:
        self.url = url
        self._transport = Transport(url, patience=patience, pause=pause)

    def speak(self, language: str) -> None:
        """The language of the service's own words."""
        self._transport.speak(language)

    async def close(self) -> None:
        await self._transport.close()

    async def log_in(self, login: str, password: str) -> Session:
        answer = await self._transport.send("POST", "login", Login(login=login, password=password))
        session = Session.model_validate(answer)
        self._transport.authorise(session.token)
        return session

    async def log_out(self) -> None:
        await self._transport.send("POST", "logout")
        self._transport.authorise(None)

    async def board(self) -> Board:
        return Board.model_validate(await self._transport.get("board"))

    @asynccontextmanager
    async def events(self, after: str) -> AsyncIterator[EventSource]:
        """The event stream from `after` on. Raises httpx.TransportError as well when the line breaks."""
        patience = httpx.Timeout(5.0, connect=2.0, read=_SILENCE)
        headers = {"Last-Event-ID": after}
        async with aconnect_sse(self._transport.http, "GET", "events", headers=headers, timeout=patience) as source:
            if not source.response.is_success:
                await source.response.aread()
                refuse(source.response)
            yield source

    async def services(self) -> list[ServiceView]:
        return _SERVICES.validate_python(await self._transport.get("services"))

    async def change_service(self, code: str, change: ServiceChange) -> ServiceView:
        return ServiceView.model_validate(await self._transport.send("PATCH", f"services/{code}", change))

    async def call(self, call_id: int) -> CallCard:
        """Opens the card: the service notes in its access log who did."""
        return CallCard.model_validate(await self._transport.get(f"calls/{call_id}"))

    async def change_call(self, call_id: int, change: CallChange) -> CallCard:
        return CallCard.model_validate(await self._transport.send("PATCH", f"calls/{call_id}", change))

    async def settle_call(self, call_id: int) -> CallLine:
        return CallLine.model_validate(await self._transport.send("POST", f"calls/{call_id}/settle", SettleCall()))

    async def take(self, call_id: int, verb: CallVerb) -> CallLine:
        return await self._call(call_id, "take", verb)

    async def hold(self, call_id: int, verb: CallVerb) -> CallLine:
        return await self._call(call_id, "hold", verb)

    async def resume(self, call_id: int, verb: CallVerb) -> CallLine:
        return await self._call(call_id, "resume", verb)

    async def hand_over(self, call_id: int, verb: HandOver) -> CallLine:
        return await self._call(call_id, "hand-over", verb)

    async def bring_in(self, call_id: int, verb: BringIn) -> CallLine:
        return await self._call(call_id, "bring-in", verb)

    async def drop(self, call_id: int, verb: DropLeg) -> CallLine:
        return await self._call(call_id, "drop", verb)

    async def hang_up(self, call_id: int, verb: CallVerb) -> CallLine:
        return await self._call(call_id, "hang-up", verb)

    async def listen(self, call_id: int, verb: Listen) -> CallLine:
        return await self._call(call_id, "listen", verb)

    async def dial(self, wish: Dial) -> CallLine:
        return CallLine.model_validate(await self._transport.send("POST", "dial", wish))

    async def change_presence(self, wish: PresenceChange) -> OperatorLine:
        return OperatorLine.model_validate(await self._transport.send("POST", "me/presence", wish))

    async def recordings(self, call_id: int) -> list[RecordingLine]:
        return _RECORDINGS.validate_python(await self._transport.get("recordings", call_id=call_id))

    async def play(self, recording_id: int) -> None:
        await self._transport.send("POST", f"recordings/{recording_id}/play")

    async def clear_silence(self, call_id: int) -> CallLine:
        """Nobody speaks, and it is no emergency."""
        return await self._call(call_id, "clear", ClearSilence())

    async def find_residents(self, words: str) -> Residents:
        return Residents.model_validate(await self._transport.get("residents", q=words))

    async def resident(self, resident_id: int) -> ResidentCard:
        """Opens the card: the service notes in its access log who did."""
        return ResidentCard.model_validate(await self._transport.get(f"residents/{resident_id}"))

    async def history(self, resident_id: int, offset: int) -> History:
        """What was done to her record, from `offset` on; that it was read is in the service's access log."""
        path = f"residents/{resident_id}/history"
        return History.model_validate(await self._transport.get(path, limit=_PAGE, offset=offset))

    async def confirm(self, resident_id: int, still: Confirm) -> ResidentCard:
        """She was asked, and it is still so."""
        answer = await self._transport.send("POST", f"residents/{resident_id}/confirm", still)
        return ResidentCard.model_validate(answer)

    async def leave(self, resident_id: int, told: Leave) -> ResidentCard:
        """She has died or moved away."""
        return ResidentCard.model_validate(await self._transport.send("POST", f"residents/{resident_id}/leave", told))

    async def come_back(self, resident_id: int, told: ComeBack) -> ResidentCard:
        answer = await self._transport.send("POST", f"residents/{resident_id}/come-back", told)
        return ResidentCard.model_validate(answer)

    async def doubles(self) -> Doubles:
        """For a supervisor: who of hers may stand in the register twice."""
        return Doubles.model_validate(await self._transport.get("residents/doubles"))

    async def due_visits(self, offset: int) -> DueVisits:
        """For a supervisor: at whose door of hers the survey is due, from `offset` on."""
        path = "residents/due-visits"
        return DueVisits.model_validate(await self._transport.get(path, limit=_PAGE, offset=offset))

    async def merge(self, keep_id: int, order: MergePeople) -> ResidentCard:
        """The kept record, as it is now."""
        return ResidentCard.model_validate(await self._transport.send("POST", f"residents/{keep_id}/merge", order))

    async def two_people(self, resident_id: int, told: Apart) -> None:
        await self._transport.send("POST", f"residents/{resident_id}/apart", told)

    async def change_resident(self, resident_id: int, change: ResidentChange) -> ResidentCard:
        return ResidentCard.model_validate(await self._transport.send("PATCH", f"residents/{resident_id}", change))

    async def care_plans(self, resident_id: int) -> list[CarePlanView]:
        """Opens them: the service notes in its access log who did."""
        return _CARE_PLANS.validate_python(await self._transport.get(_plans(resident_id)))

    async def agree_care_plan(self, resident_id: int, plan: NewCarePlan) -> CarePlanView:
        return CarePlanView.model_validate(await self._transport.send("POST", _plans(resident_id), plan))

    async def change_care_plan(self, resident_id: int, plan_id: int, change: CarePlanChange) -> CarePlanView:
        path = f"{_plans(resident_id)}/{plan_id}"
        return CarePlanView.model_validate(await self._transport.send("PATCH", path, change))

    async def end_care_plan(self, resident_id: int, plan_id: int, how: CarePlanEnd) -> CarePlanView:
        path = f"{_plans(resident_id)}/{plan_id}/end"
        return CarePlanView.model_validate(await self._transport.send("POST", path, how))

    async def merchant(self, merchant_id: int) -> MerchantCard:
        return MerchantCard.model_validate(await self._transport.get(f"merchants/{merchant_id}"))

    async def change_merchant(self, merchant_id: int, change: MerchantChange) -> MerchantCard:
        return MerchantCard.model_validate(await self._transport.send("PATCH", f"merchants/{merchant_id}", change))

    async def suspend_merchant(self, merchant_id: int, order: Suspend) -> MerchantCard:
        path = f"merchants/{merchant_id}/suspend"
        return MerchantCard.model_validate(await self._transport.send("POST", path, order))

    async def resume_merchant(self, merchant_id: int) -> MerchantCard:
        path = f"merchants/{merchant_id}/resume"
        return MerchantCard.model_validate(await self._transport.send("POST", path, Resume()))

    async def dispute_card(self, card_id: int, told: DisputeCard) -> CardView:
        return CardView.model_validate(await self._transport.send("POST", f"cards/{card_id}/dispute", told))

    async def decide_card(self, card_id: int, decision: DecideCard) -> CardView:
        return CardView.model_validate(await self._transport.send("POST", f"cards/{card_id}/decide", decision))

    async def rules(self) -> list[RuleView]:
        """Of each the version in force."""
        return _RULES.validate_python(await self._transport.get("rules"))

    async def rule_versions(self, kind: str) -> list[RuleView]:
        """The newest first."""
        return _RULES.validate_python(await self._transport.get(f"rules/{kind}"))

    async def change_rule(self, kind: str, change: RuleChange) -> RuleView:
        return RuleView.model_validate(await self._transport.send("PATCH", f"rules/{kind}", change))

    async def match(self, need: str, resident_id: int, at: datetime | None) -> Matching:
        """Nothing is kept and nobody is asked."""
        when = at.isoformat() if at is not None else None
        found = await self._transport.get("match", need=need, resident_id=resident_id, at=when)
        return Matching.model_validate(found)

    async def report(self, first: date, last: date, area: str | None) -> ReportView:
        """For a supervisor; without `area` about all that she may see."""
        days = {"first": first.isoformat(), "last": last.isoformat()}
        return ReportView.model_validate(await self._transport.get("report", **days, area=area))

    async def sheets(self, number: str) -> list[SheetLine]:
        """The decisions kept with a case, the last one first."""
        return _SHEETS.validate_python(await self._transport.get(f"cases/{number}/sheets"))

    async def hindsight(self, number: str, **asked: str | int | None) -> Hindsight:
        """What is None is as it was."""
        return Hindsight.model_validate(await self._transport.get(f"cases/{number}/hindsight", **asked))

    async def find_areas(self, words: str) -> Areas:
        return Areas.model_validate(await self._transport.get("areas", q=words, limit=_AREAS))

    async def find_merchants(self, words: str, kind: str | None = None) -> Merchants:
        return Merchants.model_validate(await self._transport.get("merchants", q=words, kind=kind))

    async def find_cases(self, words: str) -> Cases:
        """Those that are over too, the last one first."""
        return Cases.model_validate(await self._transport.get("cases", q=words, limit=20))

    async def register(self, resident: NewResident) -> ResidentCard:
        return ResidentCard.model_validate(await self._transport.send("POST", "residents", resident))

    async def case(self, number: str) -> CaseCard:
        return CaseCard.model_validate(await self._transport.get(f"cases/{number}"))

    async def timeline(self, number: str) -> list[TimelineEntry]:
        return _TIMELINE.validate_python(await self._transport.get(f"cases/{number}/timeline"))

    async def open_case(self, case: NewCase) -> CaseCard:
        return await self._case("cases", case)

    async def change_case(self, number: str, change: CaseChange) -> CaseCard:
        return CaseCard.model_validate(await self._transport.send("PATCH", f"cases/{number}", change))

    async def candidates(self, number: str) -> Candidates:
        return Candidates.model_validate(await self._transport.get(f"cases/{number}/candidates"))

    async def dispatch(self, number: str, order: Dispatch) -> CaseCard:
        return await self._case(f"cases/{number}/dispatch", order)

    async def answer_offer(self, number: str, offer_id: int, answer: OfferAnswer) -> CaseCard:
        return await self._case(f"cases/{number}/offers/{offer_id}/answer", answer)

    async def end_offer(self, number: str, offer_id: int, end: OfferEnd) -> CaseCard:
        return await self._case(f"cases/{number}/offers/{offer_id}/end", end)

    async def resend_offer(self, number: str, offer_id: int, again: OfferResend) -> CaseCard:
        return await self._case(f"cases/{number}/offers/{offer_id}/resend", again)

    async def report_visit(self, number: str, report: VisitReport) -> CaseCard:
        return await self._case(f"cases/{number}/visit", report)

    async def close_case(self, number: str, closing: Close) -> CaseCard:
        return await self._case(f"cases/{number}/close", closing)

    async def cancel_case(self, number: str, cancelling: Cancel) -> CaseCard:
        return await self._case(f"cases/{number}/cancel", cancelling)

    async def reopen_case(self, number: str, reopening: Reopen) -> CaseCard:
        return await self._case(f"cases/{number}/reopen", reopening)

    async def gather(self, number: str, order: Gather) -> CaseCard:
        return CaseCard.model_validate(await self._transport.send("POST", f"cases/{number}/gather", order))

    async def keep_apart(self, number: str, order: KeepApart) -> CaseCard:
        return await self._case(f"cases/{number}/keep-apart", order)

    async def reckon_sms(self, text: str) -> Reckoning:
        return Reckoning.model_validate(await self._transport.get("sms/reckoning", text=text))

    async def write_sms(self, number: str, words: OwnWords) -> CaseCard:
        return await self._case(f"cases/{number}/sms", words)

    async def remind(self, number: str, reminder: Remind) -> CaseCard:
        return await self._case(f"cases/{number}/remind", reminder)

    async def acknowledge(self, number: str, acknowledgement: Acknowledge) -> CaseCard:
        return await self._case(f"cases/{number}/acknowledge", acknowledgement)

    async def hand_turn(self, number: str, to: HandTurn) -> CaseCard:
        return await self._case(f"cases/{number}/hand-turn", to)

    async def acknowledge_proof(self, proof_id: int, seen: Acknowledge) -> ProofLine:
        return ProofLine.model_validate(await self._transport.send("POST", f"proofs/{proof_id}/acknowledge", seen))

    async def seen(self, inbound_id: int) -> None:
        await self._transport.send("POST", f"inbound/{inbound_id}/seen")

    async def release(self, release: Release) -> Released:
        """Lets everything go that is held after a restore."""
        return Released.model_validate(await self._transport.send("POST", "hold/release", release))

    async def _case(self, path: str, command: Command) -> CaseCard:
        return CaseCard.model_validate(await self._transport.send("POST", path, command))

    async def _call(self, call_id: int, verb: str, command: Command) -> CallLine:
        return CallLine.model_validate(await self._transport.send("POST", f"calls/{call_id}/{verb}", command))


def _plans(resident_id: int) -> str:
    return f"residents/{resident_id}/care-plans"
