from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlmodel import select

from registry.areas import add_area
from registry.cards import ResidentCard, card, summaries
from registry.drafts import ResidentChange, ResidentDraft, read
from registry.errors import NotFound, Refused, StaleVersion
from registry.models import AccessLog, Contact, Line, LineKind, Resident
from registry.people import change_resident, create_resident, remember_line
from registry.store import Actor, Scope, Store
from registry.store.journal import Journal
from registry.vault import Vault
from tests.registry.plans import listening, whole_tables
from tests.registry.town import OPERATOR, merchant, resident

WANG: dict[str, Any] = {
    "name": "王秀英",
    "gender": "female",
    "born": "1944-03-12",
    "community": "青石里",
    "building": "5",
    "unit": "2",
    "door": "502",
    "entrance_note": "单元门禁坏了，请按门铃两次",
    "latitude": 29.534627,
    "longitude": 106.503673,
    "hearing": "hard",
    "sight": "blind",
    "care_level": 2,
    "groups": ["living_alone", "childless"],
    "lift": False,
    "lock": "单元门密码2580",
    "dog": "会叫不咬",
    "health_note": "高血压\n对青霉素过敏",
    "medicines": "缬沙坦",
    "allergies": "头孢",
    "consented_on": "2026-01-15",
    "lines": [{"number": "67001001"}, {"number": "19900231001"}, {"number": "19800235004", "kind": "button"}],
    "contacts": [
        {"name": "林晓", "relation": "女儿", "number": "17700232001", "has_key": True},
        {"name": "小唐", "relation": "网格员", "number": "18900233001", "note": "白天"},
    ],
}


@pytest.fixture
def wang(store: Store, scope: Scope, vault: Vault) -> int:
    return resident(store, scope, vault, **WANG)


def change(store: Store, scope: Scope, vault: Vault, resident_id: int, seen: int, **fields: Any) -> Resident:
    with store.writing() as session:
        draft = read(ResidentChange, fields)
        return change_resident(session, scope, resident_id, draft, seen_version=seen, actor=OPERATOR, vault=vault)


def opened(store: Store, scope: Scope, vault: Vault, resident_id: int) -> ResidentCard:
    with store.writing() as session:
        return card(session, scope, resident_id, vault=vault, operator_id=7, call_id=3)


def test_the_card_shows_everything_that_was_registered(store: Store, scope: Scope, vault: Vault, wang: int) -> None:
    shown = opened(store, scope, vault, wang)
    summary = shown.summary
    assert (summary.name, summary.age, summary.care_level) == ("王秀英", 81, 2)
    assert (summary.hearing, summary.sight) == ("hard", "blind")
    assert summary.groups == ("living_alone", "childless")
    assert summary.addressed() == "王秀英奶奶"
    assert summary.address.written() == "青石里5栋2单元502"
    assert (shown.health_note, shown.medicines, shown.allergies) == ("高血压\n对青霉素过敏", "缬沙坦", "头孢")
    assert (shown.lift, shown.lock, shown.dog) == (False, "单元门密码2580", "会叫不咬")
    assert [(line.number, line.kind) for line in shown.lines] == [
        ("+862367001001", LineKind.LANDLINE),
        ("+8619900231001", LineKind.MOBILE),
        ("+8619800235004", LineKind.BUTTON),
    ]
    assert [(one.rank, one.name, one.number, one.has_key) for one in shown.contacts] == [
        (1, "林晓", "+8617700232001", True),
        (2, "小唐", "+8618900233001", False),
    ]
    assert (shown.latitude, shown.longitude, shown.position_source) == (29.534627, 106.503673, "operator")


