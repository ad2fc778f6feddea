from typing import Any

import pytest

from registry.areas import add_area
from registry.models import Resident
from registry.search import find_residents
from registry.sheets.headings import Line
from registry.sheets.record import Outcome
from registry.sheets.review import Review, judged
from registry.store import Scope, Store
from registry.vault import Vault
from tests.registry.sheets.desk import FILES, Desk
from tests.registry.town import merchant, resident

WANG: dict[str, Any] = {
    "name": "王秀英",
    "gender": "female",
    "born": "1944-03-12",
    "identity_number": "500103194403120025",
    "community": "青石里",
    "building": "5栋",
    "unit": "2",
    "door": "502",
    "lines": [{"number": "67001001"}, {"number": "19800235004", "kind": "button", "device_id": "B-1"}],
    "contacts": [
        {"name": "林晓", "relation": "女儿", "number": "17700232001", "has_key": True},
        {"name": "小唐", "relation": "网格员", "number": "18900233001"},
    ],
    "groups": ["living_alone"],
    "health_note": "青霉素过敏",
}
HEAD = ("姓名", "出生日期", "电话", "小区", "楼栋", "单元", "门牌")


@pytest.fixture
def wang(store: Store, scope: Scope, vault: Vault) -> int:
    return resident(store, scope, vault, **WANG)


def test_each_dirty_line_of_a_survey_is_named_with_its_row_and_column(desk: Desk) -> None:
    review = desk.review(FILES / "survey.xlsx")
    assert [(one.row, review.written.get(one.column), one.key) for one in review.findings] == [
        (7, "出生日期（年月日）", "no_such_day"),
        (8, "身份证号码", "identity_check"),
        (9, "身份证号码", "digits_lost"),
        (10, "出生日期（年月日）", "formula"),
        (11, None, "repeated"),
        (12, "出生日期（年月日）", "day_incomplete"),
        (12, "联系电话", "number_unknown"),
        (12, "联系电话", "contact_without_name"),
    ]
    assert [(one.row, one.key) for one in review.remarks] == [(4, "several_numbers_read")]
    assert review.unread == ("序号", "血型")
    assert (review.rows, review.counts[Outcome.NEW], review.counts[Outcome.REFUSED], review.clean) == (9, 3, 6, False)


def test_other_files_are_read_too(desk: Desk) -> None:
    assert desk.review(FILES / "survey_gb18030.csv").counts == {Outcome.NEW: 2}
    english = desk.review(FILES / "english_bom.csv")
    assert [(one.row, one.key) for one in english.findings] == [(3, "no_such_day")]


def test_a_known_resident_is_told_by_number_birthday_telephone_or_door(desk: Desk, wang: int) -> None:
    assert desk.says(("姓名", "身份证号"), ("王秀英", "500103194403120025")) == ["same"]
    assert desk.says(
        HEAD,
        ("王 秀 英", "1944.3.12", "", "", "", "", ""),
    ) == ["same"]
    assert desk.says(HEAD, ("王秀英", "", "023-67001001", "", "", "", "")) == ["same"]
    assert desk.says(HEAD, ("王秀英", "", "", "青石里", "5", "2单元", "502")) == ["same"]


def test_somebody_else_of_that_name_is_new_and_a_neighbour_on_the_same_line_is_too(desk: Desk, wang: int) -> None:
    assert desk.says(
        HEAD,
        ("王秀英", "1950-01-01", "19900239999", "青石里", "9", "1", "101"),
        ("王秀英", "", "19900239998", "青石里", "8", "1", "101"),
        ("李建国", "1943-01-01", "67001001", "青石里", "5", "2", "502"),
    ) == ["new", "new", "new"]


def test_who_only_sounds_alike_and_has_another_telephone_is_somebody_else(desk: Desk, wang: int) -> None:
    assert desk.says(HEAD, ("王秀瑛", "1944-03-12", "19900239999", "", "", "", "")) == ["new"]


