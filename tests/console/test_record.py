"""Her contacts and her numbers are changed at the desk, one at a time."""

from dispatch.wire.people import ContactView, LineView, OldFact
from tests.console import people
from tests.console.her_record import LIN, fill, open_part, she_is_changed
from tests.console.refusals import conflict
from tests.console.stand_in import Town


def names(town: Town) -> list[str]:
    return [each.name for each in town.residents[LIN].contacts]


async def test_the_daughter_has_a_new_number_and_the_key_is_with_the_neighbour(sit_down, size, town: Town) -> None:
    async with sit_down(size) as seat:
        await open_part(seat, "1", "林晓", "177 0023 2001", "有钥匙", "网格员小唐")
        await seat.press("enter")
        await seat.sees("改联系人", "何时能找到")
        await fill(seat, "number", "139 1234 5678")
        await fill(seat, "note", "晚上七点以后")
        await seat.press("up", "left", "ctrl+s")
        await seat.sees("139 1234 5678", "晚上七点以后")
        told = await seat.told(f"residents/{LIN}")
        assert told.body is not None
        assert told.body["contacts"][0] == {
            "name": "林晓",
            "relation": "女儿",
            "number": "139 1234 5678",
            "has_key": False,
            "note": "晚上七点以后",
        }
        assert set(told.body) == {"version", "contacts"}
        await seat.press("n")
        await seat.sees("加联系人")
        await seat.type("李䶮")
        await fill(seat, "number", "13800001111")
        await seat.press("down", "right", "ctrl+s")
        await seat.sees("李䶮", "138 0000 1111", "有钥匙")
        await seat.press("escape")
        await seat.sees("林晓 女儿 139 1234 5678 晚上七点以后", "李䶮 138 0000 1111 有钥匙")
    assert names(town) == ["林晓", "网格员小唐", "李䶮"]


async def test_two_contacts_change_places_and_the_cursor_stays_on_hers(sit_down, size, town: Town) -> None:
    async with sit_down(size) as seat:
        await open_part(seat, "1", "林晓")
        await seat.press("down", "u")
        await seat.until(lambda: names(town) == ["网格员小唐", "林晓"])
        await seat.sees("1 网格员小唐")
        await seat.press("u")  # she stands at the top already
        await seat.press("d")
        await seat.until(lambda: names(town) == ["林晓", "网格员小唐"])
        sent = [each.body["contacts"][0] for each in town.told if each.method == "PATCH"]
        assert [each["number"] for each in sent] == ["+8618900233001", "+8617700232001"]


async def test_the_last_contact_is_removed_after_one_question(sit_down, size, town: Town) -> None:
    async with sit_down(size) as seat:
        await open_part(seat, "1", "林晓")
        await seat.press("x")
        await seat.sees("不再联系这个人", "林晓 女儿 177 0023 2001 有钥匙")
        await seat.press("1")
        await seat.press("x", "2")
        await seat.until(lambda: names(town) == ["网格员小唐"])
        await seat.press("x", "2")
        await seat.sees("还没有联系人")
        await seat.press("x", "enter", "escape")
        await seat.sees("u 改资料")
        assert "联系人" not in seat.text
    assert names(town) == []


async def test_what_is_no_number_is_said_at_the_field_and_nothing_typed_is_lost(sit_down, size, town: Town) -> None:
    async with sit_down(size) as seat:
        await open_part(seat, "1", "林晓")
        await seat.press("n")
        await seat.type("李䶮")
        await seat.press("ctrl+s")
        await seat.sees("要填")
        await fill(seat, "number", "soon")
        await seat.press("ctrl+s")
        await seat.sees("不是电话号码", "李䶮", "soon")
        assert seat.app.focused is not None
        assert seat.app.focused.id == "field-number"
        await seat.press("f8")
        await seat.press("ctrl+s")
        await seat.sees("not a telephone number", "李䶮", "soon")
        await seat.press("escape", "escape")
        await seat.sees("林晓 女儿")
    assert names(town) == ["林晓", "网格员小唐"]


