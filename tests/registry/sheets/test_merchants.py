from datetime import date

import pytest
from sqlmodel import col, func, select

from registry.areas import add_area
from registry.merchants import merchant_card
from registry.models import Contract, Merchant
from registry.sheets import capacities, plans, runs, special
from registry.store import Scope, Store
from tests.registry.sheets.desk import Desk
from tests.registry.town import merchant

HEAD = ("名称", "类别", "短信号码", "电话", "营业时间", "许可证到期", "同时接单数")
RENAN = ("仁安药房", "药店", "19300234001", "67008001", "周一至周五 08:00-20:00；周六 09:00-12:00", "2027.12.31", "3")
TERMS = ("商户", "服务项目", "合同开始", "合同结束", "服务半径（米）")


def merchants(store: Store) -> int:
    with store.reading() as session:
        return session.exec(select(func.count()).select_from(Merchant)).one()


def test_a_merchant_comes_in_and_is_the_same_afterwards(desk: Desk, store: Store, scope: Scope) -> None:
    assert desk.says(HEAD, RENAN, kind="merchants") == ["new"]
    import_id = desk.brings_in(HEAD, RENAN, kind="merchants")
    assert desk.says(HEAD, RENAN, kind="merchants") == ["same"]
    with store.reading() as session:
        row = session.exec(select(Merchant)).one()
        card = merchant_card(session, scope, row.id or 0)
        assert (row.kind, row.licence_expires, row.capacity) == ("pharmacy", date(2027, 12, 31), 3)
        assert [(one.channel, one.number) for one in card.numbers] == [
            ("sms", "+8619300234001"),
            ("voice", "+862367008001"),
        ]
        assert len(card.hours) == 6
    desk.undoes(import_id, kind="merchants")
    assert merchants(store) == 0


def test_only_what_the_sheet_says_of_a_merchant_changes(desk: Desk, store: Store, scope: Scope) -> None:
    merchant(store, scope, name="仁安药房", licence_number="渝A-1")
    assert desk.says(("名称", "同时接单数", "许可证到期"), ("仁安药房", "5", "2027-01-01"), kind="merchants") == [
        "changed licence_expires capacity"
    ]
    assert desk.says(("名称", "类别", "许可证号"), ("仁安大药房", "药房", "渝A-1"), kind="merchants") == [
        "doubtful doubt.same_licence"
    ]
    assert desk.says(("名称", "电话"), ("新店", "67008009"), kind="merchants") == ["refused kind:required"]
    assert desk.says(HEAD, (*RENAN[:4], "早上到晚上"), kind="merchants") == ["refused hours:hours"]


def test_a_licence_may_be_valid_for_ever(desk: Desk, store: Store) -> None:
    head = ("名称", "类别", "许可证到期")
    desk.brings_in(head, ("仁安药房", "药房", "2027-12-31"), kind="merchants")
    assert desk.says(head, ("仁安药房", "药房", "长期"), kind="merchants") == ["changed licence_expires"]
    desk.brings_in(head, ("仁安药房", "药房", "长期有效"), kind="merchants")
    with store.reading() as session:
        assert session.exec(select(Merchant.licence_expires)).one() is None


def test_a_plan_of_channels_comes_in_as_it_is_written_in_either_language(
    desk: Desk, store: Store, scope: Scope
) -> None:
    merchant(store, scope, name="仁安药房")
    head = ("名称", "分时通知方式")
    chinese = ("仁安药房", "8:00-20:00 先短信 2次；20:00至8:00 先电话3次")
    assert desk.says(head, chinese, kind="merchants") == ["changed channel_plan"]
    import_id = desk.brings_in(head, chinese, kind="merchants")
    english = "08:00-20:00 SMS first 2 times; 20:00-08:00 phone first 3 times"
    assert desk.says(head, ("仁安药房", english), kind="merchants") == ["same"]
    with store.reading() as session:
        plan = session.exec(select(Merchant)).one().channel_plan
        assert plan == ["08:00-20:00/sms_first/2", "20:00-08:00/voice_first/3"]
        assert plans.read(plans.written(plan, "zh")) == plans.read(plans.written(plan, "en")) == plan
    for wrong, why in (
        ("白天短信", "channel_plan"),
        ("08:00-20:00 鸽子", "channel_plan"),
        ("08:00-20:00 同时 40次", "channel_hours"),
        ("08:00-20:00 同时；19:00-21:00 短信", "hours_overlap"),
    ):
        assert desk.says(head, ("仁安药房", wrong), kind="merchants") == [f"refused channel_plan:{why}"]
    desk.undoes(import_id, kind="merchants")
    assert desk.says(head, ("仁安药房", "无"), kind="merchants") == ["same"]


