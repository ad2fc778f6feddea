"""What a resident may ask for about herself: a copy of everything, and to be forgotten."""

import json
import zipfile
from datetime import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from callbridge.events import CallEnd
from dispatch import calls, care_plans, cases, deletion
from dispatch.forgotten import FILE
from dispatch.models import Call, CarePlan, Case, Offer, PlanState, Visit
from dispatch.records import record_of
from dispatch.wire.calls import CallChange
from dispatch.wire.care import NewCarePlan
from dispatch.wire.cases import Cancel, Close
from registry import leaving
from registry.drafts import ResidentChange, read
from registry.erasure import DELETED, DELETING, NOBODY
from registry.models import AccessLog, Contact, Left, Line, Resident
from registry.people import change_resident
from registry.store import Actor, Scope
from registry.store.journal import Journal
from tests.dispatch.backup.installation import Installation
from tests.dispatch.town import Town

HERS = "02367001009"
SHOP = "+8619300234001"
NAME, CALLED, DAUGHTER, DAUGHTERS = "王㐂英", "㐂阿婆", "王小珂珂", "19900246802"
HOUSE, NOTE, HEALTH, IDENTITY = "梧桐苑七区", "钥匙在花盆底下", "对头孢过敏两年", "510102194005010029"
LOCK, MEDICINES = "单元门密码七九", "缬沙坦早上一片"
WANTS, SAID, WROTE, HEARD = "要氨氯地平五盒", "药送到了她很高兴", "谢谢小陈姑娘", "WANG-XI-YING-HOME"
WORDS = (NAME, CALLED, DAUGHTER, DAUGHTERS, HOUSE, NOTE, HEALTH, IDENTITY, WANTS, SAID, WROTE, HEARD, "2367001009")
WORDS += (LOCK, MEDICINES)


@pytest.fixture
def installation(town: Town, tmp_path: Path) -> Installation:
    return Installation.of(town, tmp_path / "line")


@pytest.fixture
def shop(town: Town) -> int:
    return town.merchant("百姓药房", sms="19300234001")


@pytest.fixture
def wang(town: Town, installation: Installation, shop: int) -> int:
    """She has called, was served, was asked how it was, has written, and is called every morning."""
    about = {"called": CALLED, "community": HOUSE, "entrance_note": NOTE, "health_note": HEALTH}
    about |= {"lock": LOCK, "dog": LOCK, "medicines": MEDICINES, "allergies": MEDICINES}
    wang = town.resident(NAME, HERS, identity_number=IDENTITY, contacts=[DAUGHTERS], **about)
    with town.store.writing() as session:
        row = session.get(Resident, wang)
        assert row is not None
        contact = {"name": DAUGHTER, "relation": "女儿", "number": DAUGHTERS}
        change = read(ResidentChange, {"contacts": [contact]})
        scope = Scope(town.centre_id)
        change_resident(
            session, scope, wang, change, seen_version=row.version, actor=Actor.system(), vault=town.vault
        )
    uniqueid = town.rings_in(HERS, name=HEARD)
    town.answers(uniqueid)
    with town.store.writing() as session:
        new = CallChange(version=town.call(uniqueid).version, speaker_name=DAUGHTER)
        calls.change_call(session, town.desk, town.call(uniqueid).id or 0, new)
    number = town.open(wang, words=WANTS, call_id=town.call(uniqueid).id)
    town.hangs_up(uniqueid, CallEnd.ANSWERED)
    installation.record(town, uniqueid, b"her voice")
    town.dispatch(number)
    town.send()
    town.writes(SHOP, "1")
    assert any(WANTS in text and "502" in text for text in town.sms_to(SHOP))
    town.writes(SHOP, "4")
    town.writes(SHOP, "5")
    town.passes(hours=2)
    town.send()
    with town.store.writing() as session:
        done = Close(expects="served", outcome="served", satisfaction="satisfied", note=SAID)
        cases.close(session, town.desk, number, done)
    town.writes(HERS, WROTE)
    with town.store.writing() as session:
        care_plans.make(session, town.desk, wang, NewCarePlan(local_time=time(9), weekdays=[0, 1, 2]))
    town.send()
    return wang