@pytest.mark.parametrize(
    ("fields", "chinese", "english"),
    [
        ({"gender": "female", "born": "1966-03-02"}, "王秀英奶奶", "Ms 王秀英"),  # sixty today
        ({"gender": "female", "born": "1966-03-03"}, "王秀英女士", "Ms 王秀英"),
        ({"gender": "male", "born": "1940-01-01"}, "王秀英爷爷", "Mr 王秀英"),
        ({"gender": "male"}, "王秀英先生", "Mr 王秀英"),
        ({}, "王秀英", "王秀英"),
        ({"gender": "female", "born": "1940-01-01", "called": "王老师"}, "王老师", "王老师"),
    ],
)
def test_a_resident_is_addressed_by_her_own_wish_or_by_age_and_gender(
    store: Store, scope: Scope, vault: Vault, fields: dict[str, str], chinese: str, english: str
) -> None:
    summary = opened(store, scope, vault, resident(store, scope, vault, name="王秀英", **fields)).summary
    assert (summary.addressed("zh"), summary.addressed("en")) == (chinese, english)


def test_each_opening_of_a_card_is_in_the_access_log_with_the_health_note_told_apart(
    store: Store, scope: Scope, vault: Vault, wang: int
) -> None:
    healthy = resident(store, scope, vault, name="李建国")
    opened(store, scope, vault, wang)
    opened(store, scope, vault, healthy)
    with store.reading() as session:
        log = session.exec(select(AccessLog).order_by(AccessLog.id)).all()  # type: ignore[arg-type]
    assert [(row.resident_id, row.what, row.operator_id, row.call_id) for row in log] == [
        (wang, "card", 7, 3),
        (wang, "health_note", 7, 3),
        (wang, "medicines", 7, 3),
        (wang, "allergies", 7, 3),
        (healthy, "card", 7, 3),
    ]
    assert log[0].at == store.clock.now()


def test_the_journal_learns_which_fields_changed_and_nothing_of_what_they_hold(
    store: Store, scope: Scope, vault: Vault, wang: int
) -> None:
    change(store, scope, vault, wang, 1, care_level=3, health_note="癌症", allergies="磺胺", contacts=[])
    with store.reading() as session:
        entries = session.exec(select(Journal).order_by(Journal.seq)).all()  # type: ignore[arg-type]
    assert [(entry.what, entry.subject_id, entry.actor_id) for entry in entries] == [
        ("resident.created", wang, 7),
        ("resident.changed", wang, 7),
    ]
    assert entries[1].data == {"fields": ["allergies", "care_level", "contacts", "health_note"], "version": 2}
    told = str([entry.model_dump() for entry in entries])
    assert not any(
        secret in told for secret in ("王秀英", "癌症", "磺胺", "2580", "缬沙坦", "高血压", "67001001", "青石里")
    )


def test_a_change_leaves_what_it_does_not_name_and_one_that_changes_nothing_leaves_no_trace(
    store: Store, scope: Scope, vault: Vault, wang: int
) -> None:
    before = opened(store, scope, vault, wang)
    assert change(store, scope, vault, wang, 1, **(WANG | {"groups": ["childless", "living_alone"]})).version == 1
    assert change(store, scope, vault, wang, 1, door="503").version == 2
    after = opened(store, scope, vault, wang)
    assert after.summary.address.written() == "青石里5栋2单元503"
    assert (after.lines, after.contacts, after.health_note) == (before.lines, before.contacts, before.health_note)
    with store.reading() as session:
        assert len(session.exec(select(Journal)).all()) == 2


def test_an_edit_of_a_record_that_somebody_else_changed_is_refused_with_the_version_now(
    store: Store, scope: Scope, vault: Vault, wang: int
) -> None:
    change(store, scope, vault, wang, 1, care_level=3)
    with pytest.raises(StaleVersion) as raised:
        change(store, scope, vault, wang, 1, care_level=4)
    assert raised.value.values == {"subject": "resident", "now": 2, "seen": 1}


def test_of_many_edits_of_the_same_version_exactly_one_wins(
    store: Store, scope: Scope, vault: Vault, wang: int
) -> None:
    def edit(door: int) -> bool:
        try:
            change(store, scope, vault, wang, 1, door=str(door))
        except StaleVersion:
            return False
        return True

    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(edit, range(100, 106))) == 1


