"""Workbooks as a spreadsheet program writes them, read by nobody's hand but its library's."""

from datetime import date
from pathlib import Path

import pytest
import xlsxwriter

from registry.sheets.record import Outcome
from registry.sheets.review import Review, judged
from tests.registry.sheets.desk import Desk

HEAD = ("姓名", "出生日期", "身份证号", "电话", "小区", "门牌")


def survey(path: Path, **options: bool) -> Path:
    with xlsxwriter.Workbook(path, options) as book:
        sheet = book.add_worksheet("登记表")
        chinese = book.add_format({"num_format": 'yyyy"年"m"月"d"日"'})
        sheet.write_row(0, 0, HEAD)
        sheet.write_row(1, 0, ("王秀英", None, "500103194403120025", "67001001 或 １９９００２３１００１"))
        sheet.write_datetime(1, 1, date(1944, 3, 12), chinese)
        sheet.write_row(2, 0, ("李建国", "1939.2.30", "", "19900231002"))
        sheet.write_row(3, 0, ("赵德明", "1941/5/6", "500103194105060014", "19900231003"))
        sheet.write_row(4, 0, ("陈淑华", "1940-01-01", "", ""))
        sheet.write_formula(4, 3, '=HYPERLINK("http://example.org","19900231004")', None, "19900231004")
        sheet.write_row(5, 0, ("䶮玉兰", "１９４２年１１月３日", "", "19900231005"))
        sheet.write_string(5, 5, "０５０２")
        if not options.get("constant_memory"):  # which cannot go back to a row
            sheet.merge_range(1, 4, 5, 4, "青石里")
    return path


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("options", [{}, {"constant_memory": True}, {"date_1904": True}, {"use_zip64": True}])
def test_shared_and_inline_texts_and_both_calendars_are_read_alike(desk: Desk, options: dict[str, bool]) -> None:
    review, facts = Review(), {}
    for record, verdict in judged(desk.store, desk.kind(), survey(desk.folder / "a.xlsx", **options), review):
        review.add(record, verdict)
        facts[record.row] = record.facts
    assert [(one.row, one.column, one.key) for one in review.findings] == [
        (3, "born", "no_such_day"),
        (4, "identity_number", "identity_check"),
        (5, "phone", "formula"),
    ]
    assert review.counts == {Outcome.NEW: 2, Outcome.REFUSED: 3}
    assert [facts[row]["born"] for row in (2, 6)] == ["1944-03-12", "1942-11-03"]
    assert [line["number"] for line in facts[2]["lines"]] == ["+862367001001", "+8619900231001"]
    assert (facts[6]["name"], facts[6]["door"]) == ("䶮玉兰", "0502")
    if not options.get("constant_memory"):
        assert [facts[row]["community"] for row in (2, 6)] == ["青石里", "青石里"]
