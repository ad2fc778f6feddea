"""What is said of a resident lies sealed under her own key, wherever it goes, and goes with it."""

import json
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, event, select
from sqlmodel import col, delete

import dispatch
from dispatch import care_plans, cases, incidents, merging, own_words
from dispatch.models import Card, Case, Inbound, Message
from dispatch.sealing import Sealer
from dispatch.wire.care import NewCarePlan
from dispatch.wire.cases import CaseChange, Close, Gather
from dispatch.wire.sms import OwnWords
from registry import rotation
from registry.models import DataKey, LineKind
from registry.sealed import NoVault, give_vault
from registry.store import Actor, Scope, Store
from registry.vault import Vault
from tests.dispatch.backup.installation import Installation
from tests.dispatch.town import Town

HERS, SHOP = "13800001009", "+8619300234001"
WANTS, PLACE, NOTE, WROTE, OWN = "氨氯地平五盒", "棋牌室二楼雅间", "药送到了她很高兴", "谢谢小陈姑娘", "请带上老花镜"
TABLES = ("case", "message", "inbound", "card")


@pytest.fixture
def shop(town: Town) -> int:
    return town.merchant("百姓药房", sms="19300234001")


@pytest.fixture
def wang(town: Town) -> int:
    return town.resident("王秀英", HERS, kind=LineKind.MOBILE)


@pytest.fixture
def served(town: Town, wang: int, shop: int) -> str:
    """A case of hers with everything that is written in one: to the merchant, to her, by both of them."""
    number = town.open(wang, words=WANTS, place=PLACE, latitude=29.5331, longitude=106.5051)
    town.dispatch(number)
    town.send()
    town.writes(SHOP, "1")
    town.send()
    with town.store.writing() as session:
        own_words.write(session, town.desk, number, OwnWords(to="resident", body=OWN))
    town.send()
    town.writes(SHOP, "4")
    town.writes(SHOP, "5")
    town.passes(hours=2)
    town.send()
    with town.store.writing() as session:
        cases.close(
            session,
            town.desk,
            number,
            Close(expects="served", outcome="served", satisfaction="satisfied", note=NOTE),
        )
    town.writes(HERS, WROTE)
    town.send()
    return number


def stored(store: Store) -> str:
    """Every column of these tables as the database holds it; what is sealed is not text."""
    metadata = MetaData()
    with store.engine.connect() as connection:
        metadata.reflect(connection, only=list(TABLES))
        rows = [row for name in TABLES for row in connection.execute(select(metadata.tables[name])).mappings()]
    plain = [{name: value for name, value in row.items() if name != "sealed"} for row in rows]
    return json.dumps(plain, default=str, ensure_ascii=False)


def files(town: Town) -> bytes:
    name = town.store.url.database
    found = (Path(f"{name}{end}") for end in ("", "-wal")) if town.store.is_sqlite else ()
    return b"".join(file.read_bytes() for file in found if file.exists())


def said(town: Town) -> str:
    """Everything that cases and SMS say to whoever has the keys."""
    texts: list[Any] = [[each.words, each.place, each.outcome_note] for each in town.all(Case)]
    texts += [[each.body, each.text_values] for each in town.all(Message)]
    texts += [each.body for each in town.all(Inbound)]
    return json.dumps(texts, ensure_ascii=False)