def test_a_line_is_remembered_once_however_it_is_written_and_comes_back_after_it_was_given_up(
    store: Store, scope: Scope, vault: Vault, wang: int
) -> None:
    def remember(number: str) -> tuple[str, bool]:
        with store.writing() as session:
            line, new = remember_line(session, scope, wang, number, actor=OPERATOR)
            return line.number, new

    assert remember("139 1234 5678") == ("+8613912345678", True)
    assert remember("+86139-1234-5678") == ("+8613912345678", False)
    assert remember("801") == ("801", True)  # a room of a care home's own exchange
    change(store, scope, vault, wang, 3, lines=[{"number": "67001001"}])
    assert [line.number for line in opened(store, scope, vault, wang).lines] == ["+862367001001"]
    assert remember("13912345678") == ("+8613912345678", True)
    with store.reading() as session:
        rows = session.exec(select(Line).where(Line.resident_id == wang)).all()
        assert len(rows) == 5  # the rows of numbers that were given up are still there
        assert sum(row.ended_at is None for row in rows) == 2
    with pytest.raises(Refused, match="refused"):
        remember("anonymous")


def test_a_line_that_was_given_up_stays_on_the_card_with_its_last_day(
    store: Store, scope: Scope, vault: Vault, wang: int
) -> None:
    change(store, scope, vault, wang, 1, lines=[{"number": "67001001"}])
    shown = opened(store, scope, vault, wang)
    assert [line.number for line in shown.lines] == ["+862367001001"]
    assert [(line.number, line.ended_at) for line in shown.past_lines] == [
        ("+8619800235004", store.clock.now()),
        ("+8619900231001", store.clock.now()),
    ]


def test_an_operator_who_saw_the_card_before_the_line_was_remembered_cannot_drop_it_unseen(
    store: Store, scope: Scope, vault: Vault, wang: int
) -> None:
    with store.writing() as session:
        remember_line(session, scope, wang, "13912345678", actor=OPERATOR)
    with pytest.raises(StaleVersion):
        change(store, scope, vault, wang, 1, lines=[])


def test_contacts_change_places_and_details_without_losing_who_they_are(
    store: Store, scope: Scope, vault: Vault, wang: int
) -> None:
    daughter, helper = opened(store, scope, vault, wang).contacts
    change(
        store,
        scope,
        vault,
        wang,
        1,
        contacts=[
            {"name": "小唐", "relation": "网格员", "number": "18900233001"},
            {"name": "林晓", "relation": "女儿", "number": "17700239999", "has_key": True},
            {"name": "林峰", "number": "010-62345678-802"},
        ],
    )
    first, second, third = opened(store, scope, vault, wang).contacts
    assert (first.id, first.rank, first.note) == (helper.id, 1, "")
    assert (second.id, second.rank, second.number) == (daughter.id, 2, "+8617700239999")
    assert (third.number, third.note) == ("+861062345678", "ext. 802")
    change(store, scope, vault, wang, 2, contacts=[{"name": "林晓", "number": "17700239999"}])
    with store.reading() as session:  # the others keep their rows, because calls may name them
        rows = session.exec(select(Contact).where(Contact.resident_id == wang)).all()
        assert {row.name: row.rank for row in rows} == {"林晓": 1, "小唐": None, "林峰": None}


def test_a_resident_without_a_position_stands_where_her_neighbours_do_until_somebody_knows_better(
    store: Store, scope: Scope, vault: Vault, wang: int
) -> None:
    neighbour = resident(store, scope, vault, name="李建国", community="青石里", building="5", door="101")
    shown = opened(store, scope, vault, neighbour)
    assert (shown.latitude, shown.longitude, shown.position_source) == (29.534627, 106.503673, "neighbour")
    assert shown.position_at == store.clock.now()
    change(store, scope, vault, neighbour, 1, latitude=29.53, longitude=106.5)
    assert opened(store, scope, vault, neighbour).position_source == "operator"
    change(store, scope, vault, neighbour, 2, building="77")
    shown = opened(store, scope, vault, neighbour)
    assert (shown.latitude, shown.position_source) == (None, None)  # moved house: the old position is wrong


