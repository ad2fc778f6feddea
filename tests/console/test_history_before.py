"""What her record was before each change, in words, on the screen of its history."""

from typing import Any

import pytest

from console.card.history import sentence
from console.speech import Speech
from dispatch.wire.history import FieldChange, HistoryEntry
from dispatch.wire.ladders import ActorLine
from tests.console import people
from tests.console.stand_in import Town

LIN = people.LIN.id
LINE = {"kind": "landline", "number": "+862367001001", "device_id": None}
BUTTON = {"kind": "button", "number": "+8613800001009", "device_id": "SOS-7"}
DAUGHTER = {"name": "王珂", "relation": "女儿", "number": "+8613900001111", "has_key": True, "note": "上夜班"}
PLACE = {"latitude": 29.56301, "longitude": 106.55, "source": "neighbour"}
SHOP = {"kind": "pharmacy", "merchant_id": 4, "name": "康宁药房"}


def changed(*changes: tuple[str, Any, Any], more: tuple[str, ...] = ()) -> HistoryEntry:
    return HistoryEntry(
        id="e-1",
        at=people.NOW,
        what="resident.changed",
        resident_id=LIN,
        fields=[*(field for field, _, _ in changes), *more],
        changes=[FieldChange(field=field, before=before, after=after) for field, before, after in changes],
        version=3,
        actor=ActorLine(kind="operator", id=2, name="刘芳"),
    )


@pytest.mark.parametrize(
    ("change", "zh", "en"),
    [
        (("door", "501", "602"), "门牌 501 → 602", "door 501 → 602"),
        (("called", None, "王老师"), "称呼 （空） → 王老师", "called (empty) → 王老师"),
        (("born", "1940-05-01", None), "出生日期 1940-05-01 → （空）", "date of birth 1940-05-01 → (empty)"),
        (("hearing", "good", "deaf"), "听力 听力好 → 失聪", "hearing hears well → deaf"),
        (
            ("care_level", 0, 2),
            "照护等级 0级 能力完好 → 2级 中度失能",
            "care level 0 fully able → 2 moderately dependent",
        ),
        (("groups", ["living_alone"], []), "人群 独居 → （空）", "groups lives alone → (empty)"),
        (
            ("lines", [LINE], [LINE, BUTTON]),
            "电话 座机 02367001001 → 座机 02367001001、按钮 138 0000 1009 SOS-7",
            "telephones landline 02367001001 → landline 02367001001, button 138 0000 1009 SOS-7",
        ),
        (
            ("contacts", [DAUGHTER], []),
            "联系人 王珂 女儿 139 0000 1111 有钥匙 上夜班 → （空）",
            "contacts 王珂 女儿 139 0000 1111 has a key 上夜班 → (empty)",
        ),
        (("usual_merchants", [], [SHOP]), "常用商户 （空） → 康宁药房", "usual merchants (empty) → 康宁药房"),
        (
            ("position", {"latitude": None, "longitude": None, "source": None}, PLACE),
            "定位 （空） → 29.56301, 106.55000 按同一栋楼的邻居",
            "position (empty) → 29.56301, 106.55000 as of a neighbour in the same building",
        ),
        (("lift", None, True), "电梯 （空） → 有电梯", "lift (empty) → has a lift"),
        (("speaks_up", False, True), "speaks_up 否 → 是", "speaks_up no → yes"),
        (("garden", [{"tree": "桂花", "age": 7}], []), "garden 桂花 7 → （空）", "garden 桂花 7 → (empty)"),
    ],
)
def test_before_and_after_are_told_in_the_readers_words(change: tuple[str, Any, Any], zh: str, en: str) -> None:
    assert sentence(changed(change), LIN, Speech("zh")) == f"修改：{zh}"
    assert sentence(changed(change), LIN, Speech("en")) == f"Changed: {en}"


def test_a_field_that_is_sealed_in_her_record_has_only_its_name() -> None:
    entry = changed(("door", "501", "602"), more=("health_note",))
    assert sentence(entry, LIN, Speech("zh")) == "修改：门牌 501 → 602；健康情况"


async def test_a_long_change_stands_below_in_full(sit_down, town: Town) -> None:
    note = "东门进去第三个单元，门禁坏了要按保安亭的铃" * 20
    town.histories[LIN] = [changed(("contacts", [DAUGHTER], [DAUGHTER] * 3), ("entrance_note", note[:500], "敲门"))]
    async with sit_down() as seat:
        await seat.press("f3")
        await seat.finds("林婉芝", "林婉芝奶奶")
        await seat.press("enter")
        await seat.sees("p 变更")
        await seat.press("p")
        await seat.sees("联系人 王珂 女儿 139 0000 1111 有钥匙 上夜班 → 王珂", "→ 敲门")
