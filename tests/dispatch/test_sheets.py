"""The verbs for spreadsheets, as an administrator calls them."""

import csv
import json
import re
import time
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages.pofile import read_po
from sqlmodel import col, func, select

from registry.models import Line, Resident
from tests.dispatch.backup.installation import Installation
from tests.dispatch.town import Town

SURVEY = Path(__file__).parents[1] / "registry" / "sheets" / "files" / "survey.xlsx"
PACKAGES = Path(__file__).parents[2]


@pytest.fixture
def installation(town: Town, tmp_path: Path) -> Installation:
    return Installation.of(town, tmp_path / "line")


def sentences(language: str) -> dict[str, str]:
    with (files("registry") / "locale" / f"{language}.po").open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file) if message.id}


def test_both_languages_say_everything_with_the_same_values() -> None:
    zh, en = sentences("zh"), sentences("en")
    assert zh.keys() == en.keys()
    for key, sentence in zh.items():
        assert sentence, key
        assert set(re.findall(r"\{(\w+)\}", sentence)) == set(re.findall(r"\{(\w+)\}", en[key])), key


def test_every_problem_has_a_sentence() -> None:
    raised = re.compile(r'(?:Wrong|SheetRefused|NotAnIdentity|\.problem|\.remark)\((?:\S+, )?"(\w+)"')
    known = sentences("zh")
    for path in sorted((PACKAGES / "registry" / "sheets").glob("*.py")):
        for key in raised.findall(path.read_text()):
            assert f"sheet.{key}" in known or f"sheet.file.{key}" in known, f"{path.name}: {key}"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_survey_is_compared_without_changing_anything(installation: Installation) -> None:
    said = installation.ask("import", "residents", str(SURVEY))
    assert said.exit_code == 1
    lines = said.stdout.splitlines()
    assert "第7行“出生日期（年月日）”：1939年2月只有28天" in lines
    assert "第8行“身份证号码”：末位校验码不对：前17位无误的话应是5，这里是1" in lines
    assert lines[-1] == "共9行：新增3，有变化0，相同0，存疑0，不收6"
    facts = json.loads(installation.ask("import", "residents", str(SURVEY), "--json", "--language", "en").stdout)
    assert facts["counts"] == {"new": 3, "changed": 0, "same": 0, "doubtful": 0, "refused": 6}
    assert facts["findings"][0] == {
        "row": 7,
        "column": "出生日期（年月日）",
        "key": "no_such_day",
        "values": {"year": 1939, "month": 2, "day": 30, "last": 28},
        "says": "row 7, 出生日期（年月日）: 1939-2 has only 28 days",
    }
    assert facts["unread"] == ["序号", "血型"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("kind", ["residents", "merchants", "contracts"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_template_can_be_read_again(installation: Installation, tmp_path: Path, kind: str, language: str) -> None:
    path = tmp_path / "template.xlsx"
    said = installation.ask("import", kind, str(path), "--template", "--language", language)
    assert said.exit_code == 0
    assert path.stat().st_mode & 0o777 == 0o600
    again = installation.ask("import", kind, str(path))
    assert (again.exit_code, again.stdout) == (0, "共0行：新增0，有变化0，相同0，存疑0，不收0\n")
    assert "换一个文件名" in installation.is_refused("import", kind, str(path), "--template")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_file_that_is_no_spreadsheet_is_one_line(installation: Installation, tmp_path: Path) -> None:
    (tmp_path / "photo.csv").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    assert installation.is_refused("import", "residents", str(tmp_path / "photo.csv")).endswith("不是 Excel 文件")
    (tmp_path / "list.csv").write_text("a,b\n1,2\n")
    assert "--template" in installation.is_refused("import", "residents", str(tmp_path / "list.csv"))
    assert installation.ask("import", "residents").exit_code == 2
    assert "没有这个文件：nowhere.csv" in installation.is_refused("import", "residents", "nowhere.csv")
    elsewhere = str(tmp_path / "nowhere" / "list.csv")
    assert "没有这个文件夹" in installation.is_refused("import", "residents", elsewhere, "--template")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_good_lines_go_in_and_a_second_time_nothing_happens(installation: Installation, town: Town) -> None:
    said = installation.ask("import", "residents", str(SURVEY), "--apply")
    assert said.exit_code == 1  # six lines are named
    assert said.stdout.splitlines()[-1].endswith("要撤销：townline import undo 1")
    assert {"王秀英", "李建国", "张桂芳"} <= names(town)
    again = installation.ask("import", "residents", str(SURVEY), "--apply")
    assert again.stdout.splitlines()[-2:] == ["共9行：新增0，有变化0，相同3，存疑0，不收6", "没有要改的"]
    (run,) = installation.does("import", "list")
    assert (run["id"], run["state"], run["counts"]["new"]) == (1, "applied", 3)
    began = datetime.fromisoformat(run["began_at"]).astimezone(ZoneInfo("Asia/Shanghai"))
    assert installation.ask("import", "list").stdout == f"1  老人  已完成  {began:%Y-%m-%d %H:%M}  survey.xlsx\n"
    assert "townline import list" in installation.is_refused("import", "undo", "7")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_has_a_case_by_now_is_not_taken_away_with_the_import(installation: Installation, town: Town) -> None:
    installation.ask("import", "residents", str(SURVEY), "--apply")
    with town.store.reading() as session:
        wang = session.exec(select(Resident.id).where(Resident.name == "王秀英", col(Resident.door) == "502")).all()[
            -1
        ]
    town.open(wang)
    said = installation.ask("import", "undo", "1")
    assert said.exit_code == 1
    assert said.stdout.splitlines() == ["第4行：已有通话、工单或其他记录用到", "导入1已撤销：撤回2行，保留1行"]
    assert "王秀英" in names(town)
    assert not {"李建国", "张桂芳"} & names(town)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_killed_import_goes_on_with_everybody_whole_and_nobody_twice(
    installation: Installation, town: Town, tmp_path: Path
) -> None:
    people = [(f"张桂{chr(0x4E00 + n)}", f"1990024{n:04d}", "1940-01-01") for n in range(300)]
    with (tmp_path / "many.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("姓名", "手机", "生日"), *people])
    process = installation.begins("import", "residents", str(tmp_path / "many.csv"), "--apply")
    give_up = time.monotonic() + 60
    while not 5 < imported(town) < 290:
        assert process.poll() is None
        assert time.monotonic() < give_up
        time.sleep(0.02)
    process.kill()
    process.communicate()
    half = imported(town)
    assert half < 300
    with town.store.reading() as session:
        lines = session.exec(select(func.count()).where(col(Line.number).startswith("+861990024"))).one()
    assert lines == half
    (run,) = installation.does("import", "list")
    assert run["state"] == "applying"
    result = installation.does("import", "resume", str(run["id"]))
    assert (result["states"]["applied"], result["left"]) == (300, [])
    assert imported(town) == 300
    assert installation.does("import", "residents", str(tmp_path / "many.csv"))["counts"]["same"] == 300


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_register_goes_out_and_in_again(installation: Installation, town: Town, tmp_path: Path) -> None:
    installation.ask("import", "residents", str(SURVEY), "--apply")
    path = tmp_path / "everybody.xlsx"
    rows = installation.does("export", "residents", str(path), "--with-sealed")["rows"]
    assert rows == len(names(town)) > 2
    assert path.stat().st_mode & 0o777 == 0o600
    assert installation.does("import", "residents", str(path))["counts"]["same"] == rows
    assert "换一个文件名" in installation.is_refused("export", "residents", str(path))
    assert "没有这个区域" in installation.is_refused("export", "residents", str(tmp_path / "x.csv"), "--area", "Z")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_export_is_filtered_by_its_options(installation: Installation, tmp_path: Path) -> None:
    (tmp_path / "two.csv").write_text(
        "姓名,手机,走访日期,同意日期\n钱秀珍,19900230001,2025-11-30,2025-11-30\n孙玉兰,19900230002,2026-01-10,\n"
    )
    installation.ask("import", "residents", str(tmp_path / "two.csv"), "--apply")

    def out(kind: str, *options: str) -> str:
        path = tmp_path / f"{kind}{'_'.join(options)}.csv"
        installation.does("export", kind, str(path), *options)
        return path.read_text()

    overdue = out("residents", "--not-visited-since", "2026-01-01", "--consented")
    assert "钱秀珍" in overdue
    assert "孙玉兰" not in overdue
    missing = out("residents", "--without", "consent", "--changed-since", "2020-01-01")
    assert "孙玉兰" in missing
    assert "钱秀珍" not in missing
    assert "孙玉兰" not in out("residents", "--hearing", "deaf", "--without-usual", "pharmacy")
    assert out("merchants", "--kind", "volunteers", "--licence-before", "2020-01-01").count("\n") == 1
    installation.does("export", "residents", str(tmp_path / "again.csv"), "--without", "consent", "--without", "key")
    again = installation.does("import", "residents", str(tmp_path / "again.csv"))["counts"]
    assert again["same"] == sum(again.values()) > 0
    nobody = installation.ask("export", "residents", str(tmp_path / "x.csv"), "--age-from", "80", "--age-to", "70")
    assert nobody.exit_code == 2
    assert "--age-to" in nobody.output
    assert not (tmp_path / "x.csv").exists()
    refused = installation.ask("export", "residents", str(tmp_path / "x.csv"), "--age-from", "old")
    assert refused.exit_code == 2
    assert "--age-from" in refused.output


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_another_master_key_is_one_line(installation: Installation, tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("姓名,身份证号,健康情况\n钱秀珍,500103194403120025,青霉素过敏\n")
    installation.ask("import", "residents", str(tmp_path / "one.csv"), "--apply")
    installation.secret("MASTER_KEY", "f" * 32)
    assert "MASTER_KEY" in installation.is_refused("export", "residents", str(tmp_path / "x.csv"), "--with-sealed")


def names(town: Town) -> set[str]:
    with town.store.reading() as session:
        return set(session.exec(select(Resident.name)))


def imported(town: Town) -> int:
    with town.store.reading() as session:
        return session.exec(select(func.count()).where(col(Resident.name).startswith("张桂"))).one()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_whoever_names_no_service_reads_which_there_are_in_her_language(
    installation: Installation, tmp_path: Path
) -> None:
    path = tmp_path / "contracts.csv"
    path.write_text("商户名称,服务项目,合同开始,合同结束\n仁安药房,理发,2026-01-01,2026-12-31\n", encoding="utf-8")
    said = installation.ask("import", "contracts", str(path)).stdout
    assert "没有这项服务，可填：送药上门、代购日用品" in said
    assert "call_back" not in said
    assert "回电" not in said
    english = installation.ask("import", "contracts", str(path), "--language", "en").stdout
    assert "Medicine delivery, Groceries" in english
