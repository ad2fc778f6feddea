"""The speech door with its real engine."""

import asyncio
import logging
import os
import stat
import wave
from datetime import timedelta
from pathlib import Path

import pytest

from callbridge.errors import SpeechFailed
from callbridge.exchange import Tree
from callbridge.settings import SpeechSettings
from callbridge.speech import Speech
from tests.system.wav import loudness

pytestmark = pytest.mark.system

JOB = "邻里热线派单。请送降压药到二栋二单元五零二，王秀英奶奶家。接单请按一，不接请按二，重听请按三。"


@pytest.fixture
def speech(tree: Tree, tmp_path: Path) -> Speech:
    return Speech(SpeechSettings(cache=tmp_path / "speech"), tree)


async def test_what_is_said_is_a_wav_as_asterisk_plays_it_and_nobody_elses_to_read(
    speech: Speech, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        path = await speech.say(JOB, "zh", call="main-1")
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
        seconds = file.getnframes() / file.getframerate()
    assert 6 < seconds < 20, "forty characters take about ten seconds"
    assert max(loudness(path, 0.5)) > 2000
    assert path.is_absolute()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert "王" not in path.name + caplog.text
    assert [each.name for each in path.parent.iterdir()] == [path.name]


async def test_a_phrase_is_made_once_even_when_asked_for_by_many_at_once(speech: Speech) -> None:
    paths = await asyncio.gather(*(asyncio.to_thread(speech.say_now, "您好", "zh") for _ in range(8)))
    assert len(set(paths)) == 1
    made = paths[0].stat().st_ino
    assert speech.say_now("  您好 ", "zh").stat().st_ino == made
    assert speech.say_now("您好", "en") != paths[0]
    assert {path.suffix for path in paths[0].parent.iterdir()} == {".wav"}


async def test_what_is_said_in_a_call_goes_with_it_and_a_phrase_stays(speech: Speech) -> None:
    phrase = speech.say_now(JOB, "zh")
    first, other = [await speech.say(JOB, "zh", call=call) for call in ("main-1", "main-2")]
    assert len({phrase, first, other}) == 3
    assert await speech.say("您好", "zh", call="main-1") == first, "one prompt for each call"
    speech.unsay("main-1")
    speech.unsay("main-1")
    assert [path.exists() for path in (phrase, first, other)] == [True, False, True]


async def test_what_a_crash_has_left_of_a_call_is_swept_out(speech: Speech) -> None:
    fresh, left = [await speech.say(JOB, "zh", call=call) for call in ("main-1", "main-2")]
    half = left.with_suffix(".part")
    half.touch()
    for path in (left, half):
        os.utime(path, (0, 0))
    assert speech.forget(timedelta(days=1)) == 2
    assert list(left.parent.iterdir()) == [fresh]


def test_another_voice_speaks_anew(tree: Tree, speech: Speech) -> None:
    other = Speech(speech.settings.model_copy(update={"voice_zh": "cmn+f2"}), tree)
    assert other.say_now("您好", "zh") != speech.say_now("您好", "zh")


def test_a_rare_character_and_an_option_lookalike_are_only_text(speech: Speech) -> None:
    assert speech.say_now("𠮷田 --version -w /etc/passwd", "zh").stat().st_size > 44


@pytest.mark.parametrize("text", ["", " \n"])
async def test_nothing_to_say_is_refused(speech: Speech, text: str) -> None:
    with pytest.raises(SpeechFailed, match="nothing to say"):
        await speech.say(text, "zh", call="main-1")


async def test_a_voice_that_does_not_exist_and_an_engine_that_is_missing_are_named(
    tree: Tree, speech: Speech, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dumb = Speech(speech.settings.model_copy(update={"voice_zh": "nobody"}), tree)
    with pytest.raises(SpeechFailed, match="voice"):
        await dumb.say("您好", "zh", call="main-1")
    assert list((speech.settings.cache / "calls").iterdir()) == []
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SpeechFailed, match="espeak-ng is missing"):
        await Speech(speech.settings, Tree(tmp_path / "nothing")).say("您好", "zh", call="main-1")


def test_what_was_last_said_long_ago_can_be_forgotten(speech: Speech) -> None:
    path = speech.say_now("您好", "zh")
    os.utime(path, (0, 0))
    assert speech.say_now("您好", "zh") == path, "said again, however long ago it was made"
    assert speech.forget(timedelta(days=1)) == 0
    assert speech.forget(timedelta(0)) == 1
    assert not path.exists()
