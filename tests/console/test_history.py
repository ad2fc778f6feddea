"""Who changed what of her record: read from her card, in words."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest

import dispatch
import registry
from console.card.history import author, sentence
from console.ledger import Ledger
from console.speech import Speech
from dispatch.wire.history import HistoryEntry
from dispatch.wire.ladders import ActorLine
from dispatch.wire.words import OldField
from registry.drafts import ResidentDraft
from registry.people import Happened
from tests.console import people
from tests.console.stand_in import Town

LIN, SHE, SYSTEM = people.LIN.id, ActorLine(kind="operator", id=2, name="刘[/b]芳"), ActorLine(kind="system")
OTHER = 12
LANGUAGES = ("zh", "en")


def entry(what: str, number: int = 0, of: int = LIN, by: ActorLine = SHE, **told: object) -> HistoryEntry:
    """The higher its number, the longer ago."""
    at = people.NOW - timedelta(hours=number)
    facts = {"id": f"e-{number}", "at": at, "what": f"resident.{what}", "resident_id": of, "actor": by}
    return HistoryEntry.model_validate(facts | told)


HISTORY = [
    entry("came_back", 1),
    entry("ended", 2, why="moved"),
    entry("changed", 3, fields=["contacts", "lines"], version=4, other_id=OTHER),
    entry("merged", 4, of=OTHER, other_id=LIN),
    entry("kept_apart", 5, other_id=14),
    entry("confirmed", 6, fields=["entrance_note"]),
    entry("changed", 7, by=ActorLine(kind="exchange"), fields=["lines"], version=3),
    entry("changed", 8, by=SYSTEM, fields=["called", "health_note"], version=2, import_id=3),
    entry("created", 9, of=OTHER, by=SYSTEM),
    entry("created", 34, by=SYSTEM),
]


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        (
            "zh",
            [
                "恢复在册",
                "停用 已搬走",
                "12 号档案并入：联系人、电话",
                "原 12 号档案 并入 11 号档案",
                "与 14 号档案是两个人",
                "已核实，没有变化：进门说明",
                "修改：电话",
                "修改：称呼、健康情况",
                "原 12 号档案 建档",
                "建档",
            ],
        ),
        (
            "en",
            [
                "In the register again",
                "Out of the register: has moved away",
                "Took in record 12: contacts, telephones",
                "record 12 before: Went into record 11",
                "Not the same person as record 14",
                "Asked, still so: way in",
                "Changed: telephones",
                "Changed: called, health note",
                "record 12 before: Registered",
                "Registered",
            ],
        ),
    ],
)
def test_every_step_is_a_sentence_and_says_whose_record_it_was(language: str, sentences: list[str]) -> None:
    assert [sentence(each, LIN, Speech(language)) for each in HISTORY] == sentences


@pytest.mark.parametrize(
    ("language", "authors"),
    [
        ("zh", ["刘[/b]芳", "交换机", "导入表 3 号", "系统"]),
        ("en", ["刘[/b]芳", "exchange", "import no. 3", "system"]),
    ],
)
def test_it_is_told_by_whom(language: str, authors: list[str]) -> None:
    assert [author(each, Speech(language)) for each in (*HISTORY[5:8], HISTORY[-1])] == authors


async def test_her_history_is_one_key_from_her_card_in_both_languages(sit_down, size, town: Town) -> None:
    town.histories[LIN] = HISTORY
    async with sit_down(size) as seat:
        await seat.press("f3")
        await seat.finds("林婉芝", "林婉芝奶奶")
        await seat.press("enter")
        await seat.sees("p 变更")
        await seat.press("p")
        await seat.sees("林婉芝奶奶", "档案变更记录 10", "2026-03-02 09:00", "刘[/b]芳", "停用 已搬走", "导入表 3 号")
        await seat.sees("2026-03-01 00:00", "第3版")
        assert town.opened[-1] == f"history {LIN}"
        await seat.press("f8")
        await seat.sees(
            "changes to the record", "Out of the register: has moved away", "import no. 3", "v3", "exchange"
        )
        await seat.press("escape")
        await seat.until(lambda: "changes to the record" not in seat.text)
        await seat.sees("林婉芝奶奶")


async def test_an_empty_history_says_so(sit_down, town: Town) -> None:
    async with sit_down() as seat:
        await seat.press("f3")
        await seat.finds("林婉芝", "林婉芝奶奶")
        await seat.press("enter")
        await seat.sees("p 变更")
        await seat.press("p")
        await seat.sees("没有变更记录")
        await seat.press("f8")
        await seat.sees("nothing was changed")


async def test_a_long_history_goes_on_where_it_ends_and_many_fields_stand_below_in_full(sit_down, town: Town) -> None:
    fields = ["born", "building", "called", "care_level", "community", "consented_by", "consented_on", "dialect"]
    fields += ["door", "entrance_note", "gender", "health_note", "hearing", "identity_number", "visited_by"]
    whole = [entry("confirmed", number, fields=["contacts"]) for number in range(119)]
    town.histories[LIN] = [*whole, entry("changed", 119, fields=fields, version=2)]
    async with sit_down() as seat:
        await seat.press("f3")
        await seat.finds("林婉芝", "林婉芝奶奶")
        await seat.press("enter")
        await seat.sees("p 变更")
        await seat.press("p")
        await seat.sees("档案变更记录 120")
        ledger = seat.app.screen.query_one(Ledger)
        for read in (50, 100, 120):
            await seat.until(lambda wanted=read: len(ledger.rows) == wanted)
            await seat.press("end")
        await seat.sees("修改：出生日期、楼栋、称呼", "身份证号、走访人")
        assert len({row.key for row in ledger.rows}) == 120


def kinds_written() -> Iterator[str]:
    """By whatever journals something of a resident without `registry.people.note`, whose kinds mypy knows."""
    for package in (registry, dispatch):
        for path in Path(str(package.__file__)).parent.rglob("*.py"):
            yield from re.findall(r'what="resident\.(\w+)"', path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_entry_and_every_field_has_words(language: str) -> None:
    speech = Speech(language)
    written = set(kinds_written())
    assert written
    assert written <= set(get_args(Happened))
    assert [kind for kind in get_args(Happened) if not speech.knows(f"journal.resident.{kind}")] == []
    fields = (ResidentDraft.model_fields.keys() | set(get_args(OldField)) | {"position"}) - {"latitude", "longitude"}
    assert [field for field in fields if not speech.knows(f"fact.{field}")] == []
    assert [why for why in ("died", "moved", "deleted") if not speech.knows(f"left.{why}")] == []