def figures(town: Town, shop: int) -> list[Any]:
    """Whatever a report can be made of."""
    counted = {
        Case: (
            *("number", "area_id", "resident_id", "service_code", "priority", "state", "outcome", "satisfaction"),
            *("opened_at", "served_at", "closed_at", "owner_id", "attempts", "reminders", "late"),
        ),
        Offer: ("case_id", "merchant_id", "state", "offered_at", "answered_at", "distance"),
        Visit: ("case_id", "merchant_id", "state", "promised_at", "at_the_door_at", "done_at", "proved_by"),
        Call: ("area_id", "state", "end", "resident_id", "speaker", "arrived_at", "answered_at", "ended_at"),
    }
    rows = [[getattr(row, name) for name in names] for table, names in counted.items() for row in town.all(table)]
    with town.store.reading() as session:
        record = record_of(session, town.centre_id, shop, town.clock.now())
        journal = session.exec(select(Journal).order_by(col(Journal.seq))).all()
        return [rows, record, [(row.seq, row.at, row.what, row.subject_id, row.data) for row in journal]]


def plain_text_in(*files: Path) -> set[str]:
    """Which of her words stand in these files, as they are or as JSON writes them."""
    content = b"".join(file.read_bytes() for file in files if file.exists())
    forms = {word: (word.encode(), json.dumps(word)[1:-1].encode()) for word in WORDS}
    return {word for word, written in forms.items() if any(form in content for form in written)}


def database_files(town: Town) -> list[Path]:
    name = town.store.url.database
    return [Path(f"{name}{end}") for end in ("", "-wal", "-shm")] if town.store.is_sqlite else []


def test_who_has_died_may_be_meant_by_her_name_here_and_nowhere_else(
    installation: Installation, town: Town, wang: int, tmp_path: Path
) -> None:
    row = town.get(Resident, wang)
    with town.store.writing() as session:
        leaving.leave(session, Scope(town.centre_id), wang, Left.DIED, seen_version=row.version, actor=Actor.system())
    assert "没有找到" in installation.is_refused("match", "--need", "medicine", "--resident", NAME)
    installation.does("person", "extract", NAME, str(tmp_path / "wang.zip"))


def test_she_gets_a_copy_of_everything_and_it_is_noted(
    installation: Installation, town: Town, wang: int, tmp_path: Path
) -> None:
    path = tmp_path / "wang.zip"
    said = installation.ask("person", "extract", IDENTITY, str(path))
    assert said.exit_code == 0, said.output
    assert path.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(path) as archive:
        text, facts = archive.read("extract.txt").decode(), json.loads(archive.read("extract.json"))
        (voice,) = (name for name in archive.namelist() if name.startswith("recordings/"))
        assert archive.read(voice) == b"her voice"
    written = json.dumps(facts, ensure_ascii=False)
    for word in WORDS:
        assert word in text, word
        assert word in written, word
    assert "百姓药房" in text
    assert [one["outcome"] for one in facts["cases"]] == ["served"]
    assert "extract" in [one["what"] for one in facts["opened"]]
    with town.store.reading() as session:
        noted = session.exec(select(AccessLog.what).where(AccessLog.resident_id == wang)).all()
    assert noted[-1] == "extract"
    assert any(f"王珂 → {DAUGHTER}" in told for told in facts["changes"][-1]["before"])
    assert f"王珂 → {DAUGHTER}" in text
    assert "换一个文件名" in installation.is_refused("person", "extract", str(wang), str(path))
    assert "没有找到" in installation.is_refused("person", "extract", "赵无极", str(tmp_path / "x.zip"))
    assert "居民编号" in installation.is_refused("person", "extract", "999", str(tmp_path / "x.zip"))


