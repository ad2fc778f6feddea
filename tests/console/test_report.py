"""The month's report at a supervisor's desk: read, another month, an area by itself, a merchant's record."""

from datetime import date

import pytest

from dispatch.wire.report import AreaFigures, FiguresView, MerchantFigures, ReportView
from tests.console import people
from tests.console.stand_in import Town

NOTHING = dict.fromkeys(FiguresView.model_fields, 0)
BUSY = NOTHING | {"calls": 40, "answered": 38, "within_15": 30, "within_60": 36, "emergencies": 3, "late": 2}
WORKED = {"asked": 9, "declined": 2, "silent": 1, "visits": 6, "late": 1, "satisfied": 4, "fairly": 1}


def a_report(name: str, *lines: AreaFigures, merchants: tuple[MerchantFigures, ...] = ()) -> ReportView:
    total = FiguresView(**BUSY)
    day = date(2026, 3, 1)
    return ReportView(
        area="5001", name=name, first=day, last=day, total=total, lines=list(lines), merchants=list(merchants)
    )


@pytest.fixture
def reported(town: Town) -> Town:
    """Two months, and a town of the second one."""
    town.me = people.ME.model_copy(update={"role": "supervisor"})
    shop = MerchantFigures(merchant=town.merchants[0], points=-3.5, not_satisfied=0, yellow=1, red=0, **WORKED)
    first = AreaFigures(area="500103001", name="青石镇[/b]䶮", **BUSY)
    elsewhere = AreaFigures(area=None, name=None, **NOTHING)
    town.reports = {
        ("2026-03", None): a_report("渝中区", first, elsewhere, merchants=(shop,)),
        ("2026-02", None): a_report("渝中区"),
        ("2026-03", "500103001"): a_report("青石镇", AreaFigures(area="500103001001", name="青石里", **BUSY)),
    }
    return town


async def test_a_month_stands_along_the_areas_and_merchant_by_merchant(sit_down, size, reported: Town) -> None:
    async with sit_down(size) as seat:
        await seat.press("p")
        await seat.sees("渝中区  2026-03", "青石镇[/b]䶮", "其他", "合计", "75%", "90%", "95%", "-3.5")
        await seat.press("f8")
        await seat.sees("in 15 s", "elsewhere", "in all", "points")


async def test_the_month_before_is_read_and_none_to_come(sit_down, reported: Town) -> None:
    async with sit_down() as seat:
        await seat.press("p")
        await seat.sees("2026-03", "合计")
        await seat.press("n", "p")
        await seat.sees("渝中区  2026-02", "这个月没有派过单")
        await seat.press("right")
        await seat.sees("渝中区  2026-03", "-3.5")


async def test_an_area_is_opened_by_itself_and_a_merchant_leads_to_its_record(sit_down, reported: Town) -> None:
    async with sit_down() as seat:
        await seat.press("p")
        await seat.sees("青石镇[/b]䶮")
        await seat.press("enter")
        await seat.sees("青石镇  2026-03", "青石里")
        await seat.press("escape")
        await seat.sees("渝中区  2026-03")
        await seat.press("tab", "enter")
        await seat.sees(reported.merchants[0].name, "满意度")


async def test_the_report_is_not_on_an_operators_keyboard(sit_down, town: Town) -> None:
    async with sit_down() as seat:
        await seat.press("p")
        await seat.pilot.pause(0.2)
        await seat.sees("要我处理")
