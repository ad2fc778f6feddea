"""Sounds for the telephone: making a tone, measuring what was heard."""

import io
import math
import wave
from array import array
from pathlib import Path

RATE = 8000


def tone(seconds: float, frequency: float = 440) -> bytes:
    """A wav file as Asterisk plays it."""
    samples = array(
        "h", (int(8000 * math.sin(2 * math.pi * frequency * i / RATE)) for i in range(int(RATE * seconds)))
    )
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return target.getvalue()


def loudness(path: Path, window: float) -> list[float]:
    """The root mean square of each whole window of that many seconds, 0 to 32767."""
    with wave.open(str(path), "rb") as file:
        samples = array("h", file.readframes(file.getnframes()))
    size = int(RATE * window)
    return [
        math.sqrt(sum(sample * sample for sample in samples[start : start + size]) / size)
        for start in range(0, len(samples) - size + 1, size)
    ]
