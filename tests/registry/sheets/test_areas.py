"""The tree of areas from the official list, in any order, again and back."""

from sqlmodel import select

from registry import areas
from registry.models import Area
from registry.store import Actor
from tests.registry.sheets.desk import Desk

HEADINGS = ("统计用区划代码", "名称")
COUNTY, TOWN, OTHER = ("500103000000", "渝中区"), ("500103001000", "七星岗街道"), ("500103002000", "解放碑街道")
VILLAGE, NEAR = ("500103001001", "青石社区"), ("500103001002", "柏林社区")


def tree(desk: Desk) -> dict[str, str]:
    """Of each area the names on the way to it."""
    with desk.store.reading() as session:
        found = {area.id: area for area in session.exec(select(Area))}
        ways = [(area.code, areas.lineage(area.path)[1:]) for area in found.values()]
        return {code: "/".join(found[each].name for each in way) for code, way in ways if way}


WHOLE = {
    "500103000000": "渝中区",
    "500103001000": "渝中区/七星岗街道",
    "500103002000": "渝中区/解放碑街道",
    "500103001001": "渝中区/七星岗街道/青石社区",
    "500103001002": "渝中区/七星岗街道/柏林社区",
}


def test_the_official_list_becomes_a_tree_whatever_its_order_and_again_changes_nothing(desk: Desk) -> None:
    desk.brings_in(HEADINGS, VILLAGE, OTHER, COUNTY, NEAR, TOWN, kind="areas")
    assert tree(desk) == WHOLE
    again = (HEADINGS, COUNTY, TOWN, OTHER, VILLAGE, NEAR)
    assert desk.says(*again, kind="areas") == ["same"] * 5


def test_a_short_code_hangs_below_the_long_one_and_a_name_of_ones_own_where_it_is_said(desk: Desk) -> None:
    desk.brings_in((*HEADINGS, "上级代码"), (*COUNTY, ""), ("500103001", "七星岗街道", ""), kind="areas")
    desk.brings_in((*HEADINGS, "上级代码"), ("QS-1", "青石里一期", "５００１０３００１"), kind="areas")
    assert tree(desk)["QS-1"] == "渝中区/七星岗街道/青石里一期"


def test_what_was_renamed_or_moved_comes_back_when_it_is_undone(desk: Desk) -> None:
    desk.brings_in(HEADINGS, COUNTY, TOWN, OTHER, VILLAGE, NEAR, kind="areas")
    with_above = (*HEADINGS, "上级代码")
    import_id = desk.brings_in(with_above, ("500103001001", "青石里社区", "500103002000"), kind="areas")
    assert tree(desk)["500103001001"] == "渝中区/解放碑街道/青石里社区"
    desk.undoes(import_id, kind="areas")
    assert tree(desk) == WHOLE


def test_undoing_takes_areas_away_and_what_lay_below_hangs_where_it_hung_before(desk: Desk) -> None:
    desk.brings_in(HEADINGS, VILLAGE, kind="areas")
    import_id = desk.brings_in(HEADINGS, COUNTY, TOWN, kind="areas")
    desk.undoes(import_id, kind="areas")
    assert tree(desk) == {"500103001001": "青石社区"}


def test_an_area_with_people_stays(desk: Desk) -> None:
    import_id = desk.brings_in(HEADINGS, VILLAGE, kind="areas")
    desk.brings_in(("姓名", "手机", "所属区域"), ("王秀英", "19900231001", "青石社区"))
    desk.undoes(import_id, kind="areas")
    assert tree(desk) == {"500103001001": "青石社区"}


def test_what_is_wrong_with_a_line_is_said_and_the_others_go_in(desk: Desk) -> None:
    said = desk.says(
        (*HEADINGS, "上级代码"),
        (*COUNTY, ""),
        ("五〇〇", "无代码区", ""),
        ("500103001000", "", ""),
        ("QS-1", "青石里", "QS-0"),
        ("QS-2", "柏林里", "500103000000"),
        (*COUNTY, ""),
        kind="areas",
    )
    assert said == [
        "new",
        "refused code:area_code",
        "refused name:required",
        "refused parent:area_not_above",
        "new",
        "refused repeated",
    ]


def test_nothing_hangs_below_itself(desk: Desk) -> None:
    desk.brings_in(HEADINGS, COUNTY, TOWN, kind="areas")
    import_id = desk.stages((*HEADINGS, "上级代码"), (*COUNTY, "500103001000"), kind="areas")
    desk.applies(import_id, kind="areas")
    assert tree(desk)["500103001000"] == "渝中区/七星岗街道"


def test_the_codes_above_are_known_in_both_ways_of_writing_them() -> None:
    assert list(areas.above("500103001001"))[:4] == ["500103001000", "500103001", "500103000000", "500103"]
    assert list(areas.above("500103")) == ["500100000000", "500100", "500000000000", "500000"]
    assert list(areas.above("QS-1")) == []


def test_the_tree_is_moved_in_one_piece(desk: Desk) -> None:
    desk.brings_in(HEADINGS, COUNTY, TOWN, OTHER, VILLAGE, kind="areas")
    with desk.store.writing() as session:
        town, other = (areas.by_code(session, desk.scope.centre_id, each[0]) for each in (TOWN, OTHER))
        assert town is not None
        assert other is not None
        areas.move(session, town, other, Actor.system())
    assert tree(desk)["500103001001"] == "渝中区/解放碑街道/七星岗街道/青石社区"
