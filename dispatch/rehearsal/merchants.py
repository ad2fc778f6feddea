"""The merchants' thumbs: each reads the SMS it gets as a person would, and answers by habit or when told to.

What a merchant does when its telephone rings is in the town's dialplan.
"""

import asyncio
import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from dispatch.rehearsal.community import Community, SampleMerchant, SmsHabit

# An offer ends with "1接单，2不接", the details of an accepted job with "出发请回3，到门口回4，办完回5"; a code is
# four capital letters and digits, not all of them digits.
ASKS = re.compile(r"(?<![0-9])1[^0-9月]+2(?![0-9])")
STEPS = re.compile(r"(?<![0-9])3[^0-9月]+4[^0-9月]+5(?![0-9])")
CODE = re.compile(r"(?<![A-Z0-9])(?=[0-9]*[A-Z])([A-Z2-9]{4})(?![A-Z0-9])")
ANSWERS: dict[SmsHabit, str] = {"accept": "1", "decline": "2"}
STEP_SECONDS = (("3", 8.0), ("4", 20.0), ("5", 20.0))  # on the way, at the door, done


@dataclass(slots=True)
class Thumb:
    habit: SmsHabit
    seconds: float
    jobs: list[str] = field(default_factory=list)  # codes of what it was asked and has not ended
    said: tuple[str, str] | None = None  # the code and digit it meant last


class Merchants:
    """`send` brings an SMS from a number to ours. With `reports_progress` whoever got a job's details says by itself
    when it is on the way, at the door and done."""

    def __init__(self, community: Community, send: Callable[[str, str], None], *, reports_progress: bool) -> None:
        self._send = send
        self._reports_progress = reports_progress
        self._thumbs = {
            merchant.numbers.sms: Thumb(merchant.robot.sms, merchant.robot.seconds)
            for merchant in community.merchants
        }
        self._tasks: set[asyncio.Task[None]] = set()

    def set_habit(self, merchant: SampleMerchant, habit: SmsHabit, seconds: float) -> None:
        """From now on this merchant answers offers like this."""
        thumb = self._thumbs[merchant.numbers.sms]
        thumb.habit, thumb.seconds = habit, seconds

    def read(self, number: str, text: str) -> None:
        """An SMS of ours reached that telephone."""
        if (thumb := self._thumbs.get(number)) is None:
            return
        codes = CODE.findall(text)
        code = codes[0] if codes else ""
        if len(set(codes)) > 1 and thumb.said is not None:  # "which one?", with the codes of all that are open
            self._send(number, " ".join(thumb.said))
        elif STEPS.search(text):
            if code not in thumb.jobs:
                thumb.jobs.append(code)
            if self._reports_progress:
                self._spawn(self._report(number, thumb, code))
        elif ASKS.search(text) and thumb.habit in ANSWERS:
            thumb.jobs.append(code)
            self._spawn(self._answer(number, thumb, code))

    def write(self, merchant: SampleMerchant, text: str) -> None:
        """Whoever has this merchant's telephone writes to us now; with 5 the job it was told of last is over."""
        thumb = self._thumbs.get(merchant.numbers.sms)
        if text == "5" and thumb is not None and thumb.jobs:
            thumb.jobs.pop()
        self._send(merchant.numbers.sms, text)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _answer(self, number: str, thumb: Thumb, code: str) -> None:
        await asyncio.sleep(thumb.seconds)
        self._say(number, thumb, code, ANSWERS[thumb.habit])
        if thumb.habit == "decline":
            thumb.jobs.remove(code)

    async def _report(self, number: str, thumb: Thumb, code: str) -> None:
        for digit, seconds in STEP_SECONDS:
            await asyncio.sleep(seconds)
            self._say(number, thumb, code, digit)
        thumb.jobs.remove(code)

    def _say(self, number: str, thumb: Thumb, code: str, digit: str) -> None:
        """Nobody types a code while there is only one job that it could mean."""
        thumb.said = (code, digit)
        self._send(number, digit if len(thumb.jobs) < 2 else f"{code} {digit}")

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
