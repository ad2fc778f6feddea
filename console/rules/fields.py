"""A rule's body as the fields of a form, and back. The service checks the values; here they only take their shape.

A rule of a later age, of which nothing is known here, has a field for each of its values all the same.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from console.ask.form import Field, OneOf, Text
from dispatch.wire.words import Way

Body = Mapping[str, Any]

STEPS, WHO, NOBODY = "steps", "who", "nobody"
WAY = "way"
WAYS = get_args(Way)
RUNGS = ("operators", "supervisor", "on_call", "contacts")
_ANSWERS = ("no", "yes")
_CLOCK = re.compile(r"\d\d:\d\d:\d\d(\.0+)?$")
_SEPARATORS = re.compile(r"[\s,，;；、]+")
_WHOLE, _PARTS = re.compile(r"-?\d{1,15}$"), re.compile(r"-?\d{1,15}\.\d{1,15}$")
_WIDE = str.maketrans("０１２３４５６７８９．－＋：", "0123456789.-+:")
_LONGEST = 4000


def fields_of(kind: str, body: Body) -> list[Field]:
    """One below the other; after the last step of a ladder an empty one, so that it can grow."""
    return [field for name, value in body.items() for field in _fields(kind, name, value)]


def as_typed(body: Body) -> dict[str, str]:
    """The values as a person writes them, by the field's name."""
    typed: dict[str, str] = {}
    for name, value in body.items():
        if _is_steps(name, value):
            for index, step in enumerate([*value, {}]):
                typed[f"{name}-{index}-{WHO}"] = step.get(WHO, NOBODY)
                typed[f"{name}-{index}-seconds"] = _written(step.get("seconds", ""))
                typed[f"{name}-{index}-numbers"] = _written(step.get("numbers", []))
        elif _is_group(value):
            typed |= {f"{name}-{each}": _written(of_it) for each, of_it in value.items()}
        else:
            typed[name] = _written(value)
    return typed


def changed(body: Body, typed: Mapping[str, str]) -> dict[str, Any]:
    """The keys whose values are others now."""
    before = as_typed(body)
    found: dict[str, Any] = {}
    for name, value in body.items():
        if _is_steps(name, value):
            mine = {each: text for each, text in typed.items() if each.startswith(f"{name}-")}
            if any(before.get(each, "") != text for each, text in mine.items()):
                found[name] = [_step(name, index, typed) for index in _kept(name, typed)]
        elif _is_group(value):
            mine = {each: typed.get(f"{name}-{each}", before[f"{name}-{each}"]) for each in value}
            if any(text != before[f"{name}-{each}"] for each, text in mine.items()):
                found[name] = {each: _read(value[each], text) for each, text in mine.items()}
        elif typed.get(name, before[name]) != before[name]:
            found[name] = _read(value, typed[name])
    return found


def field_at(path: str, typed: Mapping[str, str]) -> str:
    """The name of the field that the service means by a path of the body it was sent: `steps.1.numbers.0`."""
    parts = path.split(".")
    if parts[0] == STEPS and len(parts) > 1 and parts[1].isdigit():
        kept = list(_kept(STEPS, typed))
        index = kept[int(parts[1])] if int(parts[1]) < len(kept) else 0
        return f"{STEPS}-{index}-{parts[2] if len(parts) > 2 else WHO}"
    if parts[0] == STEPS:
        return f"{STEPS}-0-{WHO}"
    of_group = "-".join(parts[:2])
    return of_group if of_group in typed else parts[0]


def _fields(kind: str, name: str, value: Any) -> Iterator[Field]:
    label = f"rule.{kind}.{name}"
    if _is_steps(name, value):
        for index in range(len(value) + 1):
            prefix, number = f"{name}-{index}", index + 1
            yield OneOf(f"{prefix}-{WHO}", f"{label}.{WHO}", "rung", (*RUNGS, NOBODY), number, narrow=True)
            yield Text(f"{prefix}-seconds", f"{label}.seconds", 10)
            yield Text(f"{prefix}-numbers", f"{label}.numbers", 500)
    elif _is_group(value):
        for each in value:
            # The first one carries the name of what they all belong to.
            part = label if each == next(iter(value)) else f"rule.{kind}.{each}"
            if each == WAY:
                yield OneOf(f"{name}-{each}", part, "way", WAYS)
            else:
                yield Text(f"{name}-{each}", part, 10)
    elif isinstance(value, bool):
        yield OneOf(name, label, "answer_yes", _ANSWERS)
    else:
        yield Text(name, label, _LONGEST)


def _is_steps(name: str, value: Any) -> bool:
    return name == STEPS and isinstance(value, list) and all(isinstance(each, dict) for each in value)


def _is_group(value: Any) -> bool:
    """Values that belong together, such as those of one service."""
    return isinstance(value, dict) and all(isinstance(each, str | int | float) for each in value.values())


def _kept(name: str, typed: Mapping[str, str]) -> Iterator[int]:
    """The steps that somebody is asked at, by their place in the form."""
    index = 0
    while (who := typed.get(f"{name}-{index}-{WHO}")) is not None:
        if who != NOBODY:
            yield index
        index += 1


def _step(name: str, index: int, typed: Mapping[str, str]) -> dict[str, Any]:
    step = {WHO: typed[f"{name}-{index}-{WHO}"], "seconds": _read(0, typed.get(f"{name}-{index}-seconds", ""))}
    if numbers := _read([], typed.get(f"{name}-{index}-numbers", "")):
        step["numbers"] = numbers
    return step


def _written(value: Any) -> str:
    match value:
        case bool():
            return _ANSWERS[value]
        case str() if _CLOCK.match(value):
            return value[:5] if value[6:8] == "00" else value[:8]
        case str() | int() | float():
            return str(value)
        case list() if all(isinstance(each, str) for each in value):
            return " ".join(value)
        case _:
            return json.dumps(value, ensure_ascii=False)


def _read(before: Any, text: str) -> Any:
    """What was typed in the shape of the value before; what has none goes as it is, and the service says so."""
    text = text.translate(_WIDE).strip()
    match before:
        case bool():
            return text == "yes"
        case int() | float() if _WHOLE.match(text):
            return int(text)
        case int() | float() if _PARTS.match(text):
            return float(text)
        case list() if all(isinstance(each, str) for each in before):
            return [each for each in _SEPARATORS.split(text) if each]
        case str() | int() | float():
            return text
        case _:
            return _parsed(text)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
