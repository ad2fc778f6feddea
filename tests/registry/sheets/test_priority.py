"""An import leaves the processors to whoever answers calls."""

import json
import os
import subprocess
import sys

import pytest

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


PREPARING = """
import json, os
from registry.sheets.elsewhere import elsewhere

def work():
    yield os.getpriority(os.PRIO_PROCESS, 0), os.getsid(0) == os.getpid()

print(json.dumps(list(elsewhere(work, worth_it=True))))
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
    own = os.getpriority(os.PRIO_PROCESS, 0)
    ran = subprocess.run([sys.executable, "-c", PREPARING], capture_output=True, check=True)
    assert json.loads(ran.stdout) == [[own + NICE, True]]
