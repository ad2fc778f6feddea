"""What the board says of the line itself: gaps, recording, proofs; a good day is one quiet line."""

from datetime import timedelta

from dispatch.wire.board import ExpiryLine, FindingLine, GapLine, GatewayLine, LinkLine, WrongNumberLine
from tests.console import people
from tests.console.conftest import HandClock
from tests.console.stand_in import Town

GAP = GapLine(
    id=1,
    exchange="main",
    began_at=people.NOW - timedelta(minutes=6),
    until=people.NOW - timedelta(minutes=4),
    calls=7,
    to_call_back=2,
)


def missed(number: str) -> people.CaseCard:
    return people.to_call_back(number, last_call=people.last_call(recovered=True))


async def test_a_gap_is_shown_as_a_gap_until_everybody_in_it_is_called_back(
    sit_down, size, town: Town, clock: HandClock
) -> None:
    town.gaps = [GAP]
    for number in ("TL-20260302-0001", "TL-20260302-0002"):
        town.cases[number] = missed(number)
    async with sit_down(size) as seat:
        await seat.sees("09:54:00-09:56:00 与交换机 main 未连接，补回 7 个来电，待回电 2", "中断期间")
        over = {"state": "closed", "turn": "nobody", "needs_since": None, "needs_why": None}
        town.change_case("TL-20260302-0001", "case.closed", **over)
        await seat.sees("待回电 1/2")
        town.change_case("TL-20260302-0002", "case.closed", **over)
        await seat.sees("补回 7 个来电，都已回电")
        clock.move(minutes=40)
        await seat.until(lambda: "未连接" not in seat.text)


async def test_a_gap_comes_down_the_stream(sit_down, town: Town) -> None:
    async with sit_down() as seat:
        assert "未连接" not in seat.text
        town.happen("exchange.gap", gap=GAP.model_copy(update={"calls": 0, "to_call_back": 0}))
        await seat.sees("未连接，期间没有来电")
        town.happen("exchange.gap", gap=GAP.model_copy(update={"to_call_back": 0}))
        await seat.sees("补回 7 个来电，没有要回电的")


async def test_recording_that_stopped_says_since_when_and_that_calls_go_on(sit_down, town: Town) -> None:
    town.links["main"] = LinkLine(exchange="main", up=True, recording_stopped_at=people.NOW)
    async with sit_down() as seat:
        await seat.sees("10:00 起不再录音", "通话照常")


async def test_on_a_good_day_the_proofs_are_one_line(sit_down, size, town: Town) -> None:
    town.proofs = {1: people.proof(1, "801"), 2: people.proof(2, "trunk", kind="trunk")}
    async with sit_down(size) as seat:
        await seat.sees("自检正常：中继线 main/trunk 09:00 话机 801 09:00", "要我处理 (0)")


async def test_a_proof_that_failed_rings_until_it_is_acknowledged_and_is_not_forgotten(
    sit_down, size, town: Town
) -> None:
    async with sit_down(size) as seat:
        rung = []
        seat.app.bell = lambda: rung.append(True)
        failed = people.proof(1, "802", worked=False, problem="not_heard", at=people.NOW, needs_since=people.NOW)
        town.proofs[1] = failed
        town.happen("exchange.proof_failed", proof=failed)
        await seat.sees("话机自检没有通过", "话机 802 10:00 已接通，听不到声音 上次正常 09:00", "要我处理 (1)")
        assert rung
        await seat.press("1")
        await seat.sees("按 a 表示知道了")
        await seat.press("a")
        assert (await seat.told("proofs/1/acknowledge")).body == {"needs_since": "2026-03-02T02:00:00Z"}
        await seat.sees("自检没有通过：话机 802", "要我处理 (0)")


