"""A line about a resident, read."""

import re
from functools import partial

from registry import identity
from registry.consent import HEALTH
from registry.drafts import ResidentChange
from registry.models import LineKind
from registry.numbers import Heard, NumberKind
from registry.sheets import cells, columns
from registry.sheets.headings import Line
from registry.sheets.names import Names
from registry.sheets.record import CellReader, Facts, Record, number_in_the_register

_PHONES = ("mobile", "landline", "phone", "button")
_LONGEST_ROOM = 6  # digits of a number that only an exchange of its own knows
_TELLING = ("born", "identity_number", "lines", "door")  # by which one of two people of one name is known

_GENDERS = columns.understood(columns.GENDERS)
_HEARINGS = columns.understood(columns.HEARINGS)
_SIGHTS = columns.understood(columns.SIGHTS)
_GROUPS = columns.understood(columns.GROUPS)

_BUILDING = re.compile(
    r"(.*?)([0-9]+|[A-Za-z][0-9]*|[一二三四五六七八九十]+)(?:栋|幢|号楼|座|#)"
    r"(?:([0-9A-Za-z]+|[一二三四五六七八九十]+)单元)?(?:[0-9一二三四五六七八九十]+[层楼])?[-—]?"
    r"([0-9A-Za-z]{1,6}(?:-[0-9]{1,4})?)(?:室|号|户|房)?"
)
_SPACES = re.compile(r"(?<=[\u4e00-\u9fff])\s+")
_DASHES = re.compile(r"(.*?)([0-9A-Za-z]{1,4})[-—]([0-9]{1,3})[-—]([0-9]{1,5})")


def read(line: Line, names: Names) -> Record:
    """The facts of a `ResidentChange`, with `id` (a number, or "new") where the sheet says who is meant."""
    reader = CellReader(line)
    facts = reader.record.facts
    reader.take("id", "id", number_in_the_register)
    which = facts.pop("id", None)
    reader.take("name", "name", cells.words)
    for key in ("called", "dialect"):
        reader.take(key, key, str, None)
    reader.take("gender", "gender", partial(cells.one_of, known=_GENDERS), None)
    for key in ("born", "consented_on", "visited_on"):
        reader.take(key, key, lambda text: cells.day(text).isoformat(), None)
    reader.take("identity_number", "identity_number", cells.identity_number, None)
    reader.take("area", "area_id", names.area, None)
    for key in ("community", "entrance_note", "lock", "dog", *HEALTH, "consented_by", "visited_by"):
        reader.take(key, key, str, "")
    for key in ("building", "unit", "door"):
        reader.take(key, key, cells.part, "")
    if reader.has("lift"):  # here 无 is an answer
        facts["lift"] = reader.value("lift", lambda: cells.yes_if_known(reader.texts["lift"]))
    if not facts.keys() & {"building", "unit", "door"}:
        _address(reader, facts)
    for key, most in (("latitude", 90), ("longitude", 180)):
        reader.take(key, key, partial(cells.degrees, most=most))
    reader.take("language", "language", cells.language)
    reader.take("hearing", "hearing", partial(cells.one_of, known=_HEARINGS), "good")
    reader.take("sight", "sight", partial(cells.one_of, known=_SIGHTS), "good")
    reader.take("care_level", "care_level", partial(cells.whole, least=0, most=4), 0)
    reader.take("groups", "groups", lambda text: [cells.one_of(one, _GROUPS) for one in cells.parts(text)], [])
    reader.take("usual", "usual_merchants", partial(_usual, names=names), {})
    _lines(reader, names)
    _contacts(reader, names)
    if not facts.get("name") and not reader.has("name"):
        reader.problem("name", "required")
    if which is None and not any(facts.get(key) for key in _TELLING) and not reader.record.problems:
        reader.problem("name", "nothing_tells")
    _compare_identity(reader, facts)
    reader.check(ResidentChange, column_of)
    if which is not None:
        reader.record.facts["id"] = which
    return reader.record


def _compare_identity(reader: CellReader, facts: Facts) -> None:
    """Both stay as the sheet says them; one of the two is a slip of the pen."""
    told = _told(facts.get("identity_number"))
    if told is None:
        return
    if facts.get("born") and facts["born"] != told.born.isoformat():
        reader.remark("born", "identity_born", on=told.born.isoformat())
    if facts.get("gender") and facts["gender"] != told.gender:
        reader.remark("gender", "identity_gender")


