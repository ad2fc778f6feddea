"""The report: along the tree of areas and merchant by merchant, whoever is registered by then."""

from pathlib import Path
from typing import Any

import pytest

from callbridge.events import CallEnd
from registry import areas
from tests.dispatch.backup.installation import Installation
from tests.dispatch.town import Town

OURS, THEIRS = "02367001001", "02367001002"
SHOP, OTHER = "+8613900000001", "+8613900000002"
DAYS = ("--from", "2026-03-01", "--to", "2026-03-31")


@pytest.fixture
def installation(town: Town, tmp_path: Path) -> Installation:
    return Installation.of(town, tmp_path / "line")


@pytest.fixture
def residents(town: Town) -> tuple[int, int]:
    """One in a community of the first town, one in the second town."""
    with town.store.writing() as session:
        root = areas.root(session, town.centre_id)
        first = areas.add_area(session, town.centre_id, "500103001", "青石镇", root.id)
        village = areas.add_area(session, town.centre_id, "500103001001", "青石里", first.id)
        second = areas.add_area(session, town.centre_id, "500103002", "白沙镇", root.id)
        ids = village.id, second.id
    return town.resident("王秀英", OURS, area_id=ids[0]), town.resident("李桂兰", THEIRS, area_id=ids[1])


def calls(town: Town, number: str, waits: int | None) -> None:
    """Somebody calls and is answered after so many seconds, or not at all."""
    call = town.rings_in(number)
    town.passes(seconds=waits or 0)
    if waits is not None:
        town.answers(call)
    town.hangs_up(call, CallEnd.ABANDONED if waits is None else CallEnd.ANSWERED)


@pytest.fixture
def month(town: Town, residents: tuple[int, int]) -> tuple[int, int]:
    """Six calls, a job that is accepted after two minutes, one that is declined and one that nobody answers."""
    shop, other = town.merchant("康宁药房", sms=SHOP), town.merchant("同心药房", sms=OTHER)
    for number, waits in ((OURS, 3), (OURS, 30), (THEIRS, 100), (THEIRS, 300), (THEIRS, None), ("13811112222", 3)):
        calls(town, number, waits)
    number = town.open(residents[0])
    town.dispatch(number, merchant_id=shop)
    town.send()
    town.passes(minutes=2)
    town.writes(SHOP, "1")
    town.writes(SHOP, "4")
    town.writes(SHOP, "5")
    town.close(number)
    number = town.open(residents[1])
    town.dispatch(number, merchant_id=other)
    town.send()
    town.writes(OTHER, "2")
    return shop, other


def line(found: dict[str, Any], area: str | None) -> dict[str, Any]:
    return next(each for each in found["lines"] if each["area"] == area)


def test_each_area_has_what_happened_in_it_and_below_it(
    installation: Installation, month: tuple[int, int], town: Town
) -> None:
    found = installation.does("report", *DAYS)
    ours, theirs, elsewhere = line(found, "500103001"), line(found, "500103002"), line(found, None)
    assert [ours[each] for each in ("calls", "within_15", "within_60", "answered")] == [2, 1, 2, 2]
    assert [theirs[each] for each in ("calls", "within_60", "within_180", "answered")] == [3, 0, 1, 2]
    assert (elsewhere["calls"], elsewhere["cases"]) == (1, 0), "a stranger's"
    assert (ours["asked"], ours["accepted"], ours["accept_seconds"], ours["visits"]) == (1, 1, 120, 1)
    assert (ours["cases"], ours["served"], ours["satisfied"]) == (1, 1, 1)
    assert theirs["accepted"] == 0
    for name in ("calls", "answered", "cases", "asked"):
        assert found["total"][name] == sum(each[name] for each in found["lines"])


def test_an_area_can_be_looked_at_by_itself(installation: Installation, month: tuple[int, int]) -> None:
    found = installation.does("report", *DAYS, "--area", "500103001")
    assert line(found, "500103001001")["calls"] == 2
    assert found["total"]["calls"] == 3, "a stranger's belongs to no area and is seen everywhere"
    assert [each["merchant"]["name"] for each in found["merchants"]] == ["康宁药房"]
    assert "没有编号为 9 的区域" in installation.is_refused("report", *DAYS, "--area", "9")


def test_merchants_stand_by_what_their_record_of_the_time_is_worth(
    installation: Installation, month: tuple[int, int]
) -> None:
    best, worst = installation.does("report", *DAYS)["merchants"]
    assert (best["merchant"]["id"], best["asked"], best["visits"], best["satisfied"]) == (month[0], 1, 1, 1)
    assert (worst["merchant"]["id"], worst["asked"], worst["declined"]) == (month[1], 1, 1)
    assert str(best["points"]) == "0.0", "and not -0"
    assert worst["points"] < 0


def test_what_was_before_and_after_is_not_in_it(installation: Installation, month: tuple[int, int]) -> None:
    found = installation.does("report", "--month", "2026-02")
    assert set(found["total"].values()) == {0}
    assert found["merchants"] == []
    assert "没有派过单" in installation.ask("report", "--month", "2026-02").output


def test_a_deleted_resident_leaves_every_figure_as_it_was(
    installation: Installation, month: tuple[int, int], residents: tuple[int, int], town: Town
) -> None:
    before = installation.does("report", *DAYS)
    installation.does("person", "delete", str(residents[0]), "--apply")
    assert installation.does("report", *DAYS) == before


def test_it_is_read_in_either_language(installation: Installation, month: tuple[int, int]) -> None:
    chinese, english = (installation.ask("report", *DAYS, "--language", each).output for each in ("zh", "en"))
    assert "2026-03-01 至 2026-03-31" in chinese
    (town_line,) = (each for each in chinese.splitlines() if each.startswith("青石镇"))
    assert town_line.split()[1:6] == ["2", "50.0%", "100.0%", "100.0%", "100.0%"]
    assert "1. 康宁药房" in english
    assert "elsewhere" in english


@pytest.mark.parametrize(
    "words", [("--from", "2026-03-01"), ("--month", "2026-03", *DAYS), ("--from", "2026-03-02", "--to", "2026-03-01")]
)
def test_days_that_make_no_span_are_refused(installation: Installation, words: tuple[str, ...]) -> None:
    said = installation.ask("report", *words)
    assert said.exit_code == 2
    assert "--to" in said.output
