"""The one door to a voice: a text becomes a wav file that Asterisk plays.

Phrases that come again are made once and kept under the text's hash. What is said in one call comes from people's
data: its file has that call's name and goes when the call has ended. A text goes to the engine through a pipe, never
as an argument that others could see in the list of processes; nothing of it is logged; files are readable by their
owner only.
"""

import asyncio
import hashlib
import os
import re
import subprocess
import tempfile
import time
import unicodedata
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from callbridge.errors import ExchangeProblem, SpeechFailed
from callbridge.settings import SpeechSettings

if TYPE_CHECKING:  # the exchange speaks its own phrases through this module
    from callbridge.exchange.tree import Tree

Language = Literal["zh", "en"]

WORDS_PER_MINUTE = 150  # espeak's own 175 is too quick for old ears
ENGINE_SECONDS = 30  # 14 s of speech took 0.04 s: whatever needs this long hangs
WAV_HEADER = 44  # bytes; a file no longer than this is silence of no length

CALLS = "calls"  # the folder of what is said in one call
LONGEST_CALL = timedelta(minutes=15)  # of those in which we speak: a prompt of an older one is not played any more

CHINESE_DIGITS = dict(zip("0123456789", "零幺二三四五六七八九", strict=True))


class Speaker(Protocol):
    """Whoever gives a text its voice."""

    async def say(self, text: str, language: Language, *, call: str) -> Path:
        """A sound file of that text for that call alone, ready for the exchange. Raises `SpeechFailed`."""
        ...

    def unsay(self, call: str) -> None:
        """The call has ended, and so has what was said in it."""
        ...


class Speech:
    """Says texts. Safe to use from several tasks, threads and processes at once: files appear whole or not at all."""

    def __init__(self, settings: SpeechSettings, tree: "Tree") -> None:
        self.settings = settings
        self._tree = tree

    async def say(self, text: str, language: Language, *, call: str) -> Path:
        """A wav of `text`, 8 kHz mono 16 bit, at an absolute path, until `unsay(call)` or until the next that is said
        in that call. Raises SpeechFailed when there is no sound.
        """
        target = self._of_call(call)
        await asyncio.to_thread(self._make, _one_line(text), self._voice(language), target)
        return target

    def unsay(self, call: str) -> None:
        """Delete what was said in that call; no error when nothing was."""
        self._of_call(call).unlink(missing_ok=True)

    def say_now(self, text: str, language: Language) -> Path:
        """A wav of a phrase that comes again and tells of nobody. Raises SpeechFailed when there is no sound."""
        text = _one_line(text)
        target, voice = self._kept(text, language)
        try:
            os.utime(target)  # said again: `forget` leaves it
        except FileNotFoundError:
            self._make(text, voice, target)
        return target

    def forget_phrase(self, text: str, language: Language) -> None:
        """Delete the file of this text, if there is one: earlier versions kept everything that was said like that."""
        self._kept(" ".join(text.split()), language)[0].unlink(missing_ok=True)

    def forget(self, unused_for: timedelta) -> int:
        """Delete phrases that were last said longer ago than that, and whatever was made for a call longer ago than
        any lasts; returns how many. What is needed again is made again.
        """
        old = [*_older(self.settings.cache, unused_for), *_older(self.settings.cache / CALLS, LONGEST_CALL)]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def _of_call(self, call: str) -> Path:
        return self.settings.cache.absolute() / CALLS / f"{hashlib.sha256(call.encode()).hexdigest()}.wav"

    def _voice(self, language: Language) -> str:
        return self.settings.voice_zh if language == "zh" else self.settings.voice_en

    def _kept(self, text: str, language: Language) -> tuple[Path, str]:
        """Where a text in its one form is kept, and the voice that says it."""
        voice = self._voice(language)
        recipe = "\0".join((self.settings.engine, voice, str(WORDS_PER_MINUTE), text))
        return self.settings.cache.absolute() / f"{hashlib.sha256(recipe.encode()).hexdigest()}.wav", voice

    def _make(self, text: str, voice: str, target: Path) -> None:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        speed = str(WORDS_PER_MINUTE)
        spoken = self._run("espeak-ng", ("-v", voice, "-s", speed, "--stdin", "--stdout"), text.encode())
        # mkstemp: mode 0600, and nobody sees the file before it is whole.
        with tempfile.NamedTemporaryFile(dir=target.parent, suffix=".part", delete=False) as file:
            aside = Path(file.name)
        try:
            form = ("-r", "8000", "-c", "1", "-b", "16", "-e", "signed-integer", "-t", "wav")
            self._run("sox", ("-V1", "-t", "wav", "-", *form, str(aside), "norm", "-3"), spoken)
            if aside.stat().st_size <= WAV_HEADER:
                raise SpeechFailed("the speech engine gave no sound")
            aside.replace(target)
        finally:
            aside.unlink(missing_ok=True)

    def _run(self, program: str, arguments: Sequence[str], given: bytes) -> bytes:
        try:
            done = subprocess.run(
                self._tree.command(program, *arguments),
                env=self._tree.environment(),
                input=given,
                capture_output=True,
                check=True,
                timeout=ENGINE_SECONDS,
            )
        except ExchangeProblem as problem:
            raise SpeechFailed(str(problem)) from problem
        except subprocess.TimeoutExpired:
            raise SpeechFailed(f"{program} did not finish within {ENGINE_SECONDS} s") from None
        except subprocess.CalledProcessError as error:
            said = error.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
            raise SpeechFailed(f"{program} failed: {said[-1]}") from None
        if program == "espeak-ng" and len(done.stdout) <= WAV_HEADER:
            raise SpeechFailed(f"espeak-ng gave no sound; is there a voice {arguments[1]}?")
        return done.stdout


def _one_line(text: str) -> str:
    if not (line := " ".join(text.split())):
        raise SpeechFailed("there is nothing to say")
    return line


def _older(folder: Path, than: timedelta) -> list[Path]:
    """Sounds, and what a crash has left of one that was being made."""
    oldest = time.time() - than.total_seconds()
    return [path for kind in ("*.wav", "*.part") for path in folder.glob(kind) if _made(path) < oldest]


def _made(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # another one has just deleted it
        return 0.0


def digits_aloud(text: str, language: Language = "zh") -> str:
    """`text` with door and telephone numbers spelt digit by digit, as people say them: 502 becomes 五零二.

    Numbers of one or two digits stay numbers (11栋 is 十一栋), and so does everything that is not a digit.
    """
    plain = "".join(unicodedata.normalize("NFKC", sign) if sign.isdecimal() else sign for sign in text)
    if language == "en":
        return re.sub(r"[0-9]{3,}", lambda run: " ".join(run.group()), plain)
    return re.sub(r"[0-9]{3,}", lambda run: "".join(map(CHINESE_DIGITS.__getitem__, run.group())), plain)
