"""Every command is done once, however often and at however many times at once it arrives."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlmodel import select

from dispatch import housekeeping
from dispatch.house import House
from dispatch.models import Case, IdempotentReply
from registry.models import AccessLog, LineKind, SearchToken, SearchUnfiled
from registry.store import Scope
from registry.store.journal import Journal
from tests.dispatch.api.desks import Console
from tests.dispatch.town import Town
from tests.registry import town as register


@pytest.mark.parametrize("key", [None, "", "k" * 129])
def test_a_command_without_a_key_is_not_done(console: Console, town: Town, key: str | None) -> None:
    headers = console.headers() | ({"Idempotency-Key": key} if key is not None else {})
    answer = console.http.post("/api/v1/cases", json={"service": "medicine"}, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["type"] == "/problems/key_missing"
    assert town.all(Case) == []


def test_a_repeated_command_is_answered_alike_and_done_once(console: Console, town: Town) -> None:
    resident = town.resident()
    first = console.send("POST", "cases", {"service": "medicine", "resident_id": resident}, "once")
    town.clock.move(timedelta(minutes=1))
    again = console.send("POST", "cases", {"service": "medicine", "resident_id": resident}, "once")
    assert (again.status_code, again.content) == (first.status_code, first.content) == (201, first.content)
    assert len(town.all(Case)) == 1


def test_a_command_that_arrives_many_times_at_once_is_done_once(console: Console, town: Town) -> None:
    resident = town.resident()

    def send(_: int) -> tuple[int, bytes]:
        answer = console.send("POST", "cases", {"service": "medicine", "resident_id": resident}, "at once")
        return answer.status_code, answer.content

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(send, range(16)))
    assert [status for status, _ in answers] == [201]
    assert len(town.all(Case)) == 1


def test_a_key_stands_for_one_command_of_one_operator(console: Console, colleague: Console, town: Town) -> None:
    number = console.post("cases", 201, key="mine", service="medicine")["number"]
    for path, fields in (("cases", {"service": "water"}), (f"cases/{number}/remind", {"service": "medicine"})):
        problem = console.post(path, 422, key="mine", **fields)
        assert problem["type"] in ("/problems/key_reused", "/problems/invalid")
    assert console.post("cases", 422, key="mine", service="water")["type"] == "/problems/key_reused"
    colleague.post("cases", 201, key="mine", service="water")
    assert len(town.all(Case)) == 2


def test_a_command_that_failed_may_be_sent_again(console: Console, town: Town) -> None:
    number = town.open(town.resident())
    assert console.post(f"cases/{number}/dispatch", 409, key="k", expects="open")["type"] == "/problems/conflict"
    town.merchant("康宁药房", sms="+8613900000001")
    assert console.post(f"cases/{number}/dispatch", key="k", expects="open")["state"] == "offering"


def test_what_was_answered_about_a_resident_is_not_kept_in_the_clear(console: Console, town: Town) -> None:
    new = {"name": "李桂兰", "health_note": "心脏起搏器", "consented_on": "2026-01-15"}
    new["identity_number"] = "500101194005010020"
    first = console.send("POST", "residents", new, "register")
    assert first.json()["health_note"] == "心脏起搏器"
    (kept,) = town.all(IdempotentReply)
    assert kept.sealed_for == first.json()["id"]
    assert "起搏器" not in kept.body
    assert "李桂兰" not in kept.body
    again = console.send("POST", "residents", new, "register")
    assert again.content == first.content
    with town.store.writing() as session:
        town.vault.forget(session, first.json()["id"])
    assert console.send("POST", "residents", new, "register").status_code == 404, "her key is gone, and so is this"


def test_an_answer_with_a_resident_in_it_is_kept_under_her_key(console: Console, town: Town) -> None:
    wang = town.resident("王秀英", "13800001009", kind=LineKind.MOBILE)
    town.hangs_up(uniqueid := town.rings_in("13800001009"))
    new = {"service": "medicine", "words": "氨氯地平五盒", "resident_id": wang}
    case = console.send("POST", "cases", new, "open")
    call = town.call(uniqueid)
    assert call.state == "ended"
    console.post(f"calls/{call.id}/settle")
    inbound = town.writes("13800001009", "谢谢小陈姑娘")
    console.post(f"inbound/{inbound.id}/seen")
    kept = town.all(IdempotentReply)
    assert [reply.sealed_for for reply in kept] == [wang] * 3
    for word in ("氨氯地平五盒", "王秀英", "谢谢小陈姑娘"):
        assert not [reply for reply in kept if word in reply.body], word
    assert console.send("POST", "cases", new, "open").content == case.content
    with town.store.writing() as session:
        town.vault.forget(session, wang)
    assert console.send("POST", "cases", new, "open").status_code == 404


def test_an_old_key_is_forgotten_and_a_fresh_one_is_not(console: Console, town: Town, house: House) -> None:
    console.post("cases", 201, key="old", service="medicine")
    town.clock.move(timedelta(hours=25))
    with town.store.writing() as session:
        from dispatch.login import sit_down

        _, console.token, _ = sit_down(session, town.desk.operator_id)
    console.post("cases", 201, key="fresh", service="medicine")
    assert housekeeping.clean(town.store, house.speech) == 1
    assert [reply.key for reply in town.all(IdempotentReply)] == ["fresh"]


def test_a_sentence_that_was_last_said_yesterday_is_removed(town: Town, house: House) -> None:
    cache = house.config.speech.cache
    cache.mkdir()
    said = {name: cache / f"{name}.wav" for name in ("today", "yesterday")}
    for path in said.values():
        path.write_bytes(b"RIFF")
    before = time.time() - timedelta(hours=25).total_seconds()
    os.utime(said["yesterday"], (before, before))
    housekeeping.clean(town.store, house.speech)
    assert {name: path.exists() for name, path in said.items()} == {"today": True, "yesterday": False}


def test_whom_an_import_that_was_cut_off_has_brought_is_put_into_the_index(town: Town, house: House) -> None:
    wang = register.resident(town.store, Scope(town.centre_id), town.vault, name="王秀英", import_id=1)
    housekeeping.clean(town.store, house.speech)
    assert town.all(SearchUnfiled) == []
    assert "n:王秀英" in {each.token for each in town.all(SearchToken) if each.resident_id == wang}


def test_the_effect_and_its_journal_stand_or_fall_with_the_answer(console: Console, town: Town) -> None:
    before = len(town.all(Journal))
    console.post("residents", 422, name="张三", lines=[{"number": "this is no number"}])
    with town.store.reading() as session:
        assert len(session.exec(select(Journal)).all()) == before
        assert session.exec(select(AccessLog)).all() == []
    assert town.all(IdempotentReply) == []