def _told(number: str | None) -> identity.Identity | None:
    try:
        return identity.read(number) if number else None
    except identity.NotAnIdentity:  # a passport's
        return None


def _usual(text: str, names: Names) -> dict[str, int]:
    found = (names.merchant(one) for one in cells.parts(text))
    return {kind.value: merchant_id for merchant_id, kind in found}


def _address(reader: CellReader, facts: Facts) -> None:
    """青石里5栋2单元502 or 青石里5-2-502 in one cell; what stands before the building is the community."""
    text = reader.text("address")
    if text is None:
        return
    written = _SPACES.sub("", cells.part(text))
    found = _DASHES.fullmatch(written) or _BUILDING.fullmatch(written)
    if found is None:
        facts.setdefault("community", text)
        reader.remark("address", "address_whole")
        return
    community, facts["building"], facts["unit"], facts["door"] = (part or "" for part in found.groups())
    facts.setdefault("community", community)


def _lines(reader: CellReader, names: Names) -> None:
    found: dict[str, Facts] = {}
    buttons: list[Facts] = []
    for key in _PHONES:
        heard = _heard(reader, key, names, rooms=key == "button")
        for number in heard.candidates if heard is not None else ():
            entry = found.setdefault(number, {"number": number})
            if key == "button":
                entry["kind"] = LineKind.BUTTON.value
                buttons.append(entry)
    devices = cells.parts(reader.text("device") or "")
    if devices and len(devices) != len(buttons):
        reader.problem("device", "devices", devices=len(devices), buttons=len(buttons))
    for entry, device in zip(buttons, devices, strict=False):
        entry["device_id"] = cells.said(device)
    if found:
        reader.record.facts["lines"] = list(found.values())


def _contacts(reader: CellReader, names: Names) -> None:
    found: list[Facts] = []
    for place in range(1, columns.CONTACTS + 1):
        found += _contact(reader, f"contact.{place}.", names)
    if found:
        reader.record.facts["contacts"] = found


def _contact(reader: CellReader, key: str, names: Names) -> list[Facts]:
    """One contact for each of her numbers."""
    name, relation = reader.text(f"{key}name"), reader.text(f"{key}relation")
    heard = _heard(reader, f"{key}number", names)
    if heard is None:
        if name and not reader.has(f"{key}number"):
            reader.remark(f"{key}name", "contact_without_number")
        return []
    facts: Facts = {}
    if called := name or relation:
        facts["name"] = cells.words(called)
    else:
        reader.problem(f"{key}number", "contact_without_name")
        return []
    if relation:
        facts["relation"] = relation
    if (note := reader.text(f"{key}note")) is not None:
        facts["note"] = note
    if heard.extension:
        facts["note"] = f"{facts.get('note', '')} ext. {heard.extension}".strip()
    if reader.has(f"{key}has_key"):
        facts["has_key"] = reader.value(f"{key}has_key", lambda: cells.yes(reader.texts[f"{key}has_key"]))
    return [facts | {"number": number} for number in heard.candidates]


def _heard(reader: CellReader, key: str, names: Names, *, rooms: bool = False) -> Heard | None:
    """The numbers in a cell; that there are several is remarked. `rooms`: digits that no plan knows are meant so."""
    text = reader.text(key)
    if text is None:
        return None
    heard = reader.value(key, lambda: cells.numbers(text, names.plan))
    if heard is None:
        return None
    if heard.kind is NumberKind.KEPT and not rooms and len(heard.candidates[0]) > _LONGEST_ROOM:
        reader.problem(key, "number_unknown", digits=len(heard.candidates[0]))
        return None
    if len(heard.candidates) > 1:
        reader.remark(key, "several_numbers_read", count=len(heard.candidates))
    return heard


def column_of(field: str) -> str:
    """The column that a draft's field was read from."""
    first, _, rest = field.partition(".")
    if first == "contacts":
        place, _, what = rest.partition(".")
        return f"contact.{int(place) + 1}.{what}" if place.isdigit() else "contact.1.name"
    return {"lines": "phone", "area_id": "area", "usual_merchants": "usual"}.get(first, first)


def with_identity(facts: Facts) -> Facts:
    """What the identity number says of somebody new and the sheet does not."""
    told = _told(facts.get("identity_number"))
    return facts if told is None else {"born": told.born.isoformat(), "gender": told.gender.value} | facts
