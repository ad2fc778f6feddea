"""What is heard and not said: the quiet tune while somebody waits, so that the line never seems dead, and signals."""

import io
import math
import wave
from array import array

RATE = 8000  # Hz, what the telephone network carries
BEAT = 0.55  # seconds
LOUDEST = 7000  # of 32767: below the voice that follows

# A pentatonic tune of our own, as semitones above A3; None is a rest.
TUNE = (
    *(3, 7, 10, 12, 10, 7, 5, None, 3, 5, 7, 10, 7, 5, 3, None),
    *(7, 10, 12, 15, 12, 10, 7, None, 5, 7, 10, 7, 5, 3, 0, None),
    *(3, 7, 10, 12, 10, 7, 5, None, 3, 5, 7, 5, 3, 0, 3, None),
)


def waiting_music() -> bytes:
    """The tune as a wav file, about half a minute long."""
    samples = [0] * int(RATE * BEAT * (len(TUNE) + 3))
    for beat, step in enumerate(TUNE):
        if step is not None:
            _pluck(samples, int(beat * BEAT * RATE), 220 * 2 ** (step / 12))
    return _wav(samples)


def beep() -> bytes:
    """The sign to speak."""
    length = int(RATE * 0.35)
    return _wav([int(LOUDEST * math.sin(2 * math.pi * 660 * i / RATE)) for i in range(length)])


def pause() -> bytes:
    """Half a second of silence before a question: who has just picked up hears its beginning, and keys count."""
    return _wav([0] * (RATE // 2))


def _wav(samples: list[int]) -> bytes:
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(array("h", samples).tobytes())
    return target.getvalue()


def _pluck(samples: list[int], start: int, frequency: float) -> None:
    """Add one string's sound: a fundamental and its octave, fading over two beats."""
    length = min(int(2 * BEAT * RATE), len(samples) - start)
    turn = 2 * math.pi * frequency / RATE
    for i in range(length):
        fade = math.exp(-4.0 * i / length) * min(1.0, i / 40)
        sound = math.sin(turn * i) + 0.25 * math.sin(2 * turn * i)
        samples[start + i] += int(LOUDEST * 0.5 * fade * sound)
