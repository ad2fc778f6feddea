from datetime import date
from typing import Any

import pytest

from registry import identity
from registry.numbers import NumberPlan
from registry.sheets import capacities, cells, hours, plans
from registry.sheets.cells import Wrong

PLAN = NumberPlan("CN", "023")


def wrong(read: Any, *arguments: Any) -> tuple[str, dict[str, Any]]:
    with pytest.raises(Wrong) as raised:
        read(*arguments)
    return raised.value.key, raised.value.values


@pytest.mark.parametrize(
    "text",
    [
        "1944-03-12",
        "1944.3.12",
        "1944/3/12",
        "1944年3月12日",
        "１９４４．３．１２",
        "19440312",
        "16143",
        "1944-03-12 00:00:00",
    ],
)
def test_a_day_is_read_however_it_is_written(text: str) -> None:
    assert cells.day(text) == date(1944, 3, 12)


def test_a_day_that_does_not_exist_is_told_from_what_is_no_day() -> None:
    assert wrong(cells.day, "1939.2.30") == ("no_such_day", {"year": 1939, "month": 2, "day": 30, "last": 28})
    assert wrong(cells.day, "1940.2.30")[1]["last"] == 29
    assert wrong(cells.day, "1939.13.1") == ("no_such_month", {"month": 13})
    for text in ("1939", "1944-3", "1944.03", "1944年3月"):
        assert wrong(cells.day, text)[0] == "day_incomplete"
    for text in ("80岁", "3月12日", "0", "99999999"):
        assert wrong(cells.day, text)[0] in ("not_a_day", "no_such_month")


def test_an_identity_number_is_checked_after_gb_11643() -> None:
    assert cells.identity_number("１１０１０５ 19491231 002x") == "11010519491231002X"  # the standard's own example
    assert identity.read("11010519491231002X").born == date(1949, 12, 31)
    assert identity.read("11010519491231002X").gender == "female"
    assert identity.read("440524188001010014").gender == "male"
    assert identity.read("110105491231002").born == date(1949, 12, 31)
    assert wrong(cells.identity_number, "110105194912310021") == ("identity_check", {"right": "X", "wrong": "1"})
    assert wrong(cells.identity_number, "11010519491331002X")[0] == "identity_birthday"
    assert wrong(cells.identity_number, "1101051949123100")[0] == "identity_length"
    assert wrong(cells.identity_number, "1.10105194912E+17")[0] == "digits_lost"
    assert cells.identity_number("H0123456789") == "H0123456789"


@pytest.mark.parametrize(
    "text", ["19900231001/67001001", "１９９００２３１００１、67001001", "19900231001 023-67001001"]
)
def test_two_numbers_in_one_cell_are_two_numbers(text: str) -> None:
    assert cells.numbers(text, PLAN).candidates == ("+8619900231001", "+862367001001")


def test_a_number_that_excel_has_cut_is_named() -> None:
    assert wrong(cells.numbers, "1.99002E+10", PLAN)[0] == "digits_lost"
    assert wrong(cells.numbers, "不详", PLAN)[0] == "no_number"


@pytest.mark.parametrize(
    "text", ["=HYPERLINK(1)", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "无", "-", "'quoted"]
)
def test_what_a_spreadsheet_would_reckon_with_goes_out_harmless_and_comes_back(text: str) -> None:
    assert cells.literal(text) == f"'{text}"
    assert cells.said(cells.literal(text)) == text


def test_ordinary_text_goes_out_as_it_is() -> None:
    assert cells.literal("王秀英") == "王秀英"
    assert cells.said("无") is None


def test_spaces_between_characters_mean_nothing_and_between_words_they_do() -> None:
    assert cells.words("王 秀　英") == "王秀英"
    assert cells.words("Lin  Wei") == "Lin Wei"


@pytest.mark.parametrize(
    ("text", "days", "spans"),
    [
        ("周一至周五 08:00-12:00、14:00-18:00", {0, 1, 2, 3, 4}, 2),
        ("每天8:00—20:00", set(range(7)), 1),
        ("星期六、日 09：00-12：00", {5, 6}, 1),
        ("Mon-Fri 08:00-18:00", {0, 1, 2, 3, 4}, 1),
        ("Sat, Sun 9:00 to 12:00", {5, 6}, 1),
        ("周五至周一 20:00-02:00", {4, 5, 6, 0}, 1),
        ("24小时", set(range(7)), 1),
        ("工作日 8点-18点30分", {0, 1, 2, 3, 4}, 1),
        ("周一至周六 8点半-18点；周日休息", {0, 1, 2, 3, 4, 5}, 1),
        ("周一至周五 08:00-18:00\n周六、周日 09:00-18:00", set(range(7)), 1),  # two lines of one cell
    ],
)
def test_opening_hours_are_read_and_written_again(text: str, days: set[int], spans: int) -> None:
    found = hours.read(text)
    assert {one["weekday"] for one in found} == days
    assert len(found) == spans * len(days)
    for language in ("zh", "en"):
        assert hours.read(hours.written(found, language)) == found


@pytest.mark.parametrize(
    "text",
    [
        "早上到晚上",
        "周一",
        "周八 08:00-12:00",
        "08:00",
        "25:00-26:00",
        "周一 08:00-12:00 有时",
        "每天 8:00-9:00；周日休息",
    ],
)
def test_hours_that_cannot_be_read_are_not_guessed(text: str) -> None:
    assert wrong(hours.read, text)[0] in ("hours", "not_a_time")


def test_plans_by_the_hour_stand_in_several_lines_of_one_cell() -> None:
    assert capacities.read("08:00-12:00 5单\n18:00-22:00 1单") == ["08:00-12:00/5", "18:00-22:00/1"]
    lines = ("08:00-20:00 先短信", "20:00-08:00 先电话")
    assert plans.read("\n".join(lines)) == plans.read("；".join(lines))


@pytest.mark.parametrize(
    ("text", "metres"), [("3000", 3000), ("3000米", 3000), ("３公里", 3000), ("1.5 km", 1500), ("800 m", 800)]
)
def test_a_radius_may_name_its_unit(text: str, metres: int) -> None:
    assert cells.metres(text, 100_000) == metres


def test_a_radius_that_is_none_is_refused() -> None:
    for text in ("0", "-3公里", "200公里", "附近", "0.0001公里"):
        assert wrong(cells.metres, text, 100_000)[0] == "whole_number"