def test_what_cannot_be_told_apart_is_doubtful_until_a_person_says(desk: Desk, wang: int) -> None:
    assert desk.says(HEAD, ("王秀瑛", "1944-03-12", "67001001", "", "", "", "")) == [
        "doubtful doubt.another_spelling"
    ]
    assert desk.says(HEAD, ("王秀英", "1945-03-12", "67001001", "", "", "", "")) == ["doubtful doubt.other_birthday"]
    assert desk.says(("姓名", "身份证号"), ("王秀兰", "500103194403120025")) == ["doubtful doubt.same_identity"]
    assert desk.says(HEAD, ("王秀英", "1944-03-12", "19900239999", "青石里", "9", "1", "101")) == [
        "doubtful doubt.another_place"
    ]
    other = ("王秀英", "11010119440312002X", "1944-03-12")
    assert desk.says(("姓名", "身份证号", "生日"), other) == ["doubtful doubt.other_identity"]
    settled = (
        ("编号", *HEAD),
        (wang, "王秀瑛", "1944-03-12", "", "", "", "", ""),
        ("新", "王秀英", "1945-03-12", "67001001"),
    )
    assert desk.says(*settled) == ["changed name", "new"]
    assert desk.says(("编号", "姓名", "电话"), (wang, "赵六", "19900239999")) == ["doubtful doubt.somebody_else"]
    assert desk.says(("编号", "姓名", "电话"), (99999, "赵六", "19900239999")) == ["doubtful doubt.not_in_register"]


def test_what_has_been_found_wrong_is_not_missing_too(desk: Desk) -> None:
    line = Line(2, {"born": "1944-03-12", "name": "=A1"}, frozenset({"name"}))
    record = desk.kind().read(line)
    assert [(one.column, one.key) for one in record.problems] == [("name", "formula")]


def test_a_name_alone_tells_nobody(desk: Desk, store: Store, scope: Scope, vault: Vault) -> None:
    resident(store, scope, vault, name="赵六")
    assert desk.says(("姓名", "性别"), ("赵六", "男")) == ["refused name:nothing_tells"]
    assert desk.says(("姓名", "电话"), ("赵六", "19900231001")) == ["doubtful doubt.same_name_only"]


def test_who_has_died_is_not_brought_back_by_an_old_sheet(desk: Desk, store: Store, wang: int) -> None:
    with store.writing() as session:
        row = session.get(Resident, wang)
        assert row is not None
        row.ended_at = store.clock.now()
    assert desk.says(HEAD, ("王秀英", "1944-03-12", "67001001", "", "", "", "")) == ["doubtful doubt.has_ended"]


def test_only_what_the_sheet_says_changes(desk: Desk, wang: int) -> None:
    assert desk.says(("姓名", "电话", "听力", "照护等级"), ("王秀英", "67001001", "耳背", "2级")) == [
        "changed hearing care_level"
    ]
    assert desk.says(("姓名", "电话", "类别", "健康情况"), ("王秀英", "67001001", "无", "—")) == [
        "changed groups health_note"
    ]
    assert desk.says(("姓名", "电话", "类别"), ("王秀英", "67001001", "独居")) == ["same"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("written", "says"),
    [
        *((word, "same") for word in ("正常", "好", "老花", "Normal")),
        *((word, "changed sight") for word in ("差", "看不清", "低视力", "失明", "盲", "low vision", "Blind")),
        *((word, "refused sight:not_one_of") for word in ("白内障", "视力残疾", "0.6")),
    ],
)
def test_how_well_she_sees_is_read_as_people_write_it_and_an_illness_is_no_degree(
    desk: Desk, wang: int, written: str, says: str
) -> None:
    assert desk.says(("姓名", "电话", "视力"), ("王秀英", "67001001", written)) == [says]


