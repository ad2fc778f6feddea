"""The end of a recording: after its time, whoever names it or nobody, and without keeping anybody waiting."""

import os
from datetime import timedelta
from pathlib import Path

from dispatch import recordings
from dispatch.models import Recording, RecordingKind
from tests.dispatch.town import Town


def remove(town: Town, folder: Path) -> tuple[int, int]:
    """How many rows lost their file, and how many files went that nobody named."""
    kept = (town.store, town.centre_id, folder, "main")
    return recordings.remove_old(*kept), recordings.remove_strays(*kept)


def conversation(town: Town, file: str = "main-1-1.wav") -> Recording:
    now = town.clock.now()
    call = town.call(town.rings_in())
    kept = Recording(
        centre_id=town.centre_id,
        call_id=call.id or 0,
        exchange="main",
        kind=RecordingKind.CONVERSATION,
        file=file,
        began_at=now,
        ended_at=now,
    )
    with town.store.writing() as session:
        session.add(kept)
    return kept


def on_disk(town: Town, file: Path, **ago: float) -> Path:
    file.write_bytes(b"voice")
    then = (town.clock.now() - timedelta(**ago)).timestamp()
    os.utime(file, (then, then))
    return file


def test_a_file_that_no_row_names_goes_when_its_time_is_over(town: Town, tmp_path: Path) -> None:
    town.resident()
    named = on_disk(town, tmp_path / conversation(town).file, days=100)  # it was put back from a backup, say
    cut_off = on_disk(town, tmp_path / "main-9-1.wav", days=91)
    half = on_disk(town, tmp_path / "main-9-2.wav.restoring", days=91)
    fresh = on_disk(town, tmp_path / "main-9-3.wav", days=89)
    assert remove(town, tmp_path) == (0, 2)
    assert (cut_off.exists(), half.exists()) == (False, False)
    assert (named.exists(), fresh.exists()) == (True, True)


def test_where_there_is_no_folder_yet_nothing_is_to_be_done(town: Town, tmp_path: Path) -> None:
    assert remove(town, tmp_path / "none") == (0, 0)


def test_one_that_cannot_be_removed_stays_in_the_books_and_the_others_go(town: Town, tmp_path: Path) -> None:
    town.resident()
    stubborn, other = conversation(town, "main-1-1.wav"), conversation(town, "main-1-2.wav")
    (tmp_path / stubborn.file).mkdir()  # a folder in its place
    on_disk(town, tmp_path / other.file)
    town.clock.move(timedelta(days=91))
    assert remove(town, tmp_path) == (1, 0)
    assert town.get(Recording, stubborn.id).removed_at is None
    assert town.get(Recording, other.id).removed_at is not None


def test_looking_when_nothing_is_over_writes_nothing(town: Town, tmp_path: Path) -> None:
    town.resident()
    conversation(town)
    writes: list[float] = []
    town.store.on_write(writes.append)
    assert remove(town, tmp_path) == (0, 0)
    assert writes == []
