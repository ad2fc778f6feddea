"""What is known of her for long is asked again while she is on the telephone."""

from datetime import date

from dispatch.wire.people import ContactView, LineView, OldFact
from tests.console import people
from tests.console.stand_in import Town


async def test_old_facts_are_named_on_the_card_and_answered_one_by_one(sit_down, size, town: Town) -> None:
    old = [OldFact(field="entrance_note", since=people.NOW), OldFact(field="contacts", since=people.NOW)]
    town.residents[11] = people.LIN.model_copy(update={"old": old, "entrance_note": "从第三个[/b]䶮单元口进"})
    async with sit_down(size) as seat:
        await seat.press("f3")
        await seat.finds("林婉芝", "林婉芝奶奶")
        await seat.press("enter")
        await seat.sees("请核实", "进门说明, 联系人和钥匙（2026-03-02 起没有问过）", "v 核实")
        await seat.press("v")
        await seat.sees("现在还是这样吗", "从第三个[/b]䶮单元口进")
        await seat.press("2")
        await seat.sees("现在是怎样")
        await seat.type("!")
        await seat.press("enter")
        changed = await seat.told("residents/11")
        assert (changed.method, changed.body) == ("PATCH", {"version": 3, "entrance_note": "从第三个[/b]䶮单元口进!"})
        await seat.sees("林晓 女儿", "还是这样")
        await seat.press("1")
        assert (await seat.told("residents/11/confirm")).body == {"fields": ["contacts"]}
        await seat.until(lambda: "请核实" not in seat.text)


async def test_what_is_asked_about_stands_there_in_full_and_a_long_note_loses_nothing(sit_down, town: Town) -> None:
    old = [OldFact(field="contacts", since=people.NOW), OldFact(field="health_note", since=people.NOW)]
    note = "高血压" * 400
    contacts = [
        ContactView(id=1, rank=1, name="欧阳晓红", relation="大女儿", number="+8617700232001", note="工作日晚上在家"),
        ContactView(id=2, rank=2, name="小唐", relation="网格员", number="+8618900233001", note="周末不在"),
    ]
    town.residents[11] = people.LIN.model_copy(update={"old": old, "health_note": note, "contacts": contacts})
    async with sit_down() as seat:
        await seat.press("f3")
        await seat.finds("林婉芝", "林婉芝奶奶")
        await seat.press("enter")
        await seat.sees("高血压高血压")
        await seat.press("v")
        await seat.sees(
            "联系人和钥匙", "欧阳晓红 大女儿 177 0023 2001 工作日晚上在家", "小唐 网格员 189 0023 3001 周末不在"
        )
        await seat.press("3")
        await seat.sees("健康情况", "   高血压高血压", "..")
        await seat.press("2")
        await seat.sees("现在是怎样")
        await seat.type("!")
        await seat.press("enter")
        assert (await seat.told("residents/11")).body["health_note"] == f"{note}!"


OLD = {"since": people.NOW}


async def test_no_more_than_three_are_asked_at_once_and_what_has_changed_is_picked(
    sit_down, size, town: Town
) -> None:
    fields = ("sight", "hearing", "care_level", "address")
    old = [OldFact(field=field, **OLD) for field in fields]
    town.residents[11] = people.LIN.model_copy(update={"old": old})
    async with sit_down(size) as seat:
        await seat.press("f3")
        await seat.finds("林婉芝", "林婉芝奶奶")
        await seat.press("enter")
        await seat.sees("视力, 听力, 照护等级, 住址（2026-03-02 起没有问过）")
        await seat.press("v")
        await seat.sees("视力好", "1 还是这样")
        await seat.press("2")
        await seat.sees("1 视力好", "3 失明")
        await seat.press("2")
        assert (await seat.told("residents/11")).body == {"version": 3, "sight": "poor"}
        await seat.sees("听力差", "1 还是这样")
        await seat.press("2")
        await seat.sees("3 失聪")
        await seat.press("2")
        assert (await seat.told("residents/11/confirm")).body == {"fields": ["hearing"]}, "it is as it was"
        await seat.sees("1级 轻度失能", "1 还是这样")
        await seat.press("2")
        await seat.sees("5 4级 完全失能")
        await seat.press("4")
        await seat.until(lambda: town.residents[11].care_level == 3)
        await seat.sees("视力差", "照护3级", "请核实", "住址（2026-03-02 起没有问过）")
        assert "现在还是这样吗" not in seat.text


