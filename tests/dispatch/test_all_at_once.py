"""Everybody does something at the same moment: nothing deadlocks, nothing is doubled, nothing is left lying."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from threading import Thread

from dispatch import cases, offers, ticker, visits
from dispatch.auditor import audit
from dispatch.errors import DispatchError
from dispatch.models import Case, Offer, OfferState
from dispatch.outbox import Sender
from dispatch.wire.work import Cancel, Dispatch, NewCase, OfferAnswer, OfferEnd, Remind, VisitReport
from tests.dispatch.town import FAR, Town

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
                visits.report_visit(session, town.desk, number, report)
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
        call = town.rings_in(emergency=dice.random() < 0.5)
        town.answers(call, dice.choice(["801", "802"]))
        town.hangs_up(call)

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

    acts = [operator, operator, merchant, merchant, clock, sender, sender, caller]
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
    assert {finding: count for finding, count in audit(town.store).items() if finding != "call_without_end"} == {}
    assert len(town.all(Case)) >= 4