def test_capacity_by_the_hour_comes_in_as_it_is_written_in_either_language(
    desk: Desk, store: Store, scope: Scope
) -> None:
    merchant(store, scope, name="仁安药房")
    head = ("名称", "分时接单数")
    chinese = ("仁安药房", "18点至22:00 1单；8:00-12:00 5")
    assert desk.says(head, chinese, kind="merchants") == ["changed capacity_plan"]
    import_id = desk.brings_in(head, chinese, kind="merchants")
    assert desk.says(head, ("仁安药房", "08:00-12:00 5 jobs; 18:00-22:00 1 job"), kind="merchants") == ["same"]
    with store.reading() as session:
        plan = session.exec(select(Merchant)).one().capacity_plan
        assert plan == ["08:00-12:00/5", "18:00-22:00/1"]
        assert (
            capacities.read(capacities.written(plan, "zh")) == capacities.read(capacities.written(plan, "en")) == plan
        )
    for wrong, why in (
        ("上午 5单", "capacity_plan"),
        ("08:00-12:00 很多", "capacity_plan"),
        ("08:00-12:00 10001", "capacity_plan"),
        ("08:00-12:00 5；11:00-13:00 2", "hours_overlap"),
    ):
        assert desk.says(head, ("仁安药房", wrong), kind="merchants") == [f"refused capacity_plan:{why}"]
    desk.undoes(import_id, kind="merchants")
    assert desk.says(head, ("仁安药房", "无"), kind="merchants") == ["same"]


def test_special_days_come_in_as_they_are_written_in_either_language(desk: Desk, store: Store, scope: Scope) -> None:
    merchant(store, scope, name="仁安药房")
    head = ("名称", "特殊日期营业")
    chinese = "2026.2.16至2026年2月20日 休息 春节；节假日 10:00-12:00、14:00-16:00；调休上班日 按周一"
    assert desk.says(head, ("仁安药房", chinese), kind="merchants") == ["changed special_hours"]
    import_id = desk.brings_in(head, ("仁安药房", chinese), kind="merchants")
    english = "2026-02-16 to 2026-02-20 closed 春节; holidays 10:00-12:00, 14:00-16:00; make-up days as Monday"
    assert desk.says(head, ("仁安药房", english), kind="merchants") == ["same"]
    with store.reading() as session:
        lines = session.exec(select(Merchant)).one().special_hours
    assert lines == [
        "2026-02-16..2026-02-20/closed/春节",
        "holidays/10:00-12:00+14:00-16:00",
        "make_up_days/monday",
    ]
    assert special.read(special.written(lines, "zh")) == special.read(special.written(lines, "en")) == lines
    for wrong in ("春节休息", "2026-02-30 休息", "节假日 看情况", "2026-02-16 25:00-26:00"):
        (said,) = desk.says(head, ("仁安药房", wrong), kind="merchants")
        assert said.startswith("refused special_hours:"), wrong
    desk.undoes(import_id, kind="merchants")
    assert desk.says(head, ("仁安药房", "无"), kind="merchants") == ["same"]


def test_staff_come_in_as_they_are_written_in_either_language(desk: Desk, store: Store, scope: Scope) -> None:
    shop = merchant(store, scope, name="仁安药房")
    head = ("送货员", "同时接单数", "名称")
    chinese = (
        "李䶮：１９３ 0023 4011；陈静（请假）、王五 67008001 2026.2.16至2026年3月2日 休假；"
        "赵 六 不在 2026-04-01起；孙七 不在 至2026-04-02；周八 不在 2026-04-03"
    )
    assert desk.says(head, (chinese, "3", "仁安药房"), kind="merchants") == ["changed capacity staff"]
    import_id = desk.brings_in(head, (chinese, "3", "仁安药房"), kind="merchants")
    with store.reading() as session:
        staff = {
            one.name: (one.number, one.away, one.away_first, one.away_last)
            for one in merchant_card(session, scope, shop).staff
        }
    assert staff == {
        "李䶮": ("+8619300234011", False, None, None),
        "陈静": (None, True, None, None),
        "王五": ("+862367008001", True, date(2026, 2, 16), date(2026, 3, 2)),
        "赵六": (None, True, date(2026, 4, 1), None),
        "孙七": (None, True, None, date(2026, 4, 2)),
        "周八": (None, True, date(2026, 4, 3), date(2026, 4, 3)),
    }
    english = (
        "王五 02367008001 away 2026-02-16 to 2026-03-02; 陈静 on leave; 周八 away 2026-04-03; 李䶮 +8619300234011; "
        "孙七 away until 2026-04-02; 赵六 away from 2026-04-01"
    )
    for same in (chinese, english):
        assert desk.says(head, (same, "3", "仁安药房"), kind="merchants") == ["same"]
    desk.undoes(import_id, kind="merchants")
    assert desk.says(head, ("无", "", "仁安药房"), kind="merchants") == ["same"]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ("19300234011", "staff"),
        ("李伟 19300234011 19300234012", "staff"),
        ("李伟 不在 明天", "staff"),
        ("李伟 不在 从", "staff"),
        ("李伟 不在 2026-02-30", "no_such_day"),
        ("李伟 不在 2026-03-02至2026-02-16", "ends_before_it_begins"),
        ("李伟 19300234011；李 伟 19300234012", "named_twice"),
        ("很" * 81, "too_long"),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_wrong_with_staff_is_told(desk: Desk, store: Store, scope: Scope, wrong: str, why: str) -> None:
    merchant(store, scope, name="仁安药房")
    assert desk.says(("名称", "送货员"), ("仁安药房", wrong), kind="merchants") == [f"refused staff:{why}"]