async def test_a_telephone_out_of_the_ring_is_named(sit_down, town: Town) -> None:
    trouble = {"phone_trouble": "refuses", "phone_trouble_since": people.NOW}
    town.colleagues = [people.SHE.model_copy(update=trouble | {"name": "[/b]刘芳"})]
    async with sit_down() as seat:
        await seat.sees("802 [/b]刘芳: 话机拒接每次振铃 10:00:00")


async def test_a_gateway_that_does_not_work_is_named_until_it_works_again(sit_down, size, town: Town) -> None:
    async with sit_down(size) as seat:
        failing = GatewayLine(name="modem", failing_since=people.NOW, problem="no network", under_way=2)
        town.happen("message.gateway_fails", gateway=failing)
        await seat.sees("短信网关 modem 从 10:00 起不通")
        town.happen("message.gateway_works", gateway=GatewayLine(name="modem", worked_at=people.NOW))
        await seat.until(lambda: "短信网关" not in seat.text)


async def test_what_the_auditor_found_is_named_until_it_is_put_right(sit_down, size, town: Town) -> None:
    async with sit_down(size) as seat:
        found = [FindingLine(kind="timer_overdue", count=3, since=people.NOW)]
        town.happen("centre.audit_found", findings=found)
        await seat.sees("稽核：到时未办的时限，共 3 项，从 10:00 起")
        town.happen("centre.audit_clear", findings=[])
        await seat.until(lambda: "稽核" not in seat.text)


async def test_a_number_that_does_not_exist_is_named_until_somebody_has_corrected_it(
    sit_down, size, town: Town
) -> None:
    wrong = WrongNumberLine(merchant=people.MERCHANTS[0], channel="voice", number="+862367008001", since=people.NOW)
    async with sit_down(size) as seat:
        town.happen("merchant.number_wrong", subject_id=wrong.merchant.id, wrong_numbers=[wrong])
        await seat.sees("的 02367008001 是空号（10:00）")
        town.happen("merchant.changed", subject_id=people.MERCHANTS[1].id, wrong_numbers=[])
        await seat.sees("的 02367008001 是空号（10:00）")
        town.happen("merchant.changed", subject_id=wrong.merchant.id, wrong_numbers=[])
        await seat.until(lambda: "空号" not in seat.text)


async def test_a_supervisor_is_told_of_terms_that_end_within_a_month_and_of_those_that_have_ended(
    sit_down, size, town: Town, clock: HandClock
) -> None:
    town.me = people.ME.model_copy(update={"role": "supervisor"})
    today = people.NOW.date()
    days = (("licence", today - timedelta(days=1)), ("contract", today + timedelta(days=31)))
    ends = [
        ExpiryLine(merchant=merchant, term=term, last=last, told_from=last - timedelta(days=30))
        for merchant, (term, last) in zip(people.MERCHANTS, days, strict=False)
    ]
    async with sit_down(size) as seat:
        for each in ends:
            town.happen("merchant.changed", subject_id=each.merchant.id, expiries=[each])
        await seat.sees(f"的许可证 {ends[0].last} 已到期，不再派单")
        assert "合同" not in seat.text
        clock.move(days=1)
        await seat.sees(f"的合同 {ends[1].last} 到期（还有 30 天）")
        town.happen("merchant.changed", subject_id=ends[1].merchant.id, expiries=[])
        await seat.until(lambda: "合同" not in seat.text)
        assert "的许可证" in seat.text
        town.happen("merchant.changed", subject_id=ends[0].merchant.id, expiries=[])
        await seat.until(lambda: "到期" not in seat.text)


async def test_terms_that_end_are_no_matter_of_an_operator(sit_down, town: Town) -> None:
    ended = ExpiryLine(
        merchant=people.MERCHANTS[0], term="licence", last=people.NOW.date(), told_from=people.NOW.date()
    )
    async with sit_down() as seat:
        town.happen("merchant.changed", expiries=[ended])
        town.happen("centre.audit_found", findings=[FindingLine(kind="timer_overdue", count=3, since=people.NOW)])
        await seat.sees("稽核")
        assert "许可证" not in seat.text
