"""The event stream: everything that happens, in order, to everybody who may see it."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise

import pytest

from callbridge.events import CallRinging, LinkDown
from dispatch import feed
from dispatch.house import House
from dispatch.login import sit_down
from tests.dispatch.api.desks import Console
from tests.dispatch.api.serving import Listener, Service
from tests.dispatch.town import Town
from tests.errorlog import ErrorLog


@pytest.fixture
def service(house: House) -> Iterator[Service]:
    with Service(house).running() as service:
        yield service


def seq(event_id: str) -> int:
    return int(event_id.rpartition("-")[2])


def test_a_call_reaches_every_console_with_who_is_calling(
    service: Service, console: Console, colleague: Console, town: Town
) -> None:
    town.resident()
    here = console.get("board")["last_event_id"]
    with Listener(service.url, console.token, here) as one, Listener(service.url, colleague.token, here) as two:
        uniqueid = town.rings_in()
        for listener in (one, two):
            event = listener.change("call.queued")
            assert (event["subject"], event["subject_id"]) == ("call", town.call(uniqueid).id)
            assert event["call"]["who"][0]["addressed"] == "王秀英奶奶"
            assert event["call"]["state"] == "queued"
            assert event["actor"]["kind"] == "exchange"
            assert "health_note" not in str(event)


def test_every_change_of_a_case_carries_its_line(service: Service, console: Console, town: Town) -> None:
    town.merchant("康宁药房", sms="+8613900000001")
    number = town.open(town.resident())
    with Listener(service.url, console.token, console.get("board")["last_event_id"]) as listener:
        console.post(f"cases/{number}/dispatch", expects="open")
        assert listener.change("offer.offered")["case"]["merchant"]["name"] == "康宁药房"
        assert listener.change("case.offering")["case"]["number"] == number
        console.post(f"cases/{number}/cancel", expects="offering")
        assert listener.change("case.cancelled")["case"]["state"] == "cancelled"


def test_operators_links_and_sms_come_with_their_lines(service: Service, console: Console, town: Town) -> None:
    with Listener(service.url, console.token, console.get("board")["last_event_id"]) as listener:
        town.tell(LinkDown(exchange="main", at=town.clock.now(), reason="connection refused"))
        assert listener.change("exchange.link_down")["link"] == {
            "exchange": "main",
            "up": False,
            "since": "2026-03-02T01:00:00Z",
            "reason": "connection refused",
            "recording_stopped_at": None,
            "log_problem": "",
        }
        with town.store.writing() as session:
            sit_down(session, town.colleague.operator_id)
        assert listener.change("operator.logged_in")["operator"]["presence"] == "ready"
        town.writes("13700000000", "你好")
        assert listener.change("message.received")["inbound"]["reading"] == "stranger"


def test_what_ends_of_a_merchant_comes_with_what_happens_to_it(
    service: Service, console: Console, town: Town
) -> None:
    soon = town.clock.now().date() + timedelta(days=20)
    with Listener(service.url, console.token, console.get("board")["last_event_id"]) as listener:
        town.merchant("康宁药房", sms="+8613900000001", licence_expires=soon)
        (ends,) = listener.change("merchant.created")["expiries"]
        assert (ends["merchant"]["name"], ends["last"]) == ("康宁药房", soon.isoformat())
        town.merchant("同心药房", sms="+8613900000002")
        assert listener.change("merchant.created")["expiries"] == []


def test_a_client_that_was_away_gets_what_it_missed_in_order_and_nothing_twice(
    service: Service, console: Console, town: Town
) -> None:
    with Listener(service.url, console.token, console.get("board")["last_event_id"]) as listener:
        town.rings_in()
        last = listener.change("call.queued")["id"]
    for _ in range(5):
        town.rings_in()
    with Listener(service.url, console.token, last) as listener:
        missed = [listener.change()["id"] for _ in range(10)]
        town.rings_in()
        live = [listener.change()["id"] for _ in range(2)]
    numbers = [seq(each) for each in (last, *missed, *live)]
    assert all(after == before + 1 for before, after in pairwise(numbers))


def test_an_id_in_the_address_does_as_well_as_in_the_header(service: Service, console: Console, town: Town) -> None:
    here = console.get("board")["last_event_id"]
    town.rings_in()
    with Listener(service.url, console.token, query=f"?last_event_id={here}") as listener:
        assert seq(listener.change()["id"]) == seq(here) + 1


def test_without_a_known_id_the_stream_begins_with_the_whole_board(
    service: Service, console: Console, town: Town
) -> None:
    town.rings_in()
    for known in (None, "", "another-epoch-5", "5", "-1", "0123456789abcdef-x", "x" * 300):
        with Listener(service.url, console.token, known) as listener:
            board = listener.snapshot()
            assert {line["state"] for line in board["calls"]} == {"queued"}
            town.rings_in()
            assert seq(listener.change()["id"]) == seq(board["last_event_id"]) + 1


def test_who_was_away_for_too_long_gets_the_board_instead_of_everything(
    service: Service, console: Console, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "TOO_FAR_BEHIND", 5)
    here = console.get("board")["last_event_id"]
    with Listener(service.url, console.token, here) as listener:
        for _ in range(4):
            town.rings_in()
            assert listener.change("call.queued")
    with Listener(service.url, console.token, here) as listener:
        assert len(listener.snapshot()["calls"]) == 4


def test_who_has_seen_what_a_power_cut_took_back_gets_the_board_and_misses_nothing_that_comes(
    service: Service, console: Console, town: Town
) -> None:
    town.rings_in()
    epoch, _, last = console.get("board")["last_event_id"].rpartition("-")
    with Listener(service.url, console.token, f"{epoch}-{int(last) + 50}") as listener:
        assert len(listener.snapshot()["calls"]) == 1
        town.rings_in()
        assert seq(listener.change()["id"]) == int(last) + 1


def test_the_stream_of_many_commits_at_once_has_no_gap_and_no_disorder(
    service: Service, console: Console, town: Town
) -> None:
    with Listener(service.url, console.token, console.get("board")["last_event_id"]) as listener:
        with ThreadPoolExecutor(8) as pool:
            list(
                pool.map(lambda number: town.rings_in(f"0236700{number:04d}", uniqueid=f"main-x{number}"), range(40))
            )
        numbers = [seq(listener.change()["id"]) for _ in range(80)]
    assert all(after == before + 1 for before, after in pairwise(numbers))


def test_a_desk_is_told_of_its_own_area_and_of_calls_that_ring_at_its_telephone(
    service: Service, colleague: Console, town: Town
) -> None:
    here, across = town.two_areas()
    town.sits_in(town.colleague, across)
    town.resident(area_id=here)
    with Listener(service.url, colleague.token, colleague.get("board")["last_event_id"]) as listener:
        uniqueid = town.rings_in()
        bare = listener.change("call.queued")
        assert (bare["call"], bare["data"]) == (None, {}), "that a call changed, not whose"
        assert "王秀英" not in str(bare)
        town.tell(CallRinging(exchange="main", at=town.clock.now(), uniqueid=uniqueid, extension="802"))
        assert listener.change("call.ringing")["call"]["who"][0]["name"] == "王秀英"


def test_an_sms_about_a_case_of_another_area_is_not_shown_told_or_marked(
    service: Service, console: Console, colleague: Console, town: Town
) -> None:
    here, across = town.two_areas()
    town.sits_in(town.colleague, across)
    town.merchant("康宁药房", sms="+8613900000001")
    number = town.open(town.resident(area_id=here))
    town.dispatch(number)
    town.send()
    town.writes("13900000001", "1")
    with Listener(service.url, colleague.token, colleague.get("board")["last_event_id"]) as listener:
        sms = town.writes("13900000001", "王秀英家的门牌看不清")
        (line,) = console.get("inbound")
        assert (line["id"], line["case_number"]) == (sms.id, number)
        assert colleague.get("inbound") == colleague.get("board")["inbound"] == []
        assert colleague.post(f"inbound/{sms.id}/seen", 404)["values"]["subject"] == "inbound"
        console.post(f"inbound/{sms.id}/seen")
        while (told := listener.change())["what"] != "message.seen":
            assert told["inbound"] is None, told["what"]
        assert told["inbound"] is None
    assert [entry["what"] for entry in console.get(f"cases/{number}/timeline")][-1] == "message.seen"


def test_a_heartbeat_comes_and_a_desk_that_logged_out_hears_no_more(
    service: Service, console: Console, colleague: Console, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "HEARTBEAT", 0.2)
    with Listener(service.url, console.token) as gone, Listener(service.url, colleague.token) as stays:
        gone.snapshot()
        console.post("logout")
        gone.ends()
        before = stays.comments
        time.sleep(0.5)
        assert stays.comments > before


def test_a_client_that_does_not_read_is_dropped_and_the_others_go_on(
    service: Service, console: Console, colleague: Console, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = feed._Client(town.desk)  # what waits for one client, at its limit
    service.house.feed._clients.add(client)
    monkeypatch.setattr(feed, "PATIENCE", 6)
    with Listener(service.url, colleague.token, colleague.get("board")["last_event_id"]) as listener:
        numbers = []
        for _ in range(5):
            town.rings_in()
            town.clock.move(timedelta(seconds=1))
            numbers += [seq(listener.change()["id"]) for _ in range(2)]
    assert all(after == before + 1 for before, after in pairwise(numbers))
    assert client.dropped
    assert client.waiting.qsize() == 1, "what waited for it has been let go"


def test_the_stream_ends_when_the_service_does(house: House, console: Console) -> None:
    with Service(house).running() as service:
        listener = Listener(service.url, console.token)
        listener.snapshot()
    listener.ends()
    listener.__exit__()


def test_a_feed_whose_database_is_away_goes_on_when_it_is_back(
    service: Service, console: Console, town: Town, monkeypatch: pytest.MonkeyPatch, error_log: ErrorLog
) -> None:
    monkeypatch.setattr(feed, "LOOK_ANYWAY", 0.1)
    read = service.house.feed._read
    fails = iter([True, True])

    def failing(*arguments: int) -> list[feed.Rendered]:
        if next(fails, False):
            raise ConnectionError
        return read(*arguments)

    with Listener(service.url, console.token, console.get("board")["last_event_id"]) as listener:
        monkeypatch.setattr(service.house.feed, "_read", failing)
        town.rings_in()
        assert listener.change("call.queued")


def test_in_a_rush_the_feed_reads_seldomer_and_everything_comes_all_the_same(
    service: Service, console: Console, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, readings = service.house.feed._read, []

    def slow(*arguments: int) -> list[feed.Rendered]:
        time.sleep(0.02)
        readings.append(read(*arguments))
        return readings[-1]

    with Listener(service.url, console.token, console.get("board")["last_event_id"]) as listener:
        monkeypatch.setattr(service.house.feed, "_read", slow)
        began = time.monotonic()
        calls = [town.rings_in() for _ in range(30)]
        while town.call(calls[-1]).id != listener.change("call.queued")["subject_id"]:
            pass
        at_most = (time.monotonic() - began) / (0.02 * (1 + feed.RESTS)) + 3  # one before the rush, two after it
    assert len(readings) <= at_most