def test_the_surveys_last_visit_and_her_consent_are_written_in_and_withdrawn(desk: Desk, wang: int) -> None:
    head = ("姓名", "电话", "入户日期", "走访人", "同意日期", "同意人")
    said = ("王秀英", "67001001", "2026年3月1日", "李芳", "2026.3.1", "女儿王珂")
    assert desk.says(head, said) == ["changed consented_on consented_by visited_on visited_by"]
    desk.brings_in(head, said)
    assert desk.says(head, said) == ["same"]
    assert desk.says(("姓名", "电话", "同意日期"), ("王秀英", "67001001", "无")) == [
        "changed consented_on health_note"
    ]
    assert desk.says(("姓名", "电话", "入户日期"), ("王秀英", "67001001", "上个月")) == [
        "refused visited_on:not_a_day"
    ]


def test_numbers_and_contacts_that_the_sheet_does_not_name_stay(desk: Desk, store: Store, wang: int) -> None:
    kind = desk.kind()
    rows = (("姓名", "电话", "联系人", "联系人电话"), ("王秀英", "67001001、19900231001", "林晓", "17700239999"))
    path = desk.sheet(*rows)

    ((_, verdict),) = judged(store, kind, path, Review())
    assert [line["number"] for line in verdict.change["lines"]] == [
        *("+862367001001", "+8619800235004", "+8619900231001")
    ]
    assert [(one["name"], one["number"], one["relation"], one["has_key"]) for one in verdict.change["contacts"]] == [
        ("林晓", "+8617700239999", "女儿", True),
        ("小唐", "+8618900233001", "网格员", False),
    ]


def test_what_is_new_gets_birthday_and_gender_from_the_identity_number(desk: Desk, store: Store) -> None:

    path = desk.sheet(("姓名", "身份证号"), ("王秀英", "500103194403120025"))
    ((_, verdict),) = judged(store, desk.kind(), path, Review())
    assert (verdict.outcome, verdict.change["born"], verdict.change["gender"]) == ("new", "1944-03-12", "female")


def test_an_identity_number_that_says_something_else_is_named_and_both_go_in(desk: Desk) -> None:
    head = ("姓名", "身份证号", "出生日期", "性别")
    found = desk.review(
        desk.sheet(
            head,
            ("王秀英", "500103194403120025", "1944-03-13", "男"),
            ("李兰", "500103194403120026", "", ""),
            ("赵英", "H0123456789", "1944-03-13", "男"),
        )
    )
    assert [(one.row, one.column, one.key) for one in found.remarks] == [
        (2, "born", "identity_born"),
        (2, "gender", "identity_gender"),
    ]
    assert found.remarks[0].values == {"on": "1944-03-12"}
    assert (found.counts["new"], found.counts["refused"]) == (2, 1)


def test_areas_and_merchants_are_named(desk: Desk, store: Store, scope: Scope, centre_id: int) -> None:
    with store.writing() as session:
        add_area(session, centre_id, "500103001", "青石里社区")
    merchant(store, scope, name="仁安药房")
    head = ("姓名", "电话", "所属社区", "常用商户")
    assert desk.says(head, ("王秀英", "67001001", "青石里社区", "仁安药房")) == ["new"]
    assert desk.says(head, ("王秀英", "67001001", "500103001", "")) == ["new"]
    assert desk.says(head, ("王秀英", "67001001", "别处", "没有的店")) == [
        "refused area:area_unknown usual:merchant_unknown"
    ]


def test_what_only_the_register_knows_to_be_wrong_is_found_in_the_dry_run(desk: Desk) -> None:
    assert desk.says(HEAD, ("王秀英", "1844-01-01", "67001001")) == ["refused born:out_of_range"]
    assert desk.says(("姓名", "电话", "纬度"), ("王秀英", "67001001", "29.5")) == [
        "refused :position_incomplete".replace(" :", " ")
    ]