async def test_a_form_that_is_left_changes_nothing_and_begins_anew(sit_down, town: Town) -> None:
    async with sit_down() as seat:
        await open_part(seat, "1", "林晓")
        await seat.press("enter")
        await fill(seat, "name", "somebody")
        await seat.press("escape", "enter")
        await seat.sees("改联系人", "林晓")
        assert "somebody" not in seat.text
        await seat.press("ctrl+s", "escape")
        await seat.sees("林晓 女儿")
        assert [each.path for each in town.told] == ["login"]


async def test_what_a_colleague_has_changed_meanwhile_stands_beside_what_was_typed(
    sit_down, size, town: Town
) -> None:
    async with sit_down(size) as seat:
        await open_part(seat, "1", "林晓")
        await seat.press("enter")
        await fill(seat, "number", "13912345678")
        daughter, warden = town.residents[LIN].contacts
        newer = daughter.model_copy(update={"number": "+8613700001111", "note": "出差到月底"})
        she_is_changed(town, contacts=[newer, warden])
        await seat.press("ctrl+s")
        await seat.sees("刘芳 刚改过", "您写的还在", "现在是：137 0000 1111", "13912345678", "出差到月底")
        assert town.residents[LIN].contacts[0].number == "+8613700001111"
        await seat.press("ctrl+s")
        await seat.until(lambda: town.residents[LIN].contacts[0].number == "+8613912345678")
    assert town.residents[LIN].contacts[0].note == "出差到月底"


async def test_a_contact_whom_a_colleague_has_removed_comes_back_only_when_saved_again(sit_down, town: Town) -> None:
    async with sit_down() as seat:
        await open_part(seat, "1", "林晓")
        await seat.press("enter")
        await fill(seat, "number", "13912345678")
        she_is_changed(town, contacts=[town.residents[LIN].contacts[1]])
        await seat.press("ctrl+s")
        await seat.sees("这一条已被删掉", "林晓", "13912345678")
        assert names(town) == ["网格员小唐"]
        await seat.press("ctrl+s")
        await seat.until(lambda: names(town) == ["网格员小唐", "林晓"])


async def test_a_list_that_is_old_writes_nothing_and_shows_what_is_now(sit_down, size, town: Town) -> None:
    async with sit_down(size) as seat:
        await open_part(seat, "1", "林晓")
        new = ContactView(id=9, rank=3, name="陈静", number="+8613700001111")
        she_is_changed(town, contacts=[*town.residents[LIN].contacts, new])
        await seat.press("d")
        await seat.sees("刘芳 刚改过", "3 陈静")
        assert names(town) == ["林晓", "网格员小唐", "陈静"]
        await seat.press("escape")
        await seat.sees("陈静 137 0000 1111")


async def test_a_refusal_that_no_field_has_to_do_with_is_told(sit_down, town: Town) -> None:
    async with sit_down() as seat:
        await open_part(seat, "1", "林晓")
        town.refusals[f"residents/{LIN}"] = conflict("queued")
        await seat.press("d")
        await seat.sees("情况变了")
        assert names(town) == ["林晓", "网格员小唐"]


async def test_contacts_that_have_changed_are_asked_again_and_corrected(sit_down, size, town: Town) -> None:
    old = [OldFact(field="contacts", since=people.NOW)]
    town.residents[LIN] = people.LIN.model_copy(update={"old": old})
    async with sit_down(size) as seat:
        await seat.press("f3")
        await seat.finds("林婉芝", "林婉芝奶奶")
        await seat.press("enter")
        await seat.sees("请核实")
        await seat.press("v")
        await seat.sees("现在还是这样吗", "变了")
        await seat.press("2")
        await seat.sees("有事时从上往下联系")
        await seat.press("d")
        await seat.until(lambda: names(town) == ["网格员小唐", "林晓"])
        await seat.press("escape")
        await seat.until(lambda: "请核实" not in seat.text)


async def test_in_a_call_her_record_is_changed_without_leaving_it(sit_down, town: Town) -> None:
    town.calls[41] = people.my_call()
    async with sit_down() as seat:
        await seat.press("f2")
        await seat.sees("通话中", "u 改资料")
        await seat.press("u", "1", "d")
        await seat.until(lambda: names(town) == ["网格员小唐", "林晓"])
        await seat.press("escape")
        await seat.sees("通话中", "网格员小唐")


