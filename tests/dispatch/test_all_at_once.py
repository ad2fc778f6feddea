"""Everybody does something at the same moment: nothing deadlocks, nothing is doubled, nothing is left lying."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from threading import Thread

from dispatch import calls, cases, offers, ticker, visit_reports
from dispatch.auditor import audit
from dispatch.errors import DispatchError
from dispatch.findings import Finding
from dispatch.models import Call, Case, Offer, OfferState
from dispatch.outbox import Sender
from dispatch.wire.calls import CallChange
from dispatch.wire.cases import Cancel, NewCase, Remind
from dispatch.wire.offers import Dispatch, OfferAnswer, OfferEnd, VisitReport
from registry.store import Writing
from tests.dispatch.register import FAR
from tests.dispatch.town import Town

SHOPS = {"康宁药房": "+8613900000001", "同心药房": "+8613900000002", "仁安药房": "+8613900000003"}
STEPS = 30


def test_everybody_at_once(town: Town) -> None:
    resident = town.resident()
    for name, number in SHOPS.items():
        town.merchant(name, sms=number, voice=number[:-1] + "9", position=FAR)
    numbers = [town.open(resident) for _ in range(4)]
    broken: list[BaseException] = []

    def operator(dice: random.Random) -> None:
        number = dice.choice(numbers)
        case = town.case(number)
        seen = town.offers(number)
        with town.store.writing() as session:
            what = dice.random()
            if what < 0.4:
                channel = dice.choice(["sms", "voice"])
                wanted = Dispatch.model_validate({"expects": case.state.value, "channel": channel})
                offers.dispatch_case(session, town.desk, number, wanted)
            elif what < 0.5:
                cases.remind(session, town.desk, number, Remind())
            elif what < 0.7 and seen:
                told = OfferAnswer.model_validate(
                    {"expects": seen[-1].state.value, "answer": dice.choice(["accept", "decline"])}
                )
                offers.answer_offer(session, town.desk, number, seen[-1].id or 0, told)
            elif what < 0.8 and seen:
                how = "withdraw" if seen[-1].state in offers.LIVE else "give_back"
                ended = OfferEnd(expects=seen[-1].state.value, how=how)
                offers.end_offer(session, town.desk, number, seen[-1].id or 0, ended)
            elif what < 0.9:
                report = VisitReport.model_validate({"expects": case.state.value, "step": "on_the_way"})
                visit_reports.report_visit(session, town.desk, number, report)
            else:
                cases.cancel(session, town.desk, number, Cancel(expects=case.state.value))
                cases.open_case(session, town.desk, NewCase(resident_id=resident, service="medicine"))
        numbers[:] = [case.number for case in town.all(Case)]

    def merchant(dice: random.Random) -> None:
        number, text = dice.choice(list(SHOPS.values())), dice.choice("12345")
        codes = [offer.code for offer in town.all(Offer) if offer.number == number] or ["A2B3"]
        town.hears(number, f"{dice.choice(codes)} {text}", event=f"event-{dice.random()}")

    def clock(dice: random.Random) -> None:
        town.clock.move(timedelta(seconds=dice.randint(1, 60)))
        ticker.tick(town.store, f"serve-{dice.randint(1, 2)}")

    def sender(dice: random.Random) -> None:
        own = Sender(town.store, {"phone": town.gateway}, town.exchange, f"serve-{dice.randint(1, 9)}")
        asyncio.run(own.run_once())

    def caller(dice: random.Random) -> None:
        call = town.rings_in(dice.choice(["02367001001", "13600000001"]), emergency=dice.random() < 0.5)
        if dice.random() < 0.7:
            town.answers(call, dice.choice(["801", "802"]))
        town.hangs_up(call)

    def colleague(dice: random.Random) -> None:
        """Writes down whom a call was about, and what came of it."""
        call, what = dice.choice(town.all(Call)), dice.random()
        number, about = dice.choice(numbers), dice.choice([resident, None])

        def work(session: Writing) -> None:
            assert call.id is not None
            if what < 0.4:
                change = CallChange(version=call.version, resident_id=about)
                calls.change_call(session, town.colleague, call.id, change)
            elif what < 0.7:
                cases.remind(session, town.colleague, number, Remind(call_id=call.id))
            else:
                wanted = NewCase(resident_id=resident, service="medicine", call_id=call.id)
                cases.open_case(session, town.colleague, wanted)

        town.store.write(work)  # as the service does: two may open or rename the same call-back

    def play(act: Callable[[random.Random], None], seed: int) -> None:
        dice = random.Random(seed)
        for _ in range(STEPS):
            try:
                act(dice)
            except DispatchError:
                pass  # somebody was first
            except BaseException as problem:
                broken.append(problem)
                return

    town.hangs_up(town.rings_in())
    acts = [operator, operator, merchant, merchant, clock, sender, sender, caller, colleague, colleague]
    threads = [Thread(target=play, args=(act, seed)) for seed, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert broken == []

    town.send()
    texts = Counter(sms.text for sms in town.gateway.taken if "前回复" in sms.text)
    assert set(texts.values()) <= {1}, "an offer was sent twice"
    accepted = Counter(offer.case_id for offer in town.all(Offer) if offer.state is OfferState.ACCEPTED)
    assert set(accepted.values()) <= {1}
    for _ in range(30):
        town.passes(seconds=30)
        town.send()
    nobody_sits_there_any_more = {Finding.CALL_WITHOUT_END, Finding.CASE_UNATTENDED}
    assert audit(town.store).keys() <= nobody_sits_there_any_more
    assert len(town.all(Case)) >= 4
