"""Who she is, where she lives, what to know when speaking with her: what a form of a few fields can say."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, get_args

from console.ask.form import AnyOf, Field, OneOf, Text
from console.card.record_form import Typed
from console.card.register import LIFT, day
from console.plain import plain
from dispatch.wire.people import ResidentCard
from dispatch.wire.words import Group, Hearing, Sight

_GROUPS = get_args(Group)
_LANGUAGES = ("zh", "en")
_UNKNOWN = "unknown"
_LEVELS = range(5)  # GB/T 42195-2022


@dataclass(frozen=True, slots=True)
class About:
    """Fields of her own. Only those that were changed are sent."""

    name: str
    fields: Sequence[Field]

    @property
    def title(self) -> str:
        return f"record.{self.name}"

    def typed(self, card: ResidentCard) -> dict[str, str] | None:
        return {field.name: _written(getattr(card, field.name), field) for field in self.fields}

    def wrong(self, card: ResidentCard, typed: Typed) -> dict[str, str]:
        """What cannot be read as a value of its kind."""
        found = {}
        if typed.get("name") == "":
            found["name"] = "refused.required"
        if typed.get("born") and day(typed["born"]) is None:
            found["born"] = "record.bad_day"
        if "care_level" in typed and _level(typed["care_level"]) is None:
            found["care_level"] = "record.bad_level"
        return found

    def doubt(self, card: ResidentCard, typed: Typed) -> str:
        return ""

    def change(self, card: ResidentCard, typed: Typed) -> dict[str, Any]:
        before = self.typed(card) or {}
        return {name: _read(name, text) for name, text in typed.items() if text != before.get(name)}

    def field_at(self, path: str) -> str:
        return path.partition(".")[0]


def who(card: ResidentCard) -> About:
    """Her name, and how she is addressed."""
    fields = (
        Text("name", "register.name", 80),
        Text("called", "record.called", 40),
        OneOf("gender", "register.gender", "gender", ("female", "male", _UNKNOWN)),
        Text("born", "register.born", 10),
    )
    return About("who", fields)


def home(card: ResidentCard) -> About:
    """To the door."""
    fields = (
        Text("community", "register.community", 80),
        Text("building", "register.building", 20),
        Text("unit", "register.unit", 20),
        Text("door", "register.door", 20),
        OneOf("lift", "register.lift", "lift", tuple(LIFT)),
        Text("lock", "register.lock", 80),
        Text("dog", "register.dog", 80),
        Text("entrance_note", "register.entrance", 500),
    )
    return About("home", fields)


def care(card: ResidentCard) -> About:
    """How to speak with her, and what she needs."""
    others = () if card.language in _LANGUAGES else (card.language,)
    fields = (
        OneOf("language", "record.language", "language", (*_LANGUAGES, *others)),
        Text("dialect", "record.dialect", 40),
        OneOf("hearing", "register.hearing", "hearing", get_args(Hearing)),
        OneOf("sight", "register.sight", "sight", get_args(Sight)),
        Text("care_level", "record.care_level", 1),
        AnyOf("groups", "register.groups", "group", _GROUPS),
        Text("allergies", "register.allergies", 4000),
        Text("medicines", "register.medicines", 4000),
        Text("health_note", "register.health", 4000),
    )
    return About("care", fields)


def _written(value: Any, field: Field) -> str:
    """A value of her record as it stands in the field."""
    match value:
        case None:
            return _UNKNOWN if isinstance(field, OneOf) else ""
        case bool():
            return "yes" if value else "no"
        case date():
            return value.isoformat()
        case list():
            return ",".join(each for each in _GROUPS if each in value)
        case _:
            return plain(str(value), field.longest) if isinstance(field, Text) else str(value)


def _read(name: str, text: str) -> Any:
    """And back."""
    reads: dict[str, Callable[[str], Any]] = {
        "born": day,
        "care_level": _level,
        "lift": lambda text: LIFT[text],
        "groups": lambda text: [each for each in text.split(",") if each],
        "gender": lambda text: None if text == _UNKNOWN else text,
        "called": lambda text: text or None,
        "dialect": lambda text: text or None,
    }
    return reads[name](text) if name in reads else text


def _level(text: str) -> int | None:
    level = int(text) if text.isdecimal() else None
    return level if level in _LEVELS else None
