"""Who may listen to a call, to a recording, to a message."""

from datetime import timedelta

from dispatch.wire.recordings import RecordingLine
from tests.console import people
from tests.console.stand_in import Town


async def test_only_a_supervisor_listens_and_a_second_press_ends_it(sit_down, size, town: Town) -> None:
    town.calls[41] = people.my_call(operator=people.SHE, legs=[])
    async with sit_down(size) as seat:
        await seat.sees("刘芳 通话")
        await seat.press("i")
        assert "旁听" not in seat.text
        town.me = people.ME.model_copy(update={"role": "supervisor"})
        town.happen("operator.changed", operator=town.me)
        await seat.sees("班长", "i 旁听")
        await seat.press("i")
        await seat.sees("旁听这个电话", "只有接线员听得到我")
        await seat.press("2")
        assert (await seat.told("calls/41/listen")).body == {"expects": "talking", "how": "whisper"}
        await seat.press("i")
        assert (await seat.told("calls/41/drop")).body["leg_id"] == 90


async def test_recordings_and_messages_are_played_on_my_own_telephone_by_who_may(sit_down, size, town: Town) -> None:
    number = "TL-20260302-0001"
    town.cases[number] = people.case(call_back=True, calls=[38, 40])
    times = {"began_at": people.NOW, "ended_at": people.NOW + timedelta(seconds=75), "removed": False}
    town.recordings = [
        RecordingLine(id=1, call_id=38, kind="conversation", playable=False, **times),
        RecordingLine(id=2, call_id=40, kind="message", playable=True, **times),
    ]
    async with sit_down(size) as seat:
        await seat.press("1")
        await seat.sees(number)
        await seat.press("f")
        await seat.sees("录音和留言 2", "通话录音", "01:15", "要班长才能听", "您的话机 801")
        await seat.press("1")
        await seat.until(lambda: seat.text.count("要班长才能听") == 2)
        assert [each.path for each in town.told] == ["login"]
        await seat.press("2")
        await seat.told("recordings/2/play")
        await seat.sees("您的话机响了，拿起就放")