async def test_of_somebody_who_has_left_nothing_is_changed(sit_down, town: Town) -> None:
    town.residents[LIN] = people.LIN.model_copy(update={"left": "moved", "left_at": people.NOW})
    async with sit_down() as seat:
        await seat.press("f3")
        await seat.finds("林婉芝", "林婉芝奶奶")
        await seat.press("enter")
        await seat.sees("已搬走")
        assert "改资料" not in seat.text


BUTTON = LineView(id=2, number="+862367001009", kind="button", device_id="SOS-17")


def numbers(town: Town) -> list[tuple[str, str, str | None]]:
    return [(each.number, each.kind, each.device_id) for each in town.residents[LIN].lines]


async def test_a_number_and_a_button_are_added_and_one_is_corrected(sit_down, size, town: Town) -> None:
    async with sit_down(size) as seat:
        await open_part(seat, "2", "02367001001", "座机")
        await seat.press("n")
        await seat.sees("加号码")
        await seat.type("139 1234 5678")
        await seat.press("enter")
        await seat.sees("139 1234 5678", "手机")
        await seat.press("b")
        await seat.sees("加按钮", "设备编号")
        await seat.type("02367001009")
        await seat.press("enter")
        await seat.type("SOS-䶮17")
        await seat.press("enter")
        await seat.sees("按钮", "SOS-䶮17")
        home = ("+862367001001", "landline", None)
        button = ("+862367001009", "button", "SOS-䶮17")
        assert numbers(town) == [home, ("+8613912345678", "mobile", None), button]
        await seat.press("up", "enter")
        await seat.sees("改号码")
        await fill(seat, "number", "02367001002")
        await seat.press("ctrl+s")
        await seat.until(lambda: numbers(town) == [home, ("+862367001002", "landline", None), button])
        await seat.press("escape")
        await seat.sees("02367001001 座机", "02367001002 座机", "02367001009 按钮", "139 1234 5678 手机 至")


async def test_a_number_that_is_hers_already_is_not_taken_twice(sit_down, size, town: Town) -> None:
    """The service would take both as one line, and her button would lose its device."""
    town.residents[LIN] = people.LIN.model_copy(update={"lines": [*people.LIN.lines, BUTTON]})
    async with sit_down(size) as seat:
        await open_part(seat, "2", "SOS-17")
        await seat.press("n", "ctrl+s")
        await seat.sees("要填")
        await seat.type("023-6700-1009")
        await seat.press("ctrl+s")
        await seat.sees("已经是她的号码", "023-6700-1009")
        await seat.press("escape", "escape")
        await seat.sees("02367001009 按钮")
        assert [each.path for each in town.told] == ["login"]


async def test_before_a_button_is_taken_away_it_is_asked_once(sit_down, size, town: Town) -> None:
    town.residents[LIN] = people.LIN.model_copy(update={"lines": [BUTTON, *people.LIN.lines]})
    async with sit_down(size) as seat:
        await open_part(seat, "2", "SOS-17")
        await seat.press("x")
        await seat.sees("按它不再是她的紧急呼叫", "02367001009")
        await seat.press("1", "enter")
        await seat.sees("改号码", "SOS-17")
        await fill(seat, "device_id", "SOS-18")  # the same number, another button: nothing to ask
        await seat.press("ctrl+s")
        await seat.sees("SOS-18")
        await seat.press("enter", "down", "1", "ctrl+s")
        await seat.sees("按它不再是她的紧急呼叫")
        await seat.press("1")
        await seat.sees("改号码", "SOS-18")
        await seat.press("escape", "x", "2")
        await seat.until(lambda: numbers(town) == [("+862367001001", "landline", None)])
        await seat.press("escape")
        await seat.sees("02367001001 座机", "02367001009 按钮 至")


async def test_a_button_that_becomes_a_telephone_is_asked_once_and_saved(sit_down, town: Town) -> None:
    town.residents[LIN] = people.LIN.model_copy(update={"lines": [BUTTON]})
    async with sit_down() as seat:
        await open_part(seat, "2", "SOS-17")
        await seat.press("enter", "down", "1", "ctrl+s")
        await seat.sees("按它不再是她的紧急呼叫")
        await seat.press("2")
        await seat.until(lambda: numbers(town) == [("+862367001009", "landline", "SOS-17")])