def test_who_is_registered_in_an_area_is_seen_there_and_above_only(
    store: Store, centre_id: int, vault: Vault, scope: Scope
) -> None:
    with store.writing() as session:
        east = add_area(session, centre_id, "E", "东街道")
        assert east.id is not None
        quarter = add_area(session, centre_id, "E1", "东一社区", east.id)
        west = add_area(session, centre_id, "W", "西街道")
    east_desk, west_desk = Scope(centre_id, east.path), Scope(centre_id, west.path)
    someone = resident(store, scope, vault, name="王秀英", area_id=quarter.id)
    anywhere = resident(store, scope, vault, name="李建国")
    assert opened(store, east_desk, vault, someone).summary.area_id == quarter.id
    assert opened(store, west_desk, vault, anywhere).summary.name == "李建国"
    for act in (
        lambda: opened(store, west_desk, vault, someone),
        lambda: change(store, west_desk, vault, someone, 1, door="1"),
        lambda: opened(store, Scope(centre_id + 1), vault, someone),
        lambda: opened(store, scope, vault, 999_999),
    ):
        with pytest.raises(NotFound):
            act()
    with pytest.raises(Refused) as raised:
        resident(store, west_desk, vault, name="赵", area_id=quarter.id)
    assert [(one.field, one.key) for one in raised.value.problems] == [("area_id", "unknown")]
    with store.reading() as session:
        log = session.exec(select(AccessLog)).all()
        assert len(log) == 2  # what was not shown was not read


def test_the_usual_merchant_is_one_of_that_kind(store: Store, scope: Scope, vault: Vault, wang: int) -> None:
    pharmacy = merchant(store, scope, name="仁安药房")
    change(store, scope, vault, wang, 1, usual_merchants={"pharmacy": pharmacy})
    (usual,) = opened(store, scope, vault, wang).usual_merchants
    assert (usual.kind, usual.merchant_id, usual.name) == ("pharmacy", pharmacy, "仁安药房")
    with pytest.raises(Refused) as raised:
        change(store, scope, vault, wang, 2, usual_merchants={"shop": pharmacy, "clinic": 999})
    assert {one.field for one in raised.value.problems} == {"usual_merchants.shop", "usual_merchants.clinic"}
    change(store, scope, vault, wang, 2, usual_merchants={})
    assert opened(store, scope, vault, wang).usual_merchants == ()


@pytest.mark.parametrize(
    "name",
    ["王䶮", "李𬱖", "陈㛃", "[/b]老人", "O'Brien; DROP TABLE resident", "阿卜杜热依木·买买提", "葛󠄀", "50% _x_"],
)
def test_rare_characters_and_markup_come_back_as_they_were(
    store: Store, scope: Scope, vault: Vault, name: str
) -> None:
    assert opened(store, scope, vault, resident(store, scope, vault, name=name)).summary.name == name


def test_line_breaks_and_invisible_characters_in_a_name_are_made_harmless(
    store: Store, scope: Scope, vault: Vault
) -> None:
    written = resident(store, scope, vault, name="  王\r\n秀\u202e英\x00 ", entrance_note="a\nb")
    shown = opened(store, scope, vault, written)
    assert (shown.summary.name, shown.entrance_note) == ("王 秀英", "a b")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_card_and_a_boards_lines_are_read_along_indexes(
    store: Store, scope: Scope, vault: Vault, wang: int
) -> None:
    with listening(store) as asked:
        opened(store, scope, vault, wang)
    with store.reading() as session:
        with listening(store) as summarised:
            summaries(session, scope, [wang], store.clock.now())
        assert whole_tables(session, [*asked, *summarised]) == set()


def test_a_failed_registration_leaves_nothing_behind(store: Store, scope: Scope, vault: Vault) -> None:
    def interrupted() -> None:
        with store.writing() as session:
            create_resident(session, scope, read(ResidentDraft, WANG), actor=Actor.system(), vault=vault)
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        interrupted()
    with store.reading() as session:
        assert session.exec(select(Resident)).all() == []
        assert session.exec(select(Journal)).all() == []
