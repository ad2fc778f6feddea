"""The fixed phrases as wav files: synthesised once; a centre may put a human voice in their place."""

import hashlib
import json
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import get_args

from callbridge.exchange.music import beep, pause, waiting_music
from callbridge.speech import Language, Speech

MADE = ".made.json"  # which of the files are ours, by their content: everything else is a person's


def phrases() -> dict[str, dict[Language, str]]:
    """The text of every phrase in both languages, by the name of its file."""
    text = files("callbridge.prompts").joinpath("phrases.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def tones() -> dict[str, bytes]:
    """What is heard and not said."""
    return {"music": waiting_music(), "beep": beep(), "pause": pause()}


def names() -> list[str]:
    return [*phrases(), *tones()]


def link_data(original: Path, folder: Path, sounds: Path) -> None:
    """Make `folder` Asterisk's data with our `sounds`: it says numbers from files it finds only there."""
    (folder / "sounds").mkdir(mode=0o700, parents=True, exist_ok=True)
    wanted = {folder / each.name: each for each in original.iterdir() if each.name != "sounds"}
    wanted |= {folder / "sounds" / language: sounds / language for language in get_args(Language)}
    for link, target in wanted.items():
        if link.is_symlink() and link.readlink() == target:
            continue
        link.unlink(missing_ok=True)
        link.symlink_to(target)


def make_missing(folder: Path, speech: Speech) -> list[str]:
    """Fill `folder`/zh and `folder`/en; returns what was written. Raises SpeechFailed.

    A phrase whose text has changed is spoken anew, unless somebody has replaced its file.
    """
    written = []
    for language in get_args(Language):
        sounds = {name: speech.say_now(texts[language], language) for name, texts in phrases().items()}
        contents = {name: path.read_bytes() for name, path in sounds.items()} | tones()
        written += keep(folder, language, contents)
    return written


def keep(folder: Path, language: Language, contents: dict[str, bytes]) -> list[str]:
    """Write these sounds where they differ, except those that a person has replaced; returns what was written."""
    written = []
    place = folder / language
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    record = place / MADE
    made: dict[str, str] = json.loads(record.read_text()) if record.is_file() else {}
    before = made.copy()
    for name, content in contents.items():
        target = place / f"{name}.wav"
        mark = hashlib.sha256(content).hexdigest()
        if target.is_file():
            present = hashlib.sha256(target.read_bytes()).hexdigest()
            if present == mark or present != made.get(name):
                continue
        target.parent.mkdir(mode=0o700, exist_ok=True)
        _write(target, content)
        made[name] = mark
        written.append(f"sounds/{language}/{name}.wav")
    if made != before:
        _write(record, json.dumps(made, indent=1, sort_keys=True).encode())
    return written


def missing(folder: Path, language: Language) -> list[str]:
    """The phrases that have no file there."""
    return [name for name in names() if not (folder / language / f"{name}.wav").is_file()]


def _write(target: Path, content: bytes) -> None:
    aside = target.with_name(f".{target.name}.new")
    aside.write_bytes(content)
    aside.chmod(0o600)
    aside.replace(target)
