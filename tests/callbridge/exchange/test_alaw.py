"""The sounds in the line's own codec, made from the wav files beside them."""

import os
import wave
from array import array
from pathlib import Path

import pytest

from callbridge.exchange import alaw


def wav(path: Path, samples: list[int], *, rate: int = 8000) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(array("h", samples).tobytes())
    return path


@pytest.fixture
def greeting(tmp_path: Path) -> Path:
    return wav(tmp_path / "greeting.wav", [0, 1000])


# The ends of the table of G.711 and some of its decision values, as sox 14.4.2 and Asterisk 22 encode them.
@pytest.mark.parametrize(
    ("sample", "code"),
    [
        (0, 0xD5),
        (-1, 0x55),
        (8, 0xD5),
        (16, 0xD4),
        (512, 0xF5),
        (1000, 0xFA),
        (-1000, 0x7A),
        (32767, 0xAA),
        (-32768, 0x2A),
    ],
)
def test_samples_become_the_codes_of_g_711(tmp_path: Path, sample: int, code: int) -> None:
    assert alaw.encode(wav(tmp_path / "one.wav", [sample]).read_bytes()) == bytes([code])


def test_a_sound_has_its_alaw_beside_it_and_that_is_made_once(greeting: Path) -> None:
    made = greeting.with_suffix(".alaw")
    assert alaw.refresh(greeting.parent) == [made]
    assert made.read_bytes() == b"\xd5\xfa"
    assert alaw.refresh(greeting.parent) == []


def test_a_voice_that_a_person_puts_in_is_the_one_that_is_heard_whatever_its_time_is(greeting: Path) -> None:
    alaw.refresh(greeting.parent)
    wav(greeting, [-1000])
    os.utime(greeting, (0, 0))  # copied with the time of its recording, long before the first
    assert alaw.refresh(greeting.parent) == [greeting.with_suffix(".alaw")]
    assert greeting.with_suffix(".alaw").read_bytes() == b"\x7a"


def test_a_sound_of_another_form_or_one_that_has_gone_leaves_no_old_alaw(greeting: Path) -> None:
    (greeting.parent / "digits").mkdir()
    two = wav(greeting.parent / "digits" / "2.wav", [0])
    alaw.refresh(greeting.parent)
    wav(greeting, [0], rate=44_100)
    os.utime(greeting, (0, 0))
    two.unlink()
    assert alaw.refresh(greeting.parent) == []
    assert not [*greeting.parent.rglob("*.alaw")]


def test_nobody_but_its_owner_reads_what_was_made_of_a_private_sound(greeting: Path) -> None:
    greeting.chmod(0o600)
    (made,) = alaw.refresh(greeting.parent)
    assert made.stat().st_mode & 0o777 == 0o600