@contextmanager
def asked(store: Store) -> Iterator[list[str]]:
    """The statements that the database is asked meanwhile."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    yield statements
    event.remove(store.engine, "before_cursor_execute", note)


def forget_key(town: Town, resident_id: int) -> None:
    with town.store.writing() as session:
        session.exec(delete(DataKey).where(col(DataKey.resident_id) == resident_id))


def owners(town: Town, model: type[Case | Message | Inbound]) -> set[int | None]:
    return {row.sealed_for for row in town.all(model)}


def test_no_word_of_a_case_and_of_what_was_written_about_it_is_in_the_database(town: Town, served: str) -> None:
    assert any(WANTS in sms for sms in town.sms_to(SHOP))
    for word in (WANTS, PLACE, NOTE, WROTE, OWN):
        assert word in said(town), word
        assert word not in stored(town.store), word
        assert word.encode() not in files(town), word
        assert json.dumps(word)[1:-1].encode() not in files(town), word
    assert "29.5331" not in stored(town.store)


def test_every_kind_of_sms_and_call_about_her_is_sealed(town: Town, wang: int, served: str) -> None:
    with town.store.writing() as session:
        care_plans.make(session, town.desk, wang, NewCarePlan(local_time=time(16)))
    town.clock.move_to(datetime(2026, 3, 2, 8, 0, tzinfo=UTC))  # 16:00 in Shanghai
    town.passes()
    town.send()
    town.hears("13999990000", "你好")  # a stranger's is nobody's
    metadata = MetaData()
    with town.store.engine.connect() as connection:
        metadata.reflect(connection, only=["message"])
        rows = connection.execute(select(metadata.tables["message"])).mappings().all()
    hers = [row for row in rows if row["case_id"] is not None or row["resident_id"] is not None]
    assert {row["kind"] for row in hers} >= {"offer", "job_details", "visit_news", "survey", "words", "care"}
    assert {(row["body"], json.dumps(row["text_values"]), row["sealed_for"]) for row in hers} == {("", "{}", wang)}


def test_whatever_was_said_is_gone_with_her_key_and_nothing_fails(town: Town, wang: int, served: str) -> None:
    forget_key(town, wang)
    for word in (WANTS, PLACE, NOTE, WROTE, OWN):
        assert word not in said(town)
    case = town.case(served)
    assert (case.words, case.place, case.outcome_note, case.latitude) == ("", "", "", None)
    assert {message.body for message in town.all(Message) if message.sealed is not None} == {""}
    with town.store.writing() as session:
        row = session.lock(Case, case.id or 0)
        assert row is not None
        row.words = "她又打来了"  # under a new key
    assert (town.case(served).words, town.case(served).outcome_note) == ("她又打来了", "")


def test_a_deletion_reaches_a_copy_of_the_database_that_was_made_before_it(
    town: Town, wang: int, served: str, tmp_path: Path
) -> None:
    installation = Installation.of(town, tmp_path / "line")
    older = installation.backup()
    town.store.engine.dispose()
    installation.does("restore", str(older), "--replace")
    assert WANTS in said(town)
    forget_key(town, wang)  # whoever has the older copy has no key for it
    assert not [word for word in (WANTS, PLACE, NOTE, WROTE, OWN) if word in said(town)]


def test_a_rotation_of_the_master_key_keeps_every_word(town: Town, served: str) -> None:
    before = said(town)
    masters = {1: b"0123456789abcdef0123456789abcdef", 2: b"another key of thirty-two bytes!"}
    rotation.rotate(town.store, Vault(lambda: masters), 2)
    del masters[1]
    give_vault(town.store, Vault(lambda: masters))
    assert WANTS in before
    assert said(town) == before


def test_what_somebody_unknown_wants_is_sealed_when_it_is_known_who_she_is(town: Town, wang: int) -> None:
    number = town.open(None, words=WANTS)
    assert WANTS in stored(town.store)
    change(town, number, resident_id=wang)
    assert WANTS not in stored(town.store)
    assert (town.case(number).words, town.case(number).sealed_for) == (WANTS, wang)


def test_a_case_that_is_somebody_elses_goes_under_her_key_with_all_that_was_written(
    town: Town, wang: int, shop: int
) -> None:
    li = town.resident("李桂兰", "13800001010", kind=LineKind.MOBILE)
    number = town.open(wang, words=WANTS)
    town.dispatch(number)
    town.send()
    town.writes(SHOP, "明天可以吗")
    town.writes(SHOP, "1")
    town.send()
    assert owners(town, Case) == {wang}
    assert wang in owners(town, Message)
    change(town, number, resident_id=li)
    assert owners(town, Case) == {li}
    assert wang not in owners(town, Inbound)
    to_her = [message for message in town.all(Message) if message.sealed_for == wang]
    assert {message.resident_id for message in to_her} == {wang}  # what she was told is hers
    forget_key(town, wang)
    assert town.case(number).words == WANTS
    assert WANTS in said(town)
    assert any(message.body and message.sealed_for == li for message in town.all(Message))


def test_what_was_said_of_two_records_of_one_person_is_under_the_key_of_the_one_that_is_kept(
    town: Town, wang: int, served: str
) -> None:
    keep = town.resident("王秀英", "02367001001")
    before = said(town)
    merging.merge_people(town.store, Scope(town.centre_id), keep, wang, town.vault, Actor.system())
    forget_key(town, wang)
    assert said(town) == before
    assert wang not in owners(town, Case) | owners(town, Message) | owners(town, Inbound)


def test_a_changed_word_is_sealed_anew_and_the_others_stay(town: Town, wang: int) -> None:
    number = town.open(wang, words=WANTS, place=PLACE)
    change(town, number, words="改成布洛芬")
    case = town.case(number)
    assert (case.words, case.place) == ("改成布洛芬", PLACE)
    assert "布洛芬" not in stored(town.store)
    change(town, number, words="", place=None)
    assert (town.case(number).words, town.case(number).place, town.case(number).sealed) == ("", None, None)


def test_an_sms_is_sealed_before_it_is_read_where_the_number_leads_to_one_alone(town: Town, wang: int) -> None:
    town.resident("赵一", "13800005555", kind=LineKind.MOBILE)
    town.resident("赵二", "13800005555", kind=LineKind.MOBILE)
    town.writes(HERS, WROTE)
    town.writes("13800005555", "我们两个人")
    town.writes("13999990000", "陌生人")
    hers, two, stranger = town.all(Inbound)
    assert (hers.sealed_for, two.sealed_for, stranger.sealed_for) == (wang, None, None)
    assert [hers.body, two.body, stranger.body] == [WROTE, "我们两个人", "陌生人"]


def test_what_an_earlier_version_left_is_read_and_then_sealed(town: Town, wang: int, served: str) -> None:
    before = said(town)
    lie_plain(town)
    assert WANTS in stored(town.store)
    assert said(town) == before
    sealer = Sealer(town.store)
    while sealer.run(0):  # cut short after each few rows, it goes on where it was
        pass
    assert not [word for word in (WANTS, PLACE, NOTE, WROTE, OWN) if word in stored(town.store)]
    assert said(town) == before
    assert Sealer(town.store).run() <= len(town.all(Message))  # whoever looks again finds nothing of hers
    assert sealer.run() == 0


def test_sealing_what_was_left_changes_no_figure_and_no_version(town: Town, served: str) -> None:
    before = [(case.version, case.state, case.outcome) for case in town.all(Case)], town.journal()
    lie_plain(town)
    Sealer(town.store).run()
    assert ([(case.version, case.state, case.outcome) for case in town.all(Case)], town.journal()) == before


def test_an_incident_repeats_no_word_of_one_of_its_residents(town: Town, wang: int) -> None:
    number = town.open(wang, "water", words="没有水，她要透析")
    with town.store.writing() as session:
        incident = incidents.gather(session, town.desk, number, Gather(expects="open")).number
    assert (town.case(incident).words, town.case(incident).place) == ("", "青石里")
    assert "透析" not in stored(town.store)


def test_what_a_merchant_says_against_a_card_is_sealed_with_the_case(town: Town, wang: int, shop: int) -> None:
    number = town.open(wang)
    town.dispatch(number)
    town.send()
    town.answer_by_word_of_mouth(number, "accept")
    town.passes(minutes=61)
    town.passes(minutes=30)
    town.send()
    town.writes(SHOP, "申诉：老人不在家")
    (card,) = [card for card in town.all(Card) if card.dispute]
    assert (card.dispute, card.sealed_for) == ("老人不在家", wang)
    assert "老人不在家" not in stored(town.store)
    li = town.resident("李桂兰", "13800001010", kind=LineKind.MOBILE)
    change(town, number, resident_id=li)
    forget_key(town, wang)
    assert town.get(Card, card.id).dispute == "老人不在家"
    forget_key(town, li)
    assert town.get(Card, card.id).dispute == ""


def test_many_rows_are_opened_with_one_question_for_their_keys(town: Town) -> None:
    people = [town.resident(f"王{place}", f"138000020{place:02d}", kind=LineKind.MOBILE) for place in range(12)]
    for place, each in enumerate(people):
        town.open(each, words=f"降压药{place}号")
    with asked(town.store) as questions, town.store.reading() as session:
        rows = session.scalars(select(Case)).all()
        assert {row.words for row in rows} == {f"降压药{place}号" for place in range(12)}
    assert len([each for each in questions if "data_key" in each]) == 1


def test_while_the_master_key_is_another_one_nothing_that_is_heard_is_lost(
    town: Town, wang: int, error_log: Any
) -> None:
    first = town.open(wang, words=WANTS)
    right = Vault(b"0123456789abcdef0123456789abcdef")
    give_vault(town.store, Vault(b"quite another key of somebody's!"))
    error_log.expect("text.not_sealed")
    error_log.expect("text.not_opened")
    number = town.open(wang, words="救命")
    assert (town.case(number).words, town.case(number).sealed) == ("救命", None)
    assert town.case(first).words == ""
    give_vault(town.store, right)
    Sealer(town.store).run()
    assert town.case(number).sealed is not None
    assert [town.case(first).words, town.case(number).words] == [WANTS, "救命"]


def test_a_store_without_a_vault_says_so_instead_of_reading_nothing(town: Town, wang: int) -> None:
    number = town.open(wang, words=WANTS)
    with closing(Store(town.store.url)) as store, store.reading() as session:
        case = session.scalars(select(Case).where(col(Case.number) == number)).one()
        with pytest.raises(NoVault):
            _ = case.words


def test_no_statement_asks_the_database_for_a_text_that_may_be_sealed() -> None:
    """It would find nothing, without an error. Those that may know why."""
    knowing = {
        "incidents.py",  # an incident's place, and whether a case has one of its own
        "views/incidents.py",
        "api/cases.py",  # what is not sealed; the rest is opened (`dispatch.sayings`)
        "sealing.py",
    }
    texts = {model.__name__: model.texts for model in (Case, Message, Inbound, Card)}
    asked = re.compile("|".join(rf"\b{name}\.(?:{'|'.join(columns)})\b" for name, columns in texts.items()))
    home = Path(dispatch.__file__).parent
    found = {str(file.relative_to(home)) for file in home.rglob("*.py") if asked.search(file.read_text())}
    assert found == knowing


def change(town: Town, number: str, **fields: Any) -> None:
    with town.store.writing() as session:
        cases.change_case(session, town.desk, number, CaseChange(version=town.case(number).version, **fields))


def lie_plain(town: Town) -> None:
    """As the version before this one wrote it."""
    rows: list[Any] = [*town.all(Case), *town.all(Message), *town.all(Inbound)]
    with town.store.engine.begin() as connection:
        for row in rows:
            table = type(row).__table__
            plain = {name: getattr(row, name) for name in row.texts}
            connection.execute(
                table.update().where(table.c.id == row.id).values(sealed=None, sealed_for=None, **plain)
            )
