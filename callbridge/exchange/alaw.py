"""Sounds in the codec of the telephone network (G.711 A-law), so that nothing is transcoded while hundreds wait.

Beside every `name.wav` lies a `name.alaw` made from it; Asterisk takes whichever fits the line. Both bear the same
time: a wav that a person has replaced has another one, and its alaw is made anew.
"""

import io
import os
import sys
import wave
from array import array
from functools import cache
from pathlib import Path

_FORM = (1, 2, 8000)  # channels, bytes and rate of a wav that can be taken as it is


def refresh(folder: Path) -> list[Path]:
    """Makes what is missing or out of date in the folder and the folders inside; returns what was written.

    A wav of another form has none: Asterisk reads it as it can.
    """
    written = []
    for sound in sorted(folder.rglob("*.wav")):
        target, about = sound.with_suffix(".alaw"), sound.stat()
        if target.exists() and target.stat().st_mtime_ns == about.st_mtime_ns:
            continue
        encoded = encode(sound.read_bytes())
        if encoded is None:
            target.unlink(missing_ok=True)
            continue
        aside = target.with_name(f".{target.name}.new")
        aside.write_bytes(encoded)
        aside.chmod(about.st_mode & 0o777)
        os.utime(aside, ns=(about.st_atime_ns, about.st_mtime_ns))
        aside.replace(target)
        written.append(target)
    for orphan in sorted(folder.rglob("*.alaw")):
        if not orphan.with_suffix(".wav").exists():
            orphan.unlink()
    return written


def encode(content: bytes) -> bytes | None:
    """A wav file's samples as A-law, None when it is no wav of one channel, 16 bit and 8 kHz."""
    try:
        with wave.open(io.BytesIO(content)) as source:
            if (source.getnchannels(), source.getsampwidth(), source.getframerate()) != _FORM:
                return None
            samples = array("h", source.readframes(source.getnframes()))
    except (wave.Error, EOFError):
        return None
    if sys.byteorder == "big":
        samples.byteswap()
    return bytes(map(_table().__getitem__, samples))  # a negative sample counts from the table's end


@cache
def _table() -> bytes:
    """The code of every 16-bit sample, the negative ones behind the others."""
    return bytes(_code(sample) for sample in (*range(32768), *range(-32768, 0)))


def _code(sample: int) -> int:
    """ITU-T G.711, table 1: 13 bits to a sign, a segment and four bits within it, every other bit inverted."""
    magnitude, sign = (sample >> 3, 0x80) if sample >= 0 else (~sample >> 3, 0)
    segment = max(0, magnitude.bit_length() - 5)
    step = magnitude >> max(1, segment)
    return (sign | segment << 4 | step & 0xF) ^ 0x55
