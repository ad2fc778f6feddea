"""`townline demo --story`: one whole case on real telephones, each step beside its own witnesses."""

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from callbridge.exchange import Tree
from dispatch.config import ConfigFile
from dispatch.rehearsal.community import read_community, subscriber
from dispatch.rehearsal.place import find_place
from dispatch.rehearsal.stage import Stage
from dispatch.rehearsal.stories import STORIES
from dispatch.rehearsal.story import StepFailed, tell
from dispatch.rehearsal.witness import Log

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

STEPS = [
    "called",
    "queued",
    "recognised",
    "answered",
    "case opened",
    "first merchant offered by SMS",
    "declined",
    "second offered by telephone",
    "accepted with the key",
    "told the doorstep",
    "on the way",
    "at the door",
    "done",
    "closed",
]


@pytest.fixture
def installation(tree: Tree, spoken: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder, of a short name, with a configuration that knows where the telephone programs are."""
    folder = tmp_path_factory.mktemp("town")
    for place in ("speech", "var/demo/speech"):
        shutil.copytree(spoken, folder / place)
    (folder / "config.toml").write_text(f"[exchange]\nroot = {json.dumps(str(tree.root))}\n", encoding="utf-8")
    return folder


def townline(folder: Path, *words: str) -> list[str]:
    start = [sys.executable, "-c", "from dispatch.cli import main; main()"]
    return [*start, "--config", str(folder / "config.toml"), *words]


def processes_of(folder: Path) -> list[str]:
    """Command lines that name something in `folder`."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes()
        except OSError:
            continue
        if os.fsencode(folder) in command and path.parent.name != str(os.getpid()):
            found.append(command.replace(b"\0", b" ").decode(errors="replace"))
    return found


def residents_in(folder: Path) -> int:
    """How many the day's database knows."""
    with closing(sqlite3.connect(folder / "var" / "demo" / "day" / "townline.db")) as database:
        count: int = database.execute("SELECT count(*) FROM resident").fetchone()[0]
        return count


def test_the_main_story_comes_true_on_either_database(installation: Path, empty_database_url: URL) -> None:
    words = ["demo", "--story"]
    if empty_database_url.get_backend_name() == "postgresql":
        words += ["--database", empty_database_url.render_as_string(hide_password=False)]
    told = subprocess.run(townline(installation, *words), capture_output=True, text=True, timeout=150, check=False)

    assert told.returncode == 0, told.stdout + told.stderr
    lines = [line for line in told.stdout.splitlines() if line and not line.startswith((" ", "step"))]
    assert [
        next(name for name in sorted(STEPS, key=len, reverse=True) if line.startswith(name)) for line in lines
    ] == STEPS
    story = installation / "var" / "demo" / "story"
    _merchants_learn_the_door_only_after_accepting(story / "robots" / "sms.jsonl")
    _the_exchange_tells_the_same_call(story / "exchange" / "log" / "queue_log")
    assert "ERROR" not in (story / "town" / "log" / "messages").read_text()
    errors = [line for line in (story / "service.log").read_text().splitlines() if '"level": "error"' in line]
    assert errors == []
    assert processes_of(installation) == []


def test_a_killed_service_finds_its_waiting_caller_and_its_offer_again(installation: Path) -> None:
    told = subprocess.run(
        townline(installation, "demo", "--story", "crash"), capture_output=True, text=True, timeout=150, check=False
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert "offer sent once" in told.stdout
    assert processes_of(installation) == []


def test_a_button_that_nobody_answers_climbs_to_the_daughter_who_is_going(installation: Path) -> None:
    told = subprocess.run(
        townline(installation, "demo", "--story", "emergency"),
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    steps = ["button pressed", "all operators", "on-call list", "the family", "the daughter is going", "closed"]
    places = [told.stdout.index(step) for step in steps]
    assert places == sorted(places)
    assert processes_of(installation) == []


def test_the_resident_is_asked_afterwards_and_the_merchants_record_shows_it(installation: Path) -> None:
    told = subprocess.run(
        townline(installation, "demo", "--story", "survey"), capture_output=True, text=True, timeout=150, check=False
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert "read_record 0 1 0" in told.stdout
    assert processes_of(installation) == []


def _merchants_learn_the_door_only_after_accepting(path: Path) -> None:
    community = read_community()
    resident = community.resident("林婉芝")
    secrets = [f"{resident.building}栋", resident.door, resident.name, subscriber(resident.lines[1].number)]
    sent = [each for each in Log(path).read() if each.what == "delivered"]
    offers = [each.detail for each in sent if each.number == community.merchant("kangning").numbers.sms]
    assert offers
    assert not [secret for text in offers for secret in secrets if secret in text]
    details = [each.detail for each in sent if each.number == community.merchant("tongxin").numbers.sms]
    assert resident.door in details[0]


IN_A_CALL = frozenset(
    {"ENTERQUEUE", "ABANDON", "CONNECT", "COMPLETECALLER", "COMPLETEAGENT"}
)  # not who is in the ring


def _the_exchange_tells_the_same_call(path: Path) -> None:
    of_calls = [line.split("|") for line in path.read_text().splitlines() if "|hotline|" in line]
    events = [event for _, _, _, _, event, *_ in of_calls if event in IN_A_CALL]
    assert events == ["ENTERQUEUE", "CONNECT", "COMPLETECALLER"]


async def test_a_story_stops_at_the_step_that_has_no_witness(installation: Path) -> None:
    called, queued, *_ = STORIES["main"]
    blind = replace(queued, witnesses=[*queued.witnesses, lambda play: None], seconds=1)
    deaf = replace(queued, journal=lambda play, event: False, seconds=1)
    place = find_place(installation / "stage", ConfigFile(installation / "config.toml"), None)
    said: list[str] = []
    async with Stage(place, read_community(), lambda words: None, answer_after=None) as stage:
        with pytest.raises(StepFailed, match="queued: witness 3 said nothing"):
            await tell(stage, [called, blind], said.append)
        with pytest.raises(StepFailed, match="queued: the journal said nothing"):
            await tell(stage, [called, deaf], said.append)
    assert [line.split()[0] for line in said if line[0] != " "] == ["step", "called", "step", "called"]


async def test_a_race_and_a_case_that_everybody_declines_come_true_on_one_stage(installation: Path) -> None:
    place = find_place(installation / "stage", ConfigFile(installation / "config.toml"), None)
    async with Stage(place, read_community(), lambda words: None, answer_after=None, reports_progress=False) as stage:
        for name in ("race", "declined"):
            said: list[str] = []
            await tell(stage, STORIES[name], said.append)
            told = [line for line in said[1:] if line[0] != " "]
            assert all(line.startswith(step.name) for line, step in zip(told, STORIES[name], strict=True))


async def test_a_day_goes_by_itself_and_alone_and_a_killed_one_is_cleared_away_by_the_next(
    installation: Path,
) -> None:
    log = Log(installation / "var" / "demo" / "day" / "robots" / "town.jsonl")
    first = await asyncio.create_subprocess_exec(*townline(installation, "demo", "--headless", "60"))
    async with asyncio.timeout(60):
        while log.find(lambda seen: seen.what == "speaks") is None:  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.1)
    beside = await asyncio.create_subprocess_exec(
        *townline(installation, "demo", "--headless", "1"), stderr=asyncio.subprocess.PIPE
    )
    _, said = await beside.communicate()
    assert beside.returncode == 1
    assert "goes on in" in said.decode()
    assert first.returncode is None
    first.kill()
    await first.wait()
    people = residents_in(installation)
    assert people > 0

    second = await asyncio.create_subprocess_exec(
        *townline(installation, "demo", "--headless", "6"), stderr=asyncio.subprocess.PIPE
    )
    _, said = await second.communicate()
    assert second.returncode == 0, said.decode()
    assert residents_in(installation) == people  # the sample community was there already
    calls = {seen.call for seen in log.read() if seen.what == "answered"}
    assert len(calls) >= 2
    assert processes_of(installation) == []


def test_five_callers_while_everybody_talks_end_where_they_should(installation: Path) -> None:
    words = townline(installation, "demo", "--story", "busy")
    told = subprocess.run(words, capture_output=True, text=True, timeout=170, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "each where it should be" in told.stdout