async def test_her_door_her_position_and_her_usual_shop_are_put_right(sit_down, size, town: Town) -> None:
    old = [OldFact(field=field, **OLD) for field in ("address", "position", "usual_merchants")]
    here = {"latitude": 29.5, "longitude": 106.5, "position_source": "operator", "position_at": people.NOW}
    door = {"building": "3", "unit": "2", "door": "502"}
    town.residents[11] = people.LIN.model_copy(update={"old": old, **here, **door})
    async with sit_down(size) as seat:
        await seat.press("f3")
        await seat.finds("林婉芝", "林婉芝奶奶")
        await seat.press("enter")
        await seat.sees("请核实")
        await seat.press("v")
        await seat.sees("住址", "青石里 3栋 2单元 502")
        await seat.press("2")
        await seat.sees("楼栋")
        await seat.press("enter")
        await seat.until(lambda: "单元 " in seat.text)
        await seat.press("backspace", "3", "enter", "enter")
        changed = (await seat.told("residents/11")).body
        assert changed == {"version": 3, "building": "3", "unit": "3", "door": "502"}
        await seat.sees("位置", "29.50000, 106.50000 登记的定位 2026-03-02")
        await seat.press("2")
        await seat.sees("纬度, 经度")
        await seat.type("x")
        await seat.press("enter")
        await seat.sees("29.5, 106.5x")
        await seat.press("backspace", "1", "enter")
        await seat.until(lambda: town.residents[11].longitude == 106.51)
        await seat.sees("药店 康宁大药房", "1 还是这样")
        await seat.press("2")
        await seat.sees("常用商户", "药店")
        await seat.press("enter")
        await seat.finds("同心", "同心药店")
        await seat.press("enter")
        await seat.until(lambda: [each.merchant_id for each in town.residents[11].usual_merchants] == [32])
        await seat.press("escape")
        await seat.until(lambda: "请核实" not in seat.text)


async def test_a_card_on_which_everything_is_fresh_asks_nothing(sit_down, town: Town) -> None:
    async with sit_down() as seat:
        await seat.press("f3")
        await seat.finds("林婉芝", "林婉芝奶奶")
        await seat.press("enter")
        await seat.sees("单元门禁坏了")
        assert "核实" not in seat.text


async def test_the_surveys_last_visit_and_her_consent_stand_on_the_card(sit_down, size, town: Town) -> None:
    async with sit_down(size) as seat:
        await seat.press("f3")
        await seat.finds("林婉芝", "青石里 3栋")
        await seat.press("enter")
        await seat.sees("走访     2025-11-30 李芳", "同意书   2026-03-01 女儿林晓")


async def test_what_a_blind_resident_needs_is_said_before_she_is_greeted(sit_down, size, town: Town) -> None:
    town.residents[11] = people.LIN.model_copy(update={"sight": "blind"})
    async with sit_down(size) as seat:
        await seat.press("f3")
        await seat.finds("林婉芝", "听力差 失明")
        await seat.press("enter")
        await seat.sees("听力差 失明 独居", "看不见：谁来、怎么敲门")


async def test_a_consent_that_nobody_has_recorded_is_named(sit_down, town: Town) -> None:
    async with sit_down() as seat:
        await seat.press("f3")
        await seat.finds("周桂芳", "青石里 5栋")
        await seat.press("enter")
        await seat.sees("同意书   没有登记")


