"""A merchant's record: what residents said, how it is reached, when it is open."""

from datetime import date, time, timedelta

from dispatch.wire.cards import CardView, RecordView
from dispatch.wire.merchants import MerchantCard
from dispatch.wire.people import AwayView, ContractView, HoursView, NumberView, SaidView, StaffView
from tests.console import people
from tests.console.stand_in import Town

NUMBER = "TL-20260302-0001"
RECORD = MerchantCard(
    **dict(people.MERCHANTS[0]) | {"name": "[/b]康宁䶮药房"},
    satisfied=12,
    fairly=3,
    not_satisfied=1,
    open_jobs=2,
    capacity=5,
    capacity_plan=["18:00-22:00/1"],
    numbers=[NumberView(channel="sms", number="+8613900000001")],
    staff=[
        StaffView(id=1, name="李䶮[/b]", number="+8619300234011"),
        StaffView(id=2, name="陈静", away=AwayView(first=date(2026, 2, 16), last=date(2026, 3, 20))),
        StaffView(id=3, name="王五", away=AwayView(first=date(2026, 4, 1))),
        StaffView(id=4, name="赵六", away=AwayView(last=date(2026, 4, 2))),
        StaffView(id=5, name="孙七", away=AwayView()),
    ],
    channel_plan=["20:00-08:00/voice_first/3"],
    special_hours=["2026-02-16..2026-02-20/closed/春节", "holidays/10:00-16:00", "make_up_days/monday"],
    hours=[HoursView(weekday=day, opens=time(8), closes=time(20)) for day in range(7)],
    contracts=[
        ContractView(
            id=1,
            valid_from=date(2026, 1, 1),
            valid_until=date(2026, 12, 31),
            services=["medicine"],
            fee="每次5元[/b]",
            conditions="处方药凭处方",
        )
    ],
    last_said=[
        SaidView(
            case_number="TL-20260301-0009",
            service_zh="送药上门",
            service_en="Medicine delivery",
            satisfaction="not_satisfied",
            served_at=people.NOW - timedelta(hours=1),
        )
    ],
    version=1,
)


async def test_a_merchants_record_opens_from_the_case(sit_down, size, town: Town) -> None:
    town.records[31] = RECORD
    town.cases[NUMBER] = people.case(state="served", merchant=people.MERCHANTS[0], satisfaction="fairly")
    town.cases["TL-20260301-0009"] = people.case("TL-20260301-0009", words="晚到了")
    async with sit_down(size) as seat:
        await seat.press("2")
        await seat.sees("满意度 基本满意")
        await seat.press("r")
        await seat.sees("[/b]康宁䶮药房", "满意 12", "基本满意 3", "不满意 1", "每天 08:00-20:00", "2 / 5")
        await seat.sees("每次5元[/b]  处方药凭处方")
        await seat.sees("李䶮[/b]  193 0023 4011", "陈静  2026-02-16 到 2026-03-20 不在", "王五  2026-04-01 起不在")
        await seat.sees("赵六  不在，到 2026-04-02", "孙七  不在")
        await seat.sees("18:00-22:00 最多 1 单", "20:00-08:00 先电话 3 次")
        await seat.sees("2026-02-16..2026-02-20 休息 春节", "节假日 10:00-16:00", "调休上班日 按周一")
        await seat.sees("09:00", "0301-0009", "送药上门")
        await seat.press("enter")
        await seat.sees("晚到了")


async def test_a_candidates_record_opens_before_it_is_asked(sit_down, town: Town) -> None:
    town.cases[NUMBER] = people.case()
    async with sit_down() as seat:
        await seat.press("1")
        await seat.sees("降压药一盒")
        await seat.press("d")
        await seat.sees("同心药店")
        await seat.press("down", "r")
        await seat.sees("还没有老人评价过", "同心药店")
        await seat.press("enter", "x", "escape")
        await seat.sees("长乐药房")
        assert [each.path for each in town.told] == ["login"]


async def test_a_resident_who_is_not_satisfied_is_before_the_operators(sit_down, size, town: Town) -> None:
    async with sit_down(size) as seat:
        said = people.case(
            state="closed",
            turn="nobody",
            turn_operator=None,
            outcome="served",
            satisfaction="not_satisfied",
            needs_since=people.NOW,
            needs_why="need.not_satisfied",
        )
        town.cases[NUMBER] = said
        town.happen("case.needs", case=said)
        await seat.sees("老人说不满意", "要我处理 (1)")
        await seat.press("1")
        await seat.sees("满意度 不满意")


