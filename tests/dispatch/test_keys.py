"""The verb `key`, as an administrator calls it."""

import time
from pathlib import Path

import pytest
from sqlmodel import func, select

from callbridge.secrets import Secrets
from dispatch.master_keys import at_hand, open_vault
from registry.models import DataKey, LineKind, Resident
from tests.dispatch.backup.installation import MASTER_KEY, Installation
from tests.dispatch.town import Town

ANOTHER = "another key of thirty-two bytes!"


@pytest.fixture
def installation(town: Town, tmp_path: Path) -> Installation:
    return Installation.of(town, tmp_path / "line")


def secrets(installation: Installation) -> Secrets:
    return Secrets(installation.folder / "secrets")


def note_of(town: Town, installation: Installation, resident_id: int) -> str | None:
    with town.store.reading() as session:
        row = session.get(Resident, resident_id)
        assert row is not None
        return open_vault(secrets(installation)).open(session, resident_id, "health_note", row.health_note)


def test_a_new_key_is_made_and_the_old_one_said_to_be_free(installation: Installation, town: Town) -> None:
    wang = town.resident(health_note="对青霉素过敏")
    said = installation.ask("key", "rotate", "--language", "en")
    assert said.exit_code == 0, said.output
    assert said.stdout.startswith("the master key in use: MASTER_KEY_2\nthis database no longer needs MASTER_KEY (")
    assert (installation.folder / "secrets" / "MASTER_KEY_2").stat().st_mode & 0o777 == 0o600
    (installation.folder / "secrets" / "MASTER_KEY").unlink()
    assert note_of(town, installation, wang) == "对青霉素过敏"
    status = {"version": 2, "oldest": 2, "waiting": 0, "secret": "MASTER_KEY_2"}
    assert installation.does("key", "status") == status
    file = installation.backup()  # which needs the new key, and no other
    (installation.folder / "secrets" / "MASTER_KEY_2").rename(installation.folder / "away")
    assert "MASTER_KEY_2" in installation.is_refused("restore", str(file), "--check")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_key_out_of_a_file_is_taken_when_it_is_a_good_one(installation: Installation, tmp_path: Path) -> None:
    given = tmp_path / "key"
    for text, complaint in ((MASTER_KEY, "请换一个新的"), ("short", "至少要16个字节")):
        given.write_text(text + "\n")
        assert complaint in installation.is_refused("key", "rotate", "--from", str(given))
        (installation.folder / "secrets" / "MASTER_KEY_2").unlink(missing_ok=True)
    assert "读不了" in installation.is_refused("key", "rotate", "--from", str(tmp_path / "nowhere"))
    assert installation.does("key", "status")["version"] == 1
    given.write_text(ANOTHER + "\n")
    assert installation.does("key", "rotate", "--from", str(given))["version"] == 2
    assert at_hand(secrets(installation)) == {1: MASTER_KEY, 2: ANOTHER}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_killed_in_the_middle_it_goes_on_and_calls_have_been_taken_meanwhile(
    installation: Installation, town: Town
) -> None:
    people = [
        town.resident(f"张桂{chr(0x4E00 + place)}", f"1990024{place:04d}", kind=LineKind.MOBILE, health_note="冠心病")
        for place in range(150)
    ]
    process = installation.begins("key", "rotate")
    give_up = time.monotonic() + 60
    while not 0 < behind(town) < 150:
        assert process.poll() is None
        assert time.monotonic() < give_up
        time.sleep(0.001)
    process.kill()
    process.communicate()
    assert 0 < behind(town) < 150
    town.rings_in()
    assert {note_of(town, installation, each) for each in people} == {"冠心病"}
    assert installation.does("key", "status")["oldest"] == 1
    assert installation.does("key", "rotate") == {
        "version": 2,
        "secret": "MASTER_KEY_2",
        "not_needed": ["MASTER_KEY"],
    }
    assert behind(town) == 0
    assert {note_of(town, installation, each) for each in people} == {"冠心病"}


def behind(town: Town) -> int:
    """Data keys that the old master key wraps."""
    with town.store.reading() as session:
        return session.exec(select(func.count()).where(DataKey.master_version == 1)).one()