def test_everything_wrong_with_a_line_is_said_at_once(desk: Desk) -> None:
    head = ("姓名", "电话", "称呼", "楼栋", "门牌", "性别", "照护等级")
    assert desk.says(head, ("王秀英", "67001001", "很" * 41, "5" * 21, "6" * 21, "妇", "9")) == [
        "refused gender:not_one_of care_level:whole_number called:too_long building:too_long door:too_long"
    ]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_thousand_lines_with_ten_bad_ones_lose_only_the_ten(desk: Desk) -> None:
    rows = [(f"李{n:04d}", "1940-02-30" if n % 100 == 7 else "1940-02-28", f"199002{n:05d}") for n in range(1000)]
    review = desk.review(desk.sheet(("姓名", "出生日期", "电话"), *rows))
    assert review.counts == {Outcome.NEW: 990, Outcome.REFUSED: 10}
    assert [one.row for one in review.findings] == [n + 2 for n in range(7, 1000, 100)]


@pytest.mark.parametrize(
    "written",
    ["青石里5栋2单元502", "青石里5-2-502", "青石里五栋二单元502室", "青石里5号楼2单元5层502", "青石里 5栋 2单元 502"],
)
def test_an_address_in_one_cell_is_taken_apart_however_it_is_written(
    desk: Desk, store: Store, scope: Scope, written: str
) -> None:
    desk.brings_in(("姓名", "电话", "住址"), ("王秀英", "67001001", written))
    with store.reading() as session:
        found = find_residents(session, scope, "青石里5-2-502", now=store.clock.now())
    assert [one.name for one in found] == ["王秀英"]


def test_a_licence_that_stands_twice_in_a_file_is_told_before_anything_is_applied(desk: Desk) -> None:
    head = ("名称", "类别", "许可证号")
    two = (("仁安药房", "药房", "渝0001"), ("仁安大药房", "药房", "渝0001"))
    assert desk.says(head, *two, kind="merchants") == ["new", "refused repeated"]


def test_what_matters_at_the_door_and_her_medicines_come_in_stay_and_are_taken_back(
    desk: Desk, store: Store, wang: int
) -> None:
    head = ("姓名", "电话", "有无电梯", "门锁", "是否养狗", "常用药", "过敏史", "病史")
    said = ("王秀英", "67001001", "无", "单元门密码2580", "是", "缬沙坦", "青霉素", "高血压")
    changed = ["changed lock dog health_note medicines allergies lift"]
    assert [sorted(each.split()) for each in desk.says(head, said)] == [sorted(each.split()) for each in changed]
    import_id = desk.brings_in(head, said)
    assert desk.says(head, said) == ["same"]
    with store.reading() as session:
        row = session.get(Resident, wang)
        assert row is not None
        assert (row.lift, row.lock, row.dog) == (False, "单元门密码2580", "有")
        assert row.allergies is not None
        assert desk.vault.open(session, wang, "allergies", row.allergies) == "青霉素"
    desk.undoes(import_id)
    with store.reading() as session:
        row = session.get(Resident, wang)
        assert row is not None
        assert (row.lift, row.lock, row.dog, row.medicines, row.allergies) == (None, "", "", None, None)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("heading", "written", "says"),
    [
        *(("电梯", word, "changed lift") for word in ("有", "是", "无", "没有", "否")),
        *(("Lift", word, "changed lift") for word in ("yes", "No")),
        *(("电梯", word, "same") for word in ("-", "不详", "未知")),
        ("电梯", "6层", "refused lift:yes_or_no"),
        *(("狗", word, "same") for word in ("无", "没有", "否", "No")),
        ("有狗", "会叫不咬", "changed dog"),
        ("门禁", "门" * 81, "refused lock:too_long"),
    ],
)
def test_a_lift_and_a_dog_are_read_as_people_write_it(
    desk: Desk, wang: int, heading: str, written: str, says: str
) -> None:
    assert desk.says(("姓名", "电话", heading), ("王秀英", "67001001", written)) == [says]