async def test_a_card_is_disputed_for_the_merchant_and_decided_by_a_supervisor(sit_down, town: Town) -> None:
    card = CardView(
        id=7,
        case_number=NUMBER,
        colour="red",
        limit="arrival",
        due_at=people.NOW,
        given_at=people.NOW,
        state="standing",
        version=1,
    )
    figures = {"asked": 9, "declined": 2, "silent": 1, "visits": 6, "late": 1, "satisfied": 5, "fairly": 0}
    record = RecordView(days=30, points=-9.5, not_satisfied=1, yellow=0, red=1, **figures)
    town.records[31] = RECORD.model_copy(update={"record": record, "cards": [card]})
    town.cases[NUMBER] = people.case(state="served", merchant=people.MERCHANTS[0])
    town.me = town.me.model_copy(update={"role": "supervisor"})
    async with sit_down() as seat:
        await seat.press("1")
        await seat.sees("降压药一盒")
        await seat.press("r")
        await seat.sees("近 30 天", "派 9 拒 2 没回 1", "上门 6 晚到 1", "排序 -9.5 分", "红牌 到门")
        await seat.press("tab", "o")
        await seat.sees("商户怎么说")
        await seat.press(*"sorry", "enter")
        await seat.sees("已申诉", "sorry")
        await seat.press("w")
        await seat.sees("保留", "撤销")
        await seat.press("2")
        await seat.sees("裁定的理由")
        await seat.press(*"true", "enter")
        await seat.sees("已撤销", "true")


async def test_a_supervisor_notes_who_is_away_who_is_back_and_who_is_new(sit_down, size, town: Town) -> None:
    town.records[31] = RECORD.model_copy(update={"staff": RECORD.staff[:2]})
    town.cases[NUMBER] = people.case(state="served", merchant=people.MERCHANTS[0])
    town.me = town.me.model_copy(update={"role": "supervisor"})
    async with sit_down(size) as seat:
        await seat.press("1")
        await seat.sees("降压药一盒")
        await seat.press("r")
        await seat.sees("陈静  2026-02-16 到 2026-03-20 不在")
        await seat.press("p")
        await seat.sees("李䶮[/b]", "新来的人")
        await seat.press("2")
        await seat.sees("回来了")
        await seat.press("1")
        await seat.until(lambda: town.records[31].staff[1].away is None)
        await seat.sees("已记下")

        await seat.press("p", "1")
        await seat.sees("不在一段时间")
        await seat.press("1")
        await seat.sees("这一天也不在")
        await seat.type("3-8")
        await seat.press("enter")
        await seat.sees("李䶮[/b]  193 0023 4011  2026-03-02 到 2026-03-08 不在")

        await seat.press("p", "3")
        await seat.sees("没有数字、逗号和分号")
        await seat.press("ctrl+s")
        await seat.sees("要填")
        await seat.type("wang")
        await seat.press("enter", "1", "ctrl+s")
        await seat.sees("不是电话号码", "wang")
        await seat.press("backspace", "down", "down")
        await seat.type("soon")
        await seat.press("ctrl+s")
        await seat.sees("要写日期", "选是")
        await seat.press("down", *["backspace"] * 4, "ctrl+s")
        await seat.until(lambda: [each.name for each in town.records[31].staff] == ["李䶮[/b]", "陈静", "wang"])

        await seat.press("p", "2")
        await seat.sees("不再上门")
        await seat.press("3")
        await seat.until(lambda: [each.name for each in town.records[31].staff] == ["李䶮[/b]", "wang"])


async def test_an_operator_sees_who_goes_to_the_door_and_does_not_write_it(sit_down, town: Town) -> None:
    town.records[31] = RECORD
    town.cases[NUMBER] = people.case(state="served", merchant=people.MERCHANTS[0])
    async with sit_down() as seat:
        await seat.press("1")
        await seat.sees("降压药一盒")
        await seat.press("r")
        await seat.sees("李䶮[/b]  193 0023 4011")
        await seat.press("p")
        await seat.sees("李䶮[/b]  193 0023 4011")
        assert "新来的人" not in seat.text
