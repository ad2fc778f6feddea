import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest

from registry.errors import SheetRefused
from registry.sheets import source
from registry.sheets.source import Row, sheets
from tests.registry.sheets.books import book, cell

FILES = Path(__file__).parent / "files"


def texts(path: Path) -> list[tuple[str, ...]]:
    return [row.cells for sheet in sheets(path) for row in sheet()]


def why(path: Path) -> str:
    with pytest.raises(SheetRefused) as raised:
        texts(path)
    return raised.value.why


def written(path: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_csv_is_read_in_every_encoding_that_excel_saves_it_in(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path / "a.csv", "姓名,电话\r\n王䶮,19900231001\r\n", encoding)
    assert texts(path) == [("姓名", "电话"), ("王䶮", "19900231001")]


def test_rare_characters_survive_gb18030() -> None:
    assert [row[0] for row in texts(FILES / "survey_gb18030.csv")] == ["姓名", "王䶮", "陈㛃"]


@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_the_separator_is_told_from_the_text(tmp_path: Path, separator: str) -> None:
    path = written(tmp_path / "a.csv", separator.join(["姓名", "电话"]) + "\n" + separator.join(["王", "1"]))
    assert texts(path) == [("姓名", "电话"), ("王", "1")]


def test_a_cell_with_more_semicolons_than_columns_does_not_make_them_the_separator(tmp_path: Path) -> None:
    plan = "Mon 08:00-12:00; Tue 09:00-12:00; Wed 10:00-12:00; Thu 08:00-12:00"
    assert texts(written(tmp_path / "a.csv", f"名称,营业时间\n仁安药房,{plan}")) == [
        ("名称", "营业时间"),
        ("仁安药房", plan),
    ]


def test_rows_are_numbered_as_the_spreadsheet_shows_them(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", 'a,b\n\n"x\ny",1\n')
    assert [(row.number, row.cells) for row in sheets(path)[0]()] == [(1, ("a", "b")), (3, ("x\ny", "1"))]


def test_a_workbook_shows_what_excel_shows() -> None:
    rows = {row.number: row for row in sheets(FILES / "survey.xlsx")[0]()}
    assert rows[4].cells[1:5] == ("王 秀 英", "女", "1944-03-12", "500103194403120025")
    assert rows[4].cells[10] == "17700232001"
    assert rows[5].cells[3] == "14593"  # a day whose cell nobody made a date
    assert rows[6].cells[6] == "青石里6栋1单元101"  # merged with the row above
    assert rows[9].cells[4] == "5.00103194708021E+17"  # Excel has kept fifteen digits
    assert rows[10].formulas == {3}


def test_days_are_told_by_the_format_of_their_cell_and_the_workbooks_calendar(tmp_path: Path) -> None:
    styles = (
        '<styleSheet><numFmts><numFmt numFmtId="170" formatCode="yyyy&quot;d&quot;"/>'
        '<numFmt numFmtId="171" formatCode="0.00&quot;yd&quot;[$-804]"/></numFmts><cellStyleXfs><xf numFmtId="14"/>'
        '</cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="170"/><xf numFmtId="171"/>'
        "</cellXfs></styleSheet>"
    )
    rows = "<row>{}</row>".format("".join(f'<c s="{style}"><v>16143</v></c>' for style in range(4)))
    path = book(tmp_path / "a.xlsx", rows, parts={"xl/styles.xml": styles})
    assert texts(path) == [("16143", "1944-03-12", "1944-03-12", "16143")]
    path = book(tmp_path / "b.xlsx", rows, more='<workbookPr date1904="1"/>', parts={"xl/styles.xml": styles})
    assert texts(path) == [("16143", "1948-03-13", "1948-03-13", "16143")]


def test_texts_are_read_without_how_they_are_pronounced(tmp_path: Path) -> None:
    strings = "<sst><si><r><t>王</t></r><r><t>秀英</t></r><rPh><t>wang</t></rPh></si></sst>"
    path = book(
        tmp_path / "a.xlsx",
        '<row r="3"><c r="B3" t="s"><v>0</v></c><c r="C3" t="s"><v>7</v></c><c r="D3" t="b"><v>1</v></c></row>',
        parts={"xl/sharedStrings.xml": strings},
    )
    assert [row for sheet in sheets(path) for row in sheet()] == [Row(3, ("", "王秀英", "", "1"))]


def test_a_merged_cell_fills_the_rows_below_and_no_further(tmp_path: Path) -> None:
    rows = "".join(
        f'<row r="{n}">{cell(f"A{n}", f"p{n}")}{cell("B1", "青石里") if n == 1 else ""}</row>' for n in (1, 2, 3)
    )
    path = book(tmp_path / "a.xlsx", rows, after='<mergeCells><mergeCell ref="B1:C2"/></mergeCells>')
    assert texts(path) == [("p1", "青石里"), ("p2", "青石里"), ("p3",)]


def test_hidden_sheets_are_not_read(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", f"<row>{cell('A1', 'x')}</row>")
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(b"sheetId", b'state="hidden" sheetId')
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    assert texts(path) == []


def test_what_is_no_spreadsheet_is_refused_in_one_word(tmp_path: Path) -> None:
    assert why(tmp_path / "missing.csv") == "not_there"
    assert why(tmp_path) == "unreadable"
    assert why(written(tmp_path / "a.csv", b"name,phone\n\x00\x01\x02")) == "binary"
    assert why(written(tmp_path / "b.csv", b"\x89PNG\r\n\x1a\n\x00")) == "binary"
    assert why(written(tmp_path / "c.csv", b"name\n\xff\xff\xfe,1\n")) == "encoding"
    assert why(written(tmp_path / "d.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")) == "old_or_locked"
    assert why(written(tmp_path / "e.xlsx", b"PK\x03\x04 and then nothing")) == "damaged"
    assert why(written(tmp_path / "f.csv", '姓名,"' + "王" * 200_000)) == "not_a_table"
    assert why(written(tmp_path / "g.csv", "," * 500)) == "not_a_table"
    with zipfile.ZipFile(tmp_path / "h.xlsx", "w") as archive:
        archive.writestr("content.xml", "<x/>")
    assert why(tmp_path / "h.xlsx") == "not_a_workbook"


def test_macros_are_refused_before_anything_is_read(tmp_path: Path) -> None:
    assert why(book(tmp_path / "a.xlsm", "", parts={"xl/vbaProject.bin": b"\x00"})) == "macros"
    assert why(book(tmp_path / "b.xlsx", "", parts={"xl/macrosheets/sheet1.xml": "<x/>"})) == "macros"


@pytest.mark.parametrize(
    "rows",
    [
        "<row><c><v>1</c></row>",
        '<row r="x"><c><v>1</v></c></row>',
        '<row><c t="s"><v>-</v></c></row>',
        "<row><c><v>1</v></c></row></sheetData>",
    ],
)
def test_a_broken_workbook_is_refused(tmp_path: Path, rows: str) -> None:
    assert why(book(tmp_path / "a.xlsx", rows)) == "damaged"


def test_a_document_type_of_its_own_is_refused(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><sst><si><t>&b;</t></si></sst>'
    assert why(book(tmp_path / "a.xlsx", "", parts={"xl/sharedStrings.xml": bomb})) == "damaged"


def test_a_bomb_is_refused_without_being_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    book(path, "")
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/sharedStrings.xml", "w") as part,
    ):
        for _ in range(100):
            part.write(b" " * 2**20)
    assert path.stat().st_size < 200_000
    assert memory_of(path) == ("too_big_inside", True)


def test_a_bomb_that_lies_about_its_size_ends_where_it_said(tmp_path: Path) -> None:
    path = book(tmp_path / "liar.xlsx", "", parts={"xl/sharedStrings.xml": b" " * 2**20})
    raw = path.read_bytes()
    path.write_bytes(raw.replace((2**20).to_bytes(4, "little"), (100).to_bytes(4, "little")))
    assert why(path) == "damaged"


def test_a_file_of_two_hundred_megabytes_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "big.csv"
    with path.open("wb") as file:
        file.truncate(200 * 2**20)
    assert memory_of(path) == ("too_big", True)


def test_a_sheet_of_far_corners_needs_no_memory(tmp_path: Path) -> None:
    path = book(tmp_path / "far.xlsx", f'<row r="1">{cell("A1", "x")}{cell("XFD1", "y")}</row>')
    assert texts(path) == [("x",)]
    path = book(tmp_path / "deep.xlsx", f'<row r="1048576">{cell("A1048576", "x")}</row>')
    assert why(path) == "too_many_rows"
    path = book(tmp_path / "empty.xlsx", '<row r="1048576"><c r="A1048576" s="3"/></row>')
    assert texts(path) == []


def test_a_long_text_in_one_cell_is_refused_before_it_is_kept(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", f"<row>{cell('A1', 'x' * 5_000_000)}</row>")
    assert memory_of(path) == ("not_a_table", True)


def test_rows_are_handed_out_as_they_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MOST_ROWS", 10)
    path = written(tmp_path / "a.csv", "".join(f"{number},x\n" for number in range(300_000)))
    assert next(sheets(path)[0]()).cells == ("0", "x")
    assert why(written(tmp_path / "b.csv", "a,b\n" * 300_001)) == "too_many_rows"


def memory_of(path: Path) -> tuple[str, Any]:
    """Why it is refused, and whether that took less than 20 MB."""
    tracemalloc.start()
    try:
        reason = why(path)
        return reason, tracemalloc.get_traced_memory()[1] < 20 * 2**20
    finally:
        tracemalloc.stop()
