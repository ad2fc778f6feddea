import pytest

from registry.errors import SheetRefused
from registry.sheets import columns
from registry.sheets.headings import Line, recognised, table
from registry.sheets.source import Row


def keys(*headings: str) -> list[str | None]:
    found = recognised(Row(1, headings), columns.RESIDENTS)
    return [found.keys.get(place) for place in range(len(headings))]


def test_headings_are_found_in_both_languages_and_any_order() -> None:
    assert keys("门牌", "姓 名*", "出生年月日（必填）", "身份证号码") == ["door", "name", "born", "identity_number"]
    assert keys("Mobile", "DATE OF BIRTH", "Full name") == ["mobile", "born", "name"]


def test_every_column_is_found_by_its_own_heading_in_both_languages() -> None:
    for kind in (columns.RESIDENTS, columns.MERCHANTS, columns.CONTRACTS):
        for language in ("zh", "en"):
            headings = tuple(column.heading(language) for column in kind)
            assert list(recognised(Row(1, headings), kind).keys.values()) == [column.key for column in kind]


def test_a_bare_telephone_behind_a_contact_is_that_contacts() -> None:
    assert keys("姓名", "联系电话", "紧急联系人", "与老人关系", "联系电话", "联系人2", "电话", "有无钥匙") == [
        *("name", "phone", "contact.1.name", "contact.1.relation", "contact.1.number"),
        *("contact.2.name", "contact.2.number", "contact.2.has_key"),
    ]


def test_a_telephone_that_says_whose_it_is_needs_nothing_before_it() -> None:
    assert keys("姓名", "电话", "家属姓名", "家属住址", "家属电话") == [
        *("name", "phone", "contact.1.name", None, "contact.1.number"),
    ]
    assert keys("姓名", "家属1", "家属1电话", "家属2", "家属2手机", "紧急联系人3", "紧急联系人电话3") == [
        *("name", "contact.1.name", "contact.1.number", "contact.2.name", "contact.2.number"),
        *("contact.3.name", "contact.3.number"),
    ]


def test_telephones_may_stand_in_several_columns() -> None:
    rows = iter([Row(1, ("姓名", "电话1", "电话2")), Row(2, ("王", "1", "2")), Row(3, ("", "", ""))])
    headings, lines = table([lambda: rows], columns.RESIDENTS, "name")
    assert headings.keys == {0: "name", 1: "phone", 2: "phone"}
    assert list(lines) == [Line(2, {"name": "王", "phone": "1、2"})]


def test_two_columns_for_one_thing_are_refused() -> None:
    with pytest.raises(SheetRefused) as raised:
        keys("姓名", "生日", "出生日期")
    assert (raised.value.why, raised.value.values["heading"]) == ("heading_twice", "出生日期")


def test_headings_may_stand_below_a_title_or_on_another_sheet() -> None:
    cover, survey = [Row(1, ("说明",))], [Row(1, ("登记表",)), Row(3, ("姓名", "电话")), Row(4, ("王", "1"))]
    headings, lines = table([lambda: iter(cover), lambda: iter(survey)], columns.RESIDENTS, "name")
    assert (headings.row, [line.row for line in lines]) == (3, [4])
    with pytest.raises(SheetRefused) as raised:
        table([lambda: iter(cover)], columns.RESIDENTS, "name")
    assert raised.value.why == "no_headings"
