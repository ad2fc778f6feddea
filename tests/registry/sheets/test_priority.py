"""An import leaves the processors to whoever answers calls."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from registry.sheets.elsewhere import elsewhere
from registry.sheets.priority import NICE

TELLING = """
import json, os, sys
from registry.sheets.priority import standing_back
from registry.store import Store

def nice():
    with open("/proc/self/autogroup") as session:
        return [os.getpriority(os.PRIO_PROCESS, 0), int(session.read().split()[-1])]

told = [nice()]
with standing_back(Store(sys.argv[1])):
    told.append(nice())
print(json.dumps([*told, nice()]))
"""


@pytest.mark.parametrize(("url", "during"), [("postgresql://nowhere/town", NICE), ("sqlite:///nowhere.db", 0)])
def test_an_import_goes_last_with_its_session_unless_a_call_would_wait_for_it(url: str, during: int) -> None:
    own = os.getpriority(os.PRIO_PROCESS, 0)
    script = [sys.executable, "-c", TELLING, url]
    ran = subprocess.run(script, start_new_session=True, capture_output=True, check=True)
    before, meanwhile, after = json.loads(ran.stdout)
    assert meanwhile == [max(own, during), during]
    assert before == after == [own, 0]


def test_who_prepares_the_rows_goes_last_in_a_session_of_its_own() -> None:
    def work() -> Iterator[tuple[int, bool]]:
        yield os.getpriority(os.PRIO_PROCESS, 0), os.getsid(0) == os.getpid()

    assert list(elsewhere(work, worth_it=True)) == [(os.getpriority(os.PRIO_PROCESS, 0) + NICE, True)]