def test_a_deletion_leaves_no_word_of_hers_and_every_figure_as_it_was(
    installation: Installation, town: Town, wang: int, shop: int
) -> None:
    before = figures(town, shop)
    older = installation.backup()
    assert plain_text_in(older) >= {NAME, DAUGHTER, HOUSE}
    foreseen = installation.does("person", "delete", HERS)
    assert foreseen["deleted"] is False
    assert foreseen["counts"]["cases"] == 1
    assert town.get(Resident, wang).name == NAME

    done = installation.does("person", "delete", str(wang), "--apply")
    assert done["counts"] == foreseen["counts"]
    assert done["counts"]["recordings_elsewhere"] == 0

    assert plain_text_in(*database_files(town)) == set()
    assert plain_text_in(installation.backup()) == set()
    assert list(installation.recordings.iterdir()) == []
    row = town.get(Resident, wang)
    assert (row.name, row.ended_why, row.health_note, row.identity_hash) == (NOBODY, DELETED, None, None)
    assert (row.lock, row.dog, row.medicines, row.allergies) == ("", "", None, None)
    assert town.all(Line) == []
    assert {contact.number for contact in town.all(Contact)} == {""}
    assert [plan.state for plan in town.all(CarePlan)] == [PlanState.ENDED]

    rows, record, journal = figures(town, shop)
    assert [rows, record] == before[:2]
    assert journal[: len(before[2])] == before[2]
    assert [what for _, _, what, *_ in journal[len(before[2]) :]] == [
        "care_plan.ended",
        "resident.ended",
        "resident.deleted",
    ]

    uniqueid = town.rings_in(HERS)  # her old number is a stranger's now, and gets through like anybody's
    town.answers(uniqueid)
    assert (town.call(uniqueid).resident_id, town.call(uniqueid).state) == (None, "talking")
    town.hangs_up(uniqueid, CallEnd.ANSWERED)
    dialled = len(town.exchange.dialled)
    town.passes(days=2)
    town.send()
    assert len(town.exchange.dialled) == dialled  # nobody calls her in the morning any more

    town.store.engine.dispose()
    restored = installation.does("restore", str(older), "--replace")
    assert restored["forgotten"] == 1
    assert town.get(Resident, wang).ended_why == DELETED
    town.store.engine.dispose()
    assert plain_text_in(*database_files(town)) == set()
    assert plain_text_in(installation.backup()) == set()
    assert list(installation.recordings.iterdir()) == []
    assert town.case("TL-20260302-0001").outcome == "served"


def test_a_deletion_removes_what_is_left_of_the_calls_in_which_she_was_spoken_of(
    installation: Installation, town: Town, wang: int
) -> None:
    cache = installation.folder / "var" / "speech" / "calls"
    cache.mkdir(parents=True)
    hers = {attempt.id: cache / f"{sha256(attempt.id.encode()).hexdigest()}.wav" for attempt in town.attempts()}
    other = cache / f"{sha256(b'of-somebody-else').hexdigest()}.wav"
    for file in (*hers.values(), other):
        file.write_bytes(b"RIFF")
    assert len(hers) > 1
    installation.does("person", "delete", str(wang), "--apply")
    assert list(cache.iterdir()) == [other]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_whoever_has_an_open_case_or_a_call_going_on_is_not_deleted(installation: Installation, town: Town) -> None:
    li = town.resident("李建国", HERS)
    number = town.open(li)
    assert number in installation.is_refused("person", "delete", str(li), "--apply")
    assert installation.does("person", "delete", str(li))["open_cases"] == [number]
    with town.store.writing() as session:
        cases.cancel(session, town.desk, number, Cancel(expects="open"))
    uniqueid = town.rings_in(HERS)
    town.answers(uniqueid)
    assert "通话结束" in installation.is_refused("person", "delete", str(li), "--apply")
    assert town.get(Resident, li).name == "李建国"
    town.hangs_up(uniqueid, CallEnd.ANSWERED)
    assert installation.does("person", "delete", str(li), "--apply")["deleted"] is True
    assert "居民编号" in installation.is_refused("person", "delete", "999", "--apply")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_deletion_that_was_cut_off_is_finished_when_it_is_said_again(
    installation: Installation, town: Town, wang: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def power_cut(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(deletion, "_messages", power_cut)
        assert installation.ask("person", "delete", str(wang), "--apply").exit_code != 0
    assert town.get(Resident, wang).ended_why == DELETING
    assert plain_text_in(*database_files(town)) != set()
    installation.does("person", "delete", str(wang), "--apply")
    assert plain_text_in(*database_files(town)) == set()
    again = installation.does("person", "delete", str(wang), "--apply")  # and once more changes nothing
    assert (again["counts"]["lines"], town.get(Resident, wang).ended_why) == (0, DELETED)
    lines = (installation.folder / "secrets" / FILE).read_text().splitlines()
    assert {json.loads(line)["resident"] for line in lines} == {wang}
    assert NAME not in "".join(lines)