def test_contracts_come_in_line_by_line_and_are_undone_in_turn(desk: Desk, store: Store, scope: Scope) -> None:
    pharmacy = merchant(store, scope, name="仁安药房", contracts=[])
    with store.writing() as session:
        add_area(session, scope.centre_id, "500103001", "青石里社区")
    lines = (
        ("仁安药房", "送药上门", "2026-01-01", "2026-12-31", "3000"),
        ("仁安药房", "groceries、meals", "2026-01-01", "2026-12-31", ""),
    )
    assert desk.says(TERMS, *lines, kind="contracts") == ["new", "new"]
    import_id = desk.brings_in(TERMS, *lines, kind="contracts")
    assert desk.says(TERMS, *lines, kind="contracts") == ["same", "same"]
    longer = desk.brings_in(TERMS, (*lines[0][:3], "2027-12-31", "3000"), kind="contracts")
    assert until(store, pharmacy) == [date(2026, 12, 31), date(2027, 12, 31)]
    desk.undoes(longer, kind="contracts")
    assert until(store, pharmacy) == [date(2026, 12, 31)] * 2
    later = desk.brings_in(TERMS, *((*line[:3], "2027-06-30", line[4]) for line in lines), kind="contracts")
    assert desk.says(TERMS, *lines, kind="contracts") == ["changed valid_until", "changed valid_until"]
    desk.undoes(later, kind="contracts")
    assert desk.says(TERMS, *lines, kind="contracts") == ["same", "same"]
    desk.undoes(import_id, kind="contracts")  # the merchant has been changed since: by the imports that came later
    assert [why for _, why in runs.left(store, import_id)] == ["stale_version", "stale_version"]


def test_what_a_visit_costs_and_on_which_conditions_stands_in_the_contract(
    desk: Desk, store: Store, scope: Scope
) -> None:
    pharmacy = merchant(store, scope, name="仁安药房", contracts=[])
    head = (*TERMS, "收费", "条件")
    line = ("仁安药房", "送药上门", "2026-01-01", "2026-12-31", "3000")
    agreed = (*line, "１公里内免费，之外5元", "处方药凭处方")
    desk.brings_in(head, agreed, kind="contracts")
    assert terms(store, pharmacy) == [("１公里内免费，之外5元", "处方药凭处方")]
    assert desk.says(head, agreed, (*line, "", ""), kind="contracts")[0] == "same"
    assert desk.says(TERMS, line, kind="contracts") == ["same"]
    dearer = desk.brings_in(head, (*line, "每次8元", "无"), kind="contracts")
    assert terms(store, pharmacy) == [("每次8元", "")]
    desk.undoes(dearer, kind="contracts")
    assert terms(store, pharmacy) == [("１公里内免费，之外5元", "处方药凭处方")]
    assert desk.says(head, (*line, "很" * 81, ""), kind="contracts") == ["refused fee:too_long"]


def terms(store: Store, merchant_id: int) -> list[tuple[str, str]]:
    with store.reading() as session:
        mine = select(Contract.fee, Contract.conditions).where(Contract.merchant_id == merchant_id)
        return list(session.exec(mine.order_by(col(Contract.id))))


def test_what_is_wrong_with_a_contract_is_told(desk: Desk, store: Store, scope: Scope) -> None:
    for _ in range(2):
        merchant(store, scope, name="同名店", kind="shop")
    merchant(store, scope, name="仁安药房")
    assert desk.says(
        TERMS,
        ("没有的店", "送药上门", "2026-01-01", "2026-12-31", ""),
        ("同名店", "送药上门", "2026-01-01", "2026-12-31", ""),
        ("仁安药房", "理发", "2026-01-01", "2026-02-30", "很远"),
        ("仁安药房", "送药上门", "2026-12-31", "2026-01-01", ""),
        ("仁安药房", "送药上门", "", "2026-01-01", ""),
        kind="contracts",
    ) == [
        "refused merchant:merchant_unknown",
        "refused merchant:merchant_ambiguous",
        "refused valid_until:no_such_day radius:whole_number services:service_unknown",
        "refused valid_until:ends_before_it_begins",
        "refused valid_from:required",
    ]


def until(store: Store, merchant_id: int) -> list[date]:
    with store.reading() as session:
        mine = select(Contract.valid_until).where(Contract.merchant_id == merchant_id)
        return sorted(session.exec(mine.order_by(col(Contract.id))))
