"""Who she is, where she lives and what she needs are changed at the desk, a part at a time."""

from datetime import date

from dispatch.wire.areas import AreaView
from tests.console import people
from tests.console.her_record import LIN, fill, open_part, she_is_changed
from tests.console.stand_in import Town


async def test_her_name_and_how_she_is_called_are_corrected(sit_down, size, town: Town) -> None:
    async with sit_down(size) as seat:
        await open_part(seat, "3", "姓名和称呼")
        await fill(seat, "name", "")
        await fill(seat, "born", "someday")
        await seat.press("ctrl+s")
        await seat.sees("要填", "出生日期看不懂", "someday")
        await fill(seat, "name", "李䶮")
        await fill(seat, "called", "李老师")
        await fill(seat, "born", "1943.2.28")
        await seat.press("up", "right", "ctrl+s")
        await seat.sees("李䶮")
        told = await seat.told(f"residents/{LIN}")
    assert told.body == {"version": 3, "name": "李䶮", "called": "李老师", "gender": "male", "born": "1943-02-28"}
    assert town.residents[LIN].born == date(1943, 2, 28)


async def test_she_has_moved_within_the_estate(sit_down, size, town: Town) -> None:
    known = {"community": "青石里", "building": "3栋", "unit": "2单元", "door": "502"}
    town.residents[LIN] = people.LIN.model_copy(update=known)
    async with sit_down(size) as seat:
        await open_part(seat, "4", "住址和进门", "单元门禁坏了，请按门铃两次")
        await fill(seat, "door", "101")
        await fill(seat, "entrance_note", "一楼有狗")
        await seat.press("enter")  # the last field: Enter saves
        await seat.sees("青石里 3栋 2单元 101", "一楼有狗")
        assert (await seat.told(f"residents/{LIN}")).body == {
            "version": 3,
            "door": "101",
            "entrance_note": "一楼有狗",
        }


async def test_how_one_speaks_with_her_and_what_she_needs(sit_down, size, town: Town) -> None:
    async with sit_down(size) as seat:
        await open_part(seat, "6", "沟通、照护和健康", "高血压")
        await seat.press("right")
        await fill(seat, "dialect", "")
        await fill(seat, "care_level", "7")
        await seat.press("ctrl+s")
        await seat.sees("写 0 到 4")
        await fill(seat, "care_level", "3")
        await seat.press("up", "3", "up", "right", "down", "down", "down", "1", "4", "ctrl+s")
        await seat.sees("失聪 失明 残疾 照护3级", "英语")
        assert (await seat.told(f"residents/{LIN}")).body == {
            "version": 3,
            "language": "en",
            "dialect": None,
            "hearing": "deaf",
            "sight": "blind",
            "care_level": 3,
            "groups": ["disabled"],
        }


async def test_a_health_note_needs_her_consent_and_what_was_typed_stays(sit_down, size, town: Town) -> None:
    unasked = {"consented_on": None, "consented_by": "", "health_note": ""}
    town.residents[LIN] = people.LIN.model_copy(update=unasked)
    async with sit_down(size) as seat:
        await open_part(seat, "6", "沟通、照护和健康")
        await fill(seat, "health_note", "糖尿病")
        await seat.press("ctrl+s")
        await seat.sees("没有登记她的同意", "糖尿病")
        assert seat.app.focused is not None
        assert seat.app.focused.id == "field-health_note"
    assert town.residents[LIN].health_note == ""


async def test_what_two_desks_change_of_her_at_once_is_all_kept(sit_down, size, town: Town) -> None:
    async with sit_down(size) as seat:
        await open_part(seat, "6", "沟通、照护和健康")
        await fill(seat, "dialect", "成都话")
        she_is_changed(town, groups=["disabled", "low_income"], hearing="deaf", dialect="上海话")
        await seat.press("ctrl+s")
        await seat.sees("刘芳 刚改过", "您写的还在", "现在是：上海话", "成都话")
        await seat.press("ctrl+s")
        await seat.sees("失聪 残疾 低收入", "成都话")
    assert [each.body for each in town.told][-1] == {"version": 4, "dialect": "成都话"}


async def test_her_usual_merchant_is_found_by_its_name_among_those_of_its_kind(sit_down, size, town: Town) -> None:
    town.merchants.append(people.MERCHANTS[0].model_copy(update={"id": 40, "kind": "clinic", "name": "康宁诊所䶮"}))
    async with sit_down(size) as seat:
        await open_part(seat, "7", "药店", "康宁大药房", "志愿者")
        await seat.press("down", "down", "down", "enter")
        await seat.sees("查找商户")
        await seat.finds("康宁", "康宁诊所䶮")
        await seat.press("enter")
        await seat.until(lambda: usual(town) == {"pharmacy": 31, "clinic": 40})
        await seat.press("home", "x")
        await seat.until(lambda: usual(town) == {"clinic": 40})
        await seat.press("escape")
        await seat.sees("诊所 康宁诊所䶮")
        assert "康宁大药房" not in seat.text


def usual(town: Town) -> dict[str, int]:
    return {each.kind: each.merchant_id for each in town.residents[LIN].usual_merchants}


AREAS = [
    AreaView(id=3, parent_id=1, code="500108001", name="南坪街道"),
    AreaView(id=4, parent_id=3, code="500108001002", name="青石䶮社区居委会"),
]


async def test_the_area_that_she_lives_in_is_found_by_its_name(sit_down, size, town: Town) -> None:
    town.areas = AREAS
    async with sit_down(size) as seat:
        await open_part(seat, "5", "她住在哪个社区")
        await seat.finds("青石", "青石䶮社区居委会", "500108001002")
        await seat.press("enter")
        await seat.sees("青石里 3栋 2单元 502（青石䶮社区居委会）")
        assert (await seat.told(f"residents/{LIN}")).body == {"version": 3, "area_id": 4}


async def test_an_area_chosen_for_a_record_that_is_old_is_not_written_and_the_new_state_is_shown(
    sit_down, town: Town
) -> None:
    town.areas = AREAS
    async with sit_down() as seat:
        await open_part(seat, "5", "她住在哪个社区")
        await seat.finds("南坪", "南坪街道")
        she_is_changed(town, entrance_note="门禁修好了")
        await seat.press("enter")
        await seat.sees("刘芳 刚改过", "门禁修好了")
        assert town.residents[LIN].area == ""