async def test_consent_is_recorded_from_the_card_with_who_gave_it(sit_down, size, town: Town) -> None:
    unasked = {"consented_on": None, "consented_by": ""}
    town.residents[people.LIN.id] = people.LIN.model_copy(update=unasked)
    async with sit_down(size) as seat:
        await seat.press("f3")
        await seat.finds("林婉芝", "青石里 3栋")
        await seat.press("enter")
        await seat.sees("对青霉素过敏（同意未登记")
        await seat.press("a")
        await seat.sees("谁同意登记她的情况")
        await seat.type("本人")
        await seat.press("enter")
        told = await seat.told(f"residents/{people.LIN.id}")
        assert told.body is not None
        assert (told.body["consented_by"], told.body["version"]) == ("本人", people.LIN.version)
        assert date.fromisoformat(told.body["consented_on"])
        await seat.until(lambda: "同意未登记" not in seat.text)


async def test_consent_is_withdrawn_with_two_keys_and_a_digit_too_many_withdraws_nothing(
    sit_down, town: Town
) -> None:
    async with sit_down() as seat:
        await seat.press("f3")
        await seat.finds("林婉芝", "青石里 3栋")
        await seat.press("enter")
        await seat.sees("对青霉素过敏")
        assert "同意未登记" not in seat.text
        await seat.press("a")
        await seat.sees("她的同意", "健康提示随即删除")
        await seat.press("1")
        await seat.until(lambda: "撤回同意" not in seat.text)
        assert not [each for each in town.told if each.path.endswith(f"residents/{people.LIN.id}")]
        await seat.press("a")
        await seat.sees("撤回同意")
        await seat.press("2")
        told = await seat.told(f"residents/{people.LIN.id}")
        assert told.body == {"version": people.LIN.version, "consented_on": None, "consented_by": ""}
        await seat.sees("已登记撤回")


async def test_the_card_says_how_old_her_position_is_and_which_lines_were_hers(sit_down, size, town: Town) -> None:
    given_up = LineView(id=9, number="+862367009009", kind="landline", ended_at=people.NOW)
    here = {"latitude": 29.5, "longitude": 106.5, "position_source": "neighbour", "position_at": people.NOW}
    town.residents[11] = people.LIN.model_copy(update={**here, "past_lines": [given_up]})
    async with sit_down(size) as seat:
        await seat.press("f3")
        await seat.finds("林婉芝", "林婉芝奶奶")
        await seat.press("enter")
        await seat.sees("按同一栋楼的邻居 2026-03-02", "02367009009 座机 至2026-03-02")


async def test_a_home_that_is_on_no_map_is_said(sit_down, town: Town) -> None:
    async with sit_down() as seat:
        await seat.press("f3")
        await seat.finds("周桂芳", "周桂芳奶奶")
        await seat.press("enter")
        await seat.sees("没有定位，算不出距离")


async def test_her_lock_and_the_lift_are_asked_again_and_put_right(sit_down, size, town: Town) -> None:
    old = [OldFact(field="lock", **OLD), OldFact(field="allergies", **OLD), OldFact(field="lift", **OLD)]
    known = {"lock": "门禁密码2580", "allergies": "青霉素", "lift": True, "dog": "会叫不咬", "medicines": "缬沙坦"}
    town.residents[11] = people.LIN.model_copy(update={"old": old, **known})
    async with sit_down(size) as seat:
        await seat.press("f3")
        await seat.finds("林婉芝", "林婉芝奶奶")
        await seat.press("enter")
        await seat.sees("门禁     门禁密码2580", "狗       会叫不咬", "过敏     青霉素", "用药     缬沙坦", "有电梯")
        await seat.press("v")
        await seat.sees("门禁密码2580", "1 还是这样")
        await seat.press("2", "1", "enter")
        assert (await seat.told("residents/11")).body["lock"] == "门禁密码25801"
        await seat.sees("青霉素", "1 还是这样")
        await seat.press("1")
        await seat.sees("有电梯", "1 还是这样")
        await seat.press("2")
        await seat.sees("2 没有电梯")
        await seat.press("2")
        await seat.until(lambda: town.residents[11].lift is False)
